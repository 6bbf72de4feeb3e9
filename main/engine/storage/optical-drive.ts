/**
 * The virtual DVD drive: an ISO image, a drive of the host, or nothing in it. It reads; nothing can be written or burned (S41). Of a captured
 * host drive only data is passed on: no burning, no audio CD, no video disc (S42; devices reference 2.6).
 */
import { TICKS_PER_MS, TICKS_PER_SECOND, type Tick } from '../kernel/ticks.ts'
import type { HostFileRow } from '../rows.ts'
import { type BlockCompletion, type BlockDevice, type BlockRequest, type BlockStatus, OPTICAL_SECTOR_BYTES } from './block-device.ts'
import { type DiskCounters, emptyDiskCounters, normalizedUnits } from './disk-counters.ts'
import { STACK_TICKS } from './virtual-disk.ts'
import type { VolumeQueue } from './volume-queue.ts'

/** A disc in a drive of the host. */
export interface PhysicalDisc {
  readonly content: 'data' | 'audio' | 'video'
  readonly sizeBytes: number
}

export type OpticalMedium =
  | { readonly kind: 'image'; readonly file: HostFileRow; readonly queue: VolumeQueue }
  /** `disc` null: the captured drive is empty. */
  | { readonly kind: 'host-drive'; readonly letter: string; readonly disc: PhysicalDisc | null }

/** 16 times the base speed of 1.385 MB/s, and the access time that drives of that speed give. */
export const HOST_DRIVE_BYTES_PER_SECOND = 22_160_000
export const HOST_DRIVE_ACCESS_TICKS = 120 * TICKS_PER_MS

export class OpticalDrive implements BlockDevice {
  readonly kind = 'optical'
  readonly sectorBytes = OPTICAL_SECTOR_BYTES
  readonly readOnly = true
  readonly id: string
  readonly counters: DiskCounters = emptyDiskCounters()
  #medium: OpticalMedium | null
  #changed = false
  #lastEnd = 0
  #freeTick = 0

  constructor(id: string, medium: OpticalMedium | null) {
    this.id = id
    this.#medium = medium
  }

  get medium(): OpticalMedium | null {
    return this.#medium
  }

  get capacityBytes(): number {
    if (this.#medium === null) return 0
    const bytes = this.#medium.kind === 'image' ? this.#medium.file.sizeBytes : (this.#medium.disc?.sizeBytes ?? 0)
    return bytes - (bytes % OPTICAL_SECTOR_BYTES)
  }

  /** Puts a medium in or takes it out; the next request learns of a new one by a unit attention. */
  change(medium: OpticalMedium | null): void {
    this.#medium = medium
    this.#changed = this.capacityBytes > 0
    this.#lastEnd = 0
  }

  submit(request: BlockRequest, now: Tick): BlockCompletion {
    const status = this.#check(request)
    if (status !== 'success') {
      this.counters.errors++
      return { status, doneTick: now + STACK_TICKS, bytes: 0, extents: [] }
    }
    const { offsetBytes, bytes } = request
    const doneTick = request.kind === 'flush' ? now + STACK_TICKS : this.#read(offsetBytes, bytes, now + STACK_TICKS)
    if (request.kind === 'flush') return { status, doneTick, bytes: 0, extents: [] }
    this.#lastEnd = offsetBytes + bytes
    this.counters.reads++
    this.counters.bytesRead += bytes
    this.counters.normalized += normalizedUnits(1, bytes)
    this.counters.latencyTicks += doneTick - now
    const fileId = this.#medium?.kind === 'image' ? this.#medium.file.id : null
    return { status, doneTick, bytes, extents: [{ offsetBytes, bytes, fileId }] }
  }

  #check({ kind, offsetBytes, bytes }: BlockRequest): BlockStatus {
    if (this.capacityBytes === 0) return 'media-missing'
    if (this.#changed) {
      this.#changed = false
      return 'media-changed'
    }
    const content = this.#medium?.kind === 'host-drive' ? this.#medium.disc?.content : 'data'
    switch (kind) {
      case 'write':
      case 'unmap':
      case 'zero':
        return 'write-protected'
      case 'burn':
        return 'command-refused'
      case 'play-audio':
        return 'audio-refused'
      case 'read-video':
        return 'video-refused'
      case 'flush':
        return 'success'
      case 'read':
        if (content === 'audio') return 'audio-refused'
        if (content === 'video') return 'video-refused'
        if (offsetBytes % OPTICAL_SECTOR_BYTES !== 0 || bytes % OPTICAL_SECTOR_BYTES !== 0 || offsetBytes < 0 || bytes <= 0)
          return 'misaligned'
        return offsetBytes + bytes > this.capacityBytes ? 'out-of-range' : 'success'
    }
  }

  #read(offsetBytes: number, bytes: number, start: Tick): Tick {
    const sequential = offsetBytes === this.#lastEnd
    if (this.#medium?.kind === 'image') return this.#medium.queue.submit(false, bytes, sequential, this.id, start)
    const begin = Math.max(start, this.#freeTick) + (sequential ? 0 : HOST_DRIVE_ACCESS_TICKS)
    this.#freeTick = begin + Math.ceil((bytes * TICKS_PER_SECOND) / HOST_DRIVE_BYTES_PER_SECOND)
    return this.#freeTick
  }
}

/** SCSI commands that write an optical medium or prepare it for that (MMC-6): all of them are `burn` requests, whatever their fields say. */
export const burnCommands: Readonly<Record<number, string>> = {
  4: 'FORMAT UNIT',
  42: 'WRITE (10)',
  46: 'WRITE AND VERIFY (10)',
  83: 'RESERVE TRACK',
  84: 'SEND OPC INFORMATION',
  91: 'CLOSE TRACK SESSION',
  93: 'SEND CUE SHEET',
  161: 'BLANK',
  170: 'WRITE (12)',
  191: 'SEND DISC STRUCTURE',
}

/** What a SCSI command asks of an optical drive: one of the request kinds, or null for the commands that move no data of the medium. */
export function opticalRequestKind(opcode: number): BlockRequest['kind'] | null {
  if (opcode === 0x2a || opcode === 0xaa || opcode === 0x2e) return 'write'
  if (burnCommands[opcode] !== undefined) return 'burn'
  // READ (6), (10), (12), (16).
  if (opcode === 0x08 || opcode === 0x28 || opcode === 0xa8 || opcode === 0x88) return 'read'
  // PLAY AUDIO (10), (12), PLAY AUDIO MSF, READ CD (as used for audio tracks), READ CD MSF.
  if (opcode === 0x45 || opcode === 0xa5 || opcode === 0x47 || opcode === 0xbe || opcode === 0xb9) return 'play-audio'
  // SEND KEY, REPORT KEY: the exchange that video discs ask for.
  if (opcode === 0xa3 || opcode === 0xa4) return 'read-video'
  return opcode === 0x35 ? 'flush' : null
}
