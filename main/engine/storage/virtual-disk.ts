/**
 * A virtual hard disk as a guest uses it: a chain of files of which only the last is written (hypervisor reference 7.2; formats reference 3.3).
 *
 * Every read goes down the chain until a file holds the sector; a block that is nowhere, or that a file knows to be zero, is answered
 * without touching the files below. A write to a new block makes the leaf grow; when its volume is full nothing is changed and the status
 * says so.
 */
import { invariant } from '../kernel/result.ts'
import { TICKS_PER_US, type Tick } from '../kernel/ticks.ts'
import type { BlockCompletion, BlockDevice, BlockExtent, BlockRequest, BlockStatus, DiskLoad, DiskLoadResult } from './block-device.ts'
import { DISK_SECTOR_BYTES } from './block-device.ts'
import { type DiskCounters, emptyDiskCounters, normalizedUnits } from './disk-counters.ts'
import type { DiskFiles } from './disk-files.ts'
import type { DiskLayer } from './disk-layer.ts'
import {
  defaultExtent,
  firstCursor,
  type LoadCursor,
  type LoadExtent,
  type LoadGroup,
  type LoadLayout,
  type LoadPart,
  layoutOf,
  nextWrite,
  partsOf,
  splitLoad,
} from './load-pattern.ts'
import type { VolumeDemand, VolumeQueue } from './volume-queue.ts'

/** Provider, parser and file system on the way to the device and back: 8 µs (devices reference 9.1). */
export const STACK_TICKS = 8 * TICKS_PER_US
/** Looking one level further down a chain: processor time only (hypervisor reference 7.2). */
export const CHAIN_LEVEL_TICKS = 2
/** Table and log writes of a new block: VHDX log and table; VHD bitmap, footer and table (hypervisor reference 7.2: 2 to 3). */
const METADATA_WRITES = { vhdx: 2, vhd: 3 } as const
const METADATA_BYTES = 4096

/** A file of the chain with the queue of the volume that it lies on. */
export interface ChainLink {
  readonly layer: DiskLayer
  readonly queue: VolumeQueue
}

export interface VirtualDiskOptions {
  /** Names the disk in volume queues and in saved rows: the id of the `drive` row, where it has one. */
  readonly id: string
  /** Opened for reading only; default false. */
  readonly readOnly?: boolean
  readonly extent?: LoadExtent
}

/** Saved form of an open disk beside its layers. */
export interface VirtualDiskRow {
  readonly id: string
  readonly leafId: string
  readonly counters: DiskCounters
  readonly cursor: LoadCursor
  /** Where the last request ended, bytes. */
  readonly lastEnd: number
  readonly leftTick: Tick
}

export class VirtualDiskBackend implements BlockDevice {
  readonly kind = 'disk'
  readonly sectorBytes = DISK_SECTOR_BYTES
  readonly capacityBytes: number
  readonly readOnly: boolean
  readonly id: string
  readonly counters: DiskCounters = emptyDiskCounters()
  /** The leaf first, the base last. */
  readonly chain: readonly ChainLink[]
  readonly #files: DiskFiles
  readonly #leaf: ChainLink
  readonly #layout: LoadLayout
  #cursor: LoadCursor = firstCursor
  #lastEnd = 0
  /** When the device has answered everything that it was given. */
  #leftTick = 0

  constructor(chain: readonly ChainLink[], files: DiskFiles, options: VirtualDiskOptions) {
    const leaf = chain[0]
    invariant(leaf !== undefined, 'a virtual disk has at least one file')
    this.chain = chain
    this.#leaf = leaf
    this.#files = files
    this.id = options.id
    this.readOnly = options.readOnly ?? false
    this.capacityBytes = leaf.layer.geometry.capacityBytes
    this.#layout = layoutOf(this.capacityBytes, leaf.layer.geometry.blockBytes, options.extent ?? defaultExtent)
  }

  get layout(): LoadLayout {
    return this.#layout
  }

  get cursor(): LoadCursor {
    return this.#cursor
  }

