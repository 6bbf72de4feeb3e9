/**
 * The storage provider of one controller (storvsp): start sequence, SCSI requests, sub-channels, hot-added disks (devices reference 2.2, 2.5;
 * openvmm: storvsp/src/lib.rs). Requests go to the {@link BlockBackend}; their completions leave when its latency has passed.
 *
 * A stopped provider reads nothing and completes nothing: requests stall in the rings and in the guest (S26), and go on when it is resumed.
 */
import type { ProviderAnswer, VmbusProvider } from '../../vmbus/bus-types.ts'
import type { Channel } from '../../vmbus/channel.ts'
import { completionPacket, completionRequested, inBandPacket, type Packet } from '../../vmbus/packet.ts'
import { ChannelEnd, hostPort } from '../channel-end.ts'
import { DueList } from '../device-clock.ts'
import { backendOutcome, goodOutcome, type Outcome, outcomeSrb, senseOutcome, statusOutcome } from './outcome.ts'
import type { BlockResult, LogicalUnit } from './ports.ts'
import {
  bodyAs,
  ntStatus,
  type Srb,
  type StoragePacket,
  type StorageVersion,
  srbStatus,
  storageCodec,
  storageCompletion,
  storageOperation,
  storageVersion,
} from './protocol.ts'
import {
  type PendingIo,
  type StorageProviderOptions,
  type StorageProviderRows,
  type StorageState,
  storageRowsVersion,
} from './provider-types.ts'
import { cdbBytes, isInquiry, parseUnmapList, type ScsiAction, type Sense, scsiAction, sense } from './scsi.ts'
import { StartSequence } from './start-sequence.ts'

export * from './provider-types.ts'

type End = ChannelEnd<StoragePacket, StoragePacket>
type StorageChannel = Channel<StoragePacket, StoragePacket>

export class StorageProvider implements VmbusProvider<StoragePacket, StoragePacket> {
  readonly codecs = { toHost: storageCodec, toGuest: storageCodec }
  readonly #options: StorageProviderOptions
  readonly #units = new Map<number, LogicalUnit>()
  readonly #attentions = new Map<number, Sense>()
  readonly #locked = new Set<number>()
  readonly #ends = new Map<number, End>()
  readonly #pending = new DueList<PendingIo>()
  #lost: PendingIo[] = []
  #resets: { channel: number; transactionId: number; request: StoragePacket }[] = []
  readonly #start: StartSequence
  #stopped = false
  /** SCSI requests taken, completed, and bytes moved. */
  readonly counts = { requests: 0, completed: 0, readBytes: 0, writtenBytes: 0, refused: 0 }

  constructor(options: StorageProviderOptions, units: readonly LogicalUnit[]) {
    this.#options = options
    this.#start = new StartSequence(options)
    for (const unit of units) this.#units.set(unit.lun, unit)
  }

  get state(): StorageState {
    return this.#start.state
  }

  /** Negotiated version; undefined before. */
  get version(): StorageVersion | undefined {
    return this.#start.version
  }

