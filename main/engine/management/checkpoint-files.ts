/** Files of checkpoints and of saved states beside the disks: names, places and sizes by host version (formats-and-mobility 3.2, 3.4, 9). */
import { calendarOf, shortDateText } from '../guest/calendar.ts'
import { TICKS_PER_MS } from '../kernel/ticks.ts'
import { checkpointFeatures } from '../products/checkpoint-features.ts'
import { hostProduct } from '../products/hosts.ts'
import type { HostFileKind, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { joinPath, putFile, removeFile } from './paths.ts'

const BYTES_PER_KB = 1024
const BYTES_PER_MB = 1024 * 1024

export interface PlannedFile {
  readonly path: string
  readonly kind: HostFileKind
  readonly sizeBytes: number
}

/** Device state beside the memory, bytes: a few MB and 1 MB for each GB of memory (formats-and-mobility 9). */
function deviceStateBytes(memoryMb: number): number {
  return 5 * BYTES_PER_MB + Math.ceil(memoryMb / 1024) * BYTES_PER_MB
}

/** Files of a saved state. `folder` is the one of the configuration, `id` the machine's or the checkpoint's. */
export function savedStateFiles(world: World, vm: VirtualMachineRow, folder: string, id: string, memoryMb: number): readonly PlannedFile[] {
  const product = hostProduct(world.tables.host.require(vm.hostId).productId)
  if (checkpointFeatures(product).oneStateFile) {
    return [{ path: joinPath(folder, `${id}.vmrs`), kind: 'vmrs', sizeBytes: memoryMb * BYTES_PER_MB }]
  }
  const own = joinPath(folder, id)
  return [
    { path: joinPath(own, `${id}.bin`), kind: 'other', sizeBytes: memoryMb * BYTES_PER_MB },
    { path: joinPath(own, `${id}.vsv`), kind: 'other', sizeBytes: deviceStateBytes(memoryMb) },
  ]
}

/** Files of a checkpoint: its configuration and, with `memoryMb` above 0, its saved state; from 2016 on an empty one otherwise. */
export function checkpointFiles(world: World, vm: VirtualMachineRow, checkpointId: string, memoryMb: number): readonly PlannedFile[] {
  const product = hostProduct(world.tables.host.require(vm.hostId).productId)
  const folder = joinPath(vm.checkpointPath, 'Snapshots')
  const modern = checkpointFeatures(product).oneStateFile
  const configuration: PlannedFile = modern
    ? { path: joinPath(folder, `${checkpointId}.vmcx`), kind: 'vmcx', sizeBytes: 48 * BYTES_PER_KB }
    : { path: joinPath(folder, `${checkpointId}.xml`), kind: 'other', sizeBytes: 32 * BYTES_PER_KB }
  if (memoryMb > 0) return [configuration, ...savedStateFiles(world, vm, folder, checkpointId, memoryMb)]
  return modern
    ? [configuration, { path: joinPath(folder, `${checkpointId}.vmrs`), kind: 'vmrs', sizeBytes: 54 * BYTES_PER_KB }]
    : [configuration]
}

export function putFiles(world: World, hostId: string, files: readonly PlannedFile[]): void {
  for (const file of files) {
    putFile(world, { hostId, ...file, capacityBytes: 0, diskType: null, parentPath: null, guestProductId: null })
  }
}

export function removeFiles(world: World, hostId: string, files: readonly PlannedFile[]): void {
  for (const { path } of files) removeFile(world, hostId, path)
}

/** `M/D/YYYY - h:mm:ss AM` of the present moment, as default names have it (hyper-v-manager 6.1). */
function timeText(world: World): string {
  const time = calendarOf(world.lab.startTimeMs + Math.floor(world.now / TICKS_PER_MS))
  const two = (value: number): string => String(value).padStart(2, '0')
  const hour = time.hour % 12 === 0 ? 12 : time.hour % 12
  return `${shortDateText(time)} - ${hour}:${two(time.minute)}:${two(time.second)} ${time.hour < 12 ? 'AM' : 'PM'}`
}

/** Characters of a checkpoint's name at the most. */
const NAME_CHARACTERS_MAX = 100

/** `NAME - (M/D/YYYY - h:mm:ss AM)`; a long name is cut so that the whole keeps to the limit of names. */
export function defaultCheckpointName(world: World, vm: VirtualMachineRow, automatic = false): string {
  const before = automatic ? 'Automatic Checkpoint - ' : ''
  const after = ` - (${timeText(world)})`
  return `${before}${vm.name.slice(0, NAME_CHARACTERS_MAX - before.length - after.length)}${after}`
}
