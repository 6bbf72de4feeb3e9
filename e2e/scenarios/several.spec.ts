import { expect, test } from '../fixtures/app.ts'

test('one action on several machines', async ({ app }) => {
  const { console } = app
  await console.select('APP01', 'DC01', 'FILE01')
  await expect
    .poll(() => console.actionsOf('Selected Virtual Machines'))
    .toEqual(['Connect...', 'Turn Off...', 'Shut Down...', 'Save', 'Pause', 'Reset', 'Checkpoint', 'Help'])
  await expect(console.pane('Details')).toBeVisible()
  await console.action('Pause', 'Selected Virtual Machines').click()
  await console.expectState('FILE01', 'Pausing')
  await app.advance(200)
  for (const name of ['APP01', 'DC01', 'FILE01']) await console.expectState(name, 'Paused')
  await console.expectState('SQL01', 'Running')

  await console.action('Turn Off...', 'Selected Virtual Machines').click()
  const box = console.messageBox('Turn Off Machine')
  await box.says('Are you sure you want to turn off the selected virtual machines?')
  await box.press('Turn Off')
  await console.expectState('DC01', 'Stopping')
  await app.advance(500)
  for (const name of ['APP01', 'DC01', 'FILE01']) await console.expectState(name, 'Off')
})

test('an action reaches those to which it applies', async ({ app }) => {
  const { console } = app
  await console.list.press('Control+a')
  await expect(console.selectedRows).toHaveCount(10)
  await expect
    .poll(() => console.actionsOf('Selected Virtual Machines'))
    .toEqual([
      'Connect...',
      'Start',
      'Turn Off...',
      'Shut Down...',
      'Save',
      'Pause',
      'Resume',
      'Reset',
      'Checkpoint',
      'Delete Saved State...',
      'Delete...',
      'Help',
    ])
  await console.action('Start', 'Selected Virtual Machines').click()
  await console.expectState('WSUS', 'Starting')
  await app.advance(30_000)
  for (const name of ['DC02', 'WSUS', 'UBUNTU-WEB2']) await console.expectState(name, 'Running')
  await console.expectState('WIN11-CLIENT', 'Paused')
})

test('what fails on some of them is told in one box', async ({ app }) => {
  const { console } = app
  await console.select('DC02', 'WSUS')
  await console.action('Start', 'Selected Virtual Machines').click()
  await console.expectState('WSUS', 'Starting')
  await app.advance(4_000)
  await console.expectState('WSUS', 'Running')
  await console.row('DC01').click({ modifiers: ['Control'] })
  await console.action('Shut Down...', 'Selected Virtual Machines').click()
  const question = console.messageBox('Shut Down Machine')
  await question.says('Are you sure you want to shut down the operating system in the selected virtual machines?')
  await question.press('Shut Down')
  const box = console.messageBox('Hyper-V Manager')
  await box.says(
    'An error occurred while attempting to change the state of the selected virtual machines.',
    "'DC02' failed to shut down.",
    "'WSUS' failed to shut down.",
  )
  await expect(box.window).not.toContainText("'DC01'")
  await box.press('Close')
  await console.expectState('DC01', 'Stopping')
  await console.expectState('WSUS', 'Running')
})
