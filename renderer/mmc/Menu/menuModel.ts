/** Pure rules of menus: where they are placed and where the keys lead. */
import { type MenuEntry, parseLabel } from '../CommandModel/CommandModel.ts'

export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** `below`: under the anchor's left edge (menu bar, context menu); `side`: at its right edge (submenu, flyout). */
export type MenuPlacement = 'below' | 'side'

/** Upper left corner of a menu, turned to the other side of its anchor or pushed in where the window ends. */
export function placeMenu(anchor: Box, size: Size, viewport: Size, placement: MenuPlacement): Point {
  const clamp = (value: number, length: number, limit: number): number => Math.max(0, Math.min(value, limit - length))
  if (placement === 'side') {
    const right = anchor.right - 3
    const x = right + size.width <= viewport.width ? right : anchor.left - size.width + 3
    return { x: clamp(x, size.width, viewport.width), y: clamp(anchor.top - 3, size.height, viewport.height) }
  }
  const above = anchor.top - size.height
  const y = anchor.bottom + size.height <= viewport.height || above < 0 ? anchor.bottom : above
  return { x: clamp(anchor.left, size.width, viewport.width), y: clamp(y, size.height, viewport.height) }
}

/** Index of the next entry that can hold the highlight, wrapping around; disabled entries can, separators cannot. -1 when there is none. */
export function stepEntry(entries: readonly MenuEntry[], from: number, direction: 1 | -1): number {
  const count = entries.length
  for (let step = 1; step <= count; step += 1) {
    const start = from < 0 && direction < 0 ? count : from
    const index = (((start + direction * step) % count) + count) % count
    if (entries[index] !== 'separator') return index
  }
  return -1
}

/** What a typed character means in a menu: the entry to go to, and whether it is the only one and so runs at once. */
export interface AccessMatch {
  readonly index: number
  readonly unique: boolean
}

/** Entry of an access key; without a marked key the first letter counts. Repeated presses walk through equal keys. */
export function accessMatch(entries: readonly MenuEntry[], character: string, from: number): AccessMatch | null {
  const wanted = character.toLowerCase()
  const keyOf = (entry: MenuEntry): string | null => {
    if (entry === 'separator') return null
    const { accessKey, text } = parseLabel(entry.label)
    return accessKey ?? text.charAt(0).toLowerCase()
  }
  const hits = entries.flatMap((entry, index) => (keyOf(entry) === wanted ? [index] : []))
  const index = hits.find((hit) => hit > from) ?? hits[0]
  return index === undefined ? null : { index, unique: hits.length === 1 }
}
