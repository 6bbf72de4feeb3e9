import { describe, expect, it } from 'vitest'
import {
  fileName,
  joinPath,
  matchesFilter,
  nameProblem,
  parentPath,
  resolveTyped,
  shownEntries,
  sizeText,
  withExtension,
} from './fileDialogModel.ts'

const disks = { label: 'Virtual hard disk files (*.vhd;*.vhdx)', extensions: ['vhdx', 'vhd'] }

describe('paths', () => {
  it.each([
    ['C:\\VMs\\web', 'C:\\VMs'],
    ['C:\\VMs', 'C:\\'],
    ['C:\\VMs\\', 'C:\\'],
    ['C:\\', ''],
    ['', null],
    ['\\\\nas\\share\\x', '\\\\nas\\share'],
    ['\\\\nas\\share', null],
  ])('above %s is %s', (path, parent) => {
    expect(parentPath(path)).toBe(parent)
  })
  it('joins names to folders and drives', () => {
    expect([joinPath('C:\\', 'a'), joinPath('C:\\a', 'b'), joinPath('', 'D:')]).toEqual(['C:\\a', 'C:\\a\\b', 'D:\\'])
  })
  it('understands typed text', () => {
    expect(resolveTyped('C:\\VMs', 'x.vhdx')).toBe('C:\\VMs\\x.vhdx')
    expect(resolveTyped('C:\\VMs', '"D:/disks/x.vhdx"')).toBe('D:\\disks\\x.vhdx')
    expect(resolveTyped('C:\\VMs', 'd:')).toBe('d:\\')
    expect(resolveTyped('C:\\VMs', '..')).toBe('C:\\')
    expect(resolveTyped('C:\\VMs', '\\\\nas\\share')).toBe('\\\\nas\\share')
  })
  it('takes the last part', () => {
    expect([fileName('C:\\a\\b.iso'), fileName('C:\\a\\')]).toEqual(['b.iso', 'a'])
  })
})

describe('entries', () => {
  const entry = (name: string, kind: 'folder' | 'file') => ({ name, kind, sizeBytes: null, modifiedText: '' })
  const entries = [entry('sub', 'folder'), entry('a.VHDX', 'file'), entry('b.txt', 'file')]
  it('filters files, not folders', () => {
    expect(shownEntries(entries, disks, false).map(({ name }) => name)).toEqual(['sub', 'a.VHDX'])
    expect(shownEntries(entries, disks, true).map(({ name }) => name)).toEqual(['sub'])
    expect(shownEntries(entries, undefined, false)).toHaveLength(3)
  })
  it('needs a real extension', () => {
    expect([matchesFilter('vhdx', disks), matchesFilter('a.vhd', disks)]).toEqual([false, true])
    expect([withExtension('a', disks), withExtension('a.vhd', disks), withExtension('a', undefined)]).toEqual(['a.vhdx', 'a.vhd', 'a'])
  })
  it('refuses names that Windows refuses', () => {
    expect(nameProblem('a.vhdx')).toBeNull()
    expect(nameProblem(' ')).toBe('Type a file name.')
    expect(nameProblem('a|b')).toContain('not valid')
    expect(nameProblem('a\u0007')).toContain('not valid')
  })
  it('shows sizes in whole KB', () => {
    expect([sizeText(null), sizeText(0), sizeText(1), sizeText(4194304)]).toEqual(['', '0 KB', '1 KB', '4,096 KB'])
  })
})
