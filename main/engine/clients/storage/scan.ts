/** What a guest asks a controller about its units, one command after the other (devices reference 2.2 step 8). */

import { srbStatus } from '../../providers/storage/protocol.ts'
import { cdbHex, parseCapacity, parseLunList, scsiCommand } from '../../providers/storage/scsi.ts'
import { toHex } from '../../vmbus/bytes.ts'

/** A unit as the guest found it. */
export interface FoundUnit {
  readonly lun: number
  readonly type: 'disk' | 'dvd'
  readonly vendor: string
  readonly product: string
  readonly revision: string
  /** 0 = no medium. */
  readonly sizeBytes: number
  readonly blockBytes: number
  /** Serial number of page 80h; empty when the unit has none. */
  readonly serial: string
}

export type ScanCommand =
  | 'testUnitReady'
  | 'reportLuns'
  | 'inquiry'
  | 'vpd00'
  | 'vpd80'
  | 'vpd83'
  | 'vpdB0'
  | 'vpdB1'
  | 'vpdB2'
  | 'ready'
  | 'capacity'
  | 'capacity16'
  | 'modeSense'
  | 'partitions'

export interface ScanStep {
  readonly command: ScanCommand
  readonly lun: number
}

/** Command block and data bytes of a step. */
export function scanCdb(command: ScanCommand): { readonly cdb: string; readonly length: number; readonly bytes: number } {
  switch (command) {
    case 'testUnitReady':
    case 'ready':
      return { cdb: cdbHex(scsiCommand.testUnitReady), length: 6, bytes: 0 }
    case 'reportLuns':
      return { cdb: cdbHex(scsiCommand.reportLuns, 0, 0, 0, 0, 0, 0, 0, 0x10, 0), length: 12, bytes: 4096 }
    case 'inquiry':
      return { cdb: cdbHex(scsiCommand.inquiry, 0, 0, 0, 36), length: 6, bytes: 36 }
    case 'capacity':
      return { cdb: cdbHex(scsiCommand.readCapacity10), length: 10, bytes: 8 }
    case 'capacity16':
      return { cdb: cdbHex(scsiCommand.serviceActionIn16, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32), length: 16, bytes: 32 }
    case 'modeSense':
      return { cdb: cdbHex(scsiCommand.modeSense6, 0, 0x3f, 0, 192), length: 6, bytes: 192 }
    case 'partitions':
      return { cdb: cdbHex(scsiCommand.read10, 0, 0, 0, 0, 0, 0, 0, 8), length: 10, bytes: 4096 }
    default:
      return { cdb: cdbHex(scsiCommand.inquiry, 1, Number.parseInt(command.slice(3), 16), 0, 255), length: 6, bytes: 255 }
  }
}

export const scanCommands: readonly ScanCommand[] = [
  'inquiry',
  'vpd00',
  'vpd80',
  'vpd83',
  'vpdB0',
  'vpdB1',
  'vpdB2',
  'ready',
  'capacity',
  'modeSense',
  'partitions',
]

/** Bytes and status of a finished step. */
export interface ScanAnswer {
  readonly srbStatus: number
  readonly data: Uint8Array | undefined
}

/** Plain rows of a scan under way. */
export interface ScanState {
  readonly steps: readonly ScanStep[]
  readonly found: readonly FoundUnit[]
  /** Whether what is found replaces or joins what was known. */
  readonly known: readonly number[]
}

/** The scan after the controller's start. */
export function firstScan(): ScanState {
  return { steps: [{ command: 'reportLuns', lun: 0 }], found: [], known: [] }
}

/** The scan after "rescan": known units are tested first, removed ones dropped. */
export function rescan(units: readonly FoundUnit[]): ScanState {
  const tests = units.map(({ lun }): ScanStep => ({ command: 'testUnitReady', lun }))
  return { steps: [...tests, { command: 'reportLuns', lun: 0 }], found: units, known: units.map((unit) => unit.lun) }
}

/** The state after the first step was answered. */
export function scanNext(state: ScanState, answer: ScanAnswer): ScanState {
  const [step, ...rest] = state.steps
  if (step === undefined) return state
  const code = answer.srbStatus & 0x3f
  if (code === srbStatus.invalidLun || code === srbStatus.noDevice) {
    const gone = (lun: number): boolean => lun !== step.lun
    if (step.command === 'reportLuns') return { ...state, steps: rest }
    return {
      steps: rest.filter((one) => gone(one.lun) || one.command === 'reportLuns'),
      found: state.found.filter((unit) => gone(unit.lun)),
      known: state.known.filter(gone),
    }
  }
  const data = code === srbStatus.success ? answer.data : undefined
  // A unit attention stands before the answer once: the size is asked for again.
  if (step.command === 'testUnitReady') {
    return data === undefined && code !== srbStatus.success
      ? { ...state, steps: [...rest, { command: 'capacity', lun: step.lun }] }
      : { ...state, steps: rest }
  }
  if (data === undefined) return { ...state, steps: rest }
  if (step.command === 'reportLuns') {
    const fresh = parseLunList(data).filter((lun) => !state.known.includes(lun))
    return { ...state, steps: [...rest, ...fresh.flatMap((lun) => scanCommands.map((command): ScanStep => ({ command, lun })))] }
  }
  return { ...state, steps: moreSteps(step, data, rest), found: learn(state.found, step, data) }
}

/** READ CAPACITY(10) that does not reach the end is followed by READ CAPACITY(16). */
function moreSteps(step: ScanStep, data: Uint8Array, rest: readonly ScanStep[]): readonly ScanStep[] {
  const full = step.command === 'capacity' && toHex(data.subarray(0, 4)) === 'ffffffff'
  return full ? [{ command: 'capacity16', lun: step.lun }, ...rest] : rest
}

function learn(found: readonly FoundUnit[], step: ScanStep, data: Uint8Array): readonly FoundUnit[] {
  const text = (from: number, to: number): string => String.fromCharCode(...data.subarray(from, to)).trim()
  const others = found.filter((unit) => unit.lun !== step.lun)
  const unit = found.find((one) => one.lun === step.lun)
  switch (step.command) {
    case 'inquiry': {
      const type = ((data[0] ?? 0) & 31) === 5 ? 'dvd' : 'disk'
      const row: FoundUnit = {
        lun: step.lun,
        type,
        vendor: text(8, 16),
        product: text(16, 32),
        revision: text(32, 36),
        sizeBytes: 0,
        blockBytes: type === 'dvd' ? 2048 : 512,
        serial: '',
      }
      return [...others, row]
    }
    case 'vpd80':
      return unit === undefined ? found : [...others, { ...unit, serial: text(4, data.length) }]
    case 'capacity':
    case 'capacity16': {
      const capacity = parseCapacity(data)
      return unit === undefined || capacity === undefined ? found : [...others, { ...unit, ...capacity }]
    }
    default:
      return found
  }
}
