import { expect, test } from '../fixtures/app.ts'

test('F2 renames in place', async ({ app }) => {
  const { console, page } = app
  const editor = console.list.getByRole('textbox', { name: 'Name' })
  await console.select('WSUS')
  await console.pressInList('F2')
  await expect(editor).toBeFocused()
  await expect(editor).toHaveValue('WSUS')
  await page.keyboard.type('gone')
  await page.keyboard.press('Escape')
  await expect(editor).toBeHidden()
  await expect(console.row('WSUS')).toBeVisible()
  await expect(console.list).toBeFocused()

  await console.pressInList('F2')
  await page.keyboard.type('UPDATES')
  await page.keyboard.press('Enter')
  await expect(console.row('UPDATES')).toBeVisible()
  await expect(console.pane('UPDATES')).toBeVisible()
  await expect(console.list).toBeFocused()
  await expect
    .poll(() => console.column('Name'))
    .toEqual(['APP01', 'DC01', 'DC02', 'FILE01', 'LEGACY-XP', 'SQL01', 'UBUNTU-WEB1', 'UBUNTU-WEB2', 'UPDATES', 'WIN11-CLIENT'])
})

test('a name that cannot be is refused beside the field', async ({ app }) => {
  const { console, page } = app
  const editor = console.list.getByRole('textbox', { name: 'Name' })
  await console.select('DC02')
  await console.action('Rename...', 'DC02').click()
  await expect(editor).toBeFocused()
  await editor.fill('X'.repeat(101))
  await page.keyboard.press('Enter')
  await expect(console.list.getByRole('alert')).toContainText('The name has 101 characters. It cannot have more than 100.')
  await expect(editor).toBeFocused()
  await editor.fill('  ')
  await expect(console.list.getByRole('alert')).toBeHidden()
  await page.keyboard.press('Enter')
  await expect(console.list.getByRole('alert')).toContainText('A name must be specified for the virtual machine.')
  // Names need not be unique.
  await editor.fill('DC01')
  await page.keyboard.press('Enter')
  await expect(editor).toBeHidden()
  await expect(console.row('DC01')).toHaveCount(2)
})

test('a machine of any state can be renamed, by its menu, and a click elsewhere takes the name', async ({ app }) => {
  const { console } = app
  for (const [name, next] of [
    ['APP01', 'APP02'],
    ['WIN11-CLIENT', 'WIN11'],
    ['UBUNTU-WEB2', 'WEB2'],
  ] as const) {
    await (await console.contextMenu(name)).choose('Rename...')
    await console.list.getByRole('textbox', { name: 'Name' }).fill(next)
    await console.row('DC01').click()
    await expect(console.row(next)).toBeVisible()
  }
})

test('a deleted machine is gone, its disk stays', async ({ app }) => {
  const { console } = app
  const window = await app.connect('WSUS')
  await console.select('WSUS')
  await console.pressInList('Delete')
  await console.messageBox('Delete Selected Virtual Machines').press('Delete')
  await expect.poll(() => console.actionsOf('WSUS')).not.toContain('Start')
  await app.advance(60_000)
  await expect(console.row('WSUS')).toHaveCount(0)
  await expect(console.rows).toHaveCount(9)
  await window.shows("The virtual machine 'WSUS' no longer exists")
  const wizard = await console.openWizard()
  await wizard.goTo('Connect Virtual Hard Disk')
  await wizard.radio('Use an existing virtual hard disk').check()
  const files = await wizard.browse('Open', 1)
  await expect(files.entry('wsus.vhdx')).toBeVisible()
})
