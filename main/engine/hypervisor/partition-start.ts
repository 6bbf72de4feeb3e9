/**
 * How the parent's stack starts and removes a virtual machine: the ordered hypercalls (hypervisor reference 1.2, core sheet 1.2).
 *
 * Wherever a call wants memory it gets more and is repeated, as the parent's driver does.
 */
import { invariant } from '../kernel/result.ts'
import { HvCall } from './hypercall-codes.ts'
import { hypercallName } from './hypercall-table.ts'
import { type HypercallInput, type HypercallMap, type HypercallOutput, MapFlag, type RegisterValue } from './hypercall-types.ts'
import type { Hypervisor } from './hypervisor.ts'
import { CREATE_SMT_GUEST } from './lifecycle.ts'
import { batchRuns, runPages } from './page-runs.ts'
import { GUEST_PRIVILEGES, privilegeValue } from './privileges.ts'
import { FULL_PROCESSOR, PropertyCode } from './properties.ts'
import { HvStatus } from './status.ts'
import { type Caller, InterceptType, type PageNumber, type PageRun, type PartitionId, type PrivilegeMask } from './types.ts'

/** Entries that one parameter page can name: (4096 - 24) / 8 for a mapping, (4096 - 8) / 8 for a deposit. */
const MAP_BATCH = 509
const DEPOSIT_BATCH = 511
/** Pages that the stack deposits at once when a call wants memory (core sheet 1.2: 256 to 512). */
const DEPOSIT_BITE = 511
const PAGES_PER_2M = 512

export interface MemoryBlock {
  /** First guest physical page. */
  readonly page: PageNumber
  readonly pages: number
}

/** What the stack needs to know of a virtual machine to build its partition. */
export interface PartitionSpec {
  readonly vpCount: number
  /** Blocks of RAM in guest physical space; whole blocks of 2 MiB get large pages. */
  readonly memory: readonly MemoryBlock[]
  readonly node: number
  /** False: memory must come from `node` (NUMA spanning off). */
  readonly numaSpanning: boolean
  /** Share of one logical processor per VP, 0 to 100 per cent. */
  readonly reservePercent: number
  readonly limitPercent: number
  /** 1 to 10000. */
  readonly weight: number
  readonly smt: boolean
  readonly generation: 1 | 2
  readonly privileges: PrivilegeMask
  /** Pages of the virtual TLB on hosts without second-level translation. */
  readonly virtualTlbPages: number
  /** First registers of VP 0 (firmware entry). */
  readonly registers: readonly RegisterValue[]
}

export const DEFAULT_SPEC: Omit<PartitionSpec, 'vpCount' | 'memory'> = {
  node: 0,
  numaSpanning: true,
  reservePercent: 0,
  limitPercent: 100,
  weight: 100,
  smt: false,
  generation: 2,
  privileges: GUEST_PRIVILEGES,
  virtualTlbPages: 0,
  registers: [],
}

/** Where a partition's memory comes from. */
export type MemoryPlacement = Pick<PartitionSpec, 'node' | 'numaSpanning'>

export type StartOutcome =
  | { readonly ok: true; readonly partitionId: PartitionId }
  /** The call that failed; what had been built is gone again. */
  | { readonly ok: false; readonly call: string; readonly status: HvStatus }

class CallFailed extends Error {
  readonly call: string
  readonly status: HvStatus

  constructor(call: string, status: HvStatus) {
    super(`${call} failed with ${status}`)
    this.call = call
    this.status = status
  }
}

/** Issues calls as the root and meets INSUFFICIENT_MEMORY with deposits. */
class ParentStack {
  readonly hypervisor: Hypervisor
  readonly caller: Caller

  constructor(hypervisor: Hypervisor) {
    this.hypervisor = hypervisor
    this.caller = { partitionId: hypervisor.rootId, vpIndex: 0 }
  }

