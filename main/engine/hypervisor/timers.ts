/** Synthetic timers and the reference clock (hypervisor reference 3.6, 1.11). */
import { requestInterrupt } from './apic.ts'
import { type Core, canExecute } from './core.ts'
import { VP_EVENT } from './counter-names.ts'
import { liveVps, type Partition, type VirtualProcessor } from './partition.ts'
import { enqueueMessage } from './synic.ts'
import type { SyntheticTimer } from './synic-state.ts'
import { HvMessageType } from './types.ts'

/** Missed periods beyond which a timer skips instead of catching up (model; the specification gives no number). */
export const CATCH_UP_MAX = 50
/** Bytes of a timer message: index, reserved, expiration, delivery. */
const TIMER_MESSAGE_BYTES = 24

/** CONFIG as a register value. */
export function timerConfig(timer: SyntheticTimer): bigint {
  const bits =
    (timer.enabled ? 1 : 0) |
    (timer.periodic ? 2 : 0) |
    (timer.lazy ? 4 : 0) |
    (timer.autoEnable ? 8 : 0) |
    (timer.vector << 4) |
    (timer.direct ? 0x1000 : 0)
  return BigInt(bits) | (BigInt(timer.sint) << 16n)
}

/** Writes CONFIG. A message-mode timer on SINT 0 is disabled at once. */
export function writeTimerConfig(core: Core, vp: VirtualProcessor, index: number, value: bigint): boolean {
  const timer = vp.synic.timers[index]
  if (timer === undefined) return false
  const bits = Number(value & 0xf_ffffn)
  const direct = (bits & 0x1000) !== 0
  if (direct && !core.platform.release.directTimers) return false
  timer.enabled = (bits & 1) !== 0
  timer.periodic = (bits & 2) !== 0
  timer.lazy = (bits & 4) !== 0
  timer.autoEnable = (bits & 8) !== 0
  timer.vector = (bits >>> 4) & 0xff
  timer.direct = direct
  timer.sint = (bits >>> 16) & 0xf
  if (timer.enabled && !timer.direct && timer.sint === 0) timer.enabled = false
  arm(core, vp, index, timer)
  return true
}

/** Writes COUNT: 0 stops, AutoEnable starts. */
export function writeTimerCount(core: Core, vp: VirtualProcessor, index: number, value: bigint): boolean {
  const timer = vp.synic.timers[index]
  if (timer === undefined) return false
  timer.count = Number(value)
  if (timer.count === 0) timer.enabled = false
  else if (timer.autoEnable) timer.enabled = timer.direct || timer.sint !== 0
  arm(core, vp, index, timer)
  return true
}

function arm(core: Core, vp: VirtualProcessor, index: number, timer: SyntheticTimer): void {
  timer.version++
  timer.backlog = 0
  if (!timer.enabled || timer.count === 0) {
    timer.due = -1
    return
  }
  const reference = core.referenceTime(vp.partition)
  timer.due = timer.periodic ? reference + timer.count : Math.max(timer.count, reference)
  schedule(core, vp, index, timer)
}

function schedule(core: Core, vp: VirtualProcessor, index: number, timer: SyntheticTimer): void {
  if (timer.due < 0 || vp.partition.frozenAt >= 0) return
  const tick = vp.partition.referenceBase + timer.due
  core.due.push(tick, { kind: 'timer', partitionId: vp.partition.id, vpIndex: vp.index, index, version: timer.version })
}

/** A timer's due time has come. Never early; a VP that cannot run takes it when it runs again. */
export function expireTimer(core: Core, vp: VirtualProcessor, index: number, timer: SyntheticTimer): void {
  if (!canExecute(vp)) return
  const expiration = timer.due
  if (!timer.periodic) {
    timer.enabled = false
    timer.due = -1
    timer.version++
  } else {
    if (timer.backlog > 0) timer.backlog--
    const step = timer.backlog > 0 ? Math.max(1, Math.floor(timer.count / 2)) : timer.count
    timer.due = expiration + step
    timer.version++
    schedule(core, vp, index, timer)
  }
  deliver(core, vp, index, timer, expiration)
}

/** The VP runs again: what fell due meanwhile fires now; lazy timers once, others then catch up with shorter periods. */
export function resumeTimers(core: Core, vp: VirtualProcessor): void {
  const reference = core.referenceTime(vp.partition)
  for (const [index, timer] of vp.synic.timers.entries()) {
    if (!timer.enabled || timer.due < 0 || timer.due > reference) continue
    timer.version++
    if (timer.periodic) {
      const missed = Math.floor((reference - timer.due) / timer.count) + 1
      const owed = timer.lazy ? 1 : Math.min(missed, CATCH_UP_MAX)
      vp.partition.skippedTimerTicks += missed - owed
      timer.backlog = owed
      timer.due = reference
    }
    expireTimer(core, vp, index, timer)
  }
}

