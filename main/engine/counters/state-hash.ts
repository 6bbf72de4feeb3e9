/** One number for the whole state of a lab, so that two runs can be compared. */
import { TABLE_NAMES } from '../rows.ts'
import type { World } from '../world.ts'

const OFFSET = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n
const MASK = 0xffffffffffffffffn

/** FNV-1a, 64 bits, over all rows in table order and id order; preferences are the user's and `made_file` is about the real disk: both are left out. */
export function stateHash(world: World): string {
  let hash = OFFSET
  const add = (text: string): void => {
    for (let i = 0; i < text.length; i++) hash = ((hash ^ BigInt(text.charCodeAt(i))) * PRIME) & MASK
  }
  add(`tick ${world.now};`)
  for (const name of TABLE_NAMES) {
    if (name === 'preference' || name === 'lab' || name === 'made_file') continue
    const rows = [...world.tables[name].values()].map((row) => JSON.stringify(row, Object.keys(row).sort()))
    for (const text of rows.sort()) add(`${name} ${text};`)
  }
  return hash.toString(16).padStart(16, '0')
}
