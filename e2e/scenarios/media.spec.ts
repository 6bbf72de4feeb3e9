import { type App, expect, test } from '../fixtures/app.ts'
import type { ConnectionPage } from '../pages/connection.ts'
import type { WizardPage } from '../pages/wizard.ts'

const FROM_DISC = 'Install an operating system from a bootable CD/DVD-ROM'
const FROM_FLOPPY = 'Install an operating system from a bootable floppy disk'
const FROM_NETWORK = 'Install an operating system from a network-based installation server'

/** Opens the wizard at its page about media. */
async function atInstallation(app: App, generation: 1 | 2, connection: string | null): Promise<WizardPage> {
  const wizard = await app.console.openWizard()
  await wizard.goTo('Specify Name and Location')
  await wizard.field('Name:').fill('MEDIA')
  await wizard.goTo('Specify Generation')
  await wizard.radio(`Generation ${generation}`).check()
  await wizard.goTo('Configure Networking')
  if (connection !== null) await wizard.choose('Connection:', connection)
  await wizard.goTo('Installation Options')
  return wizard
}

/** Goes from the page about media to a machine that starts in front of its connection window. */
async function createAndStart(app: App, wizard: WizardPage, system: string): Promise<ConnectionPage> {
  await wizard.next('Summary')
  await expect(wizard.summary('Operating System:')).toHaveText(system)
  await wizard.finish()
  await app.advance(1_600)
  await wizard.isGone()
  const window = await app.connect('MEDIA')
  await app.console.run('MEDIA', 'Start')
  return window
}

test('generation 1 from a drive of the host that holds no disc', async ({ app }) => {
  const wizard = await atInstallation(app, 1, null)
  await expect(wizard.radio(FROM_NETWORK)).toBeDisabled()
  await expect(wizard.radio('Physical CD/DVD drive:')).toBeDisabled()
  await wizard.radio(FROM_DISC).check()
  await expect(wizard.radio('Physical CD/DVD drive:')).toBeChecked()
  await wizard.choose('Physical CD/DVD drive', 'E:')
  const window = await createAndStart(app, wizard, 'Will be installed from E:')
  await app.advance(4_000)
  await window.shows('AMIBIOS(C) American Megatrends, Inc.')
  await app.advance(30_000)
  await window.shows('Boot failure. Reboot and Select proper Boot device')
  await window.shows('or Insert Boot Media in selected Boot device')
})

test('generation 1 from an image file', async ({ app }) => {
  const wizard = await atInstallation(app, 1, null)
  await wizard.radio(FROM_DISC).check()
  await wizard.radio('Image file (.iso):').check()
  await wizard.isRefused('Specify the image file to install the operating system from.')
  const files = await wizard.browse('Open')
  await files.open('ISO')
  await files.open('ubuntu-24.04-live-server-amd64.iso')
  await files.isGone()
  await expect(wizard.field('Image file (.iso)')).toHaveValue('C:\\ISO\\ubuntu-24.04-live-server-amd64.iso')
  const window = await createAndStart(app, wizard, 'Will be installed from C:\\ISO\\ubuntu-24.04-live-server-amd64.iso')
  await app.advanceUntil(500, 30_000, () => window.screen.getByText('Install Ubuntu').isVisible())
  await window.shows('GNU GRUB')
})

test('a floppy disk must be a file of its kind', async ({ app }) => {
  const wizard = await atInstallation(app, 1, null)
  const path = wizard.field('Virtual floppy disk (.vfd):')
  await expect(path).toBeDisabled()
  await wizard.radio(FROM_FLOPPY).check()
  await wizard.isRefused('Specify the virtual floppy disk to install the operating system from.')
  await path.fill('C:\\ISO\\Windows 11.iso')
  await wizard.isRefused("'C:\\ISO\\Windows 11.iso' is not a file of the type .vfd.")
  await path.fill('C:\\ISO\\boot.vfd')
  await wizard.isRefused("The system cannot find the path 'C:\\ISO\\boot.vfd'.")
  // The disks beside it are of another kind and are not offered.
  const files = await wizard.browse('Open', 1)
  await expect(files.files).toBeVisible()
  await expect(files.entry('dc01.vhdx')).toHaveCount(0)
  await files.press('Cancel')
  await files.isGone()
  // Generation 2 has no floppy drive, and no drive of the host.
  await wizard.press('< Previous')
  await wizard.press('< Previous')
  await wizard.press('< Previous')
  await wizard.press('< Previous')
  await wizard.isAt('Specify Generation')
  await wizard.radio('Generation 2').check()
  await wizard.goTo('Installation Options')
  await expect(wizard.radio(FROM_FLOPPY)).toHaveCount(0)
  await expect(wizard.radio(FROM_DISC)).toHaveCount(0)
  await wizard.next('Summary')
  await expect(wizard.summary('Operating System:')).toHaveText('Will be installed at a later time')
})

test('generation 1 from the network', async ({ app }) => {
  const wizard = await atInstallation(app, 1, 'External LAN')
  await wizard.radio(FROM_NETWORK).check()
  const window = await createAndStart(app, wizard, 'Will be installed from network')
  await app.advance(15_000)
  await window.shows('PXE Network Boot')
  await window.shows('CLIENT MAC ADDR: 00 15 5D')
  await window.shows('DHCP.')
  await app.advance(60_000)
  // The router answers and offers no file to boot.
  await window.shows('PXE-E53: No boot filename received')
  await window.shows('PXE-M0F: Exiting PXE ROM.')
  await window.shows('Boot failure. Reboot and Select proper Boot device')
  await expect(await app.console.showDetails('Networking')).toContainText('Legacy Network Adapter')
})

test('generation 2 from the network', async ({ app }) => {
  const wizard = await atInstallation(app, 2, 'External LAN')
  await wizard.radio(FROM_NETWORK).check()
  const window = await createAndStart(app, wizard, 'Will be installed from network')
  await app.advance(8_000)
  await window.shows('>>Start PXE over IPv4.')
  await app.advance(30_000)
  await window.shows('Virtual Machine Boot Summary')
  await window.shows(/1\. Network Adapter \(00155D[0-9A-F]{6}\)\s+A boot image was not found\./)
})
