/** The procedures on checkpoints: each asks the engine and puts its answer into the contract's shape. */
import { implement } from '@orpc/server'
import { checkpointContract, type Outcome } from '../../preload/contract/index.ts'
import { guestFrame } from '../engine/guest/guest.ts'
import type { Result } from '../engine/kernel/result.ts'
import { applyCheckpoint, deleteCheckpoint, renameCheckpoint, takeCheckpoint } from '../engine/management/checkpoint.ts'
import { defaultCheckpointName } from '../engine/management/checkpoint-files.ts'
import { keptMachine, shownGuest } from '../engine/management/checkpoint-items.ts'
import type { RefusalCode } from '../engine/management/refusals.ts'
import type { JobRow } from '../engine/rows.ts'
import type { LabService } from '../service/lab-service.ts'

export function checkpointHandlers(service: LabService, outcomeOf: (result: Result<JobRow | null, RefusalCode>) => Outcome) {
  const os = implement(checkpointContract)
  return {
    defaultName: os.defaultName.handler(({ input }) =>
      service.query((world) => {
        const vm = world.tables.virtual_machine.get(input.vmId)
        return { name: vm === undefined ? '' : defaultCheckpointName(world, vm) }
      }),
    ),
    take: os.take.handler(({ input }) => outcomeOf(service.command((world) => takeCheckpoint(world, input.vmId, input.name)))),
    apply: os.apply.handler(({ input }) =>
      outcomeOf(service.command((world) => applyCheckpoint(world, input.checkpointId, input.takeFirst))),
    ),
    rename: os.rename.handler(({ input }) =>
      outcomeOf(service.command((world) => renameCheckpoint(world, input.checkpointId, input.name))),
    ),
    remove: os.remove.handler(({ input }) =>
      outcomeOf(service.command((world) => deleteCheckpoint(world, input.checkpointId, input.subtree))),
    ),
    picture: os.picture.handler(({ input }) =>
      service.query((world) => {
        const checkpoint = world.tables.checkpoint.get(input.checkpointId)
        const vm = world.tables.virtual_machine.get(checkpoint?.vmId ?? '')
        const guest = shownGuest(world, input.checkpointId)
        if (vm === undefined || guest === undefined) return { frame: null }
        return { frame: guestFrame(world, keptMachine(world, vm, input.checkpointId), guest) }
      }),
    ),
  }
}
