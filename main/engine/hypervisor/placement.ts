/**
 * Where granted time is spent: the same logical processor as last time, then the ideal NUMA node, then any (hypervisor reference 2.2).
 *
 * Grants are shares of a window, so a VP whose share fits nowhere whole is spread over several processors: it migrates within the window.
 */
import type { LogicalProcessor } from './topology.ts'

const EPSILON = 1e-9

export class Placement {
  readonly lps: readonly LogicalProcessor[]
  /** Share of each processor that is taken, including siblings that must stay idle. */
  readonly used: Float64Array
  /** VPs whose home each processor is. */
  readonly residents: Int32Array
  readonly #byNode: readonly (readonly number[])[]
  readonly #all: readonly number[]

  constructor(lps: readonly LogicalProcessor[]) {
    this.lps = lps
    this.used = new Float64Array(lps.length)
    this.residents = new Int32Array(lps.length)
    const nodes: number[][] = []
    for (const { index, node } of lps) {
      const list = nodes[node] ?? []
      list.push(index)
      nodes[node] = list
    }
    this.#byNode = nodes
    this.#all = lps.map(({ index }) => index)
  }

  clearLoads(): void {
    this.used.fill(0)
  }

  /** Home for a new VP: the processor of the node with the fewest residents. */
  leastPopulated(node: number): number {
    const candidates = this.#byNode[node] ?? this.#all
    let best = candidates[0] ?? 0
    for (const lp of candidates) if ((this.residents[lp] ?? 0) < (this.residents[best] ?? 0)) best = lp
    return best
  }

  fits(lp: number, grant: number, wholeCore: boolean): boolean {
    return this.room(lp, wholeCore) + EPSILON >= grant
  }

  room(lp: number, wholeCore: boolean): number {
    const own = 1 - (this.used[lp] ?? 1)
    const sibling = this.lps[lp]?.sibling ?? -1
    return wholeCore && sibling >= 0 ? Math.min(own, 1 - (this.used[sibling] ?? 1)) : own
  }

  add(lp: number, grant: number, wholeCore: boolean): void {
    this.used[lp] = (this.used[lp] ?? 0) + grant
    const sibling = this.lps[lp]?.sibling ?? -1
    if (wholeCore && sibling >= 0) this.used[sibling] = (this.used[sibling] ?? 0) + grant
  }

  /** One processor with room for the whole grant: home first, then the least used of the node, then of the host; -1 when none has. */
  choose(home: number, node: number, grant: number, wholeCore: boolean): number {
    const homeFits = this.fits(home, grant, wholeCore)
    if (homeFits && (node < 0 || this.lps[home]?.node === node)) return home
    const local = this.#leastUsed(this.#byNode[node] ?? this.#all, grant, wholeCore)
    if (local >= 0 || node < 0) return local
    return homeFits ? home : this.#leastUsed(this.#all, grant, wholeCore)
  }

  /** Spreads a grant that fits nowhere whole: pieces in the order node, others. Returns what found no room. */
  spread(node: number, grant: number, wholeCore: boolean, piece: (lp: number, share: number) => void): number {
    let rest = grant
    const local = this.#byNode[node] ?? []
    for (const lp of [...local, ...this.#all.filter((index) => this.lps[index]?.node !== node || local.length === 0)]) {
      if (rest <= EPSILON) break
      const share = Math.min(rest, this.room(lp, wholeCore))
      if (share <= EPSILON) continue
      this.add(lp, share, wholeCore)
      piece(lp, share)
      rest -= share
    }
    return rest > EPSILON ? rest : 0
  }

  #leastUsed(candidates: readonly number[], grant: number, wholeCore: boolean): number {
    let best = -1
    let most = -1
    for (const lp of candidates) {
      const room = this.room(lp, wholeCore)
      if (room + EPSILON < grant) continue
      if (room > most + EPSILON) {
        most = room
        best = lp
      }
    }
    return best
  }
}
