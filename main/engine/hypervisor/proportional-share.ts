/**
 * Weighted sharing of processor time with reserves and caps (hypervisor reference 2.2).
 *
 * Each VP wants at most `upper` and is owed at least `lower` of a logical processor. What is granted is `weight * level`, kept between the
 * two; the level is the one at which the grants fill the capacity. So a VP below its reserve always comes before VPs above theirs,
 * what one does not want goes to the others by weight, and caps bind on an idle host too.
 */
export interface ShareProblem {
  /** VPs that take part: the arrays are read at 0 .. count - 1. */
  readonly count: number
  readonly lower: Float64Array
  readonly upper: Float64Array
  readonly weight: Float64Array
  /** Logical processors that one unit of a VP's time occupies: 2 where its core's other thread must stay idle. */
  readonly occupancy: Float64Array
  /** Logical processors. */
  readonly capacity: number
}

/** Writes the grants, in logical processors; returns true when the capacity did not suffice for what was wanted. */
export function shareCapacity(problem: ShareProblem, grants: Float64Array): boolean {
  const { count, upper, lower, occupancy, capacity } = problem
  let wanted = 0
  let owed = 0
  for (let i = 0; i < count; i++) {
    const occupies = occupancy[i] ?? 1
    wanted += (upper[i] ?? 0) * occupies
    owed += (lower[i] ?? 0) * occupies
  }
  if (wanted <= capacity * (1 + 1e-12)) {
    for (let i = 0; i < count; i++) grants[i] = upper[i] ?? 0
    return false
  }
  if (owed >= capacity) {
    const scale = capacity / owed
    for (let i = 0; i < count; i++) grants[i] = (lower[i] ?? 0) * scale
    return true
  }
  const level = levelOf(problem)
  for (let i = 0; i < count; i++) grants[i] = grantAt(problem, i, level)
  return true
}

function grantAt({ lower, upper, weight }: ShareProblem, i: number, level: number): number {
  const share = (weight[i] ?? 0) * level
  return Math.min(upper[i] ?? 0, Math.max(lower[i] ?? 0, share))
}

/** The total is piecewise linear in the level: find the piece between two breakpoints, then solve it exactly. */
function levelOf(problem: ShareProblem): number {
  const { count, lower, upper, weight, occupancy, capacity } = problem
  const points = new Float64Array(count * 2)
  for (let i = 0; i < count; i++) {
    points[2 * i] = (lower[i] ?? 0) / (weight[i] ?? 1)
    points[2 * i + 1] = (upper[i] ?? 0) / (weight[i] ?? 1)
  }
  points.sort()
  let low = 0
  let high = points.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (totalAt(problem, points[middle] ?? 0) <= capacity) low = middle
    else high = middle - 1
  }
  const base = points[low] ?? 0
  let fixed = 0
  let slope = 0
  for (let i = 0; i < count; i++) {
    const w = weight[i] ?? 1
    const occupies = occupancy[i] ?? 1
    const least = lower[i] ?? 0
    const most = upper[i] ?? 0
    if (base * w >= least && base * w < most) slope += w * occupies
    else fixed += (base * w < least ? least : most) * occupies
  }
  return slope > 0 ? (capacity - fixed) / slope : base
}

function totalAt(problem: ShareProblem, level: number): number {
  let total = 0
  for (let i = 0; i < problem.count; i++) total += grantAt(problem, i, level) * (problem.occupancy[i] ?? 1)
  return total
}
