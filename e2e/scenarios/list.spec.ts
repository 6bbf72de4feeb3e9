import { expect, test } from '../fixtures/app.ts'
import { MenuPage } from '../pages/menus.ts'

const DEFAULT_COLUMNS = ['Name', 'State', 'CPU Usage', 'Assigned Memory', 'Uptime', 'Status', 'Configuration Version']

test('the sample lab at first sight', async ({ app }) => {
  const { console } = app
  await expect.poll(() => console.headers()).toEqual(DEFAULT_COLUMNS)
  await expect(console.header('Name')).toHaveAttribute('aria-sort', 'ascending')
  await expect(console.rows).toHaveCount(10)
  await console.expectColumn('State', ['Running', 'Running', 'Off', 'Running', 'Running', 'Running', 'Running', 'Saved', 'Paused', 'Off'])
  await expect(console.rows).toHaveCount(10)
  await console.expectColumn('Assigned Memory', ['4096 MB', '2048 MB', '', '2048 MB', '512 MB', '16384 MB', '1536 MB', '', '4096 MB', ''])
  await console.expectCell('APP01', 'Uptime', '12.04:15:09')
  await console.expectCell('WIN11-CLIENT', 'CPU Usage', '0 %')
  await app.advance(2_000)
  await console.expectCell('SQL01', 'CPU Usage', /^\d+ %$/)
  await console.expectCell('APP01', 'Uptime', '12.04:15:11')
})

test('columns sort, move, grow, come and go, and are remembered', async ({ app }) => {
  const { console } = app
  await console.header('State').click()
  await expect(console.header('State')).toHaveAttribute('aria-sort', 'ascending')
  await console.expectColumn('State', ['Off', 'Off', 'Paused'])
  await console.header('State').click()
  await expect(console.header('State')).toHaveAttribute('aria-sort', 'descending')
  await console.expectColumn('State', ['Saved', 'Running'])
  // Numbers are sorted by their size, not by their digits.
  await console.header('Assigned Memory').click()
  await console.header('Assigned Memory').click()
  await expect(console.header('Assigned Memory')).toHaveAttribute('aria-sort', 'descending')
  await console.expectColumn('Assigned Memory', ['16384 MB', '4096 MB', '4096 MB'])

  await console.header('Uptime').dragTo(console.header('State'), { targetPosition: { x: 4, y: 10 } })
  await expect.poll(async () => (await console.headers()).slice(0, 3)).toEqual(['Name', 'Uptime', 'State'])
  const width = async (column: string): Promise<number> => (await app.console.header(column).boundingBox())?.width ?? 0
  const before = await width('Name')
  await console.header('Name').press('Shift+ArrowRight')
  await console.header('Name').press('Shift+ArrowRight')
  await expect.poll(() => width('Name')).toBe(before + 20)
  const edge = await console.header('Uptime').boundingBox()
  const uptimeWidth = await width('Uptime')
  if (edge === null) throw new Error('the column is not on the screen')
  await app.page.mouse.move(edge.x + edge.width - 1, edge.y + 10)
  await app.page.mouse.down()
  await app.page.mouse.move(edge.x + edge.width + 39, edge.y + 10, { steps: 4 })
  await app.page.mouse.up()
  await expect.poll(() => width('Uptime')).toBe(uptimeWidth + 40)

  await console.action('View').first().click()
  await new MenuPage(app.page, 'View').choose('Add/Remove Columns...')
  const columns = console.dialog('Add/Remove Columns')
  const available = columns.window.getByRole('listbox', { name: 'Available columns:' })
  const displayed = columns.window.getByRole('listbox', { name: 'Displayed columns:' })
  // A new column comes behind the selected one.
  await displayed.getByRole('option', { name: 'Status' }).click()
  await available.getByRole('option', { name: 'Heartbeat' }).click()
  await columns.press('Add ->')
  await displayed.getByRole('option', { name: 'Configuration Version' }).click()
  await columns.press('<- Remove')
  await displayed.getByRole('option', { name: 'Name' }).click()
  await expect(columns.button('<- Remove')).toBeDisabled()
  await displayed.getByRole('option', { name: 'CPU Usage' }).click()
  await columns.press('Move Up')
  await columns.press('OK')
  const chosen = ['Name', 'Uptime', 'CPU Usage', 'State', 'Assigned Memory', 'Status', 'Heartbeat']
  await expect.poll(() => console.headers()).toEqual(chosen)
  await console.expectCell('APP01', 'Heartbeat', 'OK (Applications Healthy)')
  await console.expectCell('UBUNTU-WEB1', 'Heartbeat', 'OK (No Application Data)')

  const reopened = await app.closeAndReopen()
  await expect.poll(() => reopened.headers()).toEqual(chosen)
  await expect(reopened.header('Assigned Memory')).toHaveAttribute('aria-sort', 'descending')
  await expect.poll(() => width('Name')).toBe(before + 20)
  await expect.poll(() => width('Uptime')).toBe(uptimeWidth + 40)
  await reopened.menu('View', 'Add/Remove Columns...')
  const again = reopened.dialog('Add/Remove Columns')
  await again.press('Restore Defaults')
  await again.press('OK')
  await expect.poll(() => reopened.headers()).toEqual(DEFAULT_COLUMNS)
})

