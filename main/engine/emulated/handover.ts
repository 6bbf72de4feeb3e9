/**
 * How a generation 1 disk comes from INT 13h over the emulated controller to the integration filter (devices reference 8.4). Pure: state and input give
 * the next state. Without integration components the disk stays emulated for ever; the optical drive and the legacy network adapter always do.
 */

/** Who serves reads and writes of the disk. */
export type DiskPath =
  /** The BIOS, by one port write per transfer. */
  | 'int13'
  /** The guest's IDE driver, register by register. */
  | 'emulated'
  /** storflt (Windows) or hv_storvsc (Linux) over the VMBus. */
  | 'filter'
  /** Crash dump and hibernation: the storage driver's polled path. */
  | 'dump'

export interface HandoverState {
  readonly path: DiskPath
  /** The IDE driver is there: IDENTIFY, SET FEATURES and power commands go to it as long as the machine runs. */
  readonly ideDriver: boolean
  /** The accelerator's channel was offered to the running system. */
  readonly offered: boolean
  /** Linux: the emulated disk is hidden and the disk has another driver from the start. */
  readonly claimedByVmbus: boolean
}

export type HandoverInput =
  /** The firmware starts, or the machine is reset. */
  | 'reset'
  /** The system's IDE driver takes the controller (atapi, intelide, ata_piix). */
  | 'ideDriverLoaded'
  /** The IDE accelerator was offered to the system's VMBus driver. */
  | 'acceleratorOffered'
  /** Windows: the filter opened the channel, its start sequence is done. */
  | 'filterReady'
  /** Linux: hv_storvsc is ready, ata_piix ignores the device. */
  | 'storvscClaimed'
  /** The channel was closed or rescinded: the filter lets requests through again. */
  | 'channelClosed'
  /** The system writes its memory to disk after a crash, or hibernates. */
  | 'dumpBegins'

export const handoverStart: HandoverState = { path: 'int13', ideDriver: false, offered: false, claimedByVmbus: false }

export function handoverStep(state: HandoverState, input: HandoverInput): HandoverState {
  switch (input) {
    case 'reset':
      return handoverStart
    case 'ideDriverLoaded':
      return { ...state, ideDriver: true, path: state.path === 'int13' && !state.claimedByVmbus ? 'emulated' : state.path }
    case 'acceleratorOffered':
      return { ...state, offered: true }
    case 'filterReady':
      return state.offered && state.ideDriver ? { ...state, path: 'filter' } : state
    case 'storvscClaimed':
      return state.offered ? { ...state, path: 'filter', claimedByVmbus: true } : state
    case 'channelClosed':
      return { ...state, offered: false, claimedByVmbus: false, path: state.ideDriver ? 'emulated' : 'int13' }
    case 'dumpBegins':
      return state.path === 'filter' ? { ...state, path: 'dump' } : state
  }
}

/** Kinds of requests that a disk gets. */
export type DiskRequestKind = 'read' | 'write' | 'flush' | 'identify' | 'setFeatures' | 'power'

/** Path of one request: the filter diverts only read, write and flush. */
export function pathOf(state: HandoverState, request: DiskRequestKind): DiskPath {
  const diverted = request === 'read' || request === 'write' || request === 'flush'
  if (state.path === 'filter' && !diverted && !state.claimedByVmbus) return 'emulated'
  return state.path
}
