/** Creation and removal of partitions and virtual processors: the objects themselves, without the checks of the calls. */
import { invariant } from '../kernel/result.ts'
import { type Core, canExecute } from './core.ts'
import { GpaMap } from './gpa-map.ts'
import { InterceptTable } from './intercept-table.ts'
import { MemoryPool, POOL_COST } from './memory-pool.ts'
import { liveVps, type Partition, type VirtualProcessor } from './partition.ts'
import { CHILD_PRIVILEGES, ROOT_PRIVILEGES } from './privileges.ts'
import { FULL_PROCESSOR, PROPERTIES, PropertyCode } from './properties.ts'
import { APIC_BASE_BSP, RESET_REGISTERS, type RegisterName } from './registers.ts'
import type { NewVp, VpControls } from './scheduler.ts'
import { ApicState, SintBit, SynicState } from './synic-state.ts'
import { AddressSpaces } from './translation-view.ts'
import type { PartitionId, VpIndex } from './types.ts'

/** Creation flag: the guest has two hardware threads per core (core sheet 1.2, bit 0). */
export const CREATE_SMT_GUEST = 0x1

export interface NewPartition {
  readonly id: PartitionId
  readonly parentId: PartitionId
  readonly depth: number
  readonly flags: number
  readonly compatibilityVersion: number
  readonly node: number
  readonly referenceBase: number
}

export function newPartition(given: NewPartition): Partition {
  const properties = new Map(PROPERTIES.map(({ code, initial }) => [code, initial] as const))
  return {
    id: given.id,
    parentId: given.parentId,
    depth: given.depth,
    creationFlags: given.flags,
    compatibilityVersion: given.compatibilityVersion,
    node: given.node,
    state: 'created',
    privileges: given.depth === 0 ? ROOT_PRIVILEGES : CHILD_PRIVILEGES,
    children: [],
    properties,
    pool: new MemoryPool(),
    gpa: new GpaMap(),
    vps: [],
    ports: new Map(),
    connections: new Map(),
    monitors: new Map(),
    intercepts: new InterceptTable(),
    cpuidResults: new Map(),
    msrs: {
      guestOsId: 0n,
      hypercall: 0n,
      referenceTsc: 0n,
      tscSequence: 1,
      crash: [0n, 0n, 0n, 0n, 0n],
      crashControl: 0n,
      tscInvariantControl: 0n,
      reenlightenment: 0n,
    },
    addressSpaces: new AddressSpaces(),
    statsPages: new Set(),
    referenceBase: given.referenceBase,
    frozenAt: -1,
    hypercallCounts: new Map(),
    skippedTimerTicks: 0,
    virtualTlbFlushes: 0,
    attachedDevices: new Set(),
    memoryReport: undefined,
  }
}

/** Scheduler controls that the partition's properties ask for. More VPs than processors: the reserve cannot be kept and counts as 0. */
export function controlsOf(core: Core, partition: Partition): VpControls {
  if (partition.depth === 0) return { weight: core.platform.rootWeight, cap: 1, reserve: 0 }
  const value = (code: number, initial: number): number => Number(partition.properties.get(code) ?? BigInt(initial))
  const tooWide = liveVps(partition).length > core.scheduler.lps.length
  return {
    weight: value(PropertyCode.CpuWeight, 100),
    cap: value(PropertyCode.CpuCap, FULL_PROCESSOR) / FULL_PROCESSOR,
    reserve: tooWide ? 0 : value(PropertyCode.CpuReserve, 0) / FULL_PROCESSOR,
  }
}

/** Reserved logical processors of all guest partitions; `without` leaves one out. */
export function reservedProcessors(core: Core, without?: Partition): number {
  let sum = 0
  for (const partition of core.partitions.values()) {
    if (partition === without || partition.depth === 0) continue
    sum += (Number(partition.properties.get(PropertyCode.CpuReserve) ?? 0n) / FULL_PROCESSOR) * liveVps(partition).length
  }
  return sum
}

export function addVp(core: Core, partition: Partition, index: VpIndex, node: number): VirtualProcessor {
  const isRoot = partition.depth === 0
  const slotSpec: NewVp = {
    controls: controlsOf(core, partition),
    node,
    smt: (partition.creationFlags & CREATE_SMT_GUEST) !== 0,
    ...(isRoot ? { pinnedTo: index } : {}),
  }
  const slot = core.scheduler.addVp(slotSpec, core.now())
  core.events.reserveSlots(slot + 1)
  core.events.clearSlot(slot)
  const vp = newVp(partition, index, slot, node)
  partition.vps[index] = vp
  if (!isRoot) core.guestVps++
  core.refreshRunnable(vp)
  return vp
}