  call<Code extends keyof HypercallMap>(code: Code, input: HypercallInput<Code>, pool?: PartitionId): HypercallOutput<Code> | undefined {
    for (;;) {
      const { status, output } = this.hypervisor.hypercall(this.caller, code, input)
      if (status === HvStatus.Success) return output
      if (status !== HvStatus.InsufficientMemory || pool === undefined) throw new CallFailed(hypercallName(code), status)
      this.deposit(pool, DEPOSIT_BITE)
    }
  }

  deposit(partitionId: PartitionId, pages: number): void {
    const node = this.hypervisor.partition(partitionId)?.node ?? 0
    const runs = this.hypervisor.core.memory.find(pages, node)
    if (runs === undefined) throw new CallFailed(hypercallName(HvCall.DepositMemory), HvStatus.InsufficientRootMemory)
    for (const batch of batchRuns(runs, DEPOSIT_BATCH)) this.call(HvCall.DepositMemory, { partitionId, pages: batch })
  }

  setProperty(partitionId: PartitionId, code: number, value: bigint): void {
    this.call(HvCall.SetPartitionProperty, { partitionId, code, value }, partitionId)
  }

  map(partitionId: PartitionId, block: MemoryBlock, node: number, spanning: boolean): void {
    const large = block.pages - (block.pages % PAGES_PER_2M)
    const aligned = block.page % PAGES_PER_2M === 0 ? large : 0
    const memory = this.hypervisor.core.memory
    const big = aligned === 0 ? [] : memory.find(aligned, node, PAGES_PER_2M, !spanning)
    const largeRuns: readonly PageRun[] = big ?? []
    let page = this.mapRuns(partitionId, block.page, largeRuns, true)
    const rest = block.pages - runPages(largeRuns)
    if (rest === 0) return
    const small = memory.find(rest, node, 1, !spanning)
    if (small === undefined) throw new CallFailed(hypercallName(HvCall.MapGpaPages), HvStatus.InsufficientRootMemory)
    page = this.mapRuns(partitionId, page, small, false)
    invariant(page === block.page + block.pages, `block ${block.page}+${block.pages} mapped up to ${page}`)
  }

  /** Returns the page behind the last one mapped. */
  mapRuns(partitionId: PartitionId, start: PageNumber, runs: readonly PageRun[], large: boolean): PageNumber {
    let page = start
    for (const batch of batchRuns(runs, large ? MAP_BATCH * PAGES_PER_2M : MAP_BATCH)) {
      const mapFlags = MapFlag.All + (large ? MapFlag.LargePage : 0)
      this.call(HvCall.MapGpaPages, { targetPartitionId: partitionId, targetPage: page, mapFlags, source: batch }, partitionId)
      page += runPages(batch)
    }
    return page
  }

  installIntercepts(partitionId: PartitionId, generation: 1 | 2): void {
    const install = (interceptType: InterceptType, accessMask: number, parameter: number): void => {
      this.call(HvCall.InstallIntercept, { partitionId, accessMask, interceptType, parameter })
    }
    if (generation === 1) install(InterceptType.IoPortRange, 3, 0xffff_0000)
    else for (const port of [0x70, 0x71, 0x3f8, 0x3fd, 0xcf8, 0xcfc]) install(InterceptType.IoPort, 3, port)
    install(InterceptType.Msr, 3, 0)
  }
}

/** Pages to deposit before InitializePartition. */
const FIRST_DEPOSIT = 511

