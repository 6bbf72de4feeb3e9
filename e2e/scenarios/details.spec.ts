import { expect, test } from '../fixtures/app.ts'
import { DetailsPage } from '../pages/details.ts'

test('Summary of machines that run, stand still and are off', async ({ app }) => {
  const details = new DetailsPage(app.console)
  await details.show('APP01', 'Summary')
  await expect
    .poll(() => details.rows())
    .toEqual({
      'Created:': '3/14/2026 8:02:10 AM',
      'Configuration Version:': '10.0',
      'Generation:': '2',
      'Notes:': 'Line of business server',
      'Clustered:': 'No',
      'Heartbeat:': 'OK (Applications Healthy)',
      'Integration Services:': 'Up to date',
    })
  // Windows XP came without integration services.
  await details.show('LEGACY-XP', 'Summary')
  await expect
    .poll(() => details.rows())
    .toEqual({
      'Created:': '3/18/2026 8:45:19 AM',
      'Configuration Version:': '8.0',
      'Generation:': '1',
      'Notes:': 'Runs the label printer. No network beyond the lab.',
      'Clustered:': 'No',
      'Heartbeat:': 'No Contact',
      'Integration Services:': 'Not detected',
    })
  await details.show('DC02', 'Summary')
  await expect
    .poll(() => details.rows())
    .toEqual({
      'Created:': '4/5/2026 1:45:58 PM',
      'Configuration Version:': '10.0',
      'Generation:': '2',
      'Notes:': 'Second domain controller. Do not revert to a checkpoint.',
      'Clustered:': 'No',
    })
})

test('Heartbeat and Integration Services come with the guest', async ({ app }) => {
  const details = new DetailsPage(app.console)
  await details.show('DC02', 'Summary')
  await app.console.run('DC02', 'Start')
  await app.advance(4_000)
  await expect.poll(() => details.rows()).toMatchObject({ 'Heartbeat:': 'No Contact' })
  expect(await details.rows()).not.toHaveProperty('Integration Services:')
  await app.advance(120_000)
  await expect
    .poll(() => details.rows())
    .toMatchObject({ 'Heartbeat:': 'OK (Applications Healthy)', 'Integration Services:': 'Up to date' })
})

test('a machine made now was created now and has no notes', async ({ app }) => {
  const { console } = app
  const details = new DetailsPage(console)
  const wizard = await console.openWizard()
  await wizard.finish()
  await app.advance(1_600)
  await wizard.isGone()
  await details.show('New Virtual Machine', 'Summary')
  await expect
    .poll(() => details.rows())
    .toMatchObject({ 'Created:': '11/23/2026 9:41:01 AM', 'Generation:': '1', 'Notes:': 'None', 'Clustered:': 'No' })
})

test('Memory of a machine with static memory, on and off', async ({ app }) => {
  const { console } = app
  const details = new DetailsPage(console)
  await details.show('DC01', 'Memory')
  await expect
    .poll(() => details.rows())
    .toEqual({
      'Startup Memory:': '2048 MB',
      'Dynamic Memory:': 'Disabled',
      'Assigned Memory:': '2048 MB',
      'Memory Status:': 'OK',
    })
  await console.runConfirmed('DC01', 'Turn Off...', 'Turn Off')
  await app.advance(500)
  await expect
    .poll(() => details.rows())
    .toEqual({ 'Startup Memory:': '2048 MB', 'Dynamic Memory:': 'Disabled', 'Assigned Memory:': '0 MB' })
})

test('Memory of a machine with dynamic memory, running and saved', async ({ app }) => {
  const details = new DetailsPage(app.console)
  await details.show('UBUNTU-WEB1', 'Memory')
  await expect
    .poll(() => details.rows())
    .toEqual({
      'Startup Memory:': '1024 MB',
      'Dynamic Memory:': 'Enabled',
      'Minimum Memory:': '512 MB',
      'Maximum Memory:': '4096 MB',
      'Assigned Memory:': '1536 MB',
      'Memory Demand:': expect.stringMatching(/^[1-9]\d* MB$/),
      'Memory Status:': 'OK',
    })
  await details.show('UBUNTU-WEB2', 'Memory')
  await expect
    .poll(() => details.rows())
    .toEqual({
      'Startup Memory:': '1024 MB',
      'Dynamic Memory:': 'Enabled',
      'Minimum Memory:': '512 MB',
      'Maximum Memory:': '4096 MB',
      'Assigned Memory:': '0 MB',
    })
})

