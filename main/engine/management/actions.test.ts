import { describe, expect, it } from 'vitest'
import { testEngine, testVm } from '../../testing/lab.ts'
import type { CriticalReason, JobKind, ServiceState, VirtualMachineRow, VmState } from '../rows.ts'
import { ACTIONS, offeredActions, whyNot } from './actions.ts'
import { beginJob } from './jobs.ts'

const STATES: readonly VmState[] = [
  'Off',
  'Starting',
  'Running',
  'Pausing',
  'Paused',
  'Resuming',
  'Saving',
  'Saved',
  'Stopping',
  'Resetting',
]
const CRITICAL: readonly (CriticalReason | null)[] = [null, 'disk-space']
const JOBS: readonly (JobKind | null)[] = [null, 'start', 'save', 'delete', 'delete-saved-state', 'shut-down', 'delete-checkpoint', 'merge']
/** Settings and tree of checkpoints: none, none allowed, one that can be gone back to. */
const CHECKPOINTS: readonly Partial<VirtualMachineRow>[] = [{}, { checkpointType: 'disabled' }, { currentCheckpointId: 'c' }]
const SERVICE: readonly ServiceState[] = ['running', 'stopped', 'starting']

describe('offered actions', () => {
  it('are those for which there is no reason against, in every state, with every job, whatever the service does', () => {
    for (const state of STATES) {
      for (const critical of CRITICAL) {
        for (const job of JOBS) {
          for (const serviceState of SERVICE) {
            for (const columns of CHECKPOINTS) {
              const { world } = testEngine([testVm('A', { state, critical, ...columns })], { serviceState })
              if (job !== null) beginJob(world, job, 'host-1', 'A')
              const vm = world.tables.virtual_machine.require('A')
              const expected = ACTIONS.filter((action) => whyNot(world, vm, action) === undefined)
              const bits = offeredActions(world, vm)
              const shown = ACTIONS.filter((_, index) => (bits & (1 << index)) !== 0)
              const facts = { state, critical, job, serviceState, columns }
              expect({ ...facts, shown }).toEqual({ ...facts, shown: expected })
            }
          }
        }
      }
    }
  })

  it.each([
    ['Off', 'connect settings start checkpoint rename delete'],
    ['Running', 'connect settings turn-off shut-down save pause reset checkpoint rename'],
    ['Paused', 'connect settings turn-off save resume reset checkpoint rename'],
    ['Saved', 'connect settings start checkpoint rename delete-saved-state delete'],
    ['Starting', 'connect settings turn-off rename'],
  ] as const)('%s shows %s', (state, names) => {
    const { world } = testEngine([testVm('A', { state })])
    const bits = offeredActions(world, world.tables.virtual_machine.require('A'))
    expect(ACTIONS.filter((_, index) => (bits & (1 << index)) !== 0).join(' ')).toBe(names)
  })
})
