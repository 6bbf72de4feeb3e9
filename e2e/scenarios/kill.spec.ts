/** Nothing that was acknowledged is lost: the application is killed, closed or reloaded in the middle of every kind of job. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { App, expect, test } from '../fixtures/app.ts'
import type { ConsolePage } from '../pages/console.ts'

/** A job, the moment of its kill, and its end. */
interface Work {
  readonly kind: string
  /** Asks for the job as a user does. */
  readonly begin: (console: ConsolePage) => Promise<void>
  /** From the command to the kill, ms of simulated time. */
  readonly before: number
  /** What the console shows then. */
  readonly midway: (console: ConsolePage) => Promise<void>
  /** From the kill until the job has ended, ms of simulated time. */
  readonly after: number
  readonly ended: (console: ConsolePage) => Promise<void>
}

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

const service =
  (...texts: readonly string[]) =>
  async (console: ConsolePage): Promise<void> => {
    for (const text of texts) await expect(console.page.getByRole('main')).toContainText(text)
  }

const rising = (word: string): RegExp => new RegExp(`^${word} \\((?!0%)\\d+%\\)$`)

/** Works that follow one another on one lab. */
const GROUPS: readonly { readonly of: string; readonly works: readonly Work[] }[] = [
  {
    of: 'machines that come and stay',
    works: [
      {
        kind: 'start',
        begin: asks('DC02', 'Start'),
        before: 600,
        midway: shows('DC02', 'Starting', 'Starting (10%)'),
        after: 90_000,
        ended: shows('DC02', 'Running'),
      },
      {
        kind: 'restore',
        begin: asks('UBUNTU-WEB2', 'Start'),
        before: 2000,
        midway: async (console) => console.expectCell('UBUNTU-WEB2', 'Status', rising('Restoring')),
        after: 10_000,
        ended: shows('UBUNTU-WEB2', 'Running'),
      },
      {
        kind: 'save',
        begin: asks('APP01', 'Save'),
        before: 4000,
        midway: shows('APP01', 'Saving', rising('Saving')),
        after: 10_000,
        ended: shows('APP01', 'Saved'),
      },
      {
        kind: 'pause',
        begin: asks('DC01', 'Pause'),
        before: 60,
        midway: async (console) => console.expectState('DC01', 'Pausing'),
        after: 60,
        ended: shows('DC01', 'Paused'),
      },
      {
        kind: 'resume',
        begin: asks('WIN11-CLIENT', 'Resume'),
        before: 60,
        midway: async (console) => console.expectState('WIN11-CLIENT', 'Resuming'),
        after: 60,
        ended: shows('WIN11-CLIENT', 'Running'),
      },
    ],
  },
  {
    of: 'machines that end',
    works: [
      {
        kind: 'reset',
        begin: asks('FILE01', 'Reset', 'Reset'),
        before: 200,
        midway: async (console) => console.expectState('FILE01', 'Resetting'),
        after: 90_000,
        ended: shows('FILE01', 'Running'),
      },
      {
        kind: 'turn off',
        begin: asks('WIN11-CLIENT', 'Turn Off...', 'Turn Off'),
        before: 200,
        midway: async (console) => console.expectState('WIN11-CLIENT', 'Stopping'),
        after: 250,
        ended: shows('WIN11-CLIENT', 'Off'),
      },
      {
        kind: 'shut down',
        begin: asks('SQL01', 'Shut Down...', 'Shut Down'),
        before: 1000,
        midway: async (console) => console.expectState('SQL01', 'Stopping'),
        after: 120_000,
        ended: shows('SQL01', 'Off'),
      },
      {
        kind: 'delete, with checkpoints to merge',
        begin: asks('WIN11-CLIENT', 'Delete...', 'Delete'),
        before: 4000,
        midway: async (console) => console.expectCell('WIN11-CLIENT', 'Status', /\(\d+%\)$/),
        after: 20_000,
        ended: isGone('WIN11-CLIENT'),
      },
      {
        kind: 'delete saved state',
        begin: asks('UBUNTU-WEB2', 'Delete Saved State...', 'Delete'),
        before: 150,
        midway: async (console) => expect(await console.cell('UBUNTU-WEB2', 'Status')).not.toHaveText(''),
        after: 150,
        ended: shows('UBUNTU-WEB2', 'Off'),
      },
    ],
  },
  {
    of: 'the server',
    works: [
      {
        kind: 'create',
        begin: async (console) => {
          const wizard = await console.openWizard()
          await wizard.goTo('Specify Name and Location')
          await wizard.field('Name:').fill('SURVIVOR')
          await wizard.finish()
        },
        before: 1200,
        // As in the product there is no row before there is a machine; the hash says that the job is there.
        midway: isGone('SURVIVOR'),
        after: 400,
        ended: shows('SURVIVOR', 'Off'),
      },
      {
        kind: 'stop service',
        begin: async (console) => {
          await console.action('Stop Service', 'HV01').click()
          await console.messageBox().press('Turn Off')
        },
        before: 700,
        midway: service('Stopping the Virtual Machine Management service...'),
        after: 800,
        ended: service('The Virtual Machine Management service is not running on this server.'),
      },
      {
        kind: 'start service',
        begin: (console) => console.action('Start Service', 'HV01').click(),
        before: 1200,
        midway: service('Starting the Virtual Machine Management service...'),
        after: 1300,
        ended: async (console) => expect(console.rows).toHaveCount(11),
      },
    ],
  },
]

for (const { of, works } of GROUPS) {
  test(`a kill in the middle of a job, ${of}: ${works.map(({ kind }) => kind).join(', ')}`, async ({ app, options }) => {
    const undisturbed = new App(app.kind, options)
    const inBoth = (act: (each: App) => Promise<void>): Promise<unknown> => Promise.all([act(undisturbed), act(app)])
    try {
      await undisturbed.start()
      for (const work of works) {
        await test.step(work.kind, async () => {
          await inBoth(async (each) => {
            await work.begin(each.console)
            await each.advance(work.before)
            await work.midway(each.console)
          })
          const acknowledged = await app.stateHash()
          expect(acknowledged).toBe(await undisturbed.stateHash())
          await app.killAndReopen()
          expect(await app.stateHash()).toBe(acknowledged)
          await work.midway(app.console)
          await inBoth(async (each) => {
            await each.advance(work.after)
            await work.ended(each.console)
          })
          expect(await app.stateHash()).toBe(await undisturbed.stateHash())
        })
      }
    } finally {
      await undisturbed.dispose()
    }
  })
}

test('a kill right after a command loses no command', async ({ app }) => {
  const { console } = app
  await console.run('DC02', 'Start')
  await console.expectState('DC02', 'Starting')
  await console.runConfirmed('DC01', 'Turn Off...', 'Turn Off')
  await console.expectState('DC01', 'Stopping')
  const acknowledged = await app.stateHash()
  await app.killAndReopen()
  expect(await app.stateHash()).toBe(acknowledged)
  const reopened = await app.killAndReopen()
  expect(await app.stateHash()).toBe(acknowledged)
  await reopened.expectCell('DC02', 'Status', 'Starting (2%)')
  await app.advance(60_000)
  await reopened.expectState('DC02', 'Running')
  await reopened.expectState('DC01', 'Off')
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
  expect(await reopened.column('State')).toEqual(states)
  expect(await reopened.column('Status')).toEqual(statuses)
  expect(await reopened.column('Uptime')).toEqual(uptimes)
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
