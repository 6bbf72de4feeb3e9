import { describe, expect, it } from 'vitest'
import { VM_COMMANDS } from '../../preload/contract/index.ts'
import { isPrompted, promptBox, promptPreference } from './prompts.ts'

describe('promptBox', () => {
  it('asks for these commands only', () => {
    expect(VM_COMMANDS.filter(isPrompted)).toEqual(['turn-off', 'shut-down', 'reset', 'revert', 'delete-saved-state', 'delete'])
  })

  it('asks about one machine', () => {
    expect(promptBox('turn-off', 1)).toEqual({
      title: 'Turn Off Machine',
      icon: 'question',
      headline: 'Are you sure you want to turn off the selected virtual machine?',
      verification: "Please don't ask me again",
      buttons: [
        { id: 'do', label: '&Turn Off' },
        { id: 'do-not', label: "&Don't Turn Off" },
      ],
      defaultButton: 'do-not',
    })
  })

  it('asks about several machines', () => {
    const { title, headline, body } = promptBox('delete', 3)
    expect({ title, headline, body }).toEqual({
      title: 'Delete Selected Virtual Machines',
      headline: 'Are you sure you want to delete the selected virtual machines?',
      body: 'The virtual hard disks of the virtual machines are not deleted.',
    })
  })

  it('has different access keys on its buttons, and the safe one as default', () => {
    for (const action of VM_COMMANDS.filter(isPrompted)) {
      const { buttons, defaultButton } = promptBox(action, 1)
      const keys = buttons.map(({ label }) => label.charAt(label.indexOf('&') + 1).toLowerCase())
      expect(new Set(keys).size).toBe(2)
      expect(defaultButton).toBe('do-not')
    }
  })
})

describe('promptPreference', () => {
  it('names the action', () => {
    expect(promptPreference('delete-saved-state')).toBe('prompt.delete-saved-state')
  })
})
