/** The picture on a guest's screen. */
import type { World } from '../world.ts'
import { guestNow } from './row.ts'
import { Canvas, type Frame } from './screen.ts'

/** The picture of a machine now; null when it has no guest row, that is, no partition and no saved state. */
export function consoleFrame(world: World, vmId: string): Frame | null {
  const guest = world.tables.guest.get(vmId)
  if (guest === undefined) return null
  guestNow(world, guest)
  return new Canvas(1024, 768, '#000000').frame()
}
