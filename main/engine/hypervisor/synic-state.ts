/** State of one VP's synthetic interrupt controller and local APIC (hypervisor reference 3.1, 3.2, 2.6). */
import type { Tick } from '../kernel/ticks.ts'
import { EVENT_FLAGS } from './ports.ts'
import type { MessageSlot, PageNumber, SynicMessage } from './types.ts'

export const SINT_COUNT = 16
export const TIMER_COUNT = 4

/** SINT register: 7:0 vector, 16 masked, 17 AutoEOI, 18 polling, 19 as intercept, 20 proxy (TLFS 11.8). */
export const SintBit = { Masked: 0x1_0000, AutoEoi: 0x2_0000, Polling: 0x4_0000 } as const
export const SINT_RESET = SintBit.Masked

/** A message waiting for its slot. */
export interface QueuedMessage extends SynicMessage {
  readonly originationId: number
  /** Port whose buffer it holds: `<owner>/<id>`; undefined for buffers of the VP itself (intercept, timer, direct). */
  readonly port: { readonly ownerId: number; readonly portId: number } | undefined
  /** Timer whose one buffer it holds, -1 for none. */
  readonly timer: number
}

/** A synthetic timer (hypervisor reference 3.6). */
export interface SyntheticTimer {
  enabled: boolean
  periodic: boolean
  lazy: boolean
  autoEnable: boolean
  direct: boolean
  /** APIC vector of direct mode. */
  vector: number
  sint: number
  /** One-shot: absolute reference time; periodic: the period; 0 stops. 100 ns. */
  count: number
  /** Reference time of the next expiry while running, -1 otherwise. */
  due: number
  /** Periods that could not be delivered yet. */
  backlog: number
  /** Counts changes, so that entries of the due queue for older settings are skipped. */
  version: number
}

export function newTimer(): SyntheticTimer {
  return {
    enabled: false,
    periodic: false,
    lazy: false,
    autoEnable: false,
    direct: false,
    vector: 0,
    sint: 0,
    count: 0,
    due: -1,
    backlog: 0,
    version: 0,
  }
}

export class SynicState {
  enabled = false
  /** Page of the SIM overlay, -1 while disabled. */
  simPage: PageNumber = -1
  siefPage: PageNumber = -1
  /** Registers as last written, with disabled addresses kept. */
  simp = 0n
  siefp = 0n
  readonly sints = new Uint32Array(SINT_COUNT).fill(SINT_RESET)
  readonly slots: (MessageSlot | undefined)[] = new Array<undefined>(SINT_COUNT).fill(undefined)
  readonly queues: QueuedMessage[][] = Array.from({ length: SINT_COUNT }, () => [])
  /** Event flags by SINT, 2048 bits each; absent until one is set. */
  readonly flags: (Uint32Array | undefined)[] = new Array<undefined>(SINT_COUNT).fill(undefined)
  readonly timers: readonly SyntheticTimer[] = Array.from({ length: TIMER_COUNT }, newTimer)
  /** Tick of the fallback rescan per SINT, -1 for none. */
  readonly retryAt: Tick[] = new Array<number>(SINT_COUNT).fill(-1)

  flagWords(sint: number): Uint32Array {
    let words = this.flags[sint]
    if (words === undefined) {
      words = new Uint32Array(EVENT_FLAGS / 32)
      this.flags[sint] = words
    }
    return words
  }

  vectorOf(sint: number): number {
    return (this.sints[sint] ?? 0) & 0xff
  }

  isMasked(sint: number): boolean {
    return ((this.sints[sint] ?? 0) & SintBit.Masked) !== 0
  }

  isAutoEoi(sint: number): boolean {
    return ((this.sints[sint] ?? 0) & SintBit.AutoEoi) !== 0
  }

  isPolling(sint: number): boolean {
    return ((this.sints[sint] ?? 0) & SintBit.Polling) !== 0
  }
}

/** Interrupt request and service of a local APIC: 256 vectors as bits. */
export class ApicState {
  readonly requested = new Uint32Array(8)
  readonly inService = new Uint32Array(8)
  taskPriority = 0
  /** Spurious-interrupt register, bit 8: software enable. */
  softwareEnabled = true
  /** RFLAGS.IF of the guest's code. */
  interruptsEnabled = true
  nmiPending = false

  highest(bits: Uint32Array): number {
    for (let word = 7; word >= 0; word--) {
      const value = bits[word] ?? 0
      if (value !== 0) return word * 32 + 31 - Math.clz32(value)
    }
    return -1
  }

  /** Processor priority: the greater class of task priority and the interrupt in service. */
  get processorPriority(): number {
    return Math.max(this.taskPriority & 0xf0, Math.max(0, this.highest(this.inService)) & 0xf0)
  }

  set(bits: Uint32Array, vector: number): void {
    const word = vector >>> 5
    bits[word] = ((bits[word] ?? 0) | (1 << (vector & 31))) >>> 0
  }

  clear(bits: Uint32Array, vector: number): void {
    const word = vector >>> 5
    bits[word] = ((bits[word] ?? 0) & ~(1 << (vector & 31))) >>> 0
  }

  /** As after a reset of the processor: nothing asked for, nothing in service. */
  reset(): void {
    this.requested.fill(0)
    this.inService.fill(0)
    this.taskPriority = 0
    this.nmiPending = false
  }

  has(bits: Uint32Array, vector: number): boolean {
    return ((bits[vector >>> 5] ?? 0) & (1 << (vector & 31))) !== 0
  }
}
