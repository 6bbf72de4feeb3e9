/** The block devices of one controller as its storage provider asks for them: by LUN, with times from now. */
import type { Tick } from '../kernel/ticks.ts'
import type { BlockBackend, BlockResult, LogicalUnit, BlockStatus as ProviderStatus } from '../providers/storage/ports.ts'
import type { BlockDevice, BlockRequestKind, BlockStatus } from './block-device.ts'

const providerStatus: Readonly<Record<BlockStatus, ProviderStatus>> = {
  success: 'ok',
  'out-of-range': 'mediaError',
  misaligned: 'mediaError',
  'write-protected': 'writeProtected',
  'media-missing': 'notReady',
  'media-changed': 'notReady',
  'command-refused': 'mediaError',
  'audio-refused': 'mediaError',
  'video-refused': 'mediaError',
  'volume-full': 'volumeFull',
  'device-failed': 'notReady',
}

export interface ControllerNotifier {
  /** Simulated now, ticks. */
  now(): Tick
  /**
   * A write found its volume full. The machine layer makes the machine Paused-Critical; the guest's answer, should one be given at all, is
   * a failed space allocation.
   */
  volumeFull(lun: number): void
}

/** LUNs of a controller. Devices come and go while it runs (hot add, change of media). */
export class ControllerBackend implements BlockBackend {
  readonly #devices = new Map<number, BlockDevice>()
  readonly #notifier: ControllerNotifier

  constructor(notifier: ControllerNotifier) {
    this.#notifier = notifier
  }

  attach(lun: number, device: BlockDevice): void {
    this.#devices.set(lun, device)
  }

  detach(lun: number): void {
    this.#devices.delete(lun)
  }

  device(lun: number): BlockDevice | undefined {
    return this.#devices.get(lun)
  }

  read(lun: number, offset: number, length: number): BlockResult {
    return this.#submit('read', lun, offset, length)
  }

  write(lun: number, offset: number, length: number): BlockResult {
    return this.#submit('write', lun, offset, length)
  }

  flush(lun: number, _offset: number, _length: number): BlockResult {
    return this.#submit('flush', lun, 0, 0)
  }

  unmap(lun: number, offset: number, length: number): BlockResult {
    return this.#submit('unmap', lun, offset, length)
  }

  #submit(kind: BlockRequestKind, lun: number, offsetBytes: number, bytes: number): BlockResult {
    const device = this.#devices.get(lun)
    if (device === undefined) return { latencyTicks: 0, status: 'notReady' }
    const now = this.#notifier.now()
    const { status, doneTick } = device.submit({ kind, offsetBytes, bytes }, now)
    if (status === 'volume-full') this.#notifier.volumeFull(lun)
    return { latencyTicks: doneTick - now, status: providerStatus[status] }
  }
}

/** How a device appears on its controller. `unmap`: it stands for a file that can give blocks back. */
export function logicalUnitOf(lun: number, device: BlockDevice, diskId: string, unmap: boolean): LogicalUnit {
  return {
    lun,
    type: device.kind === 'optical' ? 'dvd' : 'disk',
    sizeBytes: device.capacityBytes,
    blockBytes: device.sectorBytes,
    // VHDX reports 4,096, VHD and optical media their own sector (formats reference 2.6, 1.9).
    physicalBlockBytes: device.kind === 'disk' && unmap ? 4096 : device.sectorBytes,
    diskId,
    readOnly: device.readOnly,
    unmap,
  }
}