test('Networking: adapter, connection, addresses and status', async ({ app }) => {
  const { console } = app
  const details = new DetailsPage(console)
  await details.show('DC01', 'Networking')
  await expect
    .poll(() => details.adapters())
    .toEqual([
      [
        'Network Adapter (Dynamic MAC: 00:15:5D:0A:32:01)',
        'External LAN',
        expect.stringMatching(/^192\.168\.1\.\d+, fe80::[0-9a-f:]+$/),
        'OK',
      ],
    ])
  // Without integration services nobody tells the host the guest's addresses.
  await details.show('LEGACY-XP', 'Networking')
  await expect
    .poll(() => details.adapters())
    .toEqual([['Legacy Network Adapter (Dynamic MAC: 00:15:5D:0A:32:06)', 'Private Lab', '', 'OK']])
  await details.show('WSUS', 'Networking')
  const adapter = ['Network Adapter (Dynamic MAC: 00:15:5D:0A:32:05)', 'Internal']
  await expect.poll(() => details.adapters()).toEqual([[...adapter, '', '']])
  await console.run('WSUS', 'Start')
  await app.advance(4_000)
  await expect.poll(() => details.adapters()).toEqual([[...adapter, '', 'No Contact']])
  // Nothing leases addresses on an internal switch: Windows gives itself one.
  await app.advance(120_000)
  await expect.poll(() => details.adapters()).toEqual([[...adapter, expect.stringMatching(/^169\.254\.\d+\.\d+, fe80::[0-9a-f:]+$/), 'OK']])
})

test('Replication says that it is not enabled', async ({ app }) => {
  const details = new DetailsPage(app.console)
  await details.show('DC01', 'Replication')
  await expect(details.panel).toHaveText('Replication is not enabled for this virtual machine.')
})

test('a double click on the thumbnail connects', async ({ app }) => {
  const { console } = app
  await new DetailsPage(console).show('SQL01', 'Summary')
  const opened = await app.shell.newWindow(() => console.thumbnail('SQL01').dblclick())
  await expect(opened).toHaveTitle('SQL01 on HV01 - Virtual Machine Connection')
})

test('a machine with checkpoints has its disks merged while it is deleted', async ({ app }) => {
  const { console } = app
  await console.runConfirmed('APP01', 'Turn Off...', 'Turn Off')
  await app.advance(500)
  await console.expectState('APP01', 'Off')
  await console.runConfirmed('APP01', 'Delete...', 'Delete')
  await console.expectCell('APP01', 'Status', 'Merging Disks (0%)')
  await app.advance(5_000)
  await console.expectCell('APP01', 'Status', /^Merging Disks \([1-9]\d%\)$/)
  await app.advance(15_000)
  await expect(console.row('APP01')).toHaveCount(0)
  await expect(console.rows).toHaveCount(9)
})

test.describe('a host with one machine', () => {
  test.use({
    options: {
      words: ['--sample-size', '1'],
      manual: true,
      size: { width: 1280, height: 800 },
      scheme: 'light',
      forced: 'none',
    },
  })

  test('says that it has none when the last one is deleted', async ({ app }) => {
    const { console, page } = app
    await expect(console.rows).toHaveCount(1)
    await console.select('VM00001')
    const off = console.action('Turn Off...', 'VM00001')
    // The only machine of such a lab may be on or off.
    await expect(off.or(console.action('Start', 'VM00001'))).toBeVisible()
    if (await off.isVisible()) {
      await console.runConfirmed('VM00001', 'Turn Off...', 'Turn Off')
      await app.advance(500)
      await console.expectState('VM00001', 'Off')
    }
    await console.runConfirmed('VM00001', 'Delete...', 'Delete')
    await app.advance(5_000)
    await expect(page.getByText('No virtual machines were found on this server.')).toBeVisible()
    await expect(page.getByText('No virtual machine selected.')).toBeVisible()
    await expect(page.getByText('No item selected.')).toBeVisible()
  })
})
