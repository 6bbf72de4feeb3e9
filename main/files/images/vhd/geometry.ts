/** Cylinders, heads and sectors of a VHD (Virtual Hard Disk Image Format Specification 1.0, appendix; formats reference 1.3). */

export interface ChsGeometry {
  readonly cylinders: number
  readonly heads: number
  readonly sectorsPerTrack: number
}

/** Sectors from which on the geometry no longer grows: 65535 cylinders, 16 heads, 255 sectors. */
const SECTORS_MAX = 65535 * 16 * 255

/** The geometry of a disk of `size` bytes. It addresses at most as many sectors as the disk has, often fewer. */
export function chsGeometry(size: number): ChsGeometry {
  const sectors = Math.min(Math.floor(size / 512), SECTORS_MAX)
  if (sectors >= 65535 * 16 * 63) return geometry(sectors, 16, 255)
  const heads = Math.max(4, Math.floor((Math.floor(sectors / 17) + 1023) / 1024))
  if (heads <= 16 && Math.floor(sectors / 17) < heads * 1024) return geometry(sectors, heads, 17)
  if (Math.floor(sectors / 31) < 16 * 1024) return geometry(sectors, 16, 31)
  return geometry(sectors, 16, 63)
}

function geometry(sectors: number, heads: number, sectorsPerTrack: number): ChsGeometry {
  return { cylinders: Math.floor(Math.floor(sectors / sectorsPerTrack) / heads), heads, sectorsPerTrack }
}
