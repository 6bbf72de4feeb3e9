import { expect, test } from '../fixtures/app.ts'
import { MenuPage } from '../pages/menus.ts'

test('the management service is stopped and started', async ({ app }) => {
  const { console } = app
  await console.action('Stop Service', 'HV01').click()
  const box = console.messageBox('Stop Virtual Machine Management Service')
  await box.says('Are you sure you want to stop the Virtual Machine Management service?')
  await expect(box.button('Cancel')).toBeFocused()
  await box.press('Cancel')
  await console.action('Stop Service', 'HV01').click()
  await box.press('Turn Off')
  await expect(console.statusBar).toContainText('Stopping the Virtual Machine Management service...')
  await app.advance(1500)
  await expect(console.page.getByText('The Virtual Machine Management service is not running on this server.')).toBeVisible()
  await expect(console.rows).toHaveCount(0)
  await expect.poll(() => console.actionsOf('HV01')).toEqual(['Start Service', 'Refresh', 'View', 'Help'])

  await console.action('Start Service', 'HV01').click()
  await expect(console.statusBar).toContainText('Connecting to Virtual Machine Management service on HV01...')
  await app.advance(2500)
  await expect(console.rows).toHaveCount(10)
  await console.expectState('APP01', 'Running')
  // Machines run on without the service.
  await console.expectCell('APP01', 'Uptime', '12.04:15:13')
})

test('refresh changes nothing that is right', async ({ app }) => {
  const { console } = app
  await expect(console.rows).toHaveCount(10)
  await console.select('SQL01')
  const before = await console.column('State')
  await console.pressInList('F5')
  await expect(console.selectedRows).toHaveCount(1)
  await console.expectColumn('State', before)
  await console.action('Refresh', 'HV01').click()
  await expect(console.rows).toHaveCount(10)
})

test('the root of the tree shows an overview', async ({ app }) => {
  const { console, page } = app
  await console.node('Hyper-V Manager').click()
  await expect(page.getByRole('main').getByRole('heading', { name: 'Hyper-V Manager', level: 2 })).toBeVisible()
  await expect(page.getByText('Hyper-V Manager provides the tools')).toBeVisible()
  const resources = page.getByRole('region', { name: 'Resources' })
  await resources.getByRole('button', { name: 'Resources' }).click()
  await expect(resources.getByRole('button', { name: 'Versions and notices' })).toBeHidden()
  await resources.getByRole('button', { name: 'Resources' }).click()
  await expect.poll(() => console.actionsOf('Hyper-V Manager')).toEqual(['View', 'Help'])
  await resources.getByRole('button', { name: 'Versions and notices' }).click()
  const about = console.dialog('About Hyper-V Manager')
  await expect(about.window).toContainText('Version: 10.0.20348.1')
  await expect(about.window).toContainText('Viridian is a simulation. It is not made or endorsed by Microsoft.')
  await about.press('OK')

  // Back, forward and up lead where one has been.
  await console.toolbar.getByRole('button', { name: 'Back' }).click()
  await expect(console.rows).toHaveCount(10)
  await console.toolbar.getByRole('button', { name: 'Up One Level' }).click()
  await expect(page.getByText('Hyper-V Manager provides the tools')).toBeVisible()
  const reopened = await app.closeAndReopen()
  await expect(app.page.getByText('Hyper-V Manager provides the tools')).toBeVisible()
  await expect(reopened.node('Hyper-V Manager')).toHaveAttribute('aria-selected', 'true')
})

test('About and Help from the menus', async ({ app }) => {
  const { console, page } = app
  await console.menu('Help', 'About Hyper-V Manager...')
  await console.dialog('About Hyper-V Manager').press('OK')
  await page.keyboard.press('F1')
  const help = console.dialog('Hyper-V Manager Help')
  await expect(help.window).toContainText('What differs from the real product')
  await page.keyboard.press('Escape')
  await help.isGone()
})

