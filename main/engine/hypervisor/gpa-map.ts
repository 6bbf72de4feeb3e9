/** The guest physical address space of a partition, as ranges (hypervisor reference 1.5). */
import { type Interval, IntervalMap } from './interval-map.ts'
import type { PageNumber } from './types.ts'

/** Access rights: read 1, write 2, kernel execute 4, user execute 8 (HV_MAP_GPA_FLAGS); 0 is inaccessible. */
export type AccessRights = number

export const PAGES_PER_2M = 512
export const PAGES_PER_1G = 512 * 512
export type MappingSize = 1 | typeof PAGES_PER_2M | typeof PAGES_PER_1G

export interface GpaMapping {
  readonly spa: PageNumber
  readonly access: AccessRights
  /** Pages of one entry of the second-level tables. */
  readonly size: MappingSize
}

export type GpaRange = Interval<GpaMapping>

/** What the hypervisor lays over guest memory while enabled. */
export type OverlayKind = 'hypercall' | 'sim' | 'sief' | 'reference-tsc' | 'vp-assist' | 'monitor' | 'stats'

export interface OverlayPage {
  readonly kind: OverlayKind
  readonly page: PageNumber
  /** -1 when the page is the partition's. */
  readonly vpIndex: number
}

export class GpaMap {
  readonly #map = new IntervalMap<GpaMapping>({
    shift: (value, by) => ({ ...value, spa: value.spa + by }),
    joins: (first, count, second) => first.size === second.size && first.access === second.access && first.spa + count === second.spa,
  })
  readonly overlays: OverlayPage[] = []
  /** Entries by size: 4 KiB, 2 MiB, 1 GiB. */
  #small = 0
  #large = 0
  #huge = 0
  modifications = 0

  get ranges(): readonly GpaRange[] {
    return this.#map.intervals
  }

  get pages(): number {
    return this.#small + this.#large * PAGES_PER_2M + this.#huge * PAGES_PER_1G
  }

  get entries4K(): number {
    return this.#small
  }

  get entries2M(): number {
    return this.#large
  }

  get entries1G(): number {
    return this.#huge
  }

  /** Pages that the second-level tables take: one per 512 entries of a level, and the two above. */
  get tablePages(): number {
    if (this.pages === 0) return 0
    return 2 + Math.ceil(this.#small / 512) + Math.ceil(this.#large / 512) + Math.ceil(this.#huge / 512)
  }

  at(page: PageNumber): GpaRange | undefined {
    return this.#map.at(page)
  }

  slice(page: PageNumber, count: number): GpaRange[] {
    return this.#map.slice(page, count)
  }

  overlayAt(page: PageNumber): OverlayPage | undefined {
    return this.overlays.find((overlay) => overlay.page === page)
  }

  /** Places, moves or (page undefined) removes an overlay. */
  setOverlay(kind: OverlayKind, vpIndex: number, page: PageNumber | undefined): void {
    const index = this.overlays.findIndex((overlay) => overlay.kind === kind && overlay.vpIndex === vpIndex)
    if (index >= 0) this.overlays.splice(index, 1)
    if (page !== undefined) this.overlays.push({ kind, vpIndex, page })
  }

  map(page: PageNumber, count: number, mapping: GpaMapping): void {
    this.unmap(page, count)
    this.#map.write(page, count, mapping)
    this.#count(mapping.size, count)
    this.modifications++
  }

  unmap(page: PageNumber, count: number): void {
    this.#splitLargeAt(page)
    this.#splitLargeAt(page + count)
    const parts = this.#map.slice(page, count)
    if (parts.length === 0) return
    for (const part of parts) this.#count(part.value.size, -part.count)
    this.#map.write(page, count, undefined)
    this.modifications++
  }

  /** Changes rights of what is mapped in the range; a part of a large page becomes small pages. */
  protect(page: PageNumber, count: number, access: AccessRights): void {
    this.#splitLargeAt(page)
    this.#splitLargeAt(page + count)
    for (const part of this.#map.slice(page, count)) this.#map.write(part.start, part.count, { ...part.value, access })
    this.modifications++
  }

  clear(): void {
    this.#map.clear()
    this.#small = 0
    this.#large = 0
    this.#huge = 0
  }

  /** A large page that `page` cuts in two is replaced by small pages. */
  #splitLargeAt(page: PageNumber): void {
    const range = this.#map.at(page)
    if (range === undefined || range.value.size === 1 || page % range.value.size === 0) return
    const { size } = range.value
    const start = page - (page % size)
    const spa = range.value.spa + (start - range.start)
    this.#count(size, -size)
    this.#map.write(start, size, { ...range.value, spa, size: 1 })
    this.#count(1, size)
  }

  #count(size: MappingSize, pages: number): void {
    if (size === 1) this.#small += pages
    else if (size === PAGES_PER_2M) this.#large += pages / PAGES_PER_2M
    else this.#huge += pages / PAGES_PER_1G
  }
}
