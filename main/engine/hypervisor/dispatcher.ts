/** The hypercall interface: privileges, parameter checks, slices of 50 us, costs and counts (hypervisor reference 1.8). */
import type { Core } from './core.ts'
import { VP_EVENT, type VpEvent } from './counter-names.ts'
import type { CallContext, HandlerMap, HandlerOf, Outcome } from './hypercall-handler.ts'
import { type HypercallClass, type HypercallInfo, hypercallInfo, hypercallName } from './hypercall-table.ts'
import type { HypercallInput, HypercallMap, HypercallOutput } from './hypercall-types.ts'
import { MEMORY_CALLS } from './memory-calls.ts'
import { flushIfPending, MMU_CALLS } from './mmu-calls.ts'
import { PARTITION_CALLS } from './partition-calls.ts'
import { PORT_CALLS } from './port-calls.ts'
import { hasPrivilegeBit } from './privileges.ts'
import { HvStatus, statusName } from './status.ts'
import type { Caller, HypercallResult } from './types.ts'
import { VP_CALLS } from './vp-calls.ts'

const HANDLERS: HandlerMap = { ...PARTITION_CALLS, ...MEMORY_CALLS, ...VP_CALLS, ...PORT_CALLS, ...MMU_CALLS }

/** Rep counts have 12 bits. */
const REP_MAX = 4095
const PAGE_BYTES = 4096

const CLASS_EVENT: Readonly<Record<HypercallClass, VpEvent>> = {
  gpaSpace: 'GpaSpaceHypercalls',
  logicalProcessor: 'LogicalProcessorHypercalls',
  longSpinWait: 'LongSpinWaitHypercalls',
  other: 'OtherHypercalls',
  syntheticInterrupt: 'SyntheticInterruptHypercalls',
  virtualInterrupt: 'VirtualInterruptHypercalls',
  virtualMmu: 'VirtualMmuHypercalls',
  virtualProcessor: 'VirtualProcessorHypercalls',
  extended: 'ExtendedHypercalls',
}

/** True when the simulation answers this code. */
export function isAnswered(code: number): code is keyof HypercallMap {
  return Object.hasOwn(HANDLERS, code)
}

/** The fields of a hypercall input value (bits 15:0 code, 16 fast, 26:17 variable header, 43:32 rep count, 59:48 rep start). */
export interface InputValue {
  readonly code: number
  readonly fast: boolean
  readonly variableHeaderQwords: number
  readonly nested: boolean
  readonly repCount: number
  readonly repStart: number
}

/** Takes an input value apart; undefined when a reserved bit is set. */
export function decodeInputValue(value: bigint): InputValue | undefined {
  const reserved = (0xfn << 27n) | (0xfn << 44n) | (0xfn << 60n)
  if ((value & reserved) !== 0n || value >> 64n !== 0n) return undefined
  const field = (shift: bigint, bits: bigint): number => Number((value >> shift) & ((1n << bits) - 1n))
  return {
    code: field(0n, 16n),
    fast: field(16n, 1n) === 1,
    variableHeaderQwords: field(17n, 10n),
    nested: field(31n, 1n) === 1,
    repCount: field(32n, 12n),
    repStart: field(48n, 12n),
  }
}

/** The result value: status in bits 15:0, completed elements in bits 43:32. */
export function encodeResultValue(result: HypercallResult): bigint {
  return BigInt(result.status) | (BigInt(result.repsCompleted) << 32n)
}

/** Checks an input value against the call that it names, as the hypervisor does before it looks at the parameters. */
export function checkInputValue(value: InputValue): HvStatus {
  const info = hypercallInfo(value.code)
  if (info === undefined || !isAnswered(value.code)) return HvStatus.InvalidHypercallCode
  if (value.fast && info.form === 'memory') return HvStatus.InvalidHypercallInput
  const repWrong = info.rep ? value.repCount === 0 || value.repStart >= value.repCount : value.repCount !== 0 || value.repStart !== 0
  return repWrong ? HvStatus.InvalidHypercallInput : HvStatus.Success
}

