/**
 * How an address of a guest program becomes one of the host: GVA to GPA to SPA, step by step, for the inspector.
 *
 * A small model of the guest's page tables: an address space is a set of linear ranges. The guest's table pages lie behind one another from
 * the page in CR3 on, one per 512 entries of the level below, as a boot loader lays them out.
 */
import type { GpaMap } from './gpa-map.ts'
import { IntervalMap } from './interval-map.ts'
import type { PageNumber } from './types.ts'

export interface AddressSpace {
  /** Page of the top table. */
  readonly rootPage: PageNumber
  /** 2 (32-bit), 3 (PAE), 4 (long mode) or 5. */
  readonly levels: 2 | 3 | 4 | 5
  /** Virtual pages to guest physical pages; large entries are 512 pages. */
  readonly ranges: IntervalMap<{ readonly gpa: PageNumber; readonly large: boolean }>
}

export class AddressSpaces {
  readonly #spaces = new Map<PageNumber, AddressSpace>()

  get list(): readonly AddressSpace[] {
    return [...this.#spaces.values()]
  }

  get(rootPage: PageNumber): AddressSpace | undefined {
    return this.#spaces.get(rootPage)
  }

  create(rootPage: PageNumber, levels: AddressSpace['levels']): AddressSpace {
    const ranges = new IntervalMap<{ gpa: PageNumber; large: boolean }>({
      shift: (value, by) => ({ ...value, gpa: value.gpa + by }),
      joins: (first, count, second) => first.large === second.large && first.gpa + count === second.gpa,
    })
    const space: AddressSpace = { rootPage, levels, ranges }
    this.#spaces.set(rootPage, space)
    return space
  }

  remove(rootPage: PageNumber): void {
    this.#spaces.delete(rootPage)
  }

  clear(): void {
    this.#spaces.clear()
  }
}

export type TranslationStep =
  | {
      readonly stage: 'guest-table'
      readonly level: number
      readonly index: number
      readonly tableGpa: PageNumber
      readonly tableSpa: PageNumber | undefined
    }
  | { readonly stage: 'host-table'; readonly level: number; readonly index: number }

export interface AddressTranslation {
  readonly gvaPage: PageNumber
  readonly outcome: 'translated' | 'page-not-present' | 'gpa-unmapped'
  readonly gpaPage: PageNumber | undefined
  readonly spaPage: PageNumber | undefined
  readonly steps: readonly TranslationStep[]
  /** Memory references of a walk without caches: n*m + n + m with second-level translation, n with shadow tables. */
  readonly references: number
}

/** References of a two-dimensional walk (hypervisor reference 2.5): `(guest + 1)(host + 1) - 1`; host 0 is native or shadow-filled. */
export function walkReferences(guestLevels: number, hostLevels: number): number {
  return (guestLevels + 1) * (hostLevels + 1) - 1
}

/** Levels of the host's tables for an entry of this many pages, out of four. */
export function hostLevels(size: number): number {
  if (size === 1) return 4
  return size === 512 ? 3 : 2
}

/** Walks both sets of tables. Without second-level translation (`slat` false) the processor walks shadow tables of the guest's depth. */
export function translateAddress(space: AddressSpace, gpaMap: GpaMap, gvaPage: PageNumber, slat: boolean): AddressTranslation {
  const range = space.ranges.at(gvaPage)
  const depth = space.levels - (range?.value.large === true ? 1 : 0)
  const steps: TranslationStep[] = []
  let table = space.rootPage
  for (let level = space.levels; level > space.levels - depth; level--) {
    const span = 512 ** (level - 1)
    const spaRange = gpaMap.at(table)
    steps.push({
      stage: 'guest-table',
      level,
      index: Math.floor(gvaPage / span) % 512,
      tableGpa: table,
      tableSpa: spaRange === undefined ? undefined : spaRange.value.spa + (table - spaRange.start),
    })
    table = space.rootPage + (space.levels - level + 1)
  }
  if (range === undefined)
    return { gvaPage, outcome: 'page-not-present', gpaPage: undefined, spaPage: undefined, steps, references: space.levels }
  const gpaPage = range.value.gpa + (gvaPage - range.start)
  const mapping = gpaMap.at(gpaPage)
  const host = slat ? hostLevels(mapping?.value.size ?? 1) : 0
  const references = slat ? walkReferences(depth, host) : depth
  for (let level = 4; level > 4 - host; level--) {
    steps.push({ stage: 'host-table', level, index: Math.floor(gpaPage / 512 ** (level - 1)) % 512 })
  }
  if (mapping === undefined) return { gvaPage, outcome: 'gpa-unmapped', gpaPage, spaPage: undefined, steps, references }
  return { gvaPage, outcome: 'translated', gpaPage, spaPage: mapping.value.spa + (gpaPage - mapping.start), steps, references }
}
