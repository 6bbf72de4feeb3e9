/** How a Windows version makes and merges checkpoints, as data (formats-and-mobility 3.2 to 3.4). */
import { hostFeatures } from './host-features.ts'
import type { HostProduct, HostReleaseName } from './hosts.ts'

export interface CheckpointFeatures {
  /** Disks are merged while a machine runs: from 2012 on. Before, only while it is off or saved. */
  readonly liveMerge: boolean
  /** Memory is written while the machine runs on: from 2012 on. Before, it stands still until all is written. */
  readonly backgroundWrite: boolean
  /** Saved memory and devices in one file beside the configuration (.vmrs): from 2016 on. Before, .bin and .vsv in a folder. */
  readonly oneStateFile: boolean
  /** The guest can be asked for a consistent disk: from 2016 on. */
  readonly production: boolean
}

const OLD: Omit<CheckpointFeatures, 'production'> = { liveMerge: false, backgroundWrite: false, oneStateFile: false }
const LIVE: Omit<CheckpointFeatures, 'production'> = { liveMerge: true, backgroundWrite: true, oneStateFile: false }
const MODERN: Omit<CheckpointFeatures, 'production'> = { ...LIVE, oneStateFile: true }

const FEATURES: Readonly<Record<HostReleaseName, Omit<CheckpointFeatures, 'production'>>> = {
  '2008': OLD,
  '2008-r2': OLD,
  '2012': LIVE,
  '2012-r2': LIVE,
  '2016': MODERN,
  '2019': MODERN,
  '2022': MODERN,
  '2025': MODERN,
}

export function checkpointFeatures(product: HostProduct): CheckpointFeatures {
  return { ...FEATURES[product.release], production: hostFeatures(product).productionCheckpoints }
}

/** Checkpoints of one machine at the most, on every version. */
export const CHECKPOINTS_MAX = 50
