/**
 * What a guest does to an emulated device: one event for each access that leaves the guest, each interrupt, each copy of data
 * (devices reference 8.2, 8.3; core sheet 6.3, 6.4). Costs follow from the counts and the hypervisor's cost table.
 */
import type { CostKey } from '../hypervisor/cost-table.ts'

export type EmulatedEvent =
  /** IN or OUT, decoded by the worker process. `elements` above 1 = a string instruction that the emulator takes as one. */
  | {
      readonly kind: 'port'
      readonly access: 'in' | 'out'
      readonly port: number
      readonly width: 1 | 2 | 4
      readonly elements: number
      readonly what: string
    }
  /** Access to a memory-mapped register, with instruction fetch and decode in the worker process. */
  | { readonly kind: 'mmio'; readonly access: 'read' | 'write'; readonly address: number; readonly width: 1 | 2 | 4; readonly what: string }
  /** An access that the hypervisor completes itself: local APIC, PM timer with assist. */
  | { readonly kind: 'hypervisor'; readonly device: 'apic' | 'pmTimer'; readonly what: string }
  | { readonly kind: 'interrupt'; readonly irq: number }
  /** Bytes copied between the worker's buffer and guest memory. */
  | { readonly kind: 'copy'; readonly bytes: number; readonly what: string }

/** The accesses of one operation in order. */
export type EmulatedOperation = Generator<EmulatedEvent, void, void>

/** How a guest ends an interrupt: 8259 (IRQ 8–15 need both), local APIC, or no exit at all (virtual APIC). */
export type InterruptController = 'pic' | 'apic' | 'none'

export function portIn(port: number, what: string, width: 1 | 2 | 4 = 1, elements = 1): EmulatedEvent {
  return { kind: 'port', access: 'in', port, width, elements, what }
}

export function portOut(port: number, what: string, width: 1 | 2 | 4 = 1, elements = 1): EmulatedEvent {
  return { kind: 'port', access: 'out', port, width, elements, what }
}

/** An interrupt and, at its end, the end-of-interrupt command. */
export function* interrupt(irq: number, controller: InterruptController, service: Iterable<EmulatedEvent>): EmulatedOperation {
  yield { kind: 'interrupt', irq }
  yield* service
  yield* endOfInterrupt(irq, controller)
}

export function* endOfInterrupt(irq: number, controller: InterruptController): EmulatedOperation {
  if (controller === 'apic') yield { kind: 'hypervisor', device: 'apic', what: 'EOI' }
  if (controller !== 'pic') return
  if (irq >= 8) yield portOut(0xa0, 'EOI to the slave')
  yield portOut(0x20, 'EOI to the master')
}

/** Counts of one operation. */
export interface EmulatedCounts {
  /** Port accesses that went to the worker process. */
  readonly port: number
  readonly mmio: number
  /** Completed in the hypervisor. */
  readonly hypervisor: number
  readonly interrupts: number
  readonly copies: number
  readonly copiedBytes: number
}

export function countEvents(events: Iterable<EmulatedEvent>): EmulatedCounts {
  const counts = { port: 0, mmio: 0, hypervisor: 0, interrupts: 0, copies: 0, copiedBytes: 0 }
  for (const event of events) {
    if (event.kind === 'port') counts.port++
    else if (event.kind === 'mmio') counts.mmio++
    else if (event.kind === 'hypervisor') counts.hypervisor++
    else if (event.kind === 'interrupt') counts.interrupts++
    else {
      counts.copies++
      counts.copiedBytes += event.bytes
    }
  }
  return counts
}

/** Accesses that the worker process serves: what the reference calls intercepts. */
export function workerIntercepts(events: Iterable<EmulatedEvent>): number {
  const counts = countEvents(events)
  return counts.port + counts.mmio
}

/** The row of the hypervisor's cost table for an event; undefined for copies, which cost by their bytes. */
export function costKeyOf(event: EmulatedEvent): CostKey | undefined {
  switch (event.kind) {
    case 'port':
      return 'workerRoundTrip'
    case 'mmio':
      return 'workerMmioRoundTrip'
    case 'hypervisor':
      return event.device === 'apic' ? 'apicAccess' : 'hypervisorIntercept'
    case 'interrupt':
      return 'interruptInjection'
    case 'copy':
      return undefined
  }
}

/** One line of text per event, for traces. */
export function eventText(event: EmulatedEvent): string {
  switch (event.kind) {
    case 'port': {
      const times = event.elements > 1 ? ` ×${event.elements}` : ''
      return `${event.access.toUpperCase()} ${event.port.toString(16).toUpperCase()}${times} ${event.what}`
    }
    case 'mmio':
      return `${event.access} ${event.address.toString(16).toUpperCase()} ${event.what}`
    case 'hypervisor':
      return `${event.device} ${event.what}`
    case 'interrupt':
      return `IRQ ${event.irq}`
    case 'copy':
      return `copy ${event.bytes} ${event.what}`
  }
}