test('panes are sized, hidden, and remembered', async ({ app }) => {
  const { console } = app
  const width = async (): Promise<number> => (await app.page.getByRole('navigation', { name: 'Console tree' }).boundingBox())?.width ?? 0
  const tree = await width()
  await console.splitter('Resize console tree').press('Shift+ArrowRight')
  await expect.poll(width).toBe(tree + 50)
  const bar = await console.splitter('Resize Virtual Machines').boundingBox()
  const height = async (): Promise<number> => (await app.console.pane('Virtual Machines').boundingBox())?.height ?? 0
  const list = await height()
  if (bar === null) throw new Error('the splitter is not on the screen')
  await console.page.mouse.move(bar.x + 100, bar.y + 1)
  await console.page.mouse.down()
  await console.page.mouse.move(bar.x + 100, bar.y + 41, { steps: 4 })
  await console.page.mouse.up()
  await expect.poll(async () => Math.abs((await height()) - list - 40)).toBeLessThanOrEqual(1)
  await console.page.getByRole('button', { name: 'Collapse Checkpoints' }).click()
  await console.toolbar.getByRole('button', { name: 'Show/Hide Action Pane' }).click()
  await expect(console.actions).toBeHidden()
  await expect(console.page.getByRole('button', { name: 'Expand Checkpoints' })).toBeVisible()
  const shown = await height()

  const reopened = await app.closeAndReopen()
  await expect(reopened.actions).toBeHidden()
  await expect(reopened.page.getByRole('button', { name: 'Expand Checkpoints' })).toBeVisible()
  await expect.poll(width).toBe(tree + 50)
  await expect.poll(height).toBe(shown)
  await reopened.menu('View', 'Customize...')
  const view = reopened.dialog('Customize View')
  await view.window.getByRole('checkbox', { name: 'Action pane' }).check()
  await view.window.getByRole('checkbox', { name: 'Console tree' }).uncheck()
  await view.window.getByRole('checkbox', { name: 'Status bar' }).uncheck()
  await view.press('OK')
  await expect(reopened.actions).toBeVisible()
  await expect(reopened.tree).toBeHidden()
  await expect(reopened.statusBar).toBeHidden()
})

test('checkpoints of a machine are shown as a tree', async ({ app }) => {
  const { console } = app
  await console.select('APP01')
  const tree = console.page.getByRole('tree', { name: 'Checkpoints' })
  await expect(tree.getByRole('treeitem')).toHaveCount(3)
  await expect(tree.getByRole('treeitem', { name: 'Before update KB5050009' })).toHaveAttribute('aria-level', '2')
  await expect(tree.getByRole('treeitem', { name: 'Now' })).toHaveAttribute('aria-level', '3')
  await console.select('DC01')
  await expect(console.page.getByText('The selected virtual machine has no checkpoints.')).toBeVisible()
})

test('the colour scheme is chosen in the View menu and kept', async ({ app }) => {
  const { console } = app
  const background = (): Promise<string> =>
    app.page.getByRole('main').evaluate((main) => getComputedStyle(main.ownerDocument.body).backgroundColor)
  const light = await background()
  await console.menu('View', 'Color Scheme', 'Dark')
  await expect.poll(background).not.toBe(light)
  const dark = await background()
  await app.closeAndReopen()
  await expect.poll(background).toBe(dark)
})

test.describe('time', () => {
  test.use({
    options: {
      words: ['--start-time', '2026-11-23T09:41:00Z', '--speed', 'paused'],
      manual: false,
      size: { width: 1280, height: 800 },
      scheme: 'light',
      forced: 'none',
    },
  })

  test('stands still, goes by steps, and runs at the chosen speed', async ({ app }) => {
    const { console, page } = app
    await expect(console.clock).toHaveText('11/23/2026 9:41:00 AM')
    await expect(console.speedButton).toHaveText('Paused')
    await console.setSpeed('Step 1 second')
    await expect(console.clock).toHaveText('11/23/2026 9:41:01 AM')
    await console.setSpeed('Step 10 seconds')
    await expect(console.clock).toHaveText('11/23/2026 9:41:11 AM')
    await console.setSpeed('Step 1 minute')
    await expect(console.clock).toHaveText('11/23/2026 9:42:11 AM')
    await console.expectCell('APP01', 'Uptime', '12.04:16:20')

    await console.run('DC02', 'Start')
    await console.setSpeed('60×')
    await expect(console.speedButton).toHaveText('60×')
    await console.expectState('DC02', 'Running')
    await expect(console.details).toContainText('OK (Applications Healthy)')
    await expect(console.clock).not.toHaveText(/9:42:/)
    await console.speedButton.click()
    const menu = new MenuPage(page, 'Speed of simulated time')
    await expect(menu.entry('60×')).toHaveAttribute('aria-checked', 'true')
    await expect(menu.entry('Step 1 second')).toBeHidden()
    await menu.choose('Max')
    await expect(console.speedButton).toHaveText('Max')
    await console.setSpeed('10×')
    await expect(console.speedButton).toHaveText('10×')
    await console.setSpeed('1×')
    await expect(console.speedButton).toHaveText('1×')
    await console.setSpeed('Paused')
    await expect(console.speedButton).toHaveText('Paused')
    const stopped = (await console.clock.textContent()) ?? ''
    await console.setSpeed('Step 1 second')
    await expect(console.clock).not.toHaveText(stopped)
  })
})