  submit(request: BlockRequest, now: Tick): BlockCompletion {
    const failure = this.#check(request)
    if (failure !== null) return this.#fail(failure, now)
    switch (request.kind) {
      case 'read':
        return this.#read(request, now)
      case 'write':
        return this.#write(request, now)
      case 'flush':
        this.counters.flushes++
        return { status: 'success', doneTick: Math.max(this.#leftTick, now + STACK_TICKS), bytes: 0, extents: [] }
      default:
        return this.#release(request, now)
    }
  }

  /**
   * Advances by a stretch of steady load: the same counters, places and growth as the requests one by one would give, whatever their number.
   * Costs the same for any load, except when the volume becomes full under it.
   *
   * @param ticks length of the stretch; `now` is its end.
   */
  advance(load: DiskLoad, ticks: Tick, now: Tick): DiskLoadResult {
    const split = splitLoad(load, this.#cursor)
    const demand: Mutable<VolumeDemand> = { sequential: 0, random: 0, bytesRead: 0, bytesWritten: 0 }
    const done = { reads: 0, writes: 0, grownBytes: 0 }
    let status: DiskLoadResult['status'] = this.#files.file(this.#leaf.layer.fileId) === undefined ? 'device-failed' : 'success'
    if (status === 'success') {
      for (const group of split.reads) {
        this.#countReads(group.count, group.sectors * DISK_SECTOR_BYTES)
        addDemand(demand, group, group.count, false)
        done.reads += group.count
      }
      if (this.readOnly && split.writes.length > 0) status = 'write-protected'
    }
    for (const group of split.writes) {
      if (status !== 'success') break
      status = this.#writeGroup(group, demand, done, now)
    }
    this.#cursor = { ...this.#cursor, readCarry: split.readCarry, writeCarry: split.writeCarry }
    const { queue } = this.#leaf
    const busyTicks = queue.busyTicks(demand)
    const utilization = queue.addLoad(busyTicks, ticks, now)
    const latencyTicks = queue.latencyTicks(demand, utilization)
    this.counters.latencyTicks += latencyTicks * (done.reads + done.writes)
    return { status, ...done, busyTicks, latencyTicks, utilization }
  }

  toRow(): VirtualDiskRow {
    const leafId = this.#leaf.layer.fileId
    return { id: this.id, leafId, counters: { ...this.counters }, cursor: this.#cursor, lastEnd: this.#lastEnd, leftTick: this.#leftTick }
  }

  /** Goes on from a saved row. */
  restore(row: VirtualDiskRow): void {
    Object.assign(this.counters, row.counters)
    this.#cursor = row.cursor
    this.#lastEnd = row.lastEnd
    this.#leftTick = row.leftTick
  }

  /** Which file holds each part of a stretch, in order. */
  extentsOf(offsetBytes: number, bytes: number): { readonly extents: readonly BlockExtent[]; readonly levels: number } {
    const extents: BlockExtent[] = []
    let deepest = 1
    const end = (offsetBytes + bytes) / DISK_SECTOR_BYTES
    for (let sector = offsetBytes / DISK_SECTOR_BYTES; sector < end; ) {
      const part = this.#resolve(sector, end)
      deepest = Math.max(deepest, part.levels)
      const last = extents.at(-1)
      const partBytes = (part.until - sector) * DISK_SECTOR_BYTES
      if (last !== undefined && last.fileId === part.fileId) extents[extents.length - 1] = { ...last, bytes: last.bytes + partBytes }
      else extents.push({ offsetBytes: sector * DISK_SECTOR_BYTES, bytes: partBytes, fileId: part.fileId })
      sector = part.until
    }
    return { extents, levels: deepest }
  }

  #resolve(sector: number, end: number): { readonly fileId: string | null; readonly until: number; readonly levels: number } {
    let until = end
    let levels = 0
    for (const { layer } of this.chain) {
      levels++
      // A child may be larger than its parent: what lies behind the parent's end is zero.
      const capacitySectors = layer.geometry.capacityBytes / DISK_SECTOR_BYTES
      if (sector >= capacitySectors) return { fileId: null, until, levels }
      const held = layer.holder(sector, Math.min(until, capacitySectors))
      until = held.until
      if (held.by !== 'parent') return { fileId: held.by === 'file' ? layer.fileId : null, until, levels }
    }
    return { fileId: null, until, levels }
  }

  #check(request: BlockRequest): BlockStatus | null {
    if (this.#files.file(this.#leaf.layer.fileId) === undefined) return 'device-failed'
    if (request.kind === 'flush') return null
    if (request.kind === 'burn' || request.kind === 'play-audio' || request.kind === 'read-video') return 'command-refused'
    const { offsetBytes, bytes } = request
    if (!Number.isSafeInteger(offsetBytes) || !Number.isSafeInteger(bytes) || offsetBytes < 0 || bytes <= 0) return 'misaligned'
    if (offsetBytes % DISK_SECTOR_BYTES !== 0 || bytes % DISK_SECTOR_BYTES !== 0) return 'misaligned'
    if (offsetBytes + bytes > this.capacityBytes) return 'out-of-range'
    return request.kind !== 'read' && this.readOnly ? 'write-protected' : null
  }

  #fail(status: BlockStatus, now: Tick): BlockCompletion {
    this.counters.errors++
    return { status, doneTick: now + STACK_TICKS, bytes: 0, extents: [] }
  }

  #read({ offsetBytes, bytes }: BlockRequest, now: Tick): BlockCompletion {
    const { extents, levels } = this.extentsOf(offsetBytes, bytes)
    const sequential = offsetBytes === this.#lastEnd
    const start = now + STACK_TICKS + (levels - 1) * CHAIN_LEVEL_TICKS
    let doneTick = start
    for (const extent of extents) {
      const link = extent.fileId === null ? undefined : this.#linkOf(extent.fileId)
      if (link === undefined) continue
      if (link !== this.#leaf) this.counters.parentReads++
      doneTick = Math.max(doneTick, link.queue.submit(false, extent.bytes, sequential, this.id, start))
    }
    this.#countReads(1, bytes)
    return this.#finish(offsetBytes, bytes, extents, now, doneTick)
  }

  #write({ offsetBytes, bytes }: BlockRequest, now: Tick): BlockCompletion {
    const { layer, queue } = this.#leaf
    const { blockBytes } = layer.geometry
    const first = Math.floor(offsetBytes / blockBytes)
    const end = Math.ceil((offsetBytes + bytes) / blockBytes)
    if (this.#grow(first, end, now) === null) return this.#fail('volume-full', now)
    const fresh = layer.write(offsetBytes / DISK_SECTOR_BYTES, (offsetBytes + bytes) / DISK_SECTOR_BYTES)
    this.#countWrites(1, bytes, fresh)
    const start = now + STACK_TICKS
    let doneTick = queue.submit(true, bytes, offsetBytes === this.#lastEnd, this.id, start)
    // The data is there before the table says so (hypervisor reference 10.2): these writes come behind it.
    const metadataWrites = fresh * METADATA_WRITES[layer.geometry.format]
    for (let i = 0; i < metadataWrites; i++) doneTick = queue.submit(true, METADATA_BYTES, false, this.id, doneTick)
    return this.#finish(offsetBytes, bytes, [], now, doneTick)
  }

  #release({ offsetBytes, bytes }: BlockRequest, now: Tick): BlockCompletion {
    const { layer } = this.#leaf
    const { blockBytes } = layer.geometry
    const behind = offsetBytes + bytes
    // Only blocks that are covered wholly; the disk's end counts as the end of its last block.
    const end = behind === this.capacityBytes ? Math.ceil(behind / blockBytes) : Math.floor(behind / blockBytes)
    const first = Math.ceil(offsetBytes / blockBytes)
    if (end > first) layer.release(first, end)
    return { status: 'success', doneTick: now + STACK_TICKS, bytes, extents: [] }
  }

  #finish(offsetBytes: number, bytes: number, extents: readonly BlockExtent[], now: Tick, doneTick: Tick): BlockCompletion {
    this.#lastEnd = offsetBytes + bytes
    this.#leftTick = Math.max(this.#leftTick, doneTick)
    this.counters.latencyTicks += doneTick - now
    return { status: 'success', doneTick, bytes, extents }
  }

  #linkOf(fileId: string): ChainLink | undefined {
    return this.chain.find((link) => link.layer.fileId === fileId)
  }

