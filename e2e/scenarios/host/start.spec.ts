/** Starts that cannot succeed say why in one sentence, end with a code, and leave every file where it is or tell its new name. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, expect } from '@playwright/test'
import SqliteDatabase from 'better-sqlite3'
import { SCHEMA_VERSION } from '../../../db/migrations/index.ts'
import { endProcess, type Host, ROOT, startHost } from '../../shells/browser.ts'

const test = base.extend<{ folder: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs from this pattern
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'viridian-start-'))
    await use(folder)
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  },
})

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Runs the launcher until it ends by itself. */
async function run(...words: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [join(ROOT, 'main/launcher/start.ts'), ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    // A start that should have been refused would wait for its user for ever.
    if (output.includes('Viridian is ready')) child.kill('SIGKILL')
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const [code] = await once(child, 'close')
  return { code: typeof code === 'number' ? code : null, output, errors }
}

const browser = (folder: string, ...words: readonly string[]): Promise<Ended> =>
  run('--browser', '--no-open', '--port', '0', '--data', folder, ...words)

/** One sentence, alone on standard error. */
function refused(sentence: string, code = 1): Ended {
  return { code, output: '', errors: `${sentence}\n` }
}

/** A whole lab that was closed cleanly; answers with the path of its file. */
async function makeLab(folder: string, ...words: readonly string[]): Promise<string> {
  await end(await startHost(folder, ['--test', ...words]))
  return join(folder, 'lab.sqlite')
}

async function end(host: Host): Promise<void> {
  await endProcess(host.process, 'SIGTERM')
  expect(host.process.exitCode).toBe(0)
}

function seedOf(file: string): unknown {
  const db = new SqliteDatabase(file, { readonly: true })
  try {
    return db.prepare('SELECT seed FROM lab').pluck().get()
  } finally {
    db.close()
  }
}

test.describe('options', () => {
  const REFUSALS: readonly (readonly [words: readonly string[], sentence: string])[] = [
    [['--colour'], 'Unknown option "--colour"; --help lists what there is.'],
    [['lab'], 'Unknown argument "lab"; --help lists what there is.'],
    [['--data'], '--data needs a value.'],
    [['--data', '--test'], '--data needs a value.'],
    [['--seed='], '--seed needs a value.'],
    [['--fresh=yes'], '--fresh takes no value.'],
    [['--port', '65536'], '--port takes a whole number from 0 to 65535, not "65536".'],
    [['--port', '80a'], '--port takes a whole number from 0 to 65535, not "80a".'],
    [['--seed', '-1'], '--seed takes a whole number from 0 to 4294967295, not "-1".'],
    [['--seed', '1', '--seed', '2'], '--seed is given more than once.'],
    [['--speed', 'fast'], '--speed takes one of paused, 1, 10, 60, max, not "fast".'],
    [
      ['--start-time', '2024-02-30'],
      '--start-time takes a date of the years 1980 to 2199 such as 2024-03-04 or 2024-03-04T08:00:00Z, not "2024-02-30".',
    ],
  ]

  for (const [words, sentence] of REFUSALS) {
    test(`refused: ${words.join(' ')}`, async () => {
      expect(await run('--browser', '--no-open', ...words)).toEqual(refused(sentence, 2))
    })
  }

  test('--help tells every option and makes nothing', async ({ folder }) => {
    const lab = join(folder, 'lab')
    const { code, output, errors } = await browser(lab, '--help')
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    for (const option of ['--data', '--browser', '--port', '--no-open', '--speed', '--seed', '--start-time', '--fresh', '--help']) {
      expect(output).toContain(`  ${option} `)
    }
    expect(existsSync(lab)).toBe(false)
  })
})

test('a port that is taken', async ({ folder }) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const lab = join(folder, 'lab')
  try {
    const ended = await run('--browser', '--no-open', '--data', lab, '--port', String(port))
    expect(ended).toEqual(refused(`Port ${port} on 127.0.0.1 is in use by another program.`))
    expect(existsSync(join(lab, 'lab.sqlite'))).toBe(false)
  } finally {
    other.close()
  }
})

test('a data folder that is a file', async ({ folder }) => {
  const file = join(folder, 'taken')
  writeFileSync(file, 'something else')
  expect(await browser(file)).toEqual(refused(`The data folder ${file} cannot be used: it is a file.`))
  const below = join(file, 'lab')
  expect(await browser(below)).toEqual(refused(`The data folder ${below} cannot be used: a part of the path is a file.`))
  expect(readFileSync(file, 'utf8')).toBe('something else')
})

