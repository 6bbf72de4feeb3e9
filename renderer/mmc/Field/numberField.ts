/** The next value of a number box after an arrow: the next multiple of the step is not sought, limits hold, an empty box starts at the lower limit. */
export function steppedNumber(
  value: number | null,
  direction: 1 | -1,
  step: number,
  min: number = Number.MIN_SAFE_INTEGER,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  if (value === null) return min > Number.MIN_SAFE_INTEGER ? min : 0
  return Math.max(min, Math.min(max, value + direction * step))
}
