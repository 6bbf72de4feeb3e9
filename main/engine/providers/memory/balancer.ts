/**
 * Arithmetic of the dynamic memory balancer, one call per cycle of 1 s (hypervisor reference 9; devices reference 6.2). Pure; memory in MiB.
 * What is uncertain in the reference (how fast memory is taken from machines that do not need it) is in {@link balancerRules}.
 */

export const balancerRules = {
  /** Balloon and unballoon work in 2 MiB. */
  stepMb: 2,
  /** What one machine gets in one cycle: "1–2 GB/s after the first chunk". */
  addPerCycleMb: 1024,
  /** Taken per cycle under shortage. */
  removePerCycleMb: 1024,
  /** Taken per cycle from machines above their target while nobody needs it: slow trimming over minutes. */
  trimPerCycleMb: 16,
  /** Weight that changes nothing: the slider's middle. */
  weightMedium: 5000,
} as const

export interface BalancerMachine {
  readonly id: string
  readonly assignedMb: number
  /** Committed memory as reported. */
  readonly demandMb: number
  readonly minimumMb: number
  readonly maximumMb: number
  /** 5–2000 %, default 20. */
  readonly bufferPercent: number
  /** 0–10000, default 5000. */
  readonly weight: number
  /** Most MiB that the guest will give up: it refuses below its floor. */
  readonly removableMb: number
  /** Whether the guest can take memory beyond what was ballooned away (hot add). */
  readonly canHotAdd: boolean
  /** Ballooned away and not given back. */
  readonly balloonedMb: number
  readonly hotAddAlignmentMb: number
}

export interface BalancerStep {
  readonly id: string
  /** Given back from the balloon. */
  readonly unballoonMb: number
  readonly hotAddMb: number
  readonly balloonMb: number
}

/** Pressure in per cent: demand ÷ assigned. */
export function pressureOf(machine: Pick<BalancerMachine, 'demandMb' | 'assignedMb'>): number {
  return machine.assignedMb === 0 ? 0 : (100 * machine.demandMb) / machine.assignedMb
}

/** Demand with its buffer, between minimum and maximum. */
export function targetOf(machine: BalancerMachine): number {
  const wanted = machine.demandMb * (1 + machine.bufferPercent / 100)
  return Math.min(machine.maximumMb, Math.max(machine.minimumMb, Math.ceil(wanted / balancerRules.stepMb) * balancerRules.stepMb))
}

/** Memory status column: `OK`, `Low` (under the target), `Warning` (under demand). */
export function memoryStatus(machine: BalancerMachine): 'OK' | 'Low' | 'Warning' {
  if (machine.assignedMb < machine.demandMb) return 'Warning'
  return machine.assignedMb < targetOf(machine) ? 'Low' : 'OK'
}

/** Available memory as the console shows it: per cent of demand; may be negative. */
export function availablePercent(machine: BalancerMachine): number {
  return machine.demandMb === 0 ? 0 : (100 * (machine.assignedMb - machine.demandMb)) / machine.demandMb
}

/** Pressure with the weight in it: who is above gets memory first, who is below gives first. */
function urgency(machine: BalancerMachine): number {
  return pressureOf(machine) * (1 + (machine.weight - balancerRules.weightMedium) / 10_000)
}

function wholeSteps(mb: number): number {
  return Math.floor(mb / balancerRules.stepMb) * balancerRules.stepMb
}

/**
 * One cycle: `availableMb` is what the host can give beyond its reserve (negative: it lacks memory). Memory is added to the most urgent machine first,
 * unballoon before hot add; taken from the least urgent first, never below minimum or the guest's floor. The sum of what is given never exceeds
 * what the host has.
 */
export function balance(machines: readonly BalancerMachine[], availableMb: number): readonly BalancerStep[] {
  const steps: BalancerStep[] = []
  let free = Math.max(0, availableMb)
  let missing = Math.max(0, -availableMb)
  const order = [...machines].sort((a, b) => urgency(b) - urgency(a) || (a.id < b.id ? -1 : 1))
  for (const machine of order) {
    const wanted = Math.min(targetOf(machine) - machine.assignedMb, balancerRules.addPerCycleMb)
    if (wanted <= 0) continue
    const unballoonMb = wholeSteps(Math.min(wanted, free, machine.balloonedMb))
    free -= unballoonMb
    const rest = wanted - unballoonMb
    const room = Math.min(free, machine.maximumMb - machine.assignedMb - unballoonMb)
    const chunk = machine.hotAddAlignmentMb
    const hotAddMb =
      machine.canHotAdd && rest > 0 && unballoonMb === wholeSteps(machine.balloonedMb)
        ? Math.min(Math.ceil(rest / chunk), Math.floor(room / chunk)) * chunk
        : 0
    free -= hotAddMb
    missing += Math.max(0, rest - hotAddMb)
    if (unballoonMb + hotAddMb > 0) steps.push({ id: machine.id, unballoonMb, hotAddMb, balloonMb: 0 })
  }
  const given = new Set(steps.map((step) => step.id))
  for (const machine of [...order].reverse()) {
    if (given.has(machine.id)) continue
    const surplus = machine.assignedMb - targetOf(machine)
    const shared = missing > 0 ? shareable(machine, order) : 0
    const limit =
      missing > 0
        ? Math.min(Math.max(surplus, shared), missing, balancerRules.removePerCycleMb)
        : Math.min(surplus, balancerRules.trimPerCycleMb)
    const balloonMb = wholeSteps(Math.min(limit, machine.assignedMb - machine.minimumMb, machine.removableMb))
    if (balloonMb <= 0) continue
    missing = Math.max(0, missing - balloonMb)
    steps.push({ id: machine.id, unballoonMb: 0, hotAddMb: 0, balloonMb })
  }
  return steps
}

/** Under shortage a machine gives its buffer too, until its urgency reaches that of the neediest. */
function shareable(machine: BalancerMachine, order: readonly BalancerMachine[]): number {
  const neediest = order[0]
  if (neediest === undefined || neediest.id === machine.id) return 0
  const highest = Math.max(urgency(neediest), 1)
  const factor = 1 + (machine.weight - balancerRules.weightMedium) / 10_000
  const assignedAtEquilibrium = (100 * machine.demandMb * factor) / highest
  return Math.max(0, machine.assignedMb - Math.max(assignedAtEquilibrium, machine.minimumMb))
}

/** Memory below which a Linux guest refuses to give (devices reference 6.1), MiB of total RAM. */
export function linuxFloorMb(totalMb: number): number {
  if (totalMb < 128) return 8 + totalMb / 2
  if (totalMb < 512) return 40 + totalMb / 4
  if (totalMb < 2048) return 104 + totalMb / 8
  if (totalMb < 8192) return 232 + totalMb / 16
  return 488 + totalMb / 32
}
