import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import SqliteDatabase from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SCHEMA_VERSION } from '../../db/migrations/index.ts'
import { sampleLab } from '../../db/samples/sample.ts'
import { TABLE_NAMES } from '../engine/rows.ts'
import { type LabRows, World } from '../engine/world.ts'
import { type Lab, openLab } from './lab-folder.ts'

const ROWS = () => sampleLab({ seed: 3, startTimeMs: Date.UTC(2026, 10, 23, 9, 41), size: null })

let folder: string
let file: string
let log: string[]
let created: number
let children: ChildProcess[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'viridian-lab-'))
  file = join(folder, 'lab.sqlite')
  log = []
  created = 0
  children = []
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

function tryOpen(options: { folder?: string; fresh?: boolean } = {}) {
  return openLab({
    folder: options.folder ?? folder,
    fresh: options.fresh ?? false,
    sqliteAddon: null,
    createRows: () => {
      created++
      return ROWS()
    },
    now: () => new Date(2026, 10, 23, 9, 41, 7),
    log: (line) => log.push(line),
  })
}

function open(options: { folder?: string; fresh?: boolean } = {}): Lab {
  const opened = tryOpen(options)
  if (!opened.ok) throw new Error(opened.sentence)
  return opened.lab
}

function sentence(options: { folder?: string; fresh?: boolean } = {}): string {
  const opened = tryOpen(options)
  if (!opened.ok) return opened.sentence
  opened.lab.close()
  return 'opened'
}

/** Moves the lab's clock and commits it. */
function tickOn(lab: Lab, tick: number): void {
  const world = new World(lab.rows)
  world.setNow(tick)
  lab.commit(world, world.takeChanges())
}

const tickOf = (rows: LabRows): number | undefined => [...(rows.lab ?? [])][0]?.tick
const listed = (rows: LabRows) => TABLE_NAMES.map((name) => [...(rows[name] ?? [])])
const backups = (): string[] => readdirSync(join(folder, 'backups')).toSorted()

