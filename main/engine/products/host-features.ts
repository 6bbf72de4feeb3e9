/** What a Windows version can do with a machine's settings, as data (hyper-v-manager 5.2 to 5.14, 10.5). */
import type { HostProduct, HostReleaseName } from './hosts.ts'

export interface HostFeatures {
  /** Choice between production and standard checkpoints, and whether to make any: from 2016 on. */
  readonly productionCheckpoints: boolean
  /** Automatic checkpoints: from version 1709 on, so in the servers from 2019 on. */
  readonly automaticCheckpoints: boolean
  /** Dynamic memory with a minimum: from 2012 on. */
  readonly dynamicMemory: boolean
  /** Memory of a running machine can be changed: from 2016 on. */
  readonly runtimeMemory: boolean
  /** SCSI disks can be added to and taken from a running machine: from 2008 R2 on. */
  readonly scsiHotAdd: boolean
  /** A paging file bridges restarts of machines with dynamic memory: from 2012 on. */
  readonly smartPaging: boolean
  /** Name of the page that says where checkpoints lie. */
  readonly checkpointPage: 'Checkpoints' | 'Checkpoint File Location' | 'Snapshot File Location'
}

const OLDEST: HostFeatures = {
  productionCheckpoints: false,
  automaticCheckpoints: false,
  dynamicMemory: false,
  runtimeMemory: false,
  scsiHotAdd: false,
  smartPaging: false,
  checkpointPage: 'Snapshot File Location',
}
const WITH_HOT_ADD: HostFeatures = { ...OLDEST, scsiHotAdd: true }
const WITH_PAGING: HostFeatures = { ...WITH_HOT_ADD, dynamicMemory: true, smartPaging: true }
const WITH_PRODUCTION: HostFeatures = { ...WITH_PAGING, productionCheckpoints: true, runtimeMemory: true, checkpointPage: 'Checkpoints' }
const NEWEST: HostFeatures = { ...WITH_PRODUCTION, automaticCheckpoints: true }

const FEATURES: Readonly<Record<HostReleaseName, HostFeatures>> = {
  '2008': OLDEST,
  '2008-r2': WITH_HOT_ADD,
  '2012': WITH_PAGING,
  '2012-r2': { ...WITH_PAGING, checkpointPage: 'Checkpoint File Location' },
  '2016': WITH_PRODUCTION,
  '2019': NEWEST,
  '2022': NEWEST,
  '2025': NEWEST,
}

export function hostFeatures(product: HostProduct): HostFeatures {
  return FEATURES[product.release]
}
