import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { build, isBuilt, sourceState } from './build.ts'

let root = ''

function write(path: string, text: string, seconds: number): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
  utimesSync(join(root, path), seconds, seconds)
}

function pretendBuild(): void {
  for (const product of [
    'main/electron.js',
    'main/node.js',
    'main/thread.js',
    'main/disk-thread.js',
    'preload/bridge.cjs',
    'renderer/index.html',
  ]) {
    write(`out/${product}`, '', 3)
  }
  write('out/build-stamp.json', JSON.stringify(sourceState(root)), 3)
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'viridian-build-'))
  write('main/a.ts', '', 1)
  write('renderer/b/c.tsx', '', 2)
})
afterEach(() => rmSync(root, { recursive: true }))

it('counts sources and takes the newest time', () => {
  expect(sourceState(root)).toEqual({ entries: 2, newestMs: 2000 })
})

it('is not built at first, and built after a build', () => {
  expect(isBuilt(root, sourceState(root))).toBe(false)
  pretendBuild()
  expect(isBuilt(root, sourceState(root))).toBe(true)
})

it.each([
  ['a source that changed', () => write('main/a.ts', 'x', 9)],
  ['a source that came', () => write('db/new.sql', '', 1)],
  ['a source that went', () => rmSync(join(root, 'main/a.ts'))],
  ['a product that went', () => rmSync(join(root, 'out/main/thread.js'))],
  ['a stamp that cannot be read', () => write('out/build-stamp.json', '{', 3)],
])('sees %s', (_name, change) => {
  pretendBuild()
  change()
  expect(isBuilt(root, sourceState(root))).toBe(false)
})

it('does not care for tests', () => {
  pretendBuild()
  write('main/a.test.ts', '', 9)
  expect(isBuilt(root, sourceState(root))).toBe(true)
})

it('waits for another build, and takes over from one that is gone', async () => {
  const lock = join(root, 'out/build.lock')
  // No process has this id: it is beyond the largest that Linux, macOS and Windows give.
  write('out/build.lock', '4294967294', 3)
  // There is no build tool in this place, which is told only once the turn has come.
  expect(await build(root)).toBe('The packages are not installed. Run "npm ci" in this folder.')
  write('out/build.lock', String(process.pid), 3)
  let ended = false
  const waiting = build(root).then(() => {
    ended = true
  })
  await new Promise((resolve) => setTimeout(resolve, 250))
  expect(ended).toBe(false)
  rmSync(lock)
  await waiting
})
