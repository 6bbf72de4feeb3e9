/** Nothing that was acknowledged is lost: the application is killed, closed or reloaded in the middle of every kind of job. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { App, expect, test } from '../fixtures/app.ts'
import type { ConsolePage } from '../pages/console.ts'

/** A job and what the console shows of it. */
interface Work {
  readonly kind: string
  /** Asks for the job as a user does. */
  readonly begin: (console: ConsolePage) => Promise<void>
  /** Simulated time until the next job is asked for, or until the kill, ms. */
  readonly wait: number
  /** Shown at the kill. */
  readonly midway: (console: ConsolePage) => Promise<void>
  readonly ended: (console: ConsolePage) => Promise<void>
}

/** Jobs that all run at the moment of a kill: the long ones begin first. */
type Round = readonly Work[]

const shows =
  (name: string, state: string, status: string | RegExp = '') =>
  async (console: ConsolePage): Promise<void> => {
    await console.expectState(name, state)
    await console.expectCell(name, 'Status', status)
  }

const asks =
  (name: string, action: string, button?: string) =>
  (console: ConsolePage): Promise<void> =>
    button === undefined ? console.run(name, action) : console.runConfirmed(name, action, button)

const isGone =
  (name: string) =>
  (console: ConsolePage): Promise<void> =>
    expect(console.row(name)).toHaveCount(0)

const says =
  (text: string) =>
  (console: ConsolePage): Promise<void> =>
    expect(console.page.getByRole('main')).toContainText(text)

/** Some way above nought. */
const under = (word: string): RegExp => new RegExp(`^${word} \\((?!0%)\\d+%\\)$`)

const UP: Round = [
  {
    kind: 'shut down',
    begin: asks('SQL01', 'Shut Down...', 'Shut Down'),
    wait: 0,
    midway: shows('SQL01', 'Stopping', under('Shutting Down')),
    ended: shows('SQL01', 'Off'),
  },
  {
    kind: 'save',
    begin: asks('APP01', 'Save'),
    wait: 1000,
    midway: shows('APP01', 'Saving', under('Saving')),
    ended: shows('APP01', 'Saved'),
  },
  {
    kind: 'restore',
    begin: asks('UBUNTU-WEB2', 'Start'),
    wait: 500,
    midway: async (console) => console.expectCell('UBUNTU-WEB2', 'Status', under('Restoring')),
    ended: shows('UBUNTU-WEB2', 'Running'),
  },
  {
    kind: 'start',
    begin: asks('DC02', 'Start'),
    wait: 540,
    midway: shows('DC02', 'Starting', 'Starting (10%)'),
    ended: shows('DC02', 'Running'),
  },
  {
    kind: 'pause',
    begin: asks('DC01', 'Pause'),
    wait: 20,
    midway: (console) => console.expectState('DC01', 'Pausing'),
    ended: shows('DC01', 'Paused'),
  },
  {
    kind: 'resume',
    begin: asks('WIN11-CLIENT', 'Resume'),
    wait: 60,
    midway: (console) => console.expectState('WIN11-CLIENT', 'Resuming'),
    ended: shows('WIN11-CLIENT', 'Running'),
  },
]

/** After {@link UP}: a saved state is there to be deleted. */
const DOWN: Round = [
  {
    kind: 'turn off',
    begin: asks('WIN11-CLIENT', 'Turn Off...', 'Turn Off'),
    wait: 100,
    midway: (console) => console.expectState('WIN11-CLIENT', 'Stopping'),
    ended: shows('WIN11-CLIENT', 'Off'),
  },
  {
    kind: 'reset',
    begin: asks('FILE01', 'Reset', 'Reset'),
    wait: 50,
    midway: (console) => console.expectState('FILE01', 'Resetting'),
    ended: shows('FILE01', 'Running'),
  },
  {
    kind: 'delete',
    begin: asks('WSUS', 'Delete...', 'Delete'),
    wait: 50,
    midway: async (console) => expect(await console.cell('WSUS', 'Status')).not.toHaveText(''),
    ended: isGone('WSUS'),
  },
  {
    kind: 'delete saved state',
    begin: asks('APP01', 'Delete Saved State...', 'Delete'),
    wait: 150,
    midway: async (console) => expect(await console.cell('APP01', 'Status')).not.toHaveText(''),
    ended: shows('APP01', 'Off'),
  },
]

/** After {@link DOWN}: a machine with checkpoints is off. */
const SERVER: Round = [
  {
    kind: 'delete with checkpoints to merge',
    begin: asks('WIN11-CLIENT', 'Delete...', 'Delete'),
    wait: 1500,
    midway: async (console) => console.expectCell('WIN11-CLIENT', 'Status', /\((?!0%)\d+%\)$/),
    ended: isGone('WIN11-CLIENT'),
  },
  {
    kind: 'create',
    begin: async (console) => {
      const wizard = await console.openWizard()
      await wizard.goTo('Specify Name and Location')
      await wizard.field('Name:').fill('SURVIVOR')
      await wizard.finish()
    },
    wait: 1200,
    // As in the product there is no row before there is a machine.
    midway: isGone('SURVIVOR'),
    ended: shows('SURVIVOR', 'Off'),
  },
]

const STOP: Round = [
  {
    kind: 'stop service',
    begin: async (console) => {
      await console.action('Stop Service', 'HV01').click()
      await console.messageBox().press('Turn Off')
    },
    wait: 700,
    midway: says('Stopping the Virtual Machine Management service...'),
    ended: says('The Virtual Machine Management service is not running on this server.'),
  },
]

