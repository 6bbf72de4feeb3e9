/**
 * What one operation costs by each path, counted event by event: a 4 KiB read and a network frame, emulated and synthetic
 * (core sheet 6.2–6.4; devices reference 8.3). S28: the enlightened path must give at least three times the throughput.
 */
import type { CostKey, CostModel } from '../hypervisor/cost-table.ts'
import { costKeyOf, type EmulatedEvent, type InterruptController } from './access.ts'
import { legacyReceive, legacySend } from './devices.ts'
import { type IdeDriver, ideDma, idePio } from './ide.ts'

/** One line of a path's bill. */
export interface PathItem {
  readonly what: string
  readonly count: number
  readonly cycles: number
  readonly source: string
}

export interface PathCost {
  readonly name: string
  /** Exits of the guest's processors: intercepts to the worker, to the hypervisor, and hypercalls. */
  readonly exits: number
  readonly workerIntercepts: number
  /** Hypercalls of the guest and of the parent. */
  readonly hypercalls: number
  /** Interrupts of the guest and of the parent. */
  readonly interrupts: number
  /** Copies of the data (not of packets). */
  readonly copies: number
  readonly cycles: number
  readonly items: readonly PathItem[]
}

/** Work that is no event of the hypervisor: copies, and the software on both sides of a ring. */
export const pathWork = {
  /** Copying from cache: cycles for each 1,024 bytes (model). */
  copyCyclesPerKib: 100,
  /** Building or reading a packet and moving ring indices, each side (model). */
  packetCycles: 600,
  /** Interrupt routine and deferred call of the parent for each wake: 2 to 5 µs (core sheet 2.4, model). */
  parentWakeNs: 3000,
  /** Provider, parser and volume for one disk request (model; "synthetic 15–30 µs per 8 KiB read", devices reference 8.3). */
  storageStackNs: 8000,
  /** Switch and extensions for one frame (core sheet 6.4: 1 to 3 µs). */
  switchStackNs: 1000,
} as const

/** `batch`: operations that share a signal and an interrupt, 1 = idle queue; 32 outstanding share about one per batch (core sheet 6.2). */
export interface SyntheticOptions {
  readonly batch: number
  readonly endOfInterrupt: InterruptController
  /** Monitored notification instead of SignalEvent: no exit (network on old hosts and guests). */
  readonly monitorPage?: boolean
}

interface Bill {
  readonly items: PathItem[]
  readonly totals: { exits: number; worker: number; hypercalls: number; interrupts: number; copies: number }
}

const newBill = (): Bill => ({ items: [], totals: { exits: 0, worker: 0, hypercalls: 0, interrupts: 0, copies: 0 } })

function closed(name: string, { items, totals }: Bill): PathCost {
  const cycles = items.reduce((sum, item) => sum + item.cycles, 0)
  const { exits, worker, hypercalls, interrupts, copies } = totals
  return { name, exits, workerIntercepts: worker, hypercalls, interrupts, copies, cycles, items }
}