  get units(): readonly LogicalUnit[] {
    return [...this.#units.values()].sort((a, b) => a.lun - b.lun)
  }

  /** Requests taken whose completion is not due yet, and those that will never come by themselves. */
  get outstanding(): { readonly pending: number; readonly lost: number } {
    return { pending: this.#pending.size, lost: this.#lost.length }
  }

  // ---- VMBus

  open(channel: StorageChannel): ProviderAnswer {
    this.#start.state = 'opened'
    this.#attach(0, channel)
    return 0
  }

  close(): 'closed' {
    for (const end of this.#ends.values()) end.detach()
    this.#ends.clear()
    this.#pending.remove(() => true)
    this.#lost = []
    this.#resets = []
    this.#start.state = 'closed'
    this.#start.version = undefined
    return 'closed'
  }

  event(_channel: StorageChannel): void {
    this.#ends.get(0)?.pump()
  }

  /** Provider of sub-channel `index` (1…). */
  subchannel(index: number): VmbusProvider<StoragePacket, StoragePacket> {
    return {
      codecs: this.codecs,
      open: (channel) => {
        this.#attach(index, channel)
        return 0
      },
      close: () => {
        this.#pending.remove((io) => io.channel === index)
        this.#lost = this.#lost.filter((io) => io.channel !== index)
        this.#ends.get(index)?.detach()
        this.#ends.delete(index)
        return 'closed'
      },
      // What arrives before the primary channel is ready stays in the ring.
      event: () => {
        if (this.#start.state === 'ready') this.#ends.get(index)?.pump()
      },
    }
  }

  /** Time has come: sends completions that are due. */
  wake(): void {
    if (this.#stopped) return
    const now = this.#options.clock.now()
    for (let io = this.#pending.take(now); io !== undefined; io = this.#pending.take(now)) this.#finish(io)
    this.#drained()
    for (const end of this.#ends.values()) if (end.waiting > 0) end.pump()
    this.#pending.arm(this.#options.clock)
  }

  /** Lets `count` transfers of so many bytes on the primary channel have been served one by one. */
  pass(count: number, write: boolean, bytes: number): void {
    this.#ends.get(0)?.passed(count, count)
    this.#pending.passed(count)
    this.counts.requests += count
    this.counts.completed += count
    if (write) this.counts.writtenBytes += count * bytes
    else this.counts.readBytes += count * bytes
  }

  // ---- faults and configuration

  stop(): void {
    this.#stopped = true
    for (const end of this.#ends.values()) end.stop()
  }

  resume(): void {
    this.#stopped = false
    for (const [index, end] of this.#ends) if (index === 0 || this.#start.state === 'ready') end.resume()
    this.wake()
  }

  /** A disk or drive is attached to a free LUN; the guest is told to rescan. False when the LUN is taken. */
  attachUnit(unit: LogicalUnit): boolean {
    if (this.#units.has(unit.lun)) return false
    this.#units.set(unit.lun, unit)
    this.#announce()
    return true
  }

  /** A disk is taken away; its requests in flight end with "no device". False when there is none. */
  detachUnit(lun: number): boolean {
    if (!this.#units.delete(lun)) return false
    this.#attentions.delete(lun)
    this.#locked.delete(lun)
    const gone = [...this.#pending.remove((io) => lunOf(io) === lun), ...this.#lost.filter((io) => lunOf(io) === lun)]
    this.#lost = this.#lost.filter((io) => lunOf(io) !== lun)
    for (const io of gone) this.#finish({ ...io, outcome: statusOutcome(srbStatus.noDevice) })
    this.#announce()
    return true
  }

  /** The virtual disk has another size: the next command gets a unit attention. False for an unknown LUN. */
  resizeUnit(lun: number, sizeBytes: number): boolean {
    return this.#change(lun, sizeBytes, sense.capacityChanged)
  }

  /** A medium is put into a drive; 0 bytes takes it out. */
  changeMedium(lun: number, sizeBytes: number): boolean {
    return this.#change(lun, sizeBytes, sizeBytes === 0 ? sense.noMedium : sense.mediumChanged)
  }

  snapshot(): StorageProviderRows {
    return {
      version: storageRowsVersion,
      state: this.#start.state,
      protocol: this.#start.version,
      units: this.units,
      attentions: [...this.#attentions],
      locked: [...this.#locked],
      pending: this.#pending.snapshot(),
      lost: this.#lost,
      resets: this.#resets,
      ends: [...this.#ends].map(([index, end]) => [index, end.snapshot()] as const),
      stopped: this.#stopped,
    }
  }

  /** Puts saved rows in place; `channels` gives the open channels again, 0 = primary. A sentence when the rows are refused. */
  restore(rows: StorageProviderRows, channels: (index: number) => StorageChannel | undefined): string | undefined {
    if (rows.version !== storageRowsVersion) return `storage rows of version ${rows.version}`
    this.#units.clear()
    for (const unit of rows.units) this.#units.set(unit.lun, unit)
    for (const [lun, value] of rows.attentions) this.#attentions.set(lun, value)
    for (const lun of rows.locked) this.#locked.add(lun)
    this.#start.state = rows.state
    this.#start.version = rows.protocol
    this.#stopped = rows.stopped
    this.#lost = [...rows.lost]
    this.#resets = [...rows.resets]
    for (const [index, endRows] of rows.ends) {
      const channel = channels(index)
      if (channel === undefined) return `channel ${index} is missing`
      const fault = this.#attach(index, channel).restore(endRows)
      if (fault !== undefined) return fault
    }
    this.#pending.restore(rows.pending, this.#options.clock)
    return undefined
  }

  // ---- requests

  #attach(index: number, channel: StorageChannel): End {
    const clock = this.#options.clock
    const end: End = new ChannelEnd(storageCodec, (packet: Packet<StoragePacket>) => this.#take(index, packet), {
      onBlind: () => clock.wakeAt(clock.now() + 10_000),
    })
    end.attach(hostPort(channel))
    if (this.#stopped) end.stop()
    this.#ends.set(index, end)
    return end
  }

  #take(index: number, packet: Packet<StoragePacket>): void {
    const request = packet.payload
    const answer = (status: number, body?: StoragePacket['body']): void => {
      if ((packet.flags & completionRequested) !== 0) this.#complete(index, packet.transactionId, storageCompletion(request, status, body))
    }
    switch (request.operation) {
      case storageOperation.executeSrb:
        if (this.#start.state === 'ready') this.#execute(index, packet)
        else answer(this.#counted(ntStatus.invalidDeviceState))
        return
      case storageOperation.resetLun:
      case storageOperation.resetAdapter:
      case storageOperation.resetBus:
        if (this.#start.state === 'ready') this.#reset(index, packet.transactionId, request)
        else answer(this.#counted(ntStatus.invalidDeviceState))
        return
      case storageOperation.createSubChannels:
        answer(this.#counted(this.#start.createSubchannels(request)))
        return
      default: {
        const wasReady = this.#start.state === 'ready'
        const [status, body] = this.#start.answer(request)
        // What sub-channels brought before.
        if (!wasReady && this.#start.state === 'ready') for (const end of this.#ends.values()) end.pump()
        answer(this.#counted(status), body)
      }
    }
  }

  /** A version that is not known is an answer, not a refusal. */
  #counted(status: number): number {
    if (status !== ntStatus.success && status !== ntStatus.revisionMismatch) this.counts.refused++
    return status
  }

  #execute(index: number, packet: Packet<StoragePacket>): void {
    const request = packet.payload
    const srb = bodyAs(request, 'srb')?.srb
    this.counts.requests++
    const io = (outcome: Outcome): PendingIo => ({ channel: index, transactionId: packet.transactionId, request, outcome })
    if (srb === undefined) return this.#finish(io(statusOutcome(srbStatus.invalidRequest)))
    const cdb = cdbBytes(srb.cdbOrSense)
    this.#options.observer?.started?.(index, packet.transactionId, srb.lun, `0x${(cdb[0] ?? 0).toString(16)}`, srb.dataTransferLength)
    if (srb.pathId !== 0 || (srb.targetId !== 0 && this.#options.kind === 'scsi'))
      return this.#finish(io(statusOutcome(srbStatus.invalidTarget)))
    const unit = this.#units.get(srb.lun)
    const luns = cdb[0] === 0xa0 ? this.units.map((one) => one.lun) : []
    // REPORT LUNS is answered at LUN 0 even when no disk is there.
    if (unit === undefined && !((cdb[0] ?? 0) === 0xa0 && srb.lun === 0)) return this.#finish(io(statusOutcome(srbStatus.invalidLun)))
    const attention = this.#attentions.get(srb.lun)
    if (attention !== undefined && !isInquiry(cdb[0] ?? 0)) {
      this.#attentions.delete(srb.lun)
      return this.#finish(io(senseOutcome(attention)))
    }
    const action = scsiAction(cdb, unit ?? emptyUnit, luns)
    const [outcome, result] = this.#perform(action, srb, packet)
    if (result === undefined || result.latencyTicks === 0) return this.#finish(io(outcome))
    if (result.latencyTicks === 'lost') this.#lost.push(io(outcome))
    else this.#pending.add(this.#options.clock.now() + result.latencyTicks, io(outcome), this.#options.clock)
  }

  #perform(action: ScsiAction, srb: Srb, packet: Packet<StoragePacket>): readonly [Outcome, BlockResult?] {
    const { backend, memory } = this.#options
    switch (action.kind) {
      case 'good':
        return [goodOutcome(0)]
      case 'sense':
        return [senseOutcome(action.sense)]
      case 'data': {
        const bytes = action.bytes.subarray(0, srb.dataTransferLength)
        const key = firstPage(packet)
        if (key !== undefined) memory.put(key, bytes.slice())
        return [goodOutcome(bytes.length)]
      }
      case 'lock':
        if (action.locked) this.#locked.add(srb.lun)
        else this.#locked.delete(srb.lun)
        return [goodOutcome(0)]
      case 'eject':
        if (this.#locked.has(srb.lun)) return [senseOutcome(sense.removalPrevented)]
        this.#change(srb.lun, 0, sense.noMedium)
        this.#attentions.delete(srb.lun)
        return [goodOutcome(0)]
      case 'unmap': {
        const unit = this.#units.get(srb.lun) ?? emptyUnit
        const key = firstPage(packet)
        let result: BlockResult = { latencyTicks: 0, status: 'ok' }
        for (const { lba, blocks } of parseUnmapList((key === undefined ? undefined : memory.get(key)) ?? new Uint8Array(0))) {
          result = backend.unmap?.(srb.lun, lba * unit.blockBytes, blocks * unit.blockBytes) ?? result
        }
        return [backendOutcome(result.status, srb.dataTransferLength, true), result]
      }
      case 'transfer': {
        if (action.length > srb.dataTransferLength) return [statusOutcome(srbStatus.dataOverrun)]
        const result = backend[action.operation](srb.lun, action.offset, action.length)
        if (result.status === 'ok' && action.operation === 'read') this.counts.readBytes += action.length
        if (result.status === 'ok' && action.operation === 'write') this.counts.writtenBytes += action.length
        return [backendOutcome(result.status, action.length, action.operation !== 'read'), result]
      }
    }
  }

  /** Requests that would never end are cancelled; the reset is answered when all others have ended. */
  #reset(channel: number, transactionId: number, request: StoragePacket): void {
    const lost = this.#lost
    this.#lost = []
    for (const io of lost) this.#finish({ ...io, outcome: { ...statusOutcome(srbStatus.aborted), status: ntStatus.cancelled } })
    this.#resets.push({ channel, transactionId, request })
    this.#drained()
  }

  #drained(): void {
    if (this.#pending.size > 0 || this.#resets.length === 0) return
    const resets = this.#resets
    this.#resets = []
    for (const { channel, transactionId, request } of resets)
      this.#complete(channel, transactionId, storageCompletion(request, ntStatus.success))
  }

  #finish(io: PendingIo): void {
    const srb = bodyAs(io.request, 'srb')?.srb
    this.counts.completed++
    this.#options.observer?.finished?.(io.channel, io.transactionId, io.outcome.srbStatus, io.outcome.bytes)
    const body = srb === undefined ? undefined : ({ kind: 'srb', srb: outcomeSrb(srb, io.outcome) } as const)
    this.#complete(io.channel, io.transactionId, storageCompletion(io.request, io.outcome.status, body))
  }

  #complete(index: number, transactionId: number, packet: StoragePacket): void {
    this.#ends.get(index)?.send(completionPacket(transactionId, packet, packet.packetBytes))
  }

  #change(lun: number, sizeBytes: number, attention: Sense): boolean {
    const unit = this.#units.get(lun)
    if (unit === undefined) return false
    this.#units.set(lun, { ...unit, sizeBytes })
    if (attention !== sense.noMedium) this.#attentions.set(lun, attention)
    return true
  }

  /** ENUMERATE_BUS: in-band, no completion wanted. */
  #announce(): void {
    if (this.#start.state !== 'ready') return
    const packetBytes = (this.#start.version ?? 0) >= storageVersion.v5_1 ? 64 : 48
    const packet: StoragePacket = { operation: storageOperation.enumerateBus, flags: 0, status: 0, packetBytes, body: { kind: 'none' } }
    this.#ends.get(0)?.send(inBandPacket(packet, packetBytes))
  }
}

const emptyUnit: LogicalUnit = {
  lun: 0,
  type: 'disk',
  sizeBytes: 0,
  blockBytes: 512,
  physicalBlockBytes: 512,
  diskId: '00000000-0000-0000-0000-000000000000',
  readOnly: true,
  unmap: false,
}

function lunOf(io: PendingIo): number {
  return bodyAs(io.request, 'srb')?.srb.lun ?? -1
}

function firstPage(packet: Packet<StoragePacket>): number | undefined {
  return packet.extension.kind === 'gpaDirect' ? packet.extension.ranges[0]?.pages[0]?.first : undefined
}
