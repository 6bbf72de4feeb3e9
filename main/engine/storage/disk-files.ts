/** Files and volumes as the storage stack sees them, and the same over a lab's rows. */
import type { Tick } from '../kernel/ticks.ts'
import type { HostFileRow, VolumeRow } from '../rows.ts'
import type { World } from '../world.ts'

/** Where virtual disks live. */
export interface DiskFiles {
  file(id: string): HostFileRow | undefined
  /** The file at a Windows path of a host, compared without regard to case. */
  fileAt(hostId: string, path: string): HostFileRow | undefined
  /** The volume that a file lies on; undefined when it is not there (any more). */
  volumeOf(file: HostFileRow): VolumeRow | undefined
  /** Lets a file grow and takes the bytes from its volume; false, and nothing changed, when the volume has not enough of them. */
  grow(file: HostFileRow, bytes: number, now: Tick): boolean
}

/** Files and volumes of a lab. */
export function worldFiles(world: World): DiskFiles {
  const volumeOf = (file: HostFileRow): VolumeRow | undefined => {
    const letter = file.path.charAt(0).toUpperCase()
    return world.by.volumesOfHost.of(file.hostId).find((volume) => volume.letter === letter)
  }
  return {
    file: (id) => world.tables.host_file.get(id),
    fileAt: (hostId, path) => world.by.filesOfPath.first(`${hostId}|${path.toLowerCase()}`),
    volumeOf,
    grow(file, bytes, now) {
      const volume = volumeOf(file)
      if (volume === undefined || volume.freeBytes < bytes) return false
      world.tables.volume.patch(volume.id, { freeBytes: volume.freeBytes - bytes })
      world.tables.host_file.patch(file.id, { sizeBytes: file.sizeBytes + bytes, modifiedTick: now })
      return true
    },
  }
}