/** A VP as it is after creation: explicitly suspended, and all but VP 0 waiting for their start. */
export function newVp(partition: Partition, index: VpIndex, slot: number, node: number): VirtualProcessor {
  return {
    partition,
    index,
    slot,
    apicId: index,
    node,
    explicitSuspend: true,
    interceptSuspend: false,
    waitForSipi: index !== 0,
    halted: false,
    idleAnyInterrupt: false,
    intercept: undefined,
    registers: new Map(),
    synic: new SynicState(),
    apic: new ApicState(),
    assistPage: 0n,
    flushPending: false,
  }
}

/** Value of a register that holds state of its own. */
export function registerValue(vp: VirtualProcessor, name: RegisterName): bigint {
  const value = vp.registers.get(name) ?? RESET_REGISTERS.get(name) ?? 0n
  return name === 'ApicBase' && vp.index === 0 && !vp.registers.has(name) ? value | APIC_BASE_BSP : value
}

export function removeVp(core: Core, vp: VirtualProcessor): void {
  const { partition } = vp
  for (const queue of vp.synic.queues) {
    for (const { port } of queue) {
      const owner = port === undefined ? undefined : core.partitions.get(port.ownerId)?.ports.get(port.portId)
      if (owner !== undefined) owner.buffersInUse--
    }
    queue.length = 0
  }
  for (const overlay of [...partition.gpa.overlays])
    if (overlay.vpIndex === vp.index) partition.gpa.setOverlay(overlay.kind, vp.index, undefined)
  core.loads.remove(vp.slot)
  core.scheduler.removeVp(vp.slot, core.now())
  partition.vps[vp.index] = undefined
  while (partition.vps.length > 0 && partition.vps[partition.vps.length - 1] === undefined) partition.vps.pop()
  if (partition.depth > 0) core.guestVps--
  partition.pool.give(POOL_COST.vp)
}

/** Makes the root: every processor a VP of its own, all memory its own, SynIC ready for intercept messages. */
export function createRoot(core: Core): Partition {
  const root = newPartition({
    id: core.nextPartitionId++,
    parentId: 0,
    depth: 0,
    flags: CREATE_SMT_GUEST,
    compatibilityVersion: 0,
    node: 0,
    referenceBase: core.now(),
  })
  core.rootId = root.id
  core.partitions.set(root.id, root)
  root.state = 'active'
  const { bootPages } = core.platform
  const boot = core.memory.find(bootPages, 0)
  invariant(boot !== undefined, 'the host has too little memory for its hypervisor')
  for (const run of boot) core.memory.take(run, { use: 'boot', partitionId: root.id })
  const count = Math.min(core.platform.rootVpCount ?? core.scheduler.lps.length, core.scheduler.lps.length)
  const pages = POOL_COST.partition + POOL_COST.vp * count
  const pool = core.memory.find(pages, 0)
  invariant(pool !== undefined, 'the host has too little memory for its root partition')
  for (const run of pool) {
    core.memory.take(run, { use: 'pool', partitionId: root.id })
    root.pool.deposit(run)
  }
  invariant(root.pool.take(pages), 'root pool')
  for (let index = 0; index < count; index++) {
    const vp = addVp(core, root, index, core.scheduler.lps[index]?.node ?? 0)
    vp.explicitSuspend = false
    vp.waitForSipi = false
    establishRootSynic(vp)
    core.refreshRunnable(vp)
  }
  return root
}

/** Pages of the root's SynIC lie in its own memory; the interrupt of intercept messages clears itself. */
function establishRootSynic(vp: VirtualProcessor): void {
  const simPage = 0x1000 + vp.index * 2
  vp.synic.enabled = true
  vp.synic.simPage = simPage
  vp.synic.simp = (BigInt(simPage) << 12n) | 1n
  vp.synic.siefPage = simPage + 1
  vp.synic.siefp = (BigInt(simPage + 1) << 12n) | 1n
  vp.synic.sints[0] = 0x30 | SintBit.AutoEoi
  vp.partition.gpa.setOverlay('sim', vp.index, simPage)
  vp.partition.gpa.setOverlay('sief', vp.index, simPage + 1)
}

/** Whether the VP runs, waits for a processor, waits for an interrupt or its start, or is frozen. */
export function vpStateOf(core: Core, vp: VirtualProcessor): 'running' | 'ready' | 'waiting' | 'suspended' {
  const { vps } = core.scheduler
  if (vp.explicitSuspend || vp.interceptSuspend) return 'suspended'
  if (vp.waitForSipi) return 'waiting'
  if (!canExecute(vp)) return 'suspended'
  const wanted = (vps.wantGuest[vp.slot] ?? 0) + (vps.wantHypervisor[vp.slot] ?? 0)
  if (vp.halted || wanted === 0) return 'waiting'
  return (vps.guest[vp.slot] ?? 0) + (vps.hypervisor[vp.slot] ?? 0) > 0 ? 'running' : 'ready'
}