const START: Round = [
  {
    kind: 'start service',
    begin: (console) => console.action('Start Service', 'HV01').click(),
    wait: 1200,
    midway: says('Starting the Virtual Machine Management service...'),
    ended: (console) => expect(console.rows).toHaveCount(9),
  },
]

/** Long enough for every job, and for the guests to come up, ms of simulated time. */
const TO_THE_END = 120_000

test('kills in the middle of every kind of job', async ({ app, options }) => {
  test.setTimeout(120_000)
  const undisturbed = new App(app.kind, options)
  const inBoth = (act: (each: App) => Promise<void>): Promise<unknown> => Promise.all([act(undisturbed), act(app)])
  try {
    await undisturbed.start()
    for (const round of [UP, DOWN, SERVER, STOP, START]) {
      await test.step(round.map(({ kind }) => kind).join(', '), async () => {
        const midway = async (each: App): Promise<void> => {
          for (const work of round) await work.midway(each.console)
        }
        await inBoth(async (each) => {
          for (const work of round) {
            await work.begin(each.console)
            await each.advance(work.wait)
          }
          await midway(each)
        })
        const acknowledged = await app.stateHash()
        expect(acknowledged).toBe(await undisturbed.stateHash())
        await app.killAndReopen()
        expect(await app.stateHash()).toBe(acknowledged)
        await midway(app)
        await inBoth(async (each) => {
          await each.advance(TO_THE_END)
          for (const work of round) await work.ended(each.console)
        })
        expect(await app.stateHash()).toBe(await undisturbed.stateHash())
      })
    }
  } finally {
    await undisturbed.dispose()
  }
})

test('a kill right after a command loses no command', async ({ app }) => {
  const { console } = app
  await console.run('DC02', 'Start')
  await console.expectState('DC02', 'Starting')
  await console.runConfirmed('DC01', 'Turn Off...', 'Turn Off')
  await console.expectState('DC01', 'Stopping')
  const acknowledged = await app.stateHash()
  const reopened = await app.killAndReopen()
  expect(await app.stateHash()).toBe(acknowledged)
  await reopened.expectCell('DC02', 'Status', 'Starting (2%)')
  await app.advance(60_000)
  await reopened.expectState('DC02', 'Running')
  await reopened.expectState('DC01', 'Off')
})

test('a guest that boots goes on booting', async ({ app }) => {
  await app.console.run('DC02', 'Start')
  await app.console.expectState('DC02', 'Starting')
  await app.advance(8_000)
  await app.killAndReopen()
  await app.console.expectState('DC02', 'Running')
  await app.advance(120_000)
  const window = await app.connect('DC02')
  await window.shows('Press Ctrl+Alt+Delete to unlock.')
})

test('a clean close keeps every state, and a backup', async ({ app }) => {
  const { console } = app
  await console.run('SQL01', 'Save')
  await console.run('DC02', 'Start')
  await app.advance(600)
  const states = await console.column('State')
  expect(new Set(states)).toEqual(new Set(['Running', 'Starting', 'Saving', 'Off', 'Saved', 'Paused']))
  const statuses = await console.column('Status')
  const uptimes = await console.column('Uptime')
  const hash = await app.stateHash()
  const reopened = await app.closeAndReopen()
  await reopened.expectColumn('State', states)
  await reopened.expectColumn('Status', statuses)
  await reopened.expectColumn('Uptime', uptimes)
  expect(await app.stateHash()).toBe(hash)
  expect(existsSync(join(app.folder, 'backups', 'lab-1.sqlite'))).toBe(true)
  await app.advance(60_000)
  await reopened.expectState('DC02', 'Running')
  await reopened.expectState('SQL01', 'Saved')
})

test('a reload of the pages in the middle of jobs loses nothing', async ({ app }) => {
  const { console } = app
  const window = await app.connect('DC02')
  await console.run('DC02', 'Start')
  const wizard = await console.openWizard()
  await wizard.goTo('Specify Name and Location')
  await wizard.field('Name:').fill('RELOADED')
  await wizard.finish()
  await app.advance(500)
  const hash = await app.stateHash()
  await Promise.all([console.page.reload(), window.page.reload()])
  await console.isReady()
  await window.isReady()
  expect(await app.stateHash()).toBe(hash)
  await console.expectCell('DC02', 'Status', 'Starting (10%)')
  await window.expectStatus('Status: Starting (10%)')
  await expect(window.page).toHaveTitle('DC02 on HV01 - Virtual Machine Connection')
  await expect(console.row('RELOADED')).toHaveCount(0)
  await app.advance(60_000)
  await console.expectState('RELOADED', 'Off')
  await console.expectState('DC02', 'Running')
  await window.expectStatus('Status: Running')
})

test.describe('while time passes by itself', () => {
  test.use({ options: { words: ['--speed', '10'], manual: false, size: { width: 1280, height: 800 }, scheme: 'light', forced: 'none' } })

  test('a kill loses no command and no job', async ({ app }) => {
    const { console } = app
    await console.run('SQL01', 'Save')
    await console.expectState('SQL01', 'Saving')
    const reopened = await app.killAndReopen()
    await reopened.expectState('SQL01', 'Saved')
    await reopened.run('SQL01', 'Start')
    await reopened.expectState('SQL01', 'Running')
  })
})
