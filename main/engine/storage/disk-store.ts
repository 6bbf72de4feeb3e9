/**
 * All open disks of a lab: chains put together from `host_file` rows, what each file holds, and the queues of the volumes.
 *
 * What a file holds belongs to the file, not to a disk: a parent is shared by its children, and a file that a checkpoint froze keeps it.
 */
import { type Result, refuse, succeed } from '../kernel/result.ts'
import type { HostFileRow } from '../rows.ts'
import type { DiskFiles } from './disk-files.ts'
import { type DiskGeometry, geometryOf } from './disk-format.ts'
import { DiskLayer, type DiskLayerRow } from './disk-layer.ts'
import { type ChainLink, VirtualDiskBackend, type VirtualDiskOptions, type VirtualDiskRow } from './virtual-disk.ts'
import { profileOf, VolumeQueue, type VolumeQueueRow } from './volume-queue.ts'

/** Files of a chain at the most; the product advises fewer than 50 (hypervisor reference 10.1). */
export const CHAIN_FILES_MAX = 256

export type OpenDiskRefusal = 'file-not-found' | 'not-a-disk' | 'parent-not-found' | 'chain-cycle' | 'chain-too-long' | 'volume-not-found'

/** Result codes of the virtual disk stack (formats reference 1.10). */
export const openDiskCodes: Readonly<Record<OpenDiskRefusal, number>> = {
  'file-not-found': 0x80070002,
  'not-a-disk': 0xc03a0015,
  'parent-not-found': 0xc03a000d,
  'chain-cycle': 0xc03a0018,
  'chain-too-long': 0xc03a001c,
  'volume-not-found': 0x80070003,
}

/** Saved form: JSON-able rows, each with the id of the thing that it belongs to. */
export interface DiskStoreRows {
  readonly layers: readonly DiskLayerRow[]
  readonly volumes: readonly VolumeQueueRow[]
  readonly disks: readonly VirtualDiskRow[]
}

export class DiskStore {
  readonly #files: DiskFiles
  readonly #layers = new Map<string, DiskLayer>()
  readonly #savedLayers = new Map<string, DiskLayerRow>()
  readonly #savedDisks = new Map<string, VirtualDiskRow>()
  readonly #savedVolumes = new Map<string, VolumeQueueRow>()
  readonly #queues = new Map<string, VolumeQueue>()
  readonly #disks = new Map<string, VirtualDiskBackend>()

  constructor(files: DiskFiles, rows?: DiskStoreRows) {
    this.#files = files
    for (const row of rows?.layers ?? []) this.#savedLayers.set(row.id, row)
    for (const row of rows?.volumes ?? []) this.#savedVolumes.set(row.id, row)
    for (const row of rows?.disks ?? []) this.#savedDisks.set(row.id, row)
  }

  /**
   * Opens the disk at a path with all files above it, or says what is wrong with the chain. A disk that was open when the rows were saved
   * goes on with its counters, unless it has another leaf by now.
   */
  open(hostId: string, path: string, options: VirtualDiskOptions): Result<VirtualDiskBackend, OpenDiskRefusal> {
    const chain: ChainLink[] = []
    const seen = new Set<string>()
    for (let next: string | null = path; next !== null; ) {
      const file = this.#files.fileAt(hostId, next)
      if (file === undefined) return refuse(chain.length === 0 ? 'file-not-found' : 'parent-not-found', { path: next })
      if (seen.has(file.id)) return refuse('chain-cycle', { path: file.path })
      if (chain.length === CHAIN_FILES_MAX) return refuse('chain-too-long', { path, limit: CHAIN_FILES_MAX })
      const geometry = file.kind === 'vfd' ? floppyGeometry(file) : geometryOf(file)
      if (geometry === null) return refuse('not-a-disk', { path: file.path })
      if (geometry.type === 'differencing' && file.parentPath === null) return refuse('parent-not-found', { path: file.path })
      const queue = this.volumeQueue(file)
      if (queue === undefined) return refuse('volume-not-found', { path: file.path })
      seen.add(file.id)
      chain.push({ layer: this.#layerOf(file, geometry), queue })
      next = geometry.type === 'differencing' ? file.parentPath : null
    }
    const disk = new VirtualDiskBackend(chain, this.#files, options)
    const saved = this.#savedDisks.get(options.id)
    if (saved !== undefined && saved.leafId === chain[0]?.layer.fileId) disk.restore(saved)
    this.#savedDisks.delete(options.id)
    this.#disks.set(options.id, disk)
    return succeed(disk)
  }

  disk(id: string): VirtualDiskBackend | undefined {
    return this.#disks.get(id)
  }

  /** Closes a disk; what its files hold stays known. */
  close(id: string): void {
    this.#disks.delete(id)
    this.#savedDisks.delete(id)
  }

  /** Forgets what a file holds: it was deleted, or written as a whole by a merge, a conversion or a compaction. */
  forget(fileId: string): void {
    this.#layers.delete(fileId)
    this.#savedLayers.delete(fileId)
  }

  /** The queue of the volume that a file lies on. */
  volumeQueue(file: HostFileRow): VolumeQueue | undefined {
    const volume = this.#files.volumeOf(file)
    if (volume === undefined) return undefined
    const known = this.#queues.get(volume.id)
    if (known !== undefined) return known
    const queue = new VolumeQueue(volume.id, profileOf(volume), this.#savedVolumes.get(volume.id))
    this.#savedVolumes.delete(volume.id)
    this.#queues.set(volume.id, queue)
    return queue
  }

  /** Rows of everything known, open or not, each list in order of id. */
  toRows(): DiskStoreRows {
    const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1)
    return {
      layers: [...[...this.#layers.values()].map((layer) => layer.toRow()), ...this.#savedLayers.values()].sort(byId),
      volumes: [...[...this.#queues.values()].map((queue) => queue.toRow()), ...this.#savedVolumes.values()].sort(byId),
      disks: [...[...this.#disks.values()].map((disk) => disk.toRow()), ...this.#savedDisks.values()].sort(byId),
    }
  }

  #layerOf(file: HostFileRow, geometry: DiskGeometry): DiskLayer {
    const known = this.#layers.get(file.id)
    // A disk that was expanded or converted has a new geometry; what it holds is read from its size again.
    if (known !== undefined && sameGeometry(known.geometry, geometry)) return known
    const saved = this.#savedLayers.get(file.id)
    this.#savedLayers.delete(file.id)
    const fits = saved !== undefined && saved.blockBytes === geometry.blockBytes
    const layer = fits ? new DiskLayer(file.id, geometry, saved) : DiskLayer.ofFile(file.id, geometry, file.sizeBytes)
    this.#layers.set(file.id, layer)
    return layer
  }
}

function sameGeometry(a: DiskGeometry, b: DiskGeometry): boolean {
  return a.format === b.format && a.type === b.type && a.capacityBytes === b.capacityBytes && a.blockBytes === b.blockBytes
}

/** A floppy image is its sectors and nothing else. */
function floppyGeometry(file: HostFileRow): DiskGeometry {
  return { format: 'vhd', type: 'fixed', capacityBytes: file.sizeBytes, blockBytes: 2 * 1024 * 1024 }
}
