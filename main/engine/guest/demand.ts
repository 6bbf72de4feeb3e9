/** What a guest asks of processors and memory at an instant: from its phase, its workload and counter-based noise. */
import { hashText, randomBits } from '../kernel/random.ts'
import { TICKS_PER_SECOND, type Tick } from '../kernel/ticks.ts'
import { type WorkloadDemand, type WorkloadMoment, workloadDemand, workloadOf } from '../products/workloads.ts'
import type { GuestRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { type GuestPhase, isUp, kernelRuns } from './phases.ts'
import { productOf } from './row.ts'

/** Processors' worth of work of the phases in which the system is not up (boot profiles of devices 10). */
const PHASE_PROCESSORS: Readonly<Partial<Record<GuestPhase, number>>> = {
  firmware: 0.9,
  'boot-attempt': 0.35,
  'boot-prompt': 0.1,
  // The PC firmware polls the keyboard; UEFI waits for a timer event.
  'boot-failed': 0.05,
  'boot-error': 0.1,
  loader: 0.55,
  kernel: 1.1,
  devices: 1.3,
  services: 1.7,
  'signing-in': 1.4,
  'signing-out': 0.8,
  'setup-loading': 0.9,
  'setup-copying': 1.5,
  'setup-features': 1.3,
  'setup-restarting': 0.1,
  'first-boot': 1.6,
  oobe: 0.7,
  'shutting-down': 0.8,
  restarting: 0.8,
  hibernating: 0.9,
  halted: 1,
  crashed: 0.9,
  hung: 1,
}

/** Part of the idle memory that is in use in the phases before the system is up. */
const PHASE_MEMORY: Readonly<Partial<Record<GuestPhase, number>>> = { kernel: 0.35, devices: 0.55, services: 0.85 }

const UNIFORM = 0x100000000

/** The lab's seed and a hash of the machine: what the noise of a guest hangs on. No stream position is taken. */
function momentOf(world: World, vmId: string, tick: Tick): WorkloadMoment {
  const lab = world.lab
  const stream = hashText(vmId)
  const second = Math.floor(tick / TICKS_PER_SECOND)
  const value = (use: number, at: number): number => randomBits(lab.seed, stream + use, at) / UNIFORM
  const dayMs = 86_400_000
  const msOfDay = (((lab.startTimeMs + second * 1_000) % dayMs) + dayMs) % dayMs
  return {
    second,
    secondOfDay: Math.floor(msOfDay / 1_000),
    noise: (use) => value(use, second),
    drift: (use, seconds) => {
      const step = Math.floor(second / seconds)
      const part = second / seconds - step
      const eased = part * part * (3 - 2 * part)
      const from = value(1_000 + use, step)
      return from + (value(1_000 + use, step + 1) - from) * eased
    },
  }
}

/** What a guest asks for in one second. */
export interface GuestDemand {
  /** Virtual processors that have work; the rest idle. */
  readonly processors: number
  /** Part of each of those, 0 to 1. */
  readonly part: number
  /** Memory in use, MB: never above what the machine can be given. 0 while no system runs. */
  readonly memoryMb: number
  /** Disk and network; undefined while the system is not up. */
  readonly io: WorkloadDemand | undefined
}

/** A guest that has no processor time: frozen, or not there. Its memory stays in use. */
const AT_REST: Pick<GuestDemand, 'processors' | 'part' | 'io'> = { processors: 0, part: 0, io: undefined }

/** Everything that the guest of a machine asks for at `tick`, from one look at its workload. */
export function guestDemand(world: World, vm: VirtualMachineRow, guest: GuestRow | undefined, tick: Tick): GuestDemand {
  if (guest === undefined) return { ...AT_REST, memoryMb: 0 }
  const product = productOf(guest)
  const moment = momentOf(world, vm.id, tick)
  const up = isUp(guest.phase)
  const workload = up ? workloadDemand(workloadOf(vm.workload), moment) : undefined
  const memoryMb = memoryInUse(vm, guest, product?.idleMemoryMb, workload?.memoryMb ?? 0)
  if (guest.frozenAfter !== null) return { ...AT_REST, memoryMb }
  if (workload === undefined) {
    // Until the kernel starts them, the other processors wait: firmware and loader run on the first.
    const processors = kernelRuns(guest.phase) ? vm.processorCount : 1
    return { processors, part: clamp((phaseProcessors(vm, guest) * (0.85 + 0.3 * moment.noise(20))) / processors), memoryMb, io: undefined }
  }
  if (product?.busyWaits) return { processors: 1, part: 1, memoryMb, io: workload }
  const idle = ((product?.idleCpu ?? 0) * (0.4 + 1.2 * moment.noise(21))) / vm.processorCount
  return { processors: vm.processorCount, part: clamp(idle + workload.cpu), memoryMb, io: workload }
}

/** Part of all virtual processors together that the guest asks for, 0 to 1. */
export function cpuDemand(world: World, vmId: string, tick: Tick): number {
  const vm = world.tables.virtual_machine.get(vmId)
  if (vm === undefined) return 0
  const { processors, part } = guestDemand(world, vm, world.tables.guest.get(vmId), tick)
  return (processors * part) / vm.processorCount
}

/** Memory that the guest of a machine uses, MB, as its driver reports it. 0 while no system runs. */
export function memoryDemandMb(world: World, vmId: string, tick: Tick): number {
  const vm = world.tables.virtual_machine.get(vmId)
  return vm === undefined ? 0 : guestDemand(world, vm, world.tables.guest.get(vmId), tick).memoryMb
}

function memoryInUse(vm: VirtualMachineRow, guest: GuestRow, idleMb: number | undefined, workloadMb: number): number {
  if (idleMb === undefined) return 0
  const idle = idleMb * (isUp(guest.phase) ? 1 : (PHASE_MEMORY[guest.phase as GuestPhase] ?? 0.7))
  const ceiling = vm.dynamicMemory ? vm.maximumMemoryMb : Math.floor(vm.assignedMemoryMb * 0.95)
  return Math.min(ceiling, Math.round(idle + workloadMb))
}

function phaseProcessors(vm: VirtualMachineRow, guest: GuestRow): number {
  if (vm.generation === 1 && (guest.phase === 'boot-failed' || guest.phase === 'boot-error')) return 1
  return PHASE_PROCESSORS[guest.phase as GuestPhase] ?? 0
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value))
}
