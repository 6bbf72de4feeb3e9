/** Files and volumes in memory for tests of the storage stack. */
import type { HostFileRow, VolumeRow } from '../rows.ts'
import type { DiskFiles } from './disk-files.ts'
import { type DiskGeometry, defaultBlockBytes, newFileBytes } from './disk-format.ts'

export const MIB = 1024 ** 2
export const GIB = 1024 ** 3

export interface TestFiles extends DiskFiles {
  readonly files: Map<string, HostFileRow>
  volume: VolumeRow
}

/** One volume C of a fast host with `freeBytes` left. */
export function testFiles(freeBytes = 1024 * GIB, columns: Partial<VolumeRow> = {}): TestFiles {
  const files = new Map<string, HostFileRow>()
  const store: TestFiles = {
    files,
    volume: {
      id: 'volume-c',
      hostId: 'host-1',
      letter: 'C',
      label: '',
      sizeBytes: 4096 * GIB,
      freeBytes,
      readBytesPerSecond: 1000 * MIB,
      writeBytesPerSecond: 500 * MIB,
      ...columns,
    },
    file: (id) => files.get(id),
    fileAt: (_hostId, path) => [...files.values()].find((file) => file.path.toLowerCase() === path.toLowerCase()),
    volumeOf: () => store.volume,
    grow(file, bytes, now) {
      if (store.volume.freeBytes < bytes) return false
      store.volume = { ...store.volume, freeBytes: store.volume.freeBytes - bytes }
      files.set(file.id, { ...file, sizeBytes: file.sizeBytes + bytes, modifiedTick: now })
      return true
    },
  }
  return store
}

/** Puts a new virtual disk file down as the product creates it. */
export function addDisk(
  store: TestFiles,
  name: string,
  type: DiskGeometry['type'],
  capacityBytes: number,
  parent: string | null = null,
): HostFileRow {
  const format = name.endsWith('.vhd') ? 'vhd' : 'vhdx'
  const geometry: DiskGeometry = { format, type, capacityBytes, blockBytes: defaultBlockBytes(format, type) }
  const file: HostFileRow = {
    id: name,
    hostId: 'host-1',
    path: `C:\\${name}`,
    kind: name.endsWith('.avhdx') ? 'avhdx' : format,
    sizeBytes: newFileBytes(geometry),
    capacityBytes,
    diskType: type,
    parentPath: parent === null ? null : `C:\\${parent}`,
    guestProductId: null,
    modifiedTick: 0,
  }
  store.files.set(file.id, file)
  return file
}

/** Puts any other file down. */
export function addFile(store: TestFiles, name: string, kind: HostFileRow['kind'], sizeBytes: number): HostFileRow {
  const file: HostFileRow = {
    id: name,
    hostId: 'host-1',
    path: `C:\\${name}`,
    kind,
    sizeBytes,
    capacityBytes: 0,
    diskType: null,
    parentPath: null,
    guestProductId: null,
    modifiedTick: 0,
  }
  store.files.set(file.id, file)
  return file
}
