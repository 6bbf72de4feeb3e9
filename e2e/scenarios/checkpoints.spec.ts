/** Checkpoints: taken, applied, reverted, renamed, deleted, from the console and from a connection window; and through kills. */
import { App, expect, test } from '../fixtures/app.ts'
import { CheckpointsPage } from '../pages/checkpoints.ts'

const UPDATE = 'Before update KB5050009'
const FIRST = /^APP01 - \(/
/** Long enough for every job of this file but a merge, ms of simulated time. */
const A_WHILE = 30_000

test('a production checkpoint of a running machine: progress, node, notice, no question', async ({ app }) => {
  const { console } = app
  const checkpoints = new CheckpointsPage(console)
  await console.run('APP01', 'Checkpoint')
  await console.expectCell('APP01', 'Status', 'Creating Checkpoint (0%)')
  await console.expectState('APP01', 'Running')
  await expect
    .poll(() => console.actionsOf('APP01'))
    .toEqual(['Connect...', 'Settings...', 'Rename...', 'Cancel Creating Checkpoint', 'Help'])
  await app.advance(1500)
  await console.expectCell('APP01', 'Status', 'Creating Checkpoint (9%)')
  await checkpoints.shows(/^1 APP01/, `2 ${UPDATE}`, '3 Now')
  await app.advance(A_WHILE)
  await console.expectCell('APP01', 'Status', '')
  await checkpoints.shows(/^1 APP01/, `2 ${UPDATE}`, /^3 APP01 - \(\d+\/\d+\/\d{4} - \d+:\d\d:\d\d [AP]M\)$/, '4 Now')
  const box = console.messageBox('Virtual Machine Checkpoint')
  await box.says('Production checkpoint created.')
  await box.window.getByRole('checkbox', { name: "Please don't show me this again" }).check()
  await box.press('OK')
  await console.run('APP01', 'Checkpoint')
  await app.advance(A_WHILE)
  await expect(checkpoints.tree.getByRole('treeitem')).toHaveCount(5)
  await expect(box.window).toHaveCount(0)
})

test('a guest without backup service gets a standard checkpoint, and goes back into its saved state', async ({ app }) => {
  const { console } = app
  await console.run('LEGACY-XP', 'Checkpoint')
  await app.advance(A_WHILE)
  const box = console.messageBox('Virtual Machine Checkpoint')
  await box.says('Standard checkpoint created.')
  await box.press('OK')
  await console.run('LEGACY-XP', 'Revert...')
  const question = console.messageBox('Revert Virtual Machine')
  await question.says(
    'Are you sure you want to revert the selected virtual machine to the previous checkpoint?',
    "The virtual machine's current state will be lost.",
  )
  expect(await question.buttons()).toEqual(['Revert', "Don't Revert"])
  await question.press('Revert')
  await console.expectCell('LEGACY-XP', 'Status', 'Applying Checkpoint')
  await app.advance(A_WHILE)
  await console.expectState('LEGACY-XP', 'Saved')
  await console.run('LEGACY-XP', 'Start')
  await app.advance(A_WHILE)
  await console.expectState('LEGACY-XP', 'Running')
})

test('the selected checkpoint has its own details and actions', async ({ app }) => {
  const { console } = app
  const checkpoints = new CheckpointsPage(console)
  await console.select('APP01')
  await checkpoints.select(UPDATE)
  await expect
    .poll(() => console.actionsOf(UPDATE))
    .toEqual(['Apply...', 'Rename...', 'Delete Checkpoint...', 'Delete Checkpoint Subtree...', 'Help'])
  const details = checkpoints.details(UPDATE)
  await expect(details.getByRole('term')).toHaveText(['Created:', 'Configuration Version:', 'Generation:', 'Notes:'])
  await expect(details.getByRole('definition').nth(3)).toHaveText('Line of business server')
  await expect(console.pane(UPDATE)).toBeVisible()
  expect(await (await checkpoints.contextMenu(UPDATE)).labels()).toEqual([
    'Apply...',
    'Rename...',
    'Delete Checkpoint...',
    'Delete Checkpoint Subtree...',
    'Help',
  ])
  await console.page.keyboard.press('Escape')
  // Now has the machine's own actions; so has the machine when the list is entered again.
  await checkpoints.select('Now')
  await expect(console.group('APP01')).toBeVisible()
  await checkpoints.select(UPDATE)
  await console.select('APP01')
  await expect(console.group('APP01')).toBeVisible()
  await expect(console.thumbnail('APP01')).toBeVisible()
})

test('F2 renames in place, and an empty name is refused', async ({ app }) => {
  const { console } = app
  const checkpoints = new CheckpointsPage(console)
  await console.select('APP01')
  await checkpoints.select(UPDATE)
  await checkpoints.tree.press('F2')
  await checkpoints.rename(UPDATE, '')
  await expect(checkpoints.tree.getByRole('alert')).toHaveText('A name must be specified for the checkpoint.')
  await checkpoints.rename(UPDATE, 'Before the update')
  await checkpoints.shows(/^1 APP01/, '2 Before the update', '3 Now')
  await app.killAndReopen()
  await app.console.select('APP01')
  await new CheckpointsPage(app.console).shows(/^1 APP01/, '2 Before the update', '3 Now')
})

test('Del deletes a checkpoint; its disks are merged while the machine runs', async ({ app }) => {
  const { console } = app
  const checkpoints = new CheckpointsPage(console)
  await console.select('APP01')
  await checkpoints.select(UPDATE)
  await checkpoints.tree.press('Delete')
  const question = console.messageBox('Delete Checkpoint')
  await question.says('Are you sure you want to delete the selected checkpoint?')
  expect(await question.buttons()).toEqual(['Delete', "Don't Delete"])
  await question.press("Don't Delete")
  await checkpoints.tree.press('Delete')
  await question.dontAskAgain.check()
  await question.press('Delete')
  await console.expectCell('APP01', 'Status', 'Deleting Checkpoint')
  await app.advance(400)
  await checkpoints.shows(/^1 APP01/, '2 Now')
  await console.expectCell('APP01', 'Status', /^Merging Disks \(\d+%\)$/)
  await console.select('APP01')
  await expect
    .poll(() => console.actionsOf('APP01'))
    .toEqual(['Connect...', 'Settings...', 'Turn Off...', 'Shut Down...', 'Save', 'Pause', 'Reset', 'Rename...', 'Help'])
  // A second one waits for the first.
  await checkpoints.select(FIRST)
  await checkpoints.tree.press('Delete')
  await app.advance(1000)
  await expect(console.page.getByText('The selected virtual machine has no checkpoints.')).toBeVisible()
  await console.run('APP01', 'Pause')
  await app.advance(1000)
  await console.expectState('APP01', 'Paused')
  await console.expectCell('APP01', 'Status', /^Merging Disks \((?!0%)\d+%\)$/)
  await app.advance(120_000)
  await console.expectCell('APP01', 'Status', '')
})

test('Apply asks which way: keep the present state as a checkpoint, lose it, or cancel', async ({ app }) => {
  const { console } = app
  const checkpoints = new CheckpointsPage(console)
  await console.select('WIN11-CLIENT')
  await (await checkpoints.contextMenu('Clean installation')).choose('Apply...')
  const question = console.messageBox('Apply Checkpoint')
  await question.says('Are you sure you want to apply the selected checkpoint?', "The virtual machine's current state will be lost.")
  expect(await question.buttons()).toEqual(['Create Checkpoint and Apply', 'Apply', 'Cancel'])
  await question.press('Cancel')
  await console.expectCell('WIN11-CLIENT', 'Status', '')
  await console.action('Apply...', 'Clean installation').click()
  await question.press('Create Checkpoint and Apply')
  await console.expectCell('WIN11-CLIENT', 'Status', 'Creating Checkpoint (0%)')
  await app.advance(60_000)
  await console.expectState('WIN11-CLIENT', 'Off')
  await checkpoints.shows('1 Clean installation', '2 Office installed', /^3 WIN11-CLIENT - \(/, '2 Now')
  // The machine was paused with its memory: there it goes back to.
  await checkpoints.select(/^WIN11-CLIENT/)
  await console.page.keyboard.press('ContextMenu')
  await console.page.keyboard.press('Enter')
  await question.press('Apply')
  await app.advance(60_000)
  await console.expectState('WIN11-CLIENT', 'Saved')
  await checkpoints.shows('1 Clean installation', '2 Office installed', /^3 WIN11-CLIENT - \(/, '4 Now')
})

test('a subtree goes with all that was taken after it', async ({ app }) => {
  const { console } = app
  const checkpoints = new CheckpointsPage(console)
  await console.select('WIN11-CLIENT')
  await (await checkpoints.contextMenu('Clean installation')).choose('Delete Checkpoint Subtree...')
  const question = console.messageBox('Delete Checkpoint Subtree')
  await question.says('Are you sure you want to delete the selected checkpoint and its subtree?')
  await question.press('Delete')
  await app.advance(600)
  await expect(console.page.getByText('The selected virtual machine has no checkpoints.')).toBeVisible()
  await app.advance(120_000)
  await console.expectCell('WIN11-CLIENT', 'Status', '')
  await console.expectState('WIN11-CLIENT', 'Paused')
})

test('several machines are checkpointed at once, each kind told once', async ({ app }) => {
  const { console } = app
  await console.select('DC01', 'FILE01', 'LEGACY-XP', 'DC02')
  await console.action('Checkpoint', 'Selected Virtual Machines').click()
  await console.expectCell('DC01', 'Status', 'Creating Checkpoint (0%)')
  await app.advance(A_WHILE)
  const box = console.messageBox('Virtual Machine Checkpoint')
  await box.says('Production checkpoint created.')
  // The next box has the same buttons.
  await box.button('OK').click()
  await box.says('Standard checkpoint created.')
  await box.press('OK')
  await expect(box.window).toHaveCount(0)
  for (const name of ['DC01', 'FILE01', 'LEGACY-XP', 'DC02']) {
    await console.select(name)
    await expect(new CheckpointsPage(console).tree.getByRole('treeitem')).toHaveCount(2)
  }
})

test('a checkpoint can be cancelled while its memory is written', async ({ app }) => {
  const { console } = app
  await console.run('LEGACY-XP', 'Checkpoint')
  await app.advance(1500)
  await console.action('Cancel Creating Checkpoint', 'LEGACY-XP').click()
  await app.advance(A_WHILE)
  await console.expectCell('LEGACY-XP', 'Status', '')
  await console.expectState('LEGACY-XP', 'Running')
  await expect(console.page.getByText('The selected virtual machine has no checkpoints.')).toBeVisible()
})

test('a connection window asks for the name', async ({ app }) => {
  const { console } = app
  const window = await app.connect('DC02')
  await window.shows("The virtual machine 'DC02' is turned off")
  const ask = window.page.getByRole('dialog', { name: 'Checkpoint Name' })
  await window.page.keyboard.press('Control+n')
  const field = ask.getByRole('textbox', { name: 'Checkpoint name:' })
  await expect(field).toHaveValue(/^DC02 - \(/)
  await ask.getByRole('button', { name: 'No', exact: true }).click()
  await window.toolbar.getByRole('button', { name: 'Checkpoint', exact: true }).click()
  await field.fill('Before promotion')
  await field.press('Enter')
  await expect(ask).toBeHidden()
  await window.expectStatus('Status: Creating Checkpoint (0%)')
  await app.advance(A_WHILE)
  await window.menu('Action', 'Checkpoint...')
  await ask.getByRole('checkbox', { name: 'Always use default name' }).check()
  await expect(field).toBeDisabled()
  await ask.getByRole('button', { name: 'Yes', exact: true }).click()
  await window.expectStatus('Status: Creating Checkpoint (0%)')
  await app.advance(A_WHILE)
  await window.page.keyboard.press('Control+n')
  await window.expectStatus('Status: Creating Checkpoint (0%)')
  await expect(ask).toBeHidden()
  await app.advance(A_WHILE)
  await window.page.keyboard.press('Control+e')
  await window.messageBox('Revert Virtual Machine').press('Revert')
  await window.expectStatus('Status: Applying Checkpoint')
  await app.advance(A_WHILE)
  await window.expectStatus('Status: Off')
  await console.select('DC02')
  await new CheckpointsPage(console).shows('1 Before promotion', /^2 DC02 - \(/, /^3 DC02 - \(/, '4 Now')
})

test('kills in the middle of every kind of checkpoint job lose nothing', async ({ app, options }) => {
  test.setTimeout(120_000)
  const undisturbed = new App(app.kind, options)
  const inBoth = (act: (each: App) => Promise<void>): Promise<unknown> => Promise.all([act(undisturbed), act(app)])
  const rounds: readonly { readonly begin: (each: App) => Promise<void>; readonly wait: number; readonly status: RegExp }[] = [
    { begin: (each) => each.console.run('LEGACY-XP', 'Checkpoint'), wait: 1300, status: /^Creating Checkpoint \((?!0%)\d+%\)$/ },
    { begin: (each) => each.console.run('LEGACY-XP', 'Checkpoint'), wait: 600, status: /^Creating Checkpoint \(0%\)$/ },
    { begin: (each) => each.console.runConfirmed('LEGACY-XP', 'Revert...', 'Revert'), wait: 700, status: /^Applying Checkpoint$/ },
    {
      begin: async ({ console }) => {
        await console.select('LEGACY-XP')
        await (await new CheckpointsPage(console).contextMenu(await firstName(console))).choose('Delete Checkpoint Subtree...')
        await console.messageBox().press('Delete')
      },
      wait: 200,
      status: /^Deleting Checkpoint$/,
    },
    {
      begin: async ({ console }) => {
        await console.select('APP01')
        await (await new CheckpointsPage(console).contextMenu(UPDATE)).choose('Delete Checkpoint...')
        await console.messageBox().press('Delete')
      },
      wait: 9_000,
      status: /^Merging Disks \((?!0%)\d+%\)$/,
    },
  ]
  try {
    await undisturbed.start()
    for (const [index, { begin, wait, status }] of rounds.entries()) {
      const name = index === rounds.length - 1 ? 'APP01' : 'LEGACY-XP'
      await inBoth(async (each) => {
        await begin(each)
        await each.advance(wait)
        await each.console.expectCell(name, 'Status', status)
      })
      const acknowledged = await app.stateHash()
      expect(acknowledged).toBe(await undisturbed.stateHash())
      await app.killAndReopen()
      expect(await app.stateHash()).toBe(acknowledged)
      await app.console.expectCell(name, 'Status', status)
      await inBoth(async (each) => {
        await each.advance(120_000)
        await each.console.expectCell(name, 'Status', '')
        // The notice of a page that was there all the time.
        const notice = each.console.messageBox('Virtual Machine Checkpoint')
        if (each === undisturbed && index < 2) await notice.press('OK')
      })
      expect(await app.stateHash()).toBe(await undisturbed.stateHash())
    }
  } finally {
    await undisturbed.dispose()
  }
})

async function firstName(console: App['console']): Promise<string> {
  return (await new CheckpointsPage(console).tree.getByRole('treeitem').first().textContent()) ?? ''
}