/** A process of its own that opens the lab, sets its clock to 4711, says so and stays. */
async function openElsewhere(): Promise<ChildProcess> {
  const url = (path: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, path)).href)
  const script = `
    const { openLab } = await import(${url('lab-folder.ts')})
    const { World } = await import(${url('../engine/world.ts')})
    const opened = openLab({ folder: ${JSON.stringify(folder)}, fresh: false, sqliteAddon: null, now: () => new Date(), log: () => {}, createRows: () => ({}) })
    if (!opened.ok) throw new Error(opened.sentence)
    const world = new World(opened.lab.rows)
    world.setNow(4711)
    opened.lab.commit(world, world.takeChanges())
    process.stdout.write('open')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout, 'data')
  return child
}

describe('a new folder', () => {
  it('gets a lab with the given rows and the folders that belong to it', () => {
    const inside = join(folder, 'deep', 'below')
    const lab = open({ folder: inside })
    expect(listed(lab.rows)).toEqual(listed(ROWS()))
    expect(readdirSync(inside)).toEqual(expect.arrayContaining(['backups', 'disks', 'lab.lock', 'lab.sqlite']))
    lab.close()
    expect(readdirSync(inside).toSorted()).toEqual(['backups', 'disks', 'lab.lock', 'lab.sqlite'])
    expect(created).toBe(1)
  })

  it('is made anew when the first attempt was killed before the lab was whole', () => {
    writeFileSync(`${file}.new`, 'half a lab')
    writeFileSync(`${file}.new-journal`, 'its journal')
    open().close()
    expect(readdirSync(folder).toSorted()).toEqual(['backups', 'disks', 'lab.lock', 'lab.sqlite'])
  })

  it('does not take a write-ahead log that was left behind for its own', () => {
    writeFileSync(`${file}-wal`, 'pages of another lab')
    open().close()
    expect(readFileSync(`${file}.damaged-20261123-094107-wal`, 'utf8')).toBe('pages of another lab')
  })

  it('refuses a path that is a file', () => {
    const path = join(folder, 'notes.txt')
    writeFileSync(path, 'mine')
    expect(sentence({ folder: path })).toBe(`${path} is a file. A lab needs a folder of its own.`)
    expect(sentence({ folder: join(path, 'lab') })).toContain(`The lab folder ${join(path, 'lab')} cannot be used:`)
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })

  it.skipIf(process.platform !== 'linux')('refuses a place where nothing can be written', () => {
    expect(sentence({ folder: '/proc/viridian' })).toContain('The lab folder /proc/viridian cannot be used:')
  })

  it('names an addon that cannot be loaded', () => {
    const opened = openLab({
      folder,
      fresh: false,
      sqliteAddon: join(folder, 'none.node'),
      createRows: ROWS,
      now: () => new Date(),
      log: () => {},
    })
    expect(opened).toMatchObject({ ok: false, sentence: expect.stringContaining('SQLite could not be loaded:') })
  })

  it('lets a mistake in the rows end visibly and gives the folder free', () => {
    const bug = () => {
      throw new TypeError('a bug')
    }
    expect(() => openLab({ folder, fresh: false, sqliteAddon: null, createRows: bug, now: () => new Date(), log: () => {} })).toThrow(
      'a bug',
    )
    open().close()
  })
})

describe('durability', () => {
  it('finds committed rows after a clean close', () => {
    const lab = open()
    tickOn(lab, 99)
    lab.close()
    const again = open()
    expect(tickOf(again.rows)).toBe(99)
    again.close()
    expect(created).toBe(1)
  })

  it('finds committed rows after the process was killed', async () => {
    open().close()
    const child = await openElsewhere()
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(0)
    const lab = open()
    expect(tickOf(lab.rows)).toBe(4711)
    lab.close()
    expect(existsSync(`${file}-wal`)).toBe(false)
  })
})

describe('the lock', () => {
  it('keeps a second process out and ends with the first', async () => {
    open().close()
    const child = await openElsewhere()
    expect(sentence()).toBe(`The lab in ${folder} is open in another process. Close that one first, or name another folder.`)
    expect(sentence({ fresh: true })).toContain('is open in another process')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(sentence()).toBe('opened')
  })

  it('keeps a second lab of the same process out', () => {
    const lab = open()
    expect(sentence()).toContain('is open in another process')
    lab.close()
    expect(sentence()).toBe('opened')
  })

  it('lets other programs read the lab meanwhile', () => {
    const lab = open()
    const reader = new SqliteDatabase(file, { readonly: true })
    expect(reader.prepare('SELECT name FROM host').all()).toEqual([{ name: 'HV01' }])
    reader.close()
    lab.close()
  })

  it('is given free when the lab is refused', () => {
    writeFileSync(file, 'no database')
    expect(sentence()).toContain('not a SQLite database')
    rmSync(file)
    expect(sentence()).toBe('opened')
  })
})

describe('files that are no usable lab', () => {
  it('leaves a file alone that is not SQLite', () => {
    writeFileSync(file, 'Dear diary')
    expect(sentence()).toBe(`${file} is not a SQLite database and was left as it is. There is no backup of this lab.`)
    expect(readFileSync(file, 'utf8')).toBe('Dear diary')
    expect(created).toBe(0)
  })

  it('leaves a database of another program alone', () => {
    const other = new SqliteDatabase(file)
    other.exec('CREATE TABLE bookmark (url TEXT)')
    other.pragma('application_id = 1')
    other.close()
    const bytes = readFileSync(file)
    expect(sentence()).toBe(
      `${file} belongs to another program (application id 0x00000001) and was left as it is. Name another folder for the lab.`,
    )
    expect(readFileSync(file).equals(bytes)).toBe(true)
  })

  it('leaves a lab of a later version alone', () => {
    open().close()
    const later = new SqliteDatabase(file)
    later.pragma('journal_mode = DELETE')
    later.pragma(`user_version = ${SCHEMA_VERSION + 1}`)
    later.close()
    const bytes = readFileSync(file)
    expect(sentence()).toBe(
      `${file} was written by a later version of Viridian (database version ${SCHEMA_VERSION + 1}; this one knows up to ${SCHEMA_VERSION}) and was left as it is.`,
    )
    expect(readFileSync(file).equals(bytes)).toBe(true)
    expect(created).toBe(1)
  })

  it('sets a damaged lab aside, names the backup, and makes no new lab in that run', () => {
    open().close()
    const bytes = readFileSync(file)
    bytes.fill(0xff, 3 * 4096, 6 * 4096)
    writeFileSync(file, bytes)
    const said = sentence()
    const aside = `${file}.damaged-20261123-094107`
    expect(said).toContain(`${file} is damaged (`)
    expect(said).toContain(
      `It was set aside as ${aside}. The newest backup is ${join(folder, 'backups', 'lab-1.sqlite')}: copy it to ${file}`,
    )
    expect(readFileSync(aside).equals(bytes)).toBe(true)
    expect(existsSync(file)).toBe(false)
    expect(created).toBe(1)
  })

  it('notices a lab that was cut off', () => {
    open().close()
    truncateSync(file, 5 * 4096)
    expect(sentence()).toContain('is damaged (')
    expect(statSync(`${file}.damaged-20261123-094107`).size).toBe(5 * 4096)
  })

  it('goes on from the backup that it named', () => {
    const lab = open()
    tickOn(lab, 123)
    lab.close()
    writeFileSync(file, readFileSync(file).fill(0xee, 4096))
    expect(sentence()).toContain('is damaged')
    copyFileSync(join(folder, 'backups', 'lab-1.sqlite'), file)
    const again = open()
    const expected = new World(ROWS())
    expected.setNow(123)
    expected.takeChanges()
    expect(listed(again.rows)).toEqual(TABLE_NAMES.map((name) => [...expected.tables[name].values()]))
    again.close()
  })

  it('never reuses the name of a file that was set aside', () => {
    for (let turn = 0; turn < 2; turn++) {
      open().close()
      truncateSync(file, 5 * 4096)
      expect(sentence()).toContain('is damaged')
    }
    const aside = readdirSync(folder).filter((name) => name.includes('damaged'))
    expect(aside.toSorted()).toEqual(['lab.sqlite.damaged-20261123-094107', 'lab.sqlite.damaged-20261123-094107-2'])
  })

  it('takes a lab without its lab row for damaged', () => {
    open().close()
    const db = new SqliteDatabase(file)
    db.exec('DELETE FROM lab')
    db.close()
    expect(sentence()).toContain('is damaged (the table lab is empty)')
  })
})

describe('a fresh lab', () => {
  it('keeps the old one among the backups', () => {
    const old = open()
    tickOn(old, 55)
    old.close()
    const lab = open({ fresh: true })
    expect(tickOf(lab.rows)).toBe(0)
    expect(created).toBe(2)
    lab.close()
    expect(backups()).toEqual(['lab-1.sqlite', 'lab-2.sqlite', 'lab-before-20261123-094107.sqlite'])
    const kept = new SqliteDatabase(join(folder, 'backups', 'lab-before-20261123-094107.sqlite'), { readonly: true })
    expect(kept.prepare('SELECT tick FROM lab').get()).toEqual({ tick: 55 })
    kept.close()
  })

  it('keeps what a killed process had committed', async () => {
    open().close()
    const child = await openElsewhere()
    child.kill('SIGKILL')
    await once(child, 'exit')
    open({ fresh: true }).close()
    expect(backups().filter((name) => name.includes('-wal'))).toEqual([])
    const kept = new SqliteDatabase(join(folder, 'backups', 'lab-before-20261123-094107.sqlite'), { readonly: true })
    expect(kept.prepare('SELECT tick FROM lab').get()).toEqual({ tick: 4711 })
    kept.close()
  })

  it('puts even a file aside that is no lab', () => {
    writeFileSync(file, 'Dear diary')
    open({ fresh: true }).close()
    expect(readFileSync(join(folder, 'backups', 'lab-before-20261123-094107.sqlite'), 'utf8')).toBe('Dear diary')
  })
})

describe('backups', () => {
  it('are kept at each close, the last five', () => {
    for (let turn = 1; turn <= 7; turn++) {
      const lab = open()
      tickOn(lab, turn)
      lab.close()
    }
    expect(backups()).toEqual([3, 4, 5, 6, 7].map((number) => `lab-${number}.sqlite`))
    for (const number of [3, 7]) {
      const backup = new SqliteDatabase(join(folder, 'backups', `lab-${number}.sqlite`), { readonly: true })
      expect(backup.prepare('SELECT tick FROM lab').get()).toEqual({ tick: number })
      expect(backup.pragma('integrity_check', { simple: true })).toBe('ok')
      backup.close()
    }
  })

  it('leave other files in their folder alone', () => {
    mkdirSync(join(folder, 'backups'))
    writeFileSync(join(folder, 'backups', 'lab-notes.sqlite'), 'mine')
    for (let turn = 0; turn < 7; turn++) open().close()
    expect(readFileSync(join(folder, 'backups', 'lab-notes.sqlite'), 'utf8')).toBe('mine')
  })

  it('that cannot be written are logged and keep nothing from closing', () => {
    const lab = open()
    rmSync(join(folder, 'backups'), { recursive: true })
    writeFileSync(join(folder, 'backups'), 'in the way')
    lab.close()
    lab.close()
    expect(log.filter((line) => line.startsWith('the backup failed:'))).toHaveLength(1)
    rmSync(join(folder, 'backups'))
    expect(sentence()).toBe('opened')
  })
})