  /** Bytes by which the leaf grew for these blocks; null when the volume is full. */
  #grow(first: number, end: number, now: Tick): number | null {
    const { layer } = this.#leaf
    const bytes = layer.growthFor(first, end)
    if (bytes === 0) return 0
    const file = this.#files.file(layer.fileId)
    return file !== undefined && this.#files.grow(file, bytes, now) ? bytes : null
  }

  #writeGroup(group: LoadGroup, demand: Mutable<VolumeDemand>, done: Mutable<Totals>, now: Tick): 'success' | 'volume-full' {
    for (const part of partsOf(this.#layout, group, this.#cursor)) {
      const grown = this.#grow(...blocksOf(part, this.#layout), now)
      if (grown === null) return this.#writeSingly(group, part.operations, demand, done, now)
      const { layer } = this.#leaf
      const fresh = part.cover === 'blocks' ? layer.touch(part.start, part.end) : layer.write(part.start, part.end)
      this.#countWrites(part.operations, group.sectors * DISK_SECTOR_BYTES, fresh)
      addDemand(demand, group, part.operations, true)
      done.writes += part.operations
      done.grownBytes += grown
      this.#cursor = part.cursor
    }
    return 'success'
  }

  /** The volume cannot take a whole part: as many of its operations as it can. */
  #writeSingly(
    group: LoadGroup,
    operations: number,
    demand: Mutable<VolumeDemand>,
    done: Mutable<Totals>,
    now: Tick,
  ): 'success' | 'volume-full' {
    const { layer } = this.#leaf
    for (let i = 0; i < operations; i++) {
      const { request, cursor } = nextWrite(this.#layout, group, this.#cursor)
      const start = request.offsetBytes / DISK_SECTOR_BYTES
      const { blockSectors } = this.#layout
      const grown = this.#grow(Math.floor(start / blockSectors), Math.ceil((start + group.sectors) / blockSectors), now)
      if (grown === null) {
        this.counters.errors++
        return 'volume-full'
      }
      this.#countWrites(1, request.bytes, layer.write(start, start + group.sectors))
      addDemand(demand, group, 1, true)
      done.writes++
      done.grownBytes += grown
      this.#cursor = cursor
    }
    return 'success'
  }

  #countReads(operations: number, bytes: number): void {
    this.counters.reads += operations
    this.counters.bytesRead += operations * bytes
    this.counters.normalized += normalizedUnits(operations, bytes)
  }

  #countWrites(operations: number, bytes: number, fresh: number): void {
    this.counters.writes += operations
    this.counters.bytesWritten += operations * bytes
    this.counters.normalized += normalizedUnits(operations, bytes)
    this.counters.blocksAllocated += fresh
    this.counters.metadataWrites += fresh * METADATA_WRITES[this.#leaf.layer.geometry.format]
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface Totals {
  readonly reads: number
  readonly writes: number
  readonly grownBytes: number
}

function blocksOf(part: LoadPart, layout: LoadLayout): [number, number] {
  if (part.cover === 'blocks') return [part.start, part.end]
  return [Math.floor(part.start / layout.blockSectors), Math.ceil(part.end / layout.blockSectors)]
}

function addDemand(demand: Mutable<VolumeDemand>, group: LoadGroup, operations: number, write: boolean): void {
  if (group.sequential) demand.sequential += operations
  else demand.random += operations
  if (write) demand.bytesWritten += operations * group.sectors * DISK_SECTOR_BYTES
  else demand.bytesRead += operations * group.sectors * DISK_SECTOR_BYTES
}