test('selection by mouse and keys', async ({ app }) => {
  const { console, page } = app
  const selected = async (): Promise<readonly string[]> => {
    const rows = await console.selectedRows.all()
    return Promise.all(rows.map(async (row) => (await row.getByRole('gridcell').first().textContent()) ?? ''))
  }
  await console.select('DC01')
  await console.row('FILE01').click({ modifiers: ['Shift'] })
  await expect.poll(selected).toEqual(['DC01', 'DC02', 'FILE01'])
  await console.row('DC02').click({ modifiers: ['Control'] })
  await expect.poll(selected).toEqual(['DC01', 'FILE01'])
  await console.pressInList('Home')
  await expect.poll(selected).toEqual(['APP01'])
  await console.pressInList('Shift+ArrowDown', 'Shift+ArrowDown')
  await expect.poll(selected).toEqual(['APP01', 'DC01', 'DC02'])
  await console.pressInList('End')
  await expect.poll(selected).toEqual(['WSUS'])
  await console.pressInList('Control+Home', 'Control+Space')
  await expect.poll(selected).toEqual(['APP01', 'WSUS'])
  await console.pressInList('Control+a')
  await expect(console.selectedRows).toHaveCount(10)
  await console.pressInList('Home')
  await page.keyboard.type('sq')
  await expect.poll(selected).toEqual(['SQL01'])
  await expect(console.pane('SQL01')).toBeVisible()
  // A press beside the rows selects nothing.
  const box = await console.list.boundingBox()
  if (box === null) throw new Error('the list is not on the screen')
  await page.mouse.click(box.x + box.width / 2, box.y + box.height - 20)
  await expect.poll(selected).toEqual([])
  await expect(page.getByText('No virtual machine selected.')).toBeVisible()
  await expect(page.getByText('No item selected.')).toBeVisible()
})

test('the context menu, by mouse and by keys', async ({ app }) => {
  const { console, page } = app
  const menu = await console.contextMenu('APP01')
  expect(await menu.labels()).toEqual([
    'Connect...',
    'Settings...',
    'Turn Off...',
    'Shut Down...',
    'Save',
    'Pause',
    'Reset',
    'Checkpoint',
    'Revert...',
    'Rename...',
    'Workload',
    'Help',
  ])
  await menu.close()
  await expect(console.list).toBeFocused()
  await console.pressInList('ArrowDown', 'ArrowDown', 'Shift+F10')
  expect(await menu.labels()).toEqual(['Connect...', 'Settings...', 'Start', 'Checkpoint', 'Rename...', 'Delete...', 'Workload', 'Help'])
  await page.keyboard.press('s')
  await console.expectState('DC02', 'Starting')
  await expect(menu.surface).toBeHidden()
  await console.node('HV01').click({ button: 'right' })
  const server = new MenuPage(page, 'HV01')
  expect(await server.labels()).toEqual(['New', 'Edit Disk...', 'Inspect Disk...', 'Stop Service', 'Refresh', 'View', 'Help'])
  await server.close()
})

test('Enter and a double click connect', async ({ app }) => {
  const { console } = app
  const first = await app.shell.newWindow(() => console.row('DC01').dblclick())
  await expect(first).toHaveTitle('DC01 on HV01 - Virtual Machine Connection')
  await console.select('DC02')
  const second = await app.shell.newWindow(() => console.list.press('Enter'))
  await expect(second).toHaveTitle('DC02 on HV01 - Virtual Machine Connection')
})
