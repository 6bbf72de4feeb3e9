/** Start options and broken starts: one sentence, an exit code, and a file that is left as it was or set aside. The launcher alone, no page. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, expect } from '@playwright/test'
import SqliteDatabase from 'better-sqlite3'
import { endProcess, ROOT, startHost } from '../../shells/browser.ts'

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Starts the launcher as a user does and waits for its end. */
function start(...words: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [join(ROOT, 'main/launcher/start.ts'), ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output, errors })))
}

const startOn = (folder: string, ...words: readonly string[]): Promise<Ended> =>
  start('--browser', '--no-open', '--port', '0', '--data', folder, ...words)

const test = base.extend<{ folder: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: a fixture without needs still takes them
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'viridian-start-'))
    await use(folder)
    rmSync(folder, { recursive: true, force: true })
  },
})

/** Makes a lab and ends cleanly. */
async function makeLab(folder: string, ...words: readonly string[]): Promise<string> {
  const host = await startHost(folder, words)
  await endProcess(host.process, 'SIGTERM')
  return join(folder, 'lab.sqlite')
}

test('options that are wrong are refused with one sentence', async ({ folder }) => {
  const cases: readonly (readonly [words: readonly string[], sentence: string])[] = [
    [['--colour', 'green'], 'Unknown option "--colour"; --help lists what there is.\n'],
    [['lab'], 'Unknown argument "lab"; --help lists what there is.\n'],
    [['--port', '65536'], '--port takes a whole number from 0 to 65535, not "65536".\n'],
    [['--port', 'eight'], '--port takes a whole number from 0 to 65535, not "eight".\n'],
    [['--port', '1', '--port', '2'], '--port is given more than once.\n'],
    [['--port'], '--port needs a value.\n'],
    [['--speed', '2'], '--speed takes one of paused, 1, 10, 60, max, not "2".\n'],
    [['--seed', '-1'], '--seed takes a whole number from 0 to 4294967295, not "-1".\n'],
    [
      ['--start-time', '2024-02-30'],
      '--start-time takes a date of the years 1980 to 2199 such as 2024-03-04 or 2024-03-04T08:00:00Z, not "2024-02-30".\n',
    ],
    [['--fresh=yes'], '--fresh takes no value.\n'],
  ]
  const ended = await Promise.all(cases.map(([words]) => start('--data', folder, ...words)))
  expect(ended.map(({ code, output, errors }) => ({ code, output, errors }))).toEqual(
    cases.map(([, sentence]) => ({ code: 2, output: '', errors: sentence })),
  )
  expect(readdirSync(folder)).toEqual([])
})

test('--help lists the options', async () => {
  const { code, output } = await start('--help')
  expect(code).toBe(0)
  expect(output).toContain('--start-time ISO')
})

test('a folder that cannot be one is named', async ({ folder }) => {
  const file = join(folder, 'file')
  writeFileSync(file, 'mine')
  expect(await startOn(file)).toEqual({ code: 1, output: '', errors: `The data folder ${file} cannot be used: it is a file.\n` })
  const below = join(file, 'lab')
  expect(await startOn(below)).toEqual({
    code: 1,
    output: '',
    errors: `The data folder ${below} cannot be used: a part of the path is a file.\n`,
  })
  expect(readFileSync(file, 'utf8')).toBe('mine')
})

test('a port that is taken is named', async ({ folder }) => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const ended = await start('--browser', '--no-open', '--port', String(port), '--data', folder)
  other.close()
  expect(ended.code).toBe(1)
  expect(ended.output).toBe('')
  expect(ended.errors).toBe(`Port ${port} on 127.0.0.1 is in use by another program.\n`)
})

test('a lab that is open in another process stays with it', async ({ folder }) => {
  const first = await startHost(folder, ['--test'])
  const second = await startOn(folder)
  expect(second.code).toBe(1)
  expect(second.output).toBe('')
  expect(second.errors).toContain(`The lab in ${folder} is open in another process. Close that one first, or name another folder.`)
  expect((await fetch(first.address)).status).toBe(200)
  await endProcess(first.process, 'SIGKILL')
  // The lock dies with its process.
  await makeLab(folder)
})

test('a file that is no database is left as it is', async ({ folder }) => {
  const file = join(folder, 'lab.sqlite')
  writeFileSync(file, 'These are my notes, not a lab.')
  const ended = await startOn(folder)
  expect(ended.code).toBe(1)
  expect(ended.errors).toContain(`${file} is not a SQLite database and was left as it is. There is no backup of this lab.`)
  expect(readFileSync(file, 'utf8')).toBe('These are my notes, not a lab.')
})

test("another program's database is left as it is", async ({ folder }) => {
  const file = join(folder, 'lab.sqlite')
  const db = new SqliteDatabase(file)
  db.exec('PRAGMA application_id = 1196444487; CREATE TABLE tile (id INTEGER); INSERT INTO tile VALUES (1)')
  db.close()
  const before = readFileSync(file)
  const ended = await startOn(folder)
  expect(ended.code).toBe(1)
  expect(ended.errors).toContain('belongs to another program (application id 0x47504b47) and was left as it is.')
  expect(readFileSync(file).equals(before)).toBe(true)
})

test('a lab of a later version is left as it is', async ({ folder }) => {
  const file = await makeLab(folder, '--test')
  const db = new SqliteDatabase(file)
  db.pragma('journal_mode = DELETE')
  db.pragma('user_version = 4711')
  db.close()
  const before = readFileSync(file)
  const ended = await startOn(folder)
  expect(ended.code).toBe(1)
  expect(ended.errors).toMatch(
    /was written by a later version of Viridian \(database version 4711; this one knows up to \d+\) and was left as it is\./,
  )
  expect(readFileSync(file).equals(before)).toBe(true)
})

test('a damaged lab is set aside, and its backup is named', async ({ folder }) => {
  const file = await makeLab(folder, '--test')
  const bytes = readFileSync(file)
  bytes.fill(0x5a, 8192, 32_768)
  writeFileSync(file, bytes)
  const ended = await startOn(folder)
  expect(ended.code).toBe(1)
  expect(ended.errors).toContain(`${file} is damaged (`)
  const aside = /It was set aside as (\S+)\. /.exec(ended.errors)?.[1] ?? ''
  const backup = /The newest backup is (\S+): copy it/.exec(ended.errors)?.[1] ?? ''
  expect(existsSync(file)).toBe(false)
  expect(readFileSync(aside).equals(bytes)).toBe(true)
  expect(existsSync(backup)).toBe(true)
  // The next start makes a new lab; what was set aside stays.
  await makeLab(folder, '--test')
  expect(existsSync(file)).toBe(true)
  expect(readFileSync(aside).equals(bytes)).toBe(true)
})

test('--fresh keeps the present lab', async ({ folder }) => {
  await makeLab(folder, '--test')
  mkdirSync(join(folder, 'disks'), { recursive: true })
  await makeLab(folder, '--test', '--fresh')
  expect(readdirSync(join(folder, 'backups')).filter((name) => name.startsWith('lab-before-'))).toHaveLength(1)
})
