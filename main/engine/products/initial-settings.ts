/** The settings that a new virtual machine has beyond the wizard's choices (hyper-v-manager 5.13, 10.5). */
import type { VirtualMachineRow } from '../rows.ts'
import { hostFeatures } from './host-features.ts'
import type { HostProduct } from './hosts.ts'

type InitialSettings = Pick<
  VirtualMachineRow,
  | 'checkpointType'
  | 'checkpointPath'
  | 'automaticCheckpoints'
  | 'smartPagingPath'
  | 'startDelaySeconds'
  | 'numLock'
  | 'scsiControllers'
  | 'bootDevices'
>

/** Checkpoint and paging files lie beside the configuration; automatic checkpoints are on for clients, off for servers. */
export function initialSettings(product: HostProduct, configurationPath: string): InitialSettings {
  return {
    checkpointType: hostFeatures(product).productionCheckpoints ? 'production' : 'standard',
    checkpointPath: configurationPath,
    automaticCheckpoints: product.client && hostFeatures(product).automaticCheckpoints,
    smartPagingPath: configurationPath,
    startDelaySeconds: 0,
    numLock: false,
    scsiControllers: 1,
    bootDevices: [],
  }
}