/** Creates a partition with memory and processors, all VPs suspended. Nothing is left behind when a call fails. */
export function createChildPartition(hypervisor: Hypervisor, spec: PartitionSpec): StartOutcome {
  const stack = new ParentStack(hypervisor)
  let partitionId: PartitionId = 0
  try {
    const flags = spec.smt ? CREATE_SMT_GUEST : 0
    const created = stack.call(HvCall.CreatePartition, { flags, proximityDomain: { node: spec.node, preferred: true } })
    partitionId = created?.partitionId ?? 0
    stack.deposit(partitionId, FIRST_DEPOSIT)
    stack.setProperty(partitionId, PropertyCode.PrivilegeFlags, privilegeValue(spec.privileges))
    stack.call(HvCall.InitializePartition, { partitionId }, partitionId)
    const share = (percent: number): bigint => BigInt(Math.round((percent * FULL_PROCESSOR) / 100))
    stack.setProperty(partitionId, PropertyCode.CpuWeight, BigInt(spec.weight))
    stack.setProperty(partitionId, PropertyCode.CpuCap, share(spec.limitPercent))
    stack.setProperty(partitionId, PropertyCode.CpuReserve, share(spec.reservePercent))
    if (spec.virtualTlbPages > 0) stack.setProperty(partitionId, PropertyCode.VirtualTlbPageCount, BigInt(spec.virtualTlbPages))
    for (const block of spec.memory) stack.map(partitionId, block, spec.node, spec.numaSpanning)
    stack.installIntercepts(partitionId, spec.generation)
    for (let vpIndex = 0; vpIndex < spec.vpCount; vpIndex++) stack.call(HvCall.CreateVp, { partitionId, vpIndex }, partitionId)
    if (spec.registers.length > 0) stack.call(HvCall.SetVpRegisters, { partitionId, vpIndex: 0, registers: spec.registers })
    return { ok: true, partitionId }
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error
    if (partitionId !== 0) removePartition(hypervisor, partitionId)
    return { ok: false, call: error.call, status: error.status }
  }
}

/** Gives a partition more memory at the end of its address space; false when the host has none. */
export function growPartition(hypervisor: Hypervisor, partitionId: PartitionId, block: MemoryBlock, spec: MemoryPlacement): boolean {
  try {
    new ParentStack(hypervisor).map(partitionId, block, spec.node, spec.numaSpanning)
    return true
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error
    return false
  }
}

/** Takes memory out of a partition's address space; its pages go back to the root. */
export function shrinkPartition(hypervisor: Hypervisor, partitionId: PartitionId, block: MemoryBlock): void {
  const stack = new ParentStack(hypervisor)
  const large = block.page % PAGES_PER_2M === 0 && block.pages % PAGES_PER_2M === 0
  const unit = large ? PAGES_PER_2M : 1
  for (let done = 0; done < block.pages; done += MAP_BATCH * unit) {
    const pageCount = Math.min(MAP_BATCH, (block.pages - done) / unit)
    const unmapFlags = large ? MapFlag.LargePage : 0
    stack.call(HvCall.UnmapGpaPages, { targetPartitionId: partitionId, targetPage: block.page + done, unmapFlags, pageCount }, partitionId)
  }
}

/** Lets a created partition run: every VP leaves its explicit suspension; all but VP 0 go on waiting for their start. */
export function runPartition(hypervisor: Hypervisor, partitionId: PartitionId): void {
  const stack = new ParentStack(hypervisor)
  const vps = hypervisor.partition(partitionId)?.vps ?? []
  for (let vpIndex = vps.length - 1; vpIndex >= 0; vpIndex--) {
    stack.call(HvCall.SetVpRegisters, { partitionId, vpIndex, registers: [{ name: 'ExplicitSuspend', value: 0n }] })
  }
}

/** Freezes (pause) or continues all VPs of a partition. */
export function suspendPartition(hypervisor: Hypervisor, partitionId: PartitionId, suspended: boolean): void {
  new ParentStack(hypervisor).setProperty(partitionId, PropertyCode.Suspend, suspended ? 1n : 0n)
}

/** Takes a partition down: suspend, finalize, withdraw until nothing is left, delete. */
export function removePartition(hypervisor: Hypervisor, partitionId: PartitionId): void {
  const stack = new ParentStack(hypervisor)
  const partition = hypervisor.partition(partitionId)
  invariant(partition !== undefined, `no partition ${partitionId}`)
  if (partition.state === 'active') {
    stack.setProperty(partitionId, PropertyCode.Suspend, 1n)
    stack.call(HvCall.FinalizePartition, { partitionId })
  }
  while (partition.pool.available > 0)
    stack.hypervisor.hypercall(stack.caller, HvCall.WithdrawMemory, { partitionId, pageCount: DEPOSIT_BATCH })
  stack.call(HvCall.DeletePartition, { partitionId })
}
