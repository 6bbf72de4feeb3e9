import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { prepareDataFolder } from './data-folder.ts'

let place = ''

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'viridian-data-'))
})
afterEach(() => rmSync(place, { recursive: true }))

it('makes a folder that is not there, with the folders above it', () => {
  const path = join(place, 'a/b')
  expect(prepareDataFolder(path)).toEqual({ ok: true, path })
  expect(statSync(path).isDirectory()).toBe(true)
})

it('refuses a file, and a folder below a file', () => {
  const file = join(place, 'file')
  writeFileSync(file, '')
  expect(prepareDataFolder(file)).toEqual({ ok: false, sentence: `The data folder ${file} cannot be used: it is a file.` })
  const below = join(file, 'lab')
  expect(prepareDataFolder(below)).toEqual({
    ok: false,
    sentence: `The data folder ${below} cannot be used: a part of the path is a file.`,
  })
})
