import { describe, expect, it } from 'vitest'
import { failureBox, LISTED_FAILURES_MAX, type VmFailure } from './failures.ts'

const memory: VmFailure = {
  vmId: '0a1b2c3d-0000-0000-0000-00000000000f',
  name: 'APP01',
  refusal: { code: 'not-enough-memory', rule: 'S34', values: { name: 'APP01', requiredMb: 8192, availableMb: 1024 } },
}
const state: VmFailure = {
  vmId: '0a1b2c3d-0000-0000-0000-00000000000e',
  name: 'WEB01',
  refusal: { code: 'wrong-state', values: { name: 'WEB01', state: 'Saving', states: 'Off, Saved' } },
}

describe('failureBox', () => {
  it('names machine, cause, rule and the values that decided', () => {
    expect(failureBox('start', [memory], 'manager')).toEqual({
      title: 'Hyper-V Manager',
      icon: 'error',
      headline: 'An error occurred while attempting to start the selected virtual machine(s).',
      body: "'APP01' failed to start. Not enough memory in the system to start the virtual machine APP01.",
      details: [
        "'APP01' failed to start. Not enough memory in the system to start the virtual machine APP01. (Virtual machine ID 0A1B2C3D-0000-0000-0000-00000000000F)",
        'Required: 8192 MB',
        'Available: 1024 MB',
        'Rule: S34',
      ].join('\n'),
      buttons: [{ id: 'close', label: '&Close' }],
      defaultButton: 'close',
    })
  })

  it('does not name a machine twice', () => {
    expect(failureBox('pause', [state], 'manager').body).toBe(
      "'WEB01' failed to perform the operation. The virtual machine is not in a valid state to perform the operation.",
    )
  })

  it('lists several failures one by one', () => {
    const { headline, body } = failureBox('save', [memory, state], 'manager')
    expect(headline).toBe('An error occurred while attempting to change the state of the selected virtual machines.')
    expect(String(body).split('\n\n')).toEqual([
      "'APP01' failed to save. Not enough memory in the system to start the virtual machine APP01.",
      "'WEB01' failed to perform the operation. The virtual machine is not in a valid state to perform the operation.",
    ])
  })

  it('names the machine in the headline when there is one', () => {
    expect(failureBox('save', [state], 'manager').headline).toBe(
      'An error occurred while attempting to change the state of virtual machine WEB01.',
    )
  })

  it('lists no more than a screen holds, but details all', () => {
    const many = Array.from({ length: LISTED_FAILURES_MAX + 3 }, (_, index) => ({ ...memory, name: `VM${index}` }))
    const { body, details } = failureBox('start', many, 'manager')
    const listed = String(body).split('\n\n')
    expect(listed).toHaveLength(LISTED_FAILURES_MAX + 1)
    expect(listed.at(-1)).toBe('3 more virtual machines failed. The details name them.')
    expect(details?.split('\n\n')).toHaveLength(many.length)
  })

  it('speaks as the connection window does', () => {
    const { title, headline } = failureBox('start', [memory], 'connection')
    expect(title).toBe('Virtual Machine Connection')
    expect(headline).toBe("The application encountered an error while attempting to change the state of 'APP01'.")
  })
})
