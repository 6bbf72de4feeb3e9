/** Handlers of the workloads' procedures. */
import type { RefusalView } from '../../preload/contract/index.ts'
import { setWorkload } from '../engine/management/workload.ts'
import { WORKLOADS } from '../engine/products/workloads.ts'
import type { LabService } from '../service/lab-service.ts'

export function listWorkloads() {
  return WORKLOADS.map(({ key, name }) => ({ key, name }))
}

export function setWorkloads(service: LabService, { vmIds, workload }: { readonly vmIds: readonly string[]; readonly workload: string }) {
  return service.command((world) =>
    vmIds.map((vmId) => {
      const name = world.tables.virtual_machine.get(vmId)?.name ?? ''
      const set = setWorkload(world, vmId, workload)
      if (set.ok) return { vmId, name, outcome: { ok: true as const } }
      const refusal: RefusalView = { ...set.refusal, values: { ...set.refusal.values } }
      return { vmId, name, outcome: { ok: false as const, refusal } }
    }),
  )
}
