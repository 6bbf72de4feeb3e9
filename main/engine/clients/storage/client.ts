/**
 * The guest's storage driver of one controller (storvsc): negotiation, sub-channels, scan, requests, reset (devices reference 2.2–2.5;
 * linux: drivers/scsi/storvsc_drv.c).
 */

import { ChannelEnd, guestPort } from '../../providers/channel-end.ts'
import {
  bodyAs,
  multiChannelFlag,
  ntStatus,
  packetBytesOf,
  type StorageBody,
  type StorageOperation,
  type StoragePacket,
  type StorageVersion,
  srbStatus,
  storageCodec,
  storageLimits,
  storageOperation,
  storageRequest,
  storageVersion,
  storageVersions,
} from '../../providers/storage/protocol.ts'
import { parseSense, unmapList } from '../../providers/storage/scsi.ts'
import type { VmbusDriver } from '../../vmbus/bus-types.ts'
import type { Channel } from '../../vmbus/channel.ts'
import { gpaDirectPacket, inBandPacket, type Packet } from '../../vmbus/packet.ts'
import {
  type InFlight,
  type StorageClientOptions,
  type StorageClientRows,
  type StorageClientState,
  type StorageRequest,
  storageClientRowsVersion,
} from './client-types.ts'
import { type Command, commandOf, rangeOf, srbOf } from './commands.ts'
import { type FoundUnit, firstScan, rescan, type ScanState, scanCdb, scanNext } from './scan.ts'

export * from './client-types.ts'
export { transferRingBytes } from './commands.ts'

type StorageChannel = Channel<StoragePacket, StoragePacket>
type End = ChannelEnd<StoragePacket, StoragePacket>

const stepStates = {
  begin: storageOperation.beginInitialization,
  version: storageOperation.queryProtocolVersion,
  properties: storageOperation.queryProperties,
  hbaData: storageOperation.fcHbaData,
  end: storageOperation.endInitialization,
  subChannels: storageOperation.createSubChannels,
} as const

export class StorageClient implements VmbusDriver<StoragePacket, StoragePacket> {
  readonly #options: StorageClientOptions
  readonly #versions: readonly StorageVersion[]
  readonly #ends = new Map<number, End>()
  readonly #inFlight = new Map<number, InFlight>()
  #state: StorageClientState = { name: 'closed' }
  #version: StorageVersion | undefined
  #units: readonly FoundUnit[] = []
  #subChannels = 0
  #maxTransferBytes: number = storageLimits.maxTransferBytes
  #nextId = 1
  #rescanWanted = false

  constructor(options: StorageClientOptions) {
    this.#options = options
    this.#versions = options.versions ?? storageVersions
  }

  get state(): StorageClientState {
    return this.#state
  }

  get version(): StorageVersion | undefined {
    return this.#version
  }

  get units(): readonly FoundUnit[] {
    return this.#units
  }

