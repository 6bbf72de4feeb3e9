/**
 * What the Windows versions can do with virtual disks, as data (hyper-v-manager 2.7, 4.2, 10.1): formats, and which edits exist.
 */
import type { HostProduct, HostReleaseName } from './hosts.ts'

export interface DiskFeatures {
  /** Formats that the wizards offer, in their order; the first page is left out where there is one. */
  readonly formats: readonly ('vhd' | 'vhdx' | 'vhds')[]
  readonly defaultFormat: 'vhd' | 'vhdx'
  /** Type that is proposed for a new disk of the format. */
  readonly defaultType: { readonly vhd: 'fixed' | 'dynamic'; readonly vhdx: 'dynamic'; readonly vhds: 'dynamic' }
  /** Differencing disks can be converted and expanded, too. */
  readonly editsDifferencing: boolean
  /** Disks can be made smaller (VHDX). */
  readonly shrinks: boolean
}

const FIRST: DiskFeatures = {
  formats: ['vhd'],
  defaultFormat: 'vhd',
  defaultType: { vhd: 'dynamic', vhdx: 'dynamic', vhds: 'dynamic' },
  editsDifferencing: false,
  shrinks: false,
}

const VHDX: DiskFeatures = {
  formats: ['vhd', 'vhdx'],
  defaultFormat: 'vhdx',
  defaultType: { vhd: 'fixed', vhdx: 'dynamic', vhds: 'dynamic' },
  editsDifferencing: true,
  shrinks: true,
}

const SETS: DiskFeatures = { ...VHDX, formats: ['vhd', 'vhdx', 'vhds'] }

const BY_RELEASE: Readonly<Record<HostReleaseName, DiskFeatures>> = {
  '2008': FIRST,
  '2008-r2': FIRST,
  '2012': VHDX,
  '2012-r2': VHDX,
  '2016': SETS,
  '2019': SETS,
  '2022': SETS,
  '2025': SETS,
}

export function diskFeatures(product: Pick<HostProduct, 'release'>): DiskFeatures {
  return BY_RELEASE[product.release]
}
