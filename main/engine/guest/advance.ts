/** One step of a guest: takes an input, moves the row into the next phase, and says what its owner has to carry out. */
import type { GuestRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { bootCandidates, failureLines, installationDisk } from './firmware.ts'
import { FILE_KEY } from './firmware-list.ts'
import { type GuestEffect, type GuestPhase, type PhaseInput, type Transition, transition } from './phases.ts'
import { candidateAt, contextOf, enterPhase, linesOf, packLines, phaseOf, productOf } from './row.ts'
import { startLines } from './shell.ts'

/** What setup writes to the disk of a system, bytes per MB of its idle memory: about 10 GB for a present Windows server. */
const SETUP_BYTES_PER_MEMORY_MB = 12 * 1024 * 1024

/** Stop codes with the number that the crash record names first (Microsoft bug check reference). */
export const STOP_CODES: Readonly<Record<string, string>> = {
  CRITICAL_PROCESS_DIED: '0x000000EF',
  IRQL_NOT_LESS_OR_EQUAL: '0x0000000A',
  PAGE_FAULT_IN_NONPAGED_AREA: '0x00000050',
  INACCESSIBLE_BOOT_DEVICE: '0x0000007B',
  KERNEL_DATA_INPAGE_ERROR: '0x0000007A',
  MANUALLY_INITIATED_CRASH: '0x000000E2',
}

/** Gives the guest an input. A frozen guest, one without a row and one whose phase does not take the input stay as they are. */
export function advanceGuest(
  world: World,
  vmId: string,
  input: PhaseInput,
  speedFactor: number,
  changes: Partial<GuestRow> = {},
): GuestEffect[] {
  const guest = world.tables.guest.get(vmId)
  const vm = world.tables.virtual_machine.get(vmId)
  if (guest === undefined || vm === undefined || guest.frozenAfter !== null) return []
  const taken = transition(phaseOf(guest), input, contextOf(world, vm, guest))
  if (taken === undefined) return []
  const effects = taken.effects.map((kind) => effectOf(world, vm, { ...guest, ...changes }, kind))
  if (taken.effects.includes('installed')) writeInstallation(world, vm, guest)
  const next = { ...guest, ...columnsOf(world, vm, guest, taken), ...changes }
  enterPhase(world, vm, next, taken.next, speedFactor)
  return effects
}

/** Columns that a step changes besides the phase itself. */
function columnsOf(world: World, vm: VirtualMachineRow, guest: GuestRow, taken: Transition): Partial<GuestRow> {
  const from = phaseOf(guest)
  switch (taken.next) {
    case 'firmware':
      return firmwareColumns(world, guest, from)
    case 'boot-attempt':
      return attemptColumns(world, vm, guest, taken)
    case 'boot-failed':
      return { lines: withFailure(world, vm, guest), bootSource: null }
    case 'loader':
      return loaderColumns(world, vm, guest)
    case 'boot-error':
      return {
        lines: packLines(
          from === 'loader' ? memoryError(guest, vm) : ['Setup did not find any hard disk drives installed in your computer.'],
        ),
      }
    case 'signing-in':
    case 'console-password':
      return { user: productOf(guest)?.user ?? null, input: '' }
    case 'lock-screen':
    case 'sign-in':
    case 'console-login':
    case 'console-shell':
      return upColumns(guest, from, taken.next)
    default:
      return { input: '' }
  }
}

/** The reset of a machine forgets everything but that a fresh installation waits for its first start. */
function firmwareColumns(world: World, guest: GuestRow, from: GuestPhase): Partial<GuestRow> {
  const waits = from === 'setup-restarting' || guest.stage === 'first-boot'
  if (from === 'setup-restarting') ejectInstallationDisc(world, guest)
  const cleared = { productId: null, bootSource: null, bootStep: 0, user: null, input: '', lines: '[]', stopCode: null } as const
  return { ...cleared, stage: waits ? 'first-boot' : 'normal' }
}

/** Installers of Linux, FreeBSD and DOS ask for the disc to be taken out; Windows leaves it and lets its prompt time out. */
function ejectInstallationDisc(world: World, guest: GuestRow): void {
  if (guest.bootSource === null || productOf(guest)?.family === 'windows') return
  if (world.tables.drive.has(guest.bootSource)) world.tables.drive.patch(guest.bootSource, { path: null })
}

function attemptColumns(world: World, vm: VirtualMachineRow, guest: GuestRow, taken: Transition): Partial<GuestRow> {
  const bootStep = taken.nextDevice ? guest.bootStep + 1 : 0
  const lines = taken.nextDevice ? withFailure(world, vm, guest) : '[]'
  return { bootStep, lines, bootSource: bootCandidates(world, vm)[bootStep]?.id ?? null }
}

function withFailure(world: World, vm: VirtualMachineRow, guest: GuestRow): string {
  const candidate = candidateAt(world, vm, guest)
  return candidate === undefined ? guest.lines : packLines([...linesOf(guest), ...failureLines(world, vm, candidate)])
}

function loaderColumns(world: World, vm: VirtualMachineRow, guest: GuestRow): Partial<GuestRow> {
  const candidate = candidateAt(world, vm, guest)
  const installer = candidate?.installer === true && candidate.product?.setup != null
  const stage = installer ? 'setup' : guest.stage
  return { productId: candidate?.product?.key ?? null, bootSource: candidate?.id ?? null, stage, lines: '[]', input: '' }
}

/** What a loader says about too little memory: the Windows boot manager's status, or the kernel's panic. */
function memoryError(guest: GuestRow, vm: VirtualMachineRow): string[] {
  const product = productOf(guest)
  const memoryMb = vm.assignedMemoryMb > 0 ? vm.assignedMemoryMb : vm.startupMemoryMb
  if (product?.family !== 'windows')
    return ['Kernel panic - not syncing: System is deadlocked on memory', `Memory: ${memoryMb * 1024}K available`]
  return ['Status: 0xc0000017', 'There is not enough memory available to start this operating system.']
}

function upColumns(guest: GuestRow, from: GuestPhase, next: GuestPhase): Partial<GuestRow> {
  const cameUp = from === 'services' || from === 'oobe'
  const product = productOf(guest)
  if (cameUp) {
    const user = next === 'console-shell' ? (product?.user ?? null) : null
    return { stage: 'normal', user, input: '', lines: packLines(startLines(product)) }
  }
  if (from === 'signing-out' || next === 'console-login') return { user: null, input: '', lines: '[]' }
  return { input: '' }
}

function effectOf(world: World, vm: VirtualMachineRow, guest: GuestRow, kind: GuestEffect['kind']): GuestEffect {
  const product = productOf(guest)
  switch (kind) {
    case 'booted':
      return { kind, productName: product?.name ?? '' }
    case 'crashed': {
      const name = guest.stopCode ?? 'CRITICAL_PROCESS_DIED'
      return { kind, codes: [STOP_CODES[name] ?? '0x00000000', '0x0', '0x0', '0x0', '0x0'] }
    }
    case 'installed': {
      const path = installationDisk(world, vm)?.path ?? ''
      return { kind, path, productId: product?.key ?? '', writtenBytes: (product?.idleMemoryMb ?? 0) * SETUP_BYTES_PER_MEMORY_MB }
    }
    default:
      return { kind }
  }
}

/** Setup puts the system on the first disk and, on Generation 2, its loader in front of the firmware's list. */
function writeInstallation(world: World, vm: VirtualMachineRow, guest: GuestRow): void {
  const disk = installationDisk(world, vm)
  if (disk === undefined || guest.productId === null) return
  world.tables.host_file.patch(disk.id, { guestProductId: guest.productId, modifiedTick: world.now })
  if (vm.generation === 2) {
    const bootOrder = ['file' as const, ...vm.bootOrder.filter((device) => device !== 'file')]
    // A list that the user has ordered gets the loader at its top, too.
    const bootDevices = vm.bootDevices.length === 0 ? [] : [FILE_KEY, ...vm.bootDevices.filter((key) => key !== FILE_KEY)]
    world.tables.virtual_machine.patch(vm.id, { bootOrder, bootDevices })
  }
}
