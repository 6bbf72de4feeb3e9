/** Procedures of traces. */
import type { RefusalView, TRACE_KINDS } from '../../preload/contract/index.ts'
import type { StackTraceKind } from '../engine/machine/stack-types.ts'
import { TRACED_MACHINES_MAX, type TraceAnswer, type TraceQuery } from '../engine/machine/trace-logs.ts'
import type { LabService } from '../service/lab-service.ts'

// The compiler keeps both lists equal.
type ContractKind = (typeof TRACE_KINDS)[number]
const contractKind = (kind: StackTraceKind): ContractKind => kind
const engineKind = (kind: ContractKind): StackTraceKind => kind

type Refused = { readonly ok: false; readonly refusal: RefusalView }

function unknownMachine(id: string): Refused {
  return { ok: false, refusal: { code: 'unknown-virtual-machine', values: { id } } }
}

export function setTrace(service: LabService, vmId: string, on: boolean): { readonly ok: true } | Refused {
  return service.command((world) => {
    if (!world.tables.virtual_machine.has(vmId)) return unknownMachine(vmId)
    if (world.machines.setTrace(vmId, on)) return { ok: true }
    return { ok: false, refusal: { code: 'trace-limit', values: { maximum: TRACED_MACHINES_MAX } } }
  })
}

interface ReadInput {
  readonly vmId: string
  readonly filter: Omit<TraceQuery, 'kinds' | 'since' | 'limit'> & { readonly kinds: readonly ContractKind[] }
  readonly since: number
  readonly limit: number
}

export function readTrace(service: LabService, { vmId, filter, since, limit }: ReadInput) {
  return service.query((world) => {
    if (!world.tables.virtual_machine.has(vmId)) return unknownMachine(vmId)
    const query = { ...filter, kinds: filter.kinds.map(engineKind), since, limit }
    const { rows, ...rest }: TraceAnswer = world.machines.traces.read(vmId, query)
    return { ok: true as const, ...rest, rows: rows.map((row) => ({ ...row, kind: contractKind(row.kind) })) }
  })
}
