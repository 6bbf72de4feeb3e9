/** Pure arithmetic of splitters. */

export interface SplitLimits {
  /** Least size in CSS pixels. */
  readonly min: number
  /** Greatest size in CSS pixels. */
  readonly max: number
}

/** A size within its limits; the least size wins when they cross. */
export function clampSize(size: number, { min, max }: SplitLimits): number {
  return Math.round(Math.max(min, Math.min(max, size)))
}

/** Size after a key, or null for keys without meaning. Arrows move 10 pixels, with Shift 50; Home and End go to the limits. */
export function sizeAfterKey(
  key: string,
  shift: boolean,
  size: number,
  limits: SplitLimits,
  orientation: 'vertical' | 'horizontal',
  reversed: boolean,
): number | null {
  const step = (shift ? 50 : 10) * (reversed ? -1 : 1)
  const [less, more] = orientation === 'vertical' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown']
  if (key === less) return clampSize(size - step, limits)
  if (key === more) return clampSize(size + step, limits)
  if (key === 'Home') return clampSize(limits.min, limits)
  if (key === 'End') return clampSize(limits.max, limits)
  return null
}

/** Heights of stacked panes: wanted heights are shares of what is left after the fixed ones. `null` = not resizable at present (collapsed). */
export function shareHeights(weights: readonly (number | null)[], available: number, min: number): readonly (number | null)[] {
  const total = weights.reduce<number>((sum, weight) => sum + (weight ?? 0), 0)
  if (total <= 0) return weights
  let left = available
  const last = weights.findLastIndex((weight) => weight !== null)
  return weights.map((weight, index) => {
    if (weight === null) return null
    const height = index === last ? Math.max(0, left) : Math.min(left, Math.max(min, Math.round((weight / total) * available)))
    left -= height
    return height
  })
}

/** Moves the border after the pane at `index` by `delta` pixels; its next open neighbour gives or takes. Heights stay at or above `min`. */
export function moveBorder(heights: readonly (number | null)[], index: number, delta: number, min: number): readonly (number | null)[] {
  const next = heights.findIndex((height, at) => at > index && height !== null)
  const upper = heights[index]
  const lower = heights[next]
  if (upper === null || upper === undefined || lower === null || lower === undefined) return heights
  const moved = Math.max(Math.min(0, min - upper), Math.min(delta, Math.max(0, lower - min)))
  return heights.map((height, at) => (at === index ? upper + moved : at === next ? lower - moved : height))
}