/** Direct mode raises the vector; message mode queues one message, into which later expiries fold while it waits. */
function deliver(core: Core, vp: VirtualProcessor, index: number, timer: SyntheticTimer, expirationTime: number): void {
  if (core.trace.on) core.trace.record(core.now(), vp.partition.id, vp.index, 'timer', { index, expirationTime, direct: timer.direct })
  if (timer.direct) {
    core.notifier.timerExpired(vp.partition.id, vp.index, index, expirationTime)
    requestInterrupt(core, vp, timer.vector)
    return
  }
  const queue = vp.synic.queues[timer.sint]
  const payload = { timerIndex: index, expirationTime, deliveryTime: core.referenceTime(vp.partition) }
  const waiting = queue?.findIndex((message) => message.timer === index) ?? -1
  const old = queue?.[waiting]
  if (queue !== undefined && old !== undefined) queue[waiting] = { ...old, payload }
  else {
    enqueueMessage(core, vp, timer.sint, {
      type: HvMessageType.TimerExpired,
      payloadSize: TIMER_MESSAGE_BYTES,
      payload,
      originationId: 0,
      port: undefined,
      timer: index,
    })
  }
  core.notifier.timerExpired(vp.partition.id, vp.index, index, expirationTime)
}

/** Stops (or lets go on) the partition's reference time and with it its timers: property TimeFreeze. */
export function setTimeFrozen(core: Core, partition: Partition, frozen: boolean): void {
  if (frozen === partition.frozenAt >= 0) return
  if (frozen) {
    partition.frozenAt = core.referenceTime(partition)
    for (const vp of liveVps(partition)) for (const timer of vp.synic.timers) timer.version++
    return
  }
  partition.referenceBase = core.now() - partition.frozenAt
  partition.frozenAt = -1
  rescheduleTimers(core, partition)
}

/** Sets the reference time (after a restore or migration): it goes on from `time`, and the TSC page gets a new sequence. */
export function setReferenceTime(core: Core, partition: Partition, time: number, tscSequence: number): void {
  if (partition.frozenAt >= 0) partition.frozenAt = time
  else partition.referenceBase = core.now() - time
  partition.msrs.tscSequence = tscSequence
  rescheduleTimers(core, partition)
}

/** Puts all running timers into the due queue, after the clock or the whole instance was restored. */
export function rescheduleTimers(core: Core, partition: Partition): void {
  for (const vp of liveVps(partition)) {
    for (const [index, timer] of vp.synic.timers.entries()) {
      timer.version++
      if (timer.enabled) schedule(core, vp, index, timer)
    }
  }
}

/** Reference TSC page (TLFS 12.7): time = (TSC * scale >> 64) + offset. Sequence 0 means: read the MSR instead. */
export interface ReferenceTscPage {
  readonly sequence: number
  readonly scale: bigint
  readonly offset: bigint
}

/** Time-stamp counter of the host at a tick; it started with the lab. */
export function tscAt(core: Core, tick: number): bigint {
  return (BigInt(tick) * BigInt(Math.round(core.platform.frequencyHz))) / 10_000_000n
}

/** The page's content, undefined while the guest has not enabled it. */
export function referenceTscPage(core: Core, partition: Partition): ReferenceTscPage | undefined {
  if ((partition.msrs.referenceTsc & 1n) === 0n) return undefined
  if (partition.frozenAt >= 0) return { sequence: 0, scale: 0n, offset: 0n }
  const frequency = BigInt(Math.round(core.platform.frequencyHz))
  const scale = (10_000_000n << 64n) / frequency
  return { sequence: partition.msrs.tscSequence, scale, offset: BigInt(-partition.referenceBase) }
}

/** What a guest computes from the page. */
export function timeFromPage(page: ReferenceTscPage, tsc: bigint): bigint {
  return ((tsc * page.scale) >> 64n) + page.offset
}

/** Reading the reference counter by MSR: one exit. */
export function readReferenceCounter(core: Core, vp: VirtualProcessor): bigint {
  core.exit(vp, VP_EVENT.MsrAccesses, 'hypervisorIntercept')
  return BigInt(core.referenceTime(vp.partition))
}
