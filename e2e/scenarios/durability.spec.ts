import { type App, expect, test } from '../fixtures/app.ts'

/** A kind of job: how it begins, and what the lab shows when it has ended. */
interface Case {
  readonly job: string
  readonly begin: (app: App) => Promise<void>
  readonly ended: (app: App) => Promise<void>
}

const run = (name: string, action: string, state: string) => async (app: App) => {
  await app.console.run(name, action)
  await app.console.expectState(name, state)
}
const confirmed = (name: string, action: string, button: string, state: string) => async (app: App) => {
  await app.console.runConfirmed(name, action, button)
  await app.console.expectState(name, state)
}
/** The job does not change the State column; the action that vanishes tells that it runs. */
const confirmedQuiet = (name: string, action: string, button: string) => async (app: App) => {
  await app.console.runConfirmed(name, action, button)
  await expect(app.console.action(action, name)).toBeHidden()
}
const state = (name: string, text: string) => (app: App) => app.console.expectState(name, text)

/** They all run at the same time; the shortest takes 120 ms of simulated time. */
const TOGETHER: readonly Case[] = [
  { job: 'start', begin: run('DC02', 'Start', 'Starting'), ended: state('DC02', 'Running') },
  { job: 'restore', begin: run('UBUNTU-WEB2', 'Start', 'Starting'), ended: state('UBUNTU-WEB2', 'Running') },
  { job: 'save', begin: run('APP01', 'Save', 'Saving'), ended: state('APP01', 'Saved') },
  { job: 'pause', begin: run('SQL01', 'Pause', 'Pausing'), ended: state('SQL01', 'Paused') },
  { job: 'resume', begin: run('WIN11-CLIENT', 'Resume', 'Resuming'), ended: state('WIN11-CLIENT', 'Running') },
  { job: 'reset', begin: confirmed('DC01', 'Reset', 'Reset', 'Resetting'), ended: state('DC01', 'Running') },
  { job: 'turn off', begin: confirmed('LEGACY-XP', 'Turn Off...', 'Turn Off', 'Stopping'), ended: state('LEGACY-XP', 'Off') },
  { job: 'shut down', begin: confirmed('FILE01', 'Shut Down...', 'Shut Down', 'Stopping'), ended: state('FILE01', 'Off') },
  {
    job: 'delete',
    begin: confirmedQuiet('WSUS', 'Delete...', 'Delete'),
    ended: (app) => expect(app.console.row('WSUS')).toHaveCount(0),
  },
  {
    job: 'create',
    begin: async (app) => {
      const wizard = await app.console.openWizard()
      await wizard.finish()
    },
    ended: state('New Virtual Machine', 'Off'),
  },
]

const ALONE: readonly (Case & { readonly cutMs: number; readonly restMs: number })[] = [
  {
    job: 'delete saved state',
    begin: confirmedQuiet('UBUNTU-WEB2', 'Delete Saved State...', 'Delete'),
    cutMs: 100,
    restMs: 200,
    ended: state('UBUNTU-WEB2', 'Off'),
  },
  {
    job: 'stop service',
    begin: async ({ console }) => {
      await console.action('Stop Service', 'HV01').click()
      await console.messageBox('Stop Virtual Machine Management Service').press('Turn Off')
      await expect(console.statusBar).toContainText('Stopping')
    },
    cutMs: 700,
    restMs: 800,
    ended: ({ console }) => expect(console.action('Start Service', 'HV01')).toBeVisible(),
  },
  {
    job: 'start service',
    begin: async ({ console }) => {
      await console.action('Start Service', 'HV01').click()
      await expect(console.statusBar).toContainText('Connecting')
    },
    cutMs: 2_400,
    restMs: 100,
    ended: ({ console }) => expect(console.rows).toHaveCount(10),
  },
]

/** Cuts the power; what was acknowledged is there afterwards. */
async function cut(app: App): Promise<void> {
  const acknowledged = await app.stateHash()
  await app.killAndReopen()
  expect(await app.stateHash()).toBe(acknowledged)
}

test('killed in the middle of every kind of job, the jobs go on and end as they would have', async ({ app, twin }) => {
  for (const lab of [app, twin]) for (const { begin } of TOGETHER) await begin(lab)
  // All run; then a save, a restore, a start and the second step of a creation; then a save and a shutdown.
  for (const ms of [60, 900, 1_500]) {
    await app.advance(ms)
    await twin.advance(ms)
    await cut(app)
  }
  for (const lab of [app, twin]) {
    await lab.advance(90_000)
    for (const { ended } of TOGETHER) await ended(lab)
  }
  expect(await app.stateHash()).toBe(await twin.stateHash())
})

test('killed while the service stops or starts, or a saved state is deleted', async ({ app, twin }) => {
  for (const { job, begin, cutMs, restMs, ended } of ALONE) {
    await test.step(job, async () => {
      for (const lab of [app, twin]) {
        await begin(lab)
        await lab.advance(cutMs)
      }
      await cut(app)
      for (const lab of [app, twin]) {
        await lab.advance(restMs)
        await ended(lab)
      }
      expect(await app.stateHash()).toBe(await twin.stateHash())
    })
  }
})

test('a guest that boots goes on booting', async ({ app }) => {
  await app.console.run('DC02', 'Start')
  await app.console.expectState('DC02', 'Starting')
  await app.advance(8_000)
  await cut(app)
  await app.console.expectState('DC02', 'Running')
  await app.advance(120_000)
  const window = await app.connect('DC02')
  await window.shows('Press Ctrl+Alt+Delete to unlock.')
})

test('closed and opened again every machine is as it was', async ({ app }) => {
  const { console } = app
  await console.run('DC01', 'Pause')
  await console.expectState('DC01', 'Pausing')
  await app.advance(1_000)
  await console.run('APP01', 'Save')
  await console.expectState('APP01', 'Saving')
  await app.advance(2_000)
  const shown = async (): Promise<unknown> => {
    const columns = ['State', 'Status', 'Uptime', 'Assigned Memory']
    return Promise.all(columns.map((column) => app.console.column(column)))
  }
  const before = await shown()
  const hash = await app.stateHash()
  await app.closeAndReopen()
  expect(await app.stateHash()).toBe(hash)
  expect(await shown()).toEqual(before)
})
