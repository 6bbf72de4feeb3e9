/** The invariants of an instance (hypervisor reference, section 12). Each broken one is a sentence; an empty list means all hold. */
import type { Core } from './core.ts'
import { reservedProcessors } from './lifecycle.ts'
import { POOL_COST } from './memory-pool.ts'
import { liveVps, type Partition } from './partition.ts'
import { connectionPages, portPages } from './port-calls.ts'
import { PORT_BUFFERS } from './ports.ts'
import { PropertyCode } from './properties.ts'
import { SINT_COUNT } from './synic-state.ts'

export function validateCore(core: Core): string[] {
  const broken: string[] = []
  const check = (holds: boolean, what: string): void => {
    if (!holds) broken.push(what)
  }
  checkTree(core, check)
  checkMemory(core, check)
  checkProcessors(core, check)
  for (const partition of core.partitions.values()) {
    checkAddressSpace(core, partition, check)
    checkSynic(core, partition, check)
    checkLifecycle(partition, check)
  }
  return broken
}

type Check = (holds: boolean, what: string) => void

/** Exactly one root; every other partition is its parent's child. */
function checkTree(core: Core, check: Check): void {
  const roots = [...core.partitions.values()].filter(({ parentId }) => parentId === 0)
  check(roots.length === 1 && roots[0]?.id === core.rootId, `${roots.length} root partitions`)
  check(roots[0]?.state === 'active', 'the root partition is not active')
  for (const { id, parentId, children } of core.partitions.values()) {
    check(id < core.nextPartitionId, `partition id ${id} was not given out`)
    if (parentId !== 0)
      check(core.partitions.get(parentId)?.children.includes(id) === true, `partition ${id} is missing among its parent's children`)
    for (const child of children) check(core.partitions.get(child)?.parentId === id, `partition ${id} names ${child} as child`)
  }
}

/** Boot pages, pools, mapped pages and free pages make up the host's memory. */
function checkMemory(core: Core, check: Check): void {
  let pools = 0
  let mapped = 0
  for (const partition of core.partitions.values()) {
    const { pool, gpa, id } = partition
    pools += pool.deposited
    mapped += gpa.pages
    check(pool.inUse >= 0 && pool.inUse <= pool.deposited, `partition ${id} uses ${pool.inUse} of ${pool.deposited} pool pages`)
    const needed = poolNeeds(partition)
    check(pool.inUse === needed, `partition ${id} uses ${pool.inUse} pool pages, its structures need ${needed}`)
    for (const run of pool.runs)
      check(core.memory.isHeld(run, { use: 'pool', partitionId: id }), `pool pages ${run.page}+${run.count} of ${id} are not its own`)
  }
  const sum = core.platform.bootPages + pools + mapped + core.memory.freePages
  check(sum === core.memory.totalPages, `${sum} pages accounted for, the host has ${core.memory.totalPages}`)
}

/** What the partition's structures take from its pool. */
function poolNeeds(partition: Partition): number {
  const own = partition.state === 'active' || partition.state === 'finalizing' ? POOL_COST.partition : 0
  const tlb = partition.state === 'finalized' ? 0 : Number(partition.properties.get(PropertyCode.VirtualTlbPageCount) ?? 0n)
  let pages =
    own + tlb + partition.gpa.tablePages + liveVps(partition).length * POOL_COST.vp + partition.statsPages.size * POOL_COST.statsPage
  for (const port of partition.ports.values()) pages += portPages(port.info)
  for (const connection of partition.connections.values()) pages += connectionPages(connection)
  return pages
}

/** Every mapped page is held by this partition, so that no two address spaces share one. */
function checkAddressSpace(core: Core, partition: Partition, check: Check): void {
  let pages = 0
  let last = -1
  for (const { start, count, value } of partition.gpa.ranges) {
    check(start > last && count > 0, `address space of ${partition.id} has overlapping ranges at ${start}`)
    check(
      start % value.size === 0 && value.spa % value.size === 0 && count % value.size === 0,
      `large range ${start}+${count} of ${partition.id} is not aligned`,
    )
    const held = core.memory.isHeld({ page: value.spa, count }, { use: 'guest', partitionId: partition.id })
    check(held, `pages ${value.spa}+${count} are mapped in ${partition.id} and not held by it`)
    pages += count
    last = start + count - 1
  }
  check(pages === partition.gpa.pages, `address space of ${partition.id} counts ${partition.gpa.pages} pages and has ${pages}`)
}

