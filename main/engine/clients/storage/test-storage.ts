/** Builders for the storage tests: a controller, its disks, a backend with settable latency and faults, and the guest's driver. */
import { GuestArea } from '../../providers/guest-area.ts'
import type { BlockBackend, BlockResult, BlockStatus, LogicalUnit } from '../../providers/storage/ports.ts'
import type { StoragePacket, StorageVersion } from '../../providers/storage/protocol.ts'
import { storageOperation, storageVersion } from '../../providers/storage/protocol.ts'
import { StorageProvider, type StorageProviderOptions } from '../../providers/storage/provider.ts'
import { type BenchDevice, DeviceBench } from '../../providers/testing.ts'
import { ideInstance } from '../../vmbus/classes.ts'
import { classOffer } from '../../vmbus/offers.ts'
import { rawCodec } from '../../vmbus/packet-codec.ts'
import { type VmbusVersion, vmbusVersion } from '../../vmbus/versions.ts'
import { StorageClient, type StorageOutcome } from './client.ts'

export const disk = (lun: number, more: Partial<LogicalUnit> = {}): LogicalUnit => ({
  lun,
  type: 'disk',
  sizeBytes: 127 * 2 ** 30,
  blockBytes: 512,
  physicalBlockBytes: 4096,
  diskId: `00000000-0000-0000-0000-0000000000${String(10 + lun)}`,
  readOnly: false,
  unmap: true,
  ...more,
})

export const dvd = (lun: number, sizeBytes: number): LogicalUnit =>
  disk(lun, { type: 'dvd', sizeBytes, blockBytes: 2048, physicalBlockBytes: 2048, unmap: false })

export class TestBackend implements BlockBackend {
  latency = 1000
  /** Outcome of the next transfers, first in first out; then `ok`. */
  readonly next: (BlockStatus | 'lost')[] = []
  readonly calls: string[] = []

  read(lun: number, offset: number, length: number): BlockResult {
    return this.#call('read', lun, offset, length)
  }

  write(lun: number, offset: number, length: number): BlockResult {
    return this.#call('write', lun, offset, length)
  }

  flush(lun: number, offset: number, length: number): BlockResult {
    return this.#call('flush', lun, offset, length)
  }

  unmap(lun: number, offset: number, length: number): BlockResult {
    return this.#call('unmap', lun, offset, length)
  }

  #call(operation: string, lun: number, offset: number, length: number): BlockResult {
    this.calls.push(`${operation} ${lun} ${offset}+${length}`)
    const next = this.next.shift()
    return next === 'lost' ? { latencyTicks: 'lost', status: 'ok' } : { latencyTicks: this.latency, status: next ?? 'ok' }
  }
}

const operationNames = new Map<number, string>(Object.entries(storageOperation).map(([name, number]) => [number, name]))

/** One packet as a line. */
export function storageLine(payload: unknown): string {
  const packet = payload as StoragePacket
  const { body } = packet
  const parts = [operationNames.get(packet.operation) ?? `operation ${packet.operation}`, `(${packet.packetBytes})`]
  if (packet.status !== 0) parts.push(`status=0x${packet.status.toString(16)}`)
  if (body.kind === 'version') parts.push(`version=0x${body.version.toString(16).padStart(4, '0')}`)
  if (body.kind === 'properties') parts.push(`subChannels=${body.maxSubChannels} flags=${body.flags} transfer=${body.maxTransferBytes}`)
  if (body.kind === 'subChannels') parts.push(`count=${body.count}`)
  if (body.kind === 'srb') {
    const { lun, srbStatus, dataTransferLength, cdbOrSense } = body.srb
    parts.push(
      packet.operation === storageOperation.completeIo
        ? `lun=${lun} srb=0x${srbStatus.toString(16)} ${dataTransferLength}`
        : `lun=${lun} ${cdbOrSense.slice(0, 2)} ${dataTransferLength}`,
    )
  }
  return parts.join(' ')
}

export interface StorageBenchOptions {
  readonly version?: StorageVersion
  readonly versions?: readonly StorageVersion[]
  readonly kind?: StorageProviderOptions['kind']
  readonly subChannels?: number
  readonly pages?: number
  readonly vmbus?: VmbusVersion
  readonly units?: readonly LogicalUnit[]
}

/** A started bench with one controller. */
export class StorageBench {
  readonly bench: DeviceBench
  readonly backend = new TestBackend()
  readonly memory = new GuestArea<Uint8Array>(rawCodec)
  readonly providerOptions: StorageProviderOptions
  readonly provider: StorageProvider
  readonly client: StorageClient
  readonly done: { readonly id: number; readonly outcome: StorageOutcome }[] = []
  readonly events: string[] = []
  readonly offerId: number
  readonly instance: string

  constructor(options: StorageBenchOptions = {}) {
    this.bench = new DeviceBench(options.vmbus ?? vmbusVersion.v5_3)
    this.bench.describe = storageLine
    const kind = options.kind ?? 'scsi'
    const { clock } = this.bench
    this.providerOptions = {
      kind,
      versionMax: options.version ?? storageVersion.v6_2,
      maxSubChannels: options.subChannels ?? 0,
      maxTransferBytes: 0x40000,
      backend: this.backend,
      clock,
      memory: this.memory,
      offerSubchannels: (count) => void this.bench.bus.offerSubchannels(this.offerId, count, (index) => this.provider.subchannel(index)),
      ...(kind === 'fibreChannel'
        ? { fibreChannelNames: ['c003ff0000000000', 'c003ff000000ffff', 'c003ff0000000001', 'c003ff000000ffff'] as const }
        : {}),
    }
    this.provider = new StorageProvider(this.providerOptions, options.units ?? [disk(0)])
    this.client = new StorageClient({
      kind,
      ...(options.versions === undefined ? {} : { versions: options.versions }),
      subChannels: (offered) => offered,
      clock,
      memory: this.memory,
      controlPage: 0x900,
      dataPage: 0xa00,
      guest: {
        ready: () => this.events.push('ready'),
        failed: (reason) => this.events.push(`failed: ${reason}`),
        unitsChanged: (units) => this.events.push(`units ${units.map((unit) => `${unit.lun}:${unit.sizeBytes}`).join(' ')}`),
        completed: (id, outcome) => this.done.push({ id, outcome }),
      },
    })
    const offer =
      kind === 'ide' ? classOffer('ideAccelerator', ideInstance(0, 0)) : classOffer(kind, '11111111-0000-0000-0000-000000000001')
    this.instance = offer.instanceId
    const device: BenchDevice = {
      offer,
      provider: this.provider,
      driver: this.client,
      pages: options.pages ?? 32,
      subchannel: (index) => this.client.subchannel(index),
    }
    this.offerId = this.bench.add(
      device,
      () => this.provider.wake(),
      () => this.client.wake(),
    )
    this.bench.start()
    this.bench.run()
  }
}
