/** The guest's row: reading it as typed values, and moving it into a phase with the event that ends the phase. */
import { hashText, randomBits } from '../kernel/random.ts'
import { type Tick, ticksOfMs } from '../kernel/ticks.ts'
import { findGuestProduct, type GuestProduct, type MsRange } from '../products/guests.ts'
import type { GuestRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { type BootCandidate, bootCandidates, installationDisk } from './firmware.ts'
import { type GuestPhase, isTimer, type PhaseContext, phaseRange } from './phases.ts'

/** Kind of the pending event that ends a guest's phase; its target is the virtual machine. */
export const PHASE_EVENT = 'guest.phase'

/** Lines that a text screen remembers, and characters of one. */
export const LINES_MAX = 60
export const LINE_MAX = 160
/** Characters of typed input at the most. */
export const INPUT_MAX = 128

/** The phase of a row. Rows are written by this model only, so that the text is one of its phases. */
export function phaseOf(guest: GuestRow): GuestPhase {
  return guest.phase as GuestPhase
}

export function productOf(guest: GuestRow): GuestProduct | null {
  return guest.productId === null ? null : (findGuestProduct(guest.productId) ?? null)
}

/** The instant that the guest lives in: the lab's, or the one at which its processors were frozen. */
export function guestNow(world: World, guest: GuestRow): Tick {
  return guest.frozenAfter === null ? world.now : guest.phaseTick + guest.frozenAfter
}

/** How far the guest is in its phase: 0 to 1; 0 in a phase without end. */
export function progressOf(world: World, guest: GuestRow): number {
  if (guest.phaseTicks === null || guest.phaseTicks === 0) return 0
  return Math.min(1, Math.max(0, (guestNow(world, guest) - guest.phaseTick) / guest.phaseTicks))
}

/** Lines of the text screen. */
export function linesOf(guest: GuestRow): string[] {
  const lines: unknown = JSON.parse(guest.lines)
  return Array.isArray(lines) ? lines.map(String) : []
}

/** Text of the `lines` column: the last lines, each cut to its bound. */
export function packLines(lines: readonly string[]): string {
  return JSON.stringify(lines.slice(-LINES_MAX).map((line) => line.slice(0, LINE_MAX)))
}

/** A guest without a row of its own yet, in front of its firmware. */
export function blankGuest(vmId: string, now: Tick): GuestRow {
  return {
    id: vmId,
    productId: null,
    phase: 'firmware',
    phaseTick: now,
    phaseTicks: null,
    eventId: null,
    frozenAfter: null,
    bootSource: null,
    bootStep: 0,
    stage: 'normal',
    user: null,
    input: '',
    lines: '[]',
    stopCode: null,
  }
}

/** What the firmware would try at the guest's boot step. */
export function candidateAt(world: World, vm: VirtualMachineRow, guest: GuestRow): BootCandidate | undefined {
  return bootCandidates(world, vm)[guest.bootStep]
}

/** Facts that the phase table decides by. Boot devices are looked at only while the firmware runs. */
export function contextOf(world: World, vm: VirtualMachineRow, guest: GuestRow): PhaseContext {
  const product = productOf(guest)
  const candidates = product === null ? bootCandidates(world, vm) : []
  const candidate = candidates[guest.bootStep]
  const memoryMb = vm.assignedMemoryMb > 0 ? vm.assignedMemoryMb : vm.startupMemoryMb
  return {
    product,
    generation: vm.generation,
    stage: guest.stage,
    device: candidate === undefined ? null : { answer: candidate.answer, range: candidate.range },
    moreDevices: guest.bootStep + 1 < candidates.length,
    hasDisk: guest.stage !== 'setup' || installationDisk(world, vm) !== undefined,
    enoughMemory: product === null || memoryMb >= product.minimumMemoryMb,
  }
}

/**
 * A duration out of a range, ticks. Drawn from the lab's seed, the machine, the phase and the moment, without a stream position: the same
 * start at the same tick takes equally long in every run.
 */
export function drawTicks(world: World, guest: GuestRow, phase: GuestPhase, range: MsRange): Tick {
  const [low, high] = range
  const bits = randomBits(world.lab.seed, hashText(`guest ${guest.id} ${phase}`), world.now + guest.bootStep)
  return ticksOfMs(low + Math.floor((bits / 0x100000000) * (high - low + 1)))
}

/** Puts the row with its new phase and schedules the phase's end. `speedFactor` 2 = work goes twice as fast. */
export function enterPhase(world: World, vm: VirtualMachineRow, guest: GuestRow, phase: GuestPhase, speedFactor: number): void {
  if (guest.eventId !== null) world.events.cancel(guest.eventId)
  const next: GuestRow = { ...guest, phase, phaseTick: world.now, phaseTicks: null, eventId: null, frozenAfter: null }
  const range = phaseRange(phase, contextOf(world, vm, next))
  if (range === null) {
    world.tables.guest.put(next)
    return
  }
  const drawn = drawTicks(world, next, phase, range)
  const phaseTicks = isTimer(phase) ? drawn : Math.max(1, Math.round(drawn / speedFactor))
  const eventId = world.events.schedule(PHASE_EVENT, world.now + phaseTicks, guest.id)
  world.tables.guest.put({ ...next, phaseTicks, eventId })
}