function checkProcessors(core: Core, check: Check): void {
  const { scheduler } = core
  const { vps } = scheduler
  const slots = new Set<number>()
  let guests = 0
  let granted = 0
  for (const partition of core.partitions.values()) {
    for (const vp of liveVps(partition)) {
      check(!slots.has(vp.slot) && vps.alive[vp.slot] === 1, `slot ${vp.slot} of VP ${vp.index} in ${partition.id}`)
      slots.add(vp.slot)
      if (partition.depth > 0) guests++
      const share = (vps.guest[vp.slot] ?? 0) + (vps.hypervisor[vp.slot] ?? 0)
      granted += share
      check(share <= 1 + 1e-9, `VP ${vp.index} of ${partition.id} has ${share} processors`)
      check(partition.depth === 0 || share <= (vps.cap[vp.slot] ?? 1) + 1e-9, `VP ${vp.index} of ${partition.id} is above its cap`)
      check(vp.interceptSuspend === (vp.intercept !== undefined), `VP ${vp.index} of ${partition.id}: intercept and suspension disagree`)
    }
  }
  check(guests === core.guestVps, `${guests} guest VPs, ${core.guestVps} counted`)
  check(granted <= scheduler.lps.length + 1e-6, `${granted} processors granted of ${scheduler.lps.length}`)
  check(reservedProcessors(core) <= scheduler.lps.length + 1e-6, 'reserves exceed the processors')
  for (const { index } of scheduler.lps) {
    const load = (scheduler.lpGuest[index] ?? 0) + (scheduler.lpHypervisor[index] ?? 0)
    check(load <= 1 + 1e-6, `LP ${index} is loaded with ${load}`)
  }
}

/** Messages in flight per port are its buffers; a queue behind an occupied slot has told the guest so. */
function checkSynic(core: Core, partition: Partition, check: Check): void {
  const waiting = new Map<number, number>()
  for (const vp of liveVps(partition)) {
    for (let sint = 0; sint < SINT_COUNT; sint++) {
      const queue = vp.synic.queues[sint] ?? []
      const slot = vp.synic.slots[sint]
      if (slot !== undefined) {
        check(slot.type !== 0, `slot ${sint} of VP ${vp.index} in ${partition.id} holds type 0`)
        check(
          queue.length === 0 || slot.messagePending,
          `slot ${sint} of VP ${vp.index} in ${partition.id} hides ${queue.length} queued messages`,
        )
      }
      for (const { port } of queue) if (port?.ownerId === partition.id) waiting.set(port.portId, (waiting.get(port.portId) ?? 0) + 1)
    }
    check(vp.synic.simPage < 0 || vp.synic.simPage !== vp.synic.siefPage, `VP ${vp.index} of ${partition.id} has SIM and SIEF on one page`)
    const timers = vp.synic.timers.filter(({ enabled, due }) => enabled !== due >= 0)
    check(timers.length === 0, `VP ${vp.index} of ${partition.id} has a timer whose state and due time disagree`)
  }
  for (const port of partition.ports.values()) {
    check(
      port.buffersInUse === (waiting.get(port.id) ?? 0),
      `port ${port.id} of ${partition.id} counts ${port.buffersInUse} buffers, ${waiting.get(port.id) ?? 0} wait`,
    )
    check(port.buffersInUse <= PORT_BUFFERS, `port ${port.id} of ${partition.id} has ${port.buffersInUse} messages in flight`)
  }
  for (const connection of partition.connections.values()) {
    const owner = core.partitions.get(connection.portPartition)
    const port = owner?.ports.get(connection.portId)
    if (port !== undefined)
      check(port.info.type === connection.info.type, `connection ${connection.id} of ${partition.id} has another type than its port`)
  }
}

/** Only an active partition has objects. */
function checkLifecycle(partition: Partition, check: Check): void {
  const objects = liveVps(partition).length + partition.ports.size + partition.connections.size + partition.gpa.pages
  const empty = partition.state === 'created' || partition.state === 'finalized'
  check(!empty || objects === 0, `partition ${partition.id} is ${partition.state} and has ${objects} objects`)
  check(partition.state !== 'finalized' || partition.pool.inUse === 0, `partition ${partition.id} is finalized and uses pool pages`)
}
