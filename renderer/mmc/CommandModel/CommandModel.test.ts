import { describe, expect, it } from 'vitest'
import { type Command, flattenCommands, type MenuEntry, parseLabel, runCommand, tidySeparators } from './CommandModel.ts'

const command = (id: string, more: Partial<Command> = {}): Command => ({ id, label: id, ...more })

describe('parseLabel', () => {
  it('takes the marker out and finds the access key', () => {
    expect(parseLabel('Turn O&ff...')).toEqual({ text: 'Turn Off...', accessIndex: 6, accessKey: 'f' })
  })
  it('keeps doubled ampersands and ignores one at the end', () => {
    expect(parseLabel('Save && &Exit')).toEqual({ text: 'Save & Exit', accessIndex: 7, accessKey: 'e' })
    expect(parseLabel('Odd&')).toEqual({ text: 'Odd', accessIndex: -1, accessKey: null })
  })
})

describe('tidySeparators', () => {
  it('drops leading, trailing and doubled separators', () => {
    const entries: readonly MenuEntry[] = ['separator', command('a'), 'separator', 'separator', command('b'), 'separator']
    expect(tidySeparators(entries)).toEqual([command('a'), 'separator', command('b')])
  })
})

describe('flattenCommands', () => {
  it('lists submenu entries after their parent', () => {
    const entries: readonly MenuEntry[] = [command('new', { children: [command('vm'), 'separator', command('disk')] }), command('help')]
    expect(flattenCommands(entries).map(({ id }) => id)).toEqual(['new', 'vm', 'disk', 'help'])
  })
})

describe('runCommand', () => {
  it('runs only enabled commands without children', () => {
    const ran: string[] = []
    const run = () => ran.push('run')
    expect(runCommand(command('a', { run }))).toBe(true)
    expect(runCommand(command('b', { run, enabled: false }))).toBe(false)
    expect(runCommand(command('c', { run, children: [] }))).toBe(false)
    expect(ran).toEqual(['run'])
  })
})
