/** Checkpoints as pages are shown them. */
import type { VmDetail } from '../../preload/contract/index.ts'
import { CHECKPOINT_ACTIONS, whyNot } from '../engine/management/actions.ts'
import { jobInput, type TakeInput } from '../engine/management/checkpoint-input.ts'
import { keptMachine } from '../engine/management/checkpoint-items.ts'
import type { JobRow, VirtualMachineRow } from '../engine/rows.ts'
import type { World } from '../engine/world.ts'

type Views = Pick<VmDetail, 'checkpoints' | 'currentCheckpointId' | 'checkpointActions'>

/** The machine's tree. A checkpoint whose memory is still being written is not in it yet (6.5: its node appears when it is done). */
export function checkpointViews(world: World, vm: VirtualMachineRow): Views {
  const job = world.by.runningJobOfVm.first(vm.id)
  const unfinished = job?.kind === 'checkpoint' ? world.tables.checkpoint.get(jobInput<TakeInput>(job).checkpointId) : undefined
  const checkpoints = world.by.checkpointsOfVm.of(vm.id).flatMap(({ id, parentId, name, kind, createdTick }) => {
    if (id === unfinished?.id) return []
    const { notes, configurationVersion } = keptMachine(world, vm, id)
    return [{ id, parentId, name, kind, createdTick, notes, configurationVersion }]
  })
  return {
    checkpoints,
    currentCheckpointId: vm.currentCheckpointId === unfinished?.id ? (unfinished?.parentId ?? null) : vm.currentCheckpointId,
    checkpointActions: CHECKPOINT_ACTIONS.reduce(
      (bits, action, index) => (whyNot(world, vm, action) === undefined ? bits | (1 << index) : bits),
      0,
    ),
  }
}

/** What a completed job tells of: the kind of the checkpoint of a machine that ran. */
export function checkpointMade(job: JobRow): 'production' | 'standard' | null {
  return job.kind === 'checkpoint' && job.status === 'completed' ? jobInput<TakeInput>(job).told : null
}
