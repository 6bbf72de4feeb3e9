/** SCSI controllers and disks of the IDE filter: storage provider and client over the machine's virtual disks. */
import { StorageClient, type StorageClientRows, type StorageOutcome, type StorageRequest } from '../../clients/storage/client.ts'
import { GuestArea } from '../../providers/guest-area.ts'
import type { BlockBackend, BlockResult } from '../../providers/storage/ports.ts'
import { packetBytesOf, storageLimits, storageVersion, storageVersionOfHost, storageVersions } from '../../providers/storage/protocol.ts'
import { StorageProvider, type StorageProviderRows } from '../../providers/storage/provider.ts'
import type { VmbusDriver, VmbusProvider } from '../../vmbus/bus-types.ts'
import { rawCodec } from '../../vmbus/packet-codec.ts'
import type { Sleeper } from '../device-time.ts'
import type { ControllerWorld } from '../device-world.ts'
import { type FlowShape, storageShape } from '../ring-advance.ts'
import type { DeviceSpec } from '../stack-types.ts'
import { type ChannelFinder, CONTROL_PAGE, DATA_PAGE, type DeviceEnds, type EndsParts, type TwoEnds } from './device-ends.ts'

/** Pages of each ring. */
const RING_PAGES = 32

interface StorageRows {
  readonly host: StorageProviderRows
  readonly guest: StorageClientRows
  readonly memory: readonly (readonly [number, string])[]
}

export class StorageEnds implements DeviceEnds {
  readonly ringPages = RING_PAGES
  readonly #provider: StorageProvider
  readonly #client: StorageClient
  readonly #memory = new GuestArea<Uint8Array>(rawCodec)
  readonly #controller: ControllerWorld
  readonly #outcomes = new Map<number, StorageOutcome | undefined>()

  constructor(parts: EndsParts) {
    const { device, context, time, world, stalled } = parts
    const kind = device.kind === 'ide-filter' ? 'ide' : 'scsi'
    const hostWakes: Sleeper = () => {
      if (!stalled()) this.#provider.wake()
    }
    const guestWakes: Sleeper = () => this.#client.wake()
    const controller = world.controller(
      context.spec.id,
      device,
      () => time.now(),
      (lun, sizeBytes) => this.#changed(lun, sizeBytes),
    )
    const { units, backend } = controller
    this.#controller = controller
    const newest = storageVersionOfHost[parts.guestRelease] ?? storageVersion.v6_2
    this.#provider = new StorageProvider(
      {
        kind,
        versionMax: storageVersionOfHost[parts.hostRelease] ?? newest,
        maxSubChannels: parts.subchannels,
        maxTransferBytes: storageLimits.maxTransferBytes,
        backend: followed(backend, parts),
        clock: time.clockOf(hostWakes, 'requests'),
        memory: this.#memory,
        offerSubchannels: parts.offerSubchannels,
      },
      units,
    )
    this.#client = new StorageClient({
      kind,
      versions: storageVersions.filter((version) => version <= newest),
      subChannels: (offered) => offered,
      clock: time.clockOf(guestWakes, 'clock'),
      memory: this.#memory,
      controlPage: CONTROL_PAGE,
      dataPage: DATA_PAGE,
      guest: {
        ready: () => this.#memory.clear(CONTROL_PAGE),
        completed: (id, outcome) => {
          if (this.#outcomes.has(id)) this.#outcomes.set(id, outcome)
        },
      },
    })
  }

  /** Other disks stand behind the controller than before: each that came or went is announced. */
  changeUnits(device: DeviceSpec): void {
    const wanted = this.#controller.refresh(device)
    for (const unit of this.#provider.units) {
      if (!wanted.some(({ lun, diskId }) => lun === unit.lun && diskId === unit.diskId)) this.#provider.detachUnit(unit.lun)
    }
    for (const unit of wanted) this.#provider.attachUnit(unit)
  }

  #changed(lun: number, sizeBytes: number): void {
    const unit = this.#provider.units.find((candidate) => candidate.lun === lun)
    if (unit?.type === 'dvd') this.#provider.changeMedium(lun, sizeBytes)
    else if (unit !== undefined && unit.sizeBytes !== sizeBytes) this.#provider.resizeUnit(lun, sizeBytes)
  }

  get provider(): VmbusProvider {
    return this.#provider as VmbusProvider
  }

  get driver(): VmbusDriver {
    return this.#client as VmbusDriver
  }

  get ready(): boolean {
    return this.#client.state.name === 'ready'
  }

  get version(): string | null {
    const version = this.#client.version
    return version === undefined ? null : `${version >>> 8}.${version & 0xff}`
  }

  subchannel(index: number): TwoEnds {
    return { provider: this.#provider.subchannel(index), driver: this.#client.subchannel(index) }
  }

  /** Sends a transfer. Returns a function that tells how it ended: undefined while it is under way; null when it was refused at once. */
  submit(request: StorageRequest): (() => StorageOutcome | undefined) | null {
    const id = this.#client.submit(request)
    if (id === 0) return null
    this.#outcomes.set(id, undefined)
    return () => {
      const outcome = this.#outcomes.get(id)
      this.#outcomes.delete(id)
      return outcome
    }
  }

  /** Lets `count` requests have passed, each with one packet both ways. */
  pass(count: number, write: boolean, bytes: number): boolean {
    this.#client.pass(count)
    this.#provider.pass(count, write, bytes)
    return true
  }

  /** Ring bytes of a transfer and its completion. */
  shape(bytes: number): FlowShape {
    return storageShape(bytes, packetBytesOf(this.#client.version ?? storageVersion.v6_2))
  }

  resume(): void {
    this.#provider.wake()
  }

  snapshot(): StorageRows {
    return { host: this.#provider.snapshot(), guest: this.#client.snapshot(), memory: this.#memory.snapshot() }
  }

  restore(rows: unknown, channel: ChannelFinder): string | undefined {
    const { host, guest, memory } = rows as StorageRows
    const find = channel as Parameters<StorageProvider['restore']>[1]
    return this.#memory.restore(memory) ?? this.#provider.restore(host, find) ?? this.#client.restore(guest, find)
  }
}

/** Notes in the chain of a followed request that it has reached its device. */
function followed(backend: BlockBackend, { context }: EndsParts): BlockBackend {
  const note = (text: string, lun: number, offset: number, length: number, result: BlockResult): BlockResult => {
    if (context.log.following)
      context.log.reached(`virtual disk, unit ${lun}: ${text} ${length} bytes at ${offset}, ${result.status}, ${result.latencyTicks} ticks`)
    return result
  }
  return {
    read: (lun, offset, length) => note('read', lun, offset, length, backend.read(lun, offset, length)),
    write: (lun, offset, length) => note('write', lun, offset, length, backend.write(lun, offset, length)),
    flush: (lun, offset, length) => note('flush', lun, offset, length, backend.flush(lun, offset, length)),
    unmap: (lun, offset, length) => {
      const result = backend.unmap?.(lun, offset, length) ?? { latencyTicks: 0, status: 'ok' }
      return note('unmap', lun, offset, length, result)
    },
  }
}