/** The cost of a list of accesses. */
export function emulatedCost(name: string, events: Iterable<EmulatedEvent>, model: CostModel, source: string, extraNs = 0): PathCost {
  const bill = newBill()
  const counts = new Map<CostKey, number>()
  let copied = 0
  for (const event of events) {
    const key = costKeyOf(event)
    if (event.kind === 'copy') {
      copied += event.bytes
      bill.totals.copies++
    } else if (event.kind === 'interrupt') bill.totals.interrupts++
    else {
      bill.totals.exits++
      if (event.kind !== 'hypervisor') bill.totals.worker++
    }
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  for (const [key, count] of counts) bill.items.push({ what: key, count, cycles: count * model.cycles[key], source })
  addCopy(bill, copied)
  addTime(bill, 'software of the parent', extraNs, model)
  return closed(name, bill)
}

function addCopy(bill: Bill, bytes: number): void {
  if (bytes > 0)
    bill.items.push({
      what: `copy ${bytes} bytes`,
      count: 1,
      cycles: Math.round((bytes / 1024) * pathWork.copyCyclesPerKib),
      source: 'model',
    })
}

function addTime(bill: Bill, what: string, ns: number, model: CostModel): void {
  if (ns > 0) bill.items.push({ what, count: 1, cycles: Math.round((ns * model.frequencyHz) / 1e9), source: 'core sheet 2.4, model' })
}

/** A request over a ring: packet out, signal, packet back, interrupt. */
function ringCost(
  name: string,
  options: SyntheticOptions,
  model: CostModel,
  source: string,
  parent: { readonly interrupts: number; readonly ns: number; readonly copied: number },
): PathCost {
  const bill = newBill()
  const share = 1 / options.batch
  const add = (what: string, key: CostKey, count: number): void => {
    bill.items.push({ what, count, cycles: Math.round(count * model.cycles[key]), source })
  }
  bill.items.push({ what: 'packets on both sides', count: 4, cycles: 4 * pathWork.packetCycles, source: 'model' })
  if (options.monitorPage !== true) {
    add('SignalEvent of the guest', 'fastHypercall', share)
    bill.totals.hypercalls += share
    bill.totals.exits += share
  }
  add('interrupts of the parent', 'externalInterrupt', parent.interrupts * share)
  add('SignalEvent of the parent', 'fastHypercall', share)
  add('interrupt of the guest', 'interruptInjection', share)
  bill.totals.hypercalls += share
  bill.totals.interrupts += (1 + parent.interrupts) * share
  if (options.endOfInterrupt === 'apic') {
    add('EOI', 'apicAccess', share)
    bill.totals.exits += share
  }
  if (parent.copied > 0) bill.totals.copies++
  addCopy(bill, parent.copied)
  addTime(bill, 'wake of the parent', pathWork.parentWakeNs * share, model)
  addTime(bill, 'software of the parent', parent.ns, model)
  return closed(name, bill)
}

const readBytes = 4096

export interface ReadComparison {
  readonly idePio: PathCost
  readonly ideDma: PathCost
  /** An IDE disk behind the integration filter: the same packets as SCSI. */
  readonly ideFilter: PathCost
  readonly scsi: PathCost
}

/** One 4 KiB read by each path. */
export function compareRead(model: CostModel, driver: IdeDriver, options: SyntheticOptions): ReadComparison {
  const transfer = { channel: 0, device: 0, lba: 0x1000, sectors: readBytes / 512, write: false } as const
  const stack = pathWork.storageStackNs
  // One interrupt for the signal, one of the physical disk.
  const parent = { interrupts: 2, ns: stack, copied: 0 }
  return {
    idePio: emulatedCost('emulated IDE, PIO', idePio(transfer, driver), model, 'core sheet 6.3', stack),
    ideDma: emulatedCost('emulated IDE, DMA', ideDma(transfer, driver), model, 'core sheet 6.3', stack),
    ideFilter: ringCost('IDE with filter', options, model, 'core sheet 6.2, devices reference 8.4', parent),
    scsi: ringCost('synthetic SCSI', options, model, 'core sheet 6.2', parent),
  }
}

export interface FrameComparison {
  readonly legacySend: PathCost
  readonly legacyReceive: PathCost
  readonly syntheticSend: PathCost
  readonly syntheticReceive: PathCost
}

/** One frame each way by each adapter; 1,514 bytes is the reference's example. */
export function compareFrame(
  model: CostModel,
  controller: InterruptController,
  options: SyntheticOptions,
  frameBytes = 1514,
): FrameComparison {
  const ns = pathWork.switchStackNs
  const parent = { interrupts: 1, ns, copied: frameBytes }
  return {
    legacySend: emulatedCost('legacy adapter, send', legacySend(1, frameBytes, controller), model, 'core sheet 6.4', ns),
    legacyReceive: emulatedCost('legacy adapter, receive', legacyReceive(1, frameBytes, controller), model, 'core sheet 6.4', ns),
    syntheticSend: ringCost('network adapter, send', options, model, 'core sheet 6.4', parent),
    syntheticReceive: ringCost('network adapter, receive', options, model, 'core sheet 6.4', { ...parent, copied: 2 * frameBytes }),
  }
}

/** How many times the throughput of `slow` the path `fast` gives, when the processor is what limits both. */
export function throughputRatio(slow: PathCost, fast: PathCost): number {
  return slow.cycles / fast.cycles
}

/** The comparison as lines of text: name, exits, intercepts, hypercalls, interrupts, copies, cycles, microseconds. */
export function comparisonTable(paths: readonly PathCost[], model: CostModel): readonly string[] {
  const columns = ['path', 'exits', 'worker', 'hypercalls', 'interrupts', 'copies', 'cycles', 'µs']
  const number = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(2))
  const rows = paths.map((path) => [
    path.name,
    number(path.exits),
    String(path.workerIntercepts),
    number(path.hypercalls),
    number(path.interrupts),
    String(path.copies),
    String(path.cycles),
    ((path.cycles * 1e6) / model.frequencyHz).toFixed(1),
  ])
  const widths = columns.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')
  return [line(columns), ...rows.map(line)]
}