export class Dispatcher {
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
  }

  /** Issues a call and lets it run to its end, entered anew after every 50 us. */
  call<Code extends keyof HypercallMap>(caller: Caller, code: Code, input: HypercallInput<Code>): HypercallResult<HypercallOutput<Code>> {
    return this.#enter(caller, code, input, 0, false)
  }

  /** Issues one slice of a call. `pending` in the result: enter again with `repsCompleted` as start. */
  slice<Code extends keyof HypercallMap>(
    caller: Caller,
    code: Code,
    input: HypercallInput<Code>,
    start: number,
  ): HypercallResult<HypercallOutput<Code>> {
    return this.#enter(caller, code, input, start, true)
  }

  /** A code that nobody answers: refused as the hypervisor refuses it. */
  unknown(caller: Caller, code: number): HypercallResult<never> {
    const context = this.#contextOf(caller)
    if (context !== undefined)
      this.#account(context, hypercallInfo(code), code, this.#core.cost('fastHypercall'), HvStatus.InvalidHypercallCode, 0)
    return refusal(HvStatus.InvalidHypercallCode, this.#core.cost('fastHypercall'))
  }

  #contextOf(caller: Caller): CallContext | undefined {
    const partition = this.#core.partitions.get(caller.partitionId)
    const vp = partition?.vps[caller.vpIndex]
    return partition === undefined || vp === undefined ? undefined : { core: this.#core, partition, vp }
  }

  #enter<Code extends keyof HypercallMap>(
    caller: Caller,
    code: Code,
    input: HypercallInput<Code>,
    start: number,
    single: boolean,
  ): HypercallResult<HypercallOutput<Code>> {
    const context = this.#contextOf(caller)
    if (context === undefined) return refusal(HvStatus.InvalidVpIndex, 0)
    if (!mayExecuteCall(context, caller)) return { ...refusal(HvStatus.OperationDenied, 0), fault: '#UD' }
    const info = hypercallInfo(code)
    const handler: HandlerOf<Code> | undefined = HANDLERS[code]
    if (info === undefined || handler === undefined) return this.unknown(caller, code)
    flushIfPending(this.#core, context.vp)
    const base = this.#core.cost(handler.cost)
    const check = checkCall(context, info, handler, input, start)
    if (check.status !== HvStatus.Success) {
      this.#account(context, info, code, base, check.status, 0)
      return refusal(check.status, base)
    }
    const result = this.#run(context, info, handler, input, { start, reps: check.reps, single })
    this.#account(context, info, code, result.cycles, result.status, result.repsCompleted)
    return result
  }

  #run<Code extends keyof HypercallMap>(
    context: CallContext,
    info: HypercallInfo,
    handler: HandlerOf<Code>,
    input: HypercallInput<Code>,
    plan: { readonly start: number; readonly reps: number; readonly single: boolean },
  ): HypercallResult<HypercallOutput<Code>> {
    const base = this.#core.cost(handler.cost)
    const each = handler.elementCost === undefined ? 0 : this.#core.cost(handler.elementCost)
    const perSlice = each === 0 ? plan.reps : Math.max(1, Math.floor((this.#core.costs.sliceCycles - base) / each))
    let at = plan.start
    let cycles = 0
    let slices = 0
    let previous: HypercallOutput<Code> | undefined
    for (;;) {
      const until = Math.min(plan.reps, at + perSlice)
      const outcome: Outcome<HypercallOutput<Code>> = handler.run(context, input, { from: at, until, previous })
      slices++
      const done = outcome.status === HvStatus.Success ? until - at : (outcome.completed ?? 0)
      cycles += base + done * each + (outcome.extraCycles ?? 0)
      at += done
      previous = outcome.output ?? previous
      const finished = outcome.status !== HvStatus.Success || at >= plan.reps
      if (!finished && !plan.single) continue
      return { status: outcome.status, output: previous, repsCompleted: info.rep ? at : 0, cycles, slices, pending: !finished }
    }
  }

  #account(context: CallContext, info: HypercallInfo | undefined, code: number, cycles: number, status: HvStatus, reps: number): void {
    const { core, partition, vp } = context
    core.hypercallCounts.set(code, (core.hypercallCounts.get(code) ?? 0) + 1)
    partition.hypercallCounts.set(code, (partition.hypercallCounts.get(code) ?? 0) + 1)
    if (partition.vps[vp.index] === vp) {
      core.count(vp, VP_EVENT.Hypercalls)
      core.count(vp, VP_EVENT[CLASS_EVENT[info?.counterClass ?? 'other']])
      core.charge(vp, cycles)
    }
    if (core.trace.on) {
      const fields = { call: hypercallName(code), code, status: statusName(status), reps, cycles }
      core.trace.record(core.now(), partition.id, vp.index, 'hypercall', fields)
    }
  }
}

function refusal(status: HvStatus, cycles: number): HypercallResult<never> {
  return { status, output: undefined, repsCompleted: 0, cycles, slices: 1, pending: false }
}

/** Ring 0 only, and through the hypercall page, which a guest must have established. */
function mayExecuteCall({ core, partition }: CallContext, caller: Caller): boolean {
  if (caller.cpl === 3) return false
  return partition.id === core.rootId || ((partition.msrs.hypercall & 1n) !== 0n && partition.msrs.guestOsId !== 0n)
}

/** Privilege first (preferred when several errors apply), then the caller's rank, then the rep count and the parameter block. */
function checkCall<Code extends keyof HypercallMap>(
  context: CallContext,
  info: HypercallInfo,
  handler: HandlerOf<Code>,
  input: HypercallInput<Code>,
  start: number,
): { readonly status: HvStatus; readonly reps: number } {
  const { core, partition } = context
  if (info.privilegeBit >= 0 && !hasPrivilegeBit(partition.privileges, info.privilegeBit)) return { status: HvStatus.AccessDenied, reps: 0 }
  if (info.caller === 'root' && partition.id !== core.rootId) return { status: HvStatus.AccessDenied, reps: 0 }
  if (handler.count === undefined) return { status: HvStatus.Success, reps: 1 }
  const reps = handler.count(input, context)
  if (handler.resumable === true) return { status: HvStatus.Success, reps }
  if (!Number.isInteger(reps) || reps < 1 || reps > REP_MAX || start < 0 || start >= reps)
    return { status: HvStatus.InvalidHypercallInput, reps }
  const [header, element] = handler.block ?? [0, 0]
  if (header + reps * element > PAGE_BYTES) return { status: HvStatus.InvalidAlignment, reps }
  return { status: HvStatus.Success, reps }
}