  /** Requests of the guest that have not ended. */
  get outstanding(): number {
    let count = 0
    for (const entry of this.#inFlight.values()) if (entry.request !== undefined) count++
    return count
  }

  /** Open channels, the primary one included. */
  get channels(): number {
    return this.#ends.size
  }

  get maxTransferBytes(): number {
    return this.#maxTransferBytes
  }

  // ---- VMBus

  opened(channel: StorageChannel): void {
    this.#attach(0, channel)
    this.#step({ name: 'begin' })
  }

  openFailed(_channelId: number, status: number): void {
    this.#fail(`the channel was not opened: 0x${status.toString(16)}`)
  }

  event(_channel: StorageChannel): void {
    this.#ends.get(0)?.pump()
  }

  rescinded(_channel: StorageChannel, _requests: readonly Packet<StoragePacket>[]): void {
    this.#gone()
  }

  closed(_channelId: number): void {
    this.#gone()
  }

  /** Driver of sub-channel `index`, for `openChannel` when its offer comes. */
  subchannel(index: number): VmbusDriver<StoragePacket, StoragePacket> {
    return {
      opened: (channel) => void this.#attach(index, channel),
      openFailed: () => undefined,
      event: () => this.#ends.get(index)?.pump(),
      rescinded: () => this.#dropChannel(index),
      closed: () => this.#dropChannel(index),
    }
  }

  // ---- the guest

  /** Sends a request on a channel chosen by VP. Returns its id; 0 = refused (not ready, unknown unit, too long, or too much waits). */
  submit(request: StorageRequest, vp = 0): number {
    const ready = this.#state.name === 'ready' || this.#state.name === 'scanning'
    const unit = this.#units.find((one) => one.lun === request.lun)
    const moves = request.operation === 'read' || request.operation === 'write'
    if (!ready || unit === undefined || (moves && request.bytes > this.#maxTransferBytes)) return 0
    if (request.offset % unit.blockBytes !== 0 || request.bytes % unit.blockBytes !== 0) return 0
    const indices = [...this.#ends.keys()]
    const index = indices[vp % indices.length] ?? 0
    const command = commandOf(request, unit, this.#page(request, unit))
    return this.#send(index, request.lun, command, request)
  }

  /** Lets `count` requests on the primary channel have ended that were sent one by one. */
  pass(count: number): void {
    this.#nextId += count
    this.#ends.get(0)?.passed(count, count)
  }

  /** RESET_BUS: the host cancels what would never end. */
  resetBus(): void {
    if (this.#state.name !== 'ready' && this.#state.name !== 'scanning') return
    this.#sendControl(storageOperation.resetBus, { kind: 'none' })
  }

  /** Time-outs: to be called at the ticks asked for. */
  wake(): void {
    for (const end of this.#ends.values()) end.pump()
    const now = this.#options.clock.now()
    let next = Number.POSITIVE_INFINITY
    let late = false
    for (const [id, entry] of this.#inFlight) {
      if (entry.since + this.#timeout <= now) {
        late = true
        this.#inFlight.set(id, { ...entry, since: now })
      } else next = Math.min(next, entry.since + this.#timeout)
    }
    if (late) this.resetBus()
    if (late) next = Math.min(next, now + this.#timeout)
    if (next !== Number.POSITIVE_INFINITY) this.#options.clock.wakeAt(next)
  }

  snapshot(): StorageClientRows {
    return {
      version: storageClientRowsVersion,
      state: this.#state,
      protocol: this.#version,
      units: this.#units,
      subChannels: this.#subChannels,
      maxTransferBytes: this.#maxTransferBytes,
      nextId: this.#nextId,
      rescanWanted: this.#rescanWanted,
      inFlight: [...this.#inFlight],
      ends: [...this.#ends].map(([index, end]) => [index, end.snapshot()] as const),
    }
  }

  /** Puts saved rows in place; a sentence when they are refused. */
  restore(rows: StorageClientRows, channels: (index: number) => StorageChannel | undefined): string | undefined {
    if (rows.version !== storageClientRowsVersion) return `storage client rows of version ${rows.version}`
    this.#state = rows.state
    this.#version = rows.protocol
    this.#units = rows.units
    this.#subChannels = rows.subChannels
    this.#maxTransferBytes = rows.maxTransferBytes
    this.#nextId = rows.nextId
    this.#rescanWanted = rows.rescanWanted
    this.#inFlight.clear()
    for (const [id, entry] of rows.inFlight) this.#inFlight.set(id, entry)
    for (const [index, endRows] of rows.ends) {
      const channel = channels(index)
      if (channel === undefined) return `channel ${index} is missing`
      const fault = this.#attach(index, channel).restore(endRows)
      if (fault !== undefined) return fault
    }
    if (this.#inFlight.size > 0) this.#options.clock.wakeAt(this.#options.clock.now() + this.#timeout)
    return undefined
  }

  // ---- start sequence

  get #timeout(): number {
    return this.#options.timeoutTicks ?? 1_800_000_000
  }

  /** Before the version is known the packet has the size of the newest version that the driver knows. */
  get #packetBytes(): 64 | 48 {
    return packetBytesOf(this.#version ?? this.#versions[0] ?? storageVersion.v6_2)
  }

  #step(state: StorageClientState & { readonly name: keyof typeof stepStates }): void {
    this.#state = state
    let body: StorageBody = { kind: 'none' }
    if (state.name === 'version') body = { kind: 'version', version: this.#versions[state.at] ?? 0, revision: 0 }
    if (state.name === 'subChannels') body = { kind: 'subChannels', count: this.#subChannels }
    this.#sendControl(stepStates[state.name], body)
  }

  #answered(answer: StoragePacket): void {
    const state = this.#state
    const good = answer.status === ntStatus.success
    if (state.name === 'version' && answer.status === ntStatus.revisionMismatch) {
      if (state.at + 1 < this.#versions.length) return this.#step({ name: 'version', at: state.at + 1 })
      return this.#fail('no common protocol version')
    }
    if (state.name === 'subChannels') return this.#startScan()
    if (!good) return this.#fail(`${state.name}: status 0x${answer.status.toString(16)}`)
    switch (state.name) {
      case 'begin':
        return this.#step({ name: 'version', at: 0 })
      case 'version':
        this.#version = this.#versions[state.at]
        return this.#step({ name: 'properties' })
      case 'properties': {
        const properties = bodyAs(answer, 'properties')
        if (properties === undefined) return this.#fail('properties cannot be read')
        const multi = (properties.flags & multiChannelFlag) !== 0 && (this.#version ?? 0) >= storageVersion.v5_1
        this.#subChannels = multi ? Math.min(this.#options.subChannels(properties.maxSubChannels), properties.maxSubChannels) : 0
        const cap = this.#options.kind === 'fibreChannel' ? storageLimits.fibreChannelTransferBytes : Number.POSITIVE_INFINITY
        this.#maxTransferBytes = Math.min(properties.maxTransferBytes, cap)
        return this.#step({ name: this.#options.kind === 'fibreChannel' ? 'hbaData' : 'end' })
      }
      case 'hbaData':
        return this.#step({ name: 'end' })
      case 'end':
        return this.#subChannels > 0 ? this.#step({ name: 'subChannels' }) : this.#startScan()
    }
  }

  #startScan(): void {
    this.#scan(firstScan())
  }

  #scan(scan: ScanState): void {
    const step = scan.steps[0]
    if (step === undefined) return this.#scanned(scan)
    this.#state = { name: 'scanning', scan }
    this.#options.memory.clear(this.#options.controlPage)
    const { cdb, length, bytes } = scanCdb(step.command)
    this.#send(0, step.lun, { cdb, length, direction: bytes === 0 ? 2 : 1, bytes, page: this.#options.controlPage }, undefined)
  }

  #scanned(scan: ScanState): void {
    const before = JSON.stringify(this.#units)
    const first = this.#units.length === 0 && scan.known.length === 0
    this.#units = [...scan.found].sort((a, b) => a.lun - b.lun)
    this.#state = { name: 'ready' }
    if (first) this.#options.guest.ready?.()
    if (JSON.stringify(this.#units) !== before) this.#options.guest.unitsChanged?.(this.#units)
    if (!this.#rescanWanted || this.#state.name !== 'ready') return
    this.#rescanWanted = false
    this.#scan(rescan(this.#units))
  }

  // ---- packets

  /** First page of a request's buffer; an unmap list has a page of its own until the host has read it. */
  #page(request: StorageRequest, unit: FoundUnit): number {
    if (request.operation !== 'unmap') return this.#options.dataPage
    const page = this.#options.dataPage + 0x1000 + (this.#nextId % 0x1000)
    this.#options.memory.put(page, unmapList(request.offset / unit.blockBytes, request.bytes / unit.blockBytes))
    return page
  }

  #sendControl(operation: StorageOperation, body: StorageBody): void {
    const packetBytes = this.#packetBytes
    this.#post(0, inBandPacket(storageRequest(operation, packetBytes, body), packetBytes, true), operation, undefined)
  }

  #send(index: number, lun: number, command: Command, request: StorageRequest | undefined): number {
    const packetBytes = this.#packetBytes
    const payload = storageRequest(storageOperation.executeSrb, packetBytes, { kind: 'srb', srb: srbOf(lun, command, packetBytes) })
    const packet =
      command.bytes === 0 ? inBandPacket(payload, packetBytes, true) : gpaDirectPacket(payload, packetBytes, [rangeOf(command)])
    return this.#post(index, packet, storageOperation.executeSrb, request)
  }

  #post(index: number, packet: Packet<StoragePacket>, operation: StorageOperation, request: StorageRequest | undefined): number {
    const id = this.#nextId++
    const now = this.#options.clock.now()
    if (this.#inFlight.size === 0) this.#options.clock.wakeAt(now + this.#timeout)
    this.#inFlight.set(id, { request, channel: index, operation, since: now })
    const result = this.#ends.get(index)?.send(packet, id) ?? 'refused'
    if (result !== 'refused') return id
    this.#inFlight.delete(id)
    return 0
  }

  #attach(index: number, channel: StorageChannel): End {
    const { clock } = this.#options
    const end: End = new ChannelEnd(storageCodec, (packet, _request, tag) => this.#take(packet, tag), {
      onBlind: () => clock.wakeAt(clock.now() + 10_000),
    })
    end.attach(guestPort(channel))
    this.#ends.set(index, end)
    return end
  }

  #take(packet: Packet<StoragePacket>, id: number): void {
    if (id === 0) return this.#notified(packet.payload)
    const entry = this.#inFlight.get(id)
    this.#inFlight.delete(id)
    if (entry === undefined) return
    if (entry.operation !== storageOperation.executeSrb) {
      if (entry.operation !== storageOperation.resetBus) this.#answered(packet.payload)
      return
    }
    const srb = bodyAs(packet.payload, 'srb')?.srb
    const code = (srb?.srbStatus ?? srbStatus.internalError) & 0x3f
    if (entry.request === undefined) {
      const data = this.#options.memory.get(this.#options.controlPage)
      if (this.#state.name === 'scanning') this.#scan(scanNext(this.#state.scan, { srbStatus: code, data }))
      return
    }
    const value = srb !== undefined && (srb.srbStatus & 0x80) !== 0 ? parseSense(srb.cdbOrSense) : undefined
    const ok = code === srbStatus.success || (code === srbStatus.dataOverrun && srb?.dataTransferLength === entry.request.bytes)
    this.#options.guest.completed?.(id, { request: entry.request, ok, srbStatus: code, bytes: srb?.dataTransferLength ?? 0, sense: value })
    // The unit is gone, or has another size: look again.
    if (code === srbStatus.invalidLun || (value?.asc === 0x2a && value.ascq === 9)) this.#wantRescan()
  }

  #notified(packet: StoragePacket): void {
    if (packet.operation === storageOperation.enumerateBus || packet.operation === storageOperation.removeDevice) this.#wantRescan()
  }

  #wantRescan(): void {
    if (this.#state.name === 'ready') this.#scan(rescan(this.#units))
    else this.#rescanWanted = true
  }

  // ---- the end

  #dropChannel(index: number): void {
    const ids = this.#ends.get(index)?.detach() ?? []
    this.#ends.delete(index)
    for (const id of ids) {
      const entry = this.#inFlight.get(id)
      this.#inFlight.delete(id)
      if (entry?.request === undefined) continue
      this.#options.guest.completed?.(id, { request: entry.request, ok: false, srbStatus: srbStatus.noDevice, bytes: 0, sense: undefined })
    }
  }

  #gone(): void {
    this.#state = { name: 'closed' }
    for (const index of [...this.#ends.keys()]) this.#dropChannel(index)
    this.#units = []
    this.#version = undefined
  }

  #fail(reason: string): void {
    this.#state = { name: 'failed', reason }
    this.#options.guest.failed?.(reason)
  }
}
