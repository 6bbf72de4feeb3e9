/** What runs in a machine's guest: chosen by whoever gives the lab its load. The product has no such setting. */
import { type Result, refuse, succeed } from '../kernel/result.ts'
import { findWorkload } from '../products/workloads.ts'
import type { World } from '../world.ts'
import type { RefusalCode } from './refusals.ts'

/** Sets the workload of a machine, on or off; a running guest follows it from the next simulated second on. */
export function setWorkload(world: World, vmId: string, key: string): Result<null, RefusalCode> {
  if (!world.tables.virtual_machine.has(vmId)) return refuse('unknown-virtual-machine', { id: vmId })
  if (findWorkload(key) === undefined) return refuse('unknown-workload', { workload: key })
  world.tables.virtual_machine.patch(vmId, { workload: key })
  return succeed(null)
}
