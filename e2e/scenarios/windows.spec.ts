import { expect, test } from '../fixtures/app.ts'
import { ConsolePage } from '../pages/console.ts'

test('console and connection windows show the same at the same time', async ({ app }) => {
  const { console } = app
  const window = await app.connect('DC02')
  const other = await app.connect('APP01')
  await window.menu('Action', 'Start')
  await console.expectState('DC02', 'Starting')
  await app.advance(800)
  await console.expectCell('DC02', 'Status', 'Starting (10%)')
  await window.expectStatus('Status: Starting (10%)')
  await app.advance(60_000)
  await console.expectState('DC02', 'Running')
  await window.expectStatus('Status: Running')
  await console.run('APP01', 'Pause')
  await app.advance(500)
  await other.shows("The virtual machine 'APP01' is paused")
  await console.pressInList('F2')
  await console.list.getByRole('textbox', { name: 'Name' }).fill('APP99')
  await app.page.keyboard.press('Enter')
  await expect(other.page).toHaveTitle('APP99 on HV01 - Virtual Machine Connection')
  await other.shows("The virtual machine 'APP99' is paused")
})

test('a second connect brings the same window', async ({ app }) => {
  const { console } = app
  const window = await app.connect('DC01')
  await console.run('DC01', 'Connect...')
  await console.run('DC01', 'Connect...')
  await window.isReady()
  const next = await app.connect('FILE01')
  await expect(next.page).toHaveTitle('FILE01 on HV01 - Virtual Machine Connection')
  await expect(window.page).toHaveTitle('DC01 on HV01 - Virtual Machine Connection')
})

test('a second console shows the same, and acts on the same', async ({ app }) => {
  const { console } = app
  const page = await app.shell.secondConsole()
  // The desktop shell has one console window; there the connection window is the second page.
  if (page === null) {
    const window = await app.connect('WSUS')
    await window.screen.getByRole('button', { name: 'Start' }).click()
    await console.expectState('WSUS', 'Starting')
    return
  }
  const second = new ConsolePage(page)
  await second.isReady()
  await console.run('WSUS', 'Start')
  await second.expectState('WSUS', 'Starting')
  await app.advance(800)
  await second.expectCell('WSUS', 'Status', 'Starting (10%)')
  await second.run('DC01', 'Pause')
  await console.expectState('DC01', 'Pausing')
  await app.advance(5_000)
  await console.expectState('DC01', 'Paused')
  await second.expectState('DC01', 'Paused')
  await expect(console.rows).toHaveCount(10)
  await second.expectColumn('State', await console.column('State'))
  await console.pressInList('F2')
  await console.list.getByRole('textbox', { name: 'Name' }).fill('RENAMED')
  await app.page.keyboard.press('Enter')
  await expect(second.row('RENAMED')).toBeVisible()
})

test('a page that is loaded anew in the middle of a job loses nothing', async ({ app }) => {
  const { console, page } = app
  await console.run('SQL01', 'Save')
  await app.advance(2_000)
  await console.expectCell('SQL01', 'Status', /^Saving \(\d+%\)$/)
  const status = (await (await console.cell('SQL01', 'Status')).textContent()) ?? ''
  const window = await app.connect('DC01')
  const before = await app.stateHash()
  await page.reload()
  await console.isReady()
  await console.expectCell('SQL01', 'Status', status)
  expect(await app.stateHash()).toBe(before)
  await window.page.reload()
  await window.isReady()
  await window.expectStatus('Status: Running')
  await expect(window.page).toHaveTitle('DC01 on HV01 - Virtual Machine Connection')
  await app.advance(60_000)
  await console.expectState('SQL01', 'Saved')
  await console.run('DC01', 'Pause')
  await app.advance(500)
  await window.shows("The virtual machine 'DC01' is paused")
})

test('keys reach the guest', async ({ app }) => {
  const window = await app.connect('DC01')
  await window.shows('Press Ctrl+Alt+Delete to unlock.')
  await window.page.getByRole('textbox', { name: 'Keyboard of DC01' }).focus()
  await window.page.keyboard.press('Control+Alt+End')
  await window.shows('Administrator')
  await window.page.keyboard.press('Enter')
  await app.advance(60_000)
  await expect(window.screen).not.toContainText('Press Ctrl+Alt+Delete')
})

test('zoom, toolbar and About of the connection window', async ({ app }) => {
  const window = await app.connect('APP01')
  const width = async (): Promise<number> => (await window.picture('APP01').boundingBox())?.width ?? 0
  const plain = await width()
  await window.menu('View', 'Zoom Level', '125%')
  await expect.poll(width).toBe(plain * 1.25)
  await window.menu('View', 'Toolbar')
  await expect(window.toolbar).toBeHidden()
  await window.menu('Help', 'About Virtual Machine Connection...')
  await window.messageBox('About Virtual Machine Connection').says('Not made or endorsed by Microsoft.')
  await window.messageBox('About Virtual Machine Connection').press('OK')
  // The toolbar's choice counts for all connection windows, the zoom level for this one.
  const other = await app.connect('DC01')
  await expect(other.toolbar).toBeHidden()
  await expect.poll(async () => (await other.picture('DC01').boundingBox())?.width).toBe(plain)
})