test('a data folder that cannot be made or written', async ({ folder }) => {
  // Permissions do not bind root, but the kernel's own file system takes no folder from anybody; Windows has no drive of this name.
  const places: Readonly<Partial<Record<NodeJS.Platform, string>>> = { linux: '/sys/viridian', win32: 'Q:\\viridian' }
  const locked = places[process.platform] ?? join(folder, 'locked')
  if (locked.startsWith(folder)) {
    mkdirSync(locked)
    chmodSync(locked, 0o500)
  }
  const { code, output, errors } = await browser(locked)
  expect({ code, output }).toEqual({ code: 1, output: '' })
  expect(errors).toMatch(
    /^The data folder \S+ cannot be used: (access is denied|the volume is read-only|the volume or a part of the path does not exist)\.\n$/,
  )
})

test('a lab that another process has open', async ({ folder }) => {
  const first = await startHost(folder, ['--test'])
  // The first process makes the files of its disks meanwhile.
  const files = (): string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.startsWith('disks'))
      .toSorted()
  const before = files()
  const sentence = `The lab in ${folder} is open in another process. Close that one first, or name another folder.`
  expect(await browser(folder)).toEqual(refused(sentence))
  expect(await browser(folder, '--fresh')).toEqual(refused(sentence))
  expect(files()).toEqual(before)
  expect((await fetch(new URL('/', first.address))).status).toBe(200)
  await end(first)
  await end(await startHost(folder, ['--test']))
})

test('a lab file that is no database', async ({ folder }) => {
  const file = join(folder, 'lab.sqlite')
  writeFileSync(file, 'My notes.\n')
  expect(await browser(folder)).toEqual(refused(`${file} is not a SQLite database and was left as it is. There is no backup of this lab.`))
  expect(readFileSync(file, 'utf8')).toBe('My notes.\n')
})

test('a database of another program', async ({ folder }) => {
  const file = join(folder, 'lab.sqlite')
  const db = new SqliteDatabase(file)
  db.exec('CREATE TABLE bookmark (address TEXT)')
  db.close()
  const before = readFileSync(file)
  expect(await browser(folder)).toEqual(
    refused(`${file} belongs to another program (application id 0x00000000) and was left as it is. Name another folder for the lab.`),
  )
  expect(readFileSync(file).equals(before)).toBe(true)
})

test('a lab of a later version', async ({ folder }) => {
  const file = await makeLab(folder)
  const db = new SqliteDatabase(file)
  db.pragma('user_version = 99')
  db.pragma('journal_mode = DELETE')
  db.close()
  const before = readFileSync(file)
  expect(await browser(folder)).toEqual(
    refused(
      `${file} was written by a later version of Viridian (database version 99; this one knows up to ${SCHEMA_VERSION}) and was left as it is.`,
    ),
  )
  expect(readFileSync(file).equals(before)).toBe(true)
})

test('a damaged lab is set aside under a name that is told, and its backup opens', async ({ folder }) => {
  const file = await makeLab(folder, '--seed', '5')
  const damage = openSync(file, 'r+')
  writeSync(damage, Buffer.alloc(8192, 'x'), 0, 8192, 4096)
  const damaged = readFileSync(file)
  const backup = join(folder, 'backups', 'lab-1.sqlite')
  const { code, output, errors } = await browser(folder)
  expect({ code, output }).toEqual({ code: 1, output: '' })
  expect(errors.split('\n')).toHaveLength(2)
  expect(errors).toContain(`${file} is damaged (`)
  expect(errors).toContain(`The newest backup is ${backup}: copy it to ${file} to go on from there.`)
  const aside = /It was set aside as (\S+)\. /.exec(errors)?.[1] ?? ''
  expect(readFileSync(aside).equals(damaged)).toBe(true)
  expect(existsSync(file)).toBe(false)

  copyFileSync(backup, file)
  await end(await startHost(folder, ['--test']))
  expect(seedOf(file)).toBe(5)
  expect(readFileSync(aside).equals(damaged)).toBe(true)
})

test('--fresh keeps the present lab and tells its name', async ({ folder }) => {
  const file = await makeLab(folder, '--seed', '5')
  const host = await startHost(folder, ['--test', '--fresh', '--seed', '6'])
  await end(host)
  const kept = /the present lab is kept as (\S+)\n/.exec(host.errors())?.[1] ?? ''
  expect(kept.startsWith(join(folder, 'backups'))).toBe(true)
  expect([seedOf(kept), seedOf(file)]).toEqual([5, 6])
})
