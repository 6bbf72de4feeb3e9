import { describe, expect, it } from 'vitest'
import { VM_ACTIONS } from '../../preload/contract/index.ts'
import { parseLabel, runCommand } from '../mmc/CommandModel/CommandModel.ts'
import { offersAction, vmActionCommand } from './commands.ts'

describe('vmActionCommand', () => {
  it("has the product's labels in the product's order", () => {
    expect(VM_ACTIONS.map((action) => parseLabel(vmActionCommand(action, () => {}).label).text)).toEqual([
      'Connect...',
      'Settings...',
      'Start',
      'Turn Off...',
      'Shut Down...',
      'Save',
      'Pause',
      'Resume',
      'Reset',
      'Rename...',
      'Delete Saved State...',
      'Delete...',
    ])
  })

  it('gives each action its own access key', () => {
    const keys = VM_ACTIONS.map((action) => parseLabel(vmActionCommand(action, () => {}).label).accessKey)
    expect(new Set(keys).size).toBe(VM_ACTIONS.length)
    expect(keys).not.toContain(null)
  })

  it('runs what it is given', () => {
    let ran = 0
    runCommand(vmActionCommand('start', () => (ran += 1)))
    expect(ran).toBe(1)
  })
})

describe('offersAction', () => {
  it('reads the bit of the action', () => {
    const actions = 1 << VM_ACTIONS.indexOf('save')
    expect(VM_ACTIONS.filter((action) => offersAction({ actions }, action))).toEqual(['save'])
  })
})
