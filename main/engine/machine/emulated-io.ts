/** What guests without drivers do to the emulated devices of Generation 1, as the port accesses that leave the guest: each is one intercept. */
import type { EmulatedEvent } from '../emulated/access.ts'
import { legacyReceive, legacySend, ps2Bytes } from '../emulated/devices.ts'
import { ideDma } from '../emulated/ide.ts'

export interface PortAccess {
  readonly port: number
  readonly access: 'read' | 'write'
  readonly size?: 1 | 2 | 4
}

/** The accesses that go to the worker process; copies and the end of an interrupt cost no intercept of it. */
function portsOf(events: Iterable<EmulatedEvent>): readonly PortAccess[] {
  return [...events].flatMap((event): PortAccess[] =>
    event.kind === 'port' ? [{ port: event.port, access: event.access === 'in' ? 'read' : 'write', size: event.width }] : [],
  )
}

const transfer = { channel: 0, device: 0, lba: 0, sectors: 8, write: false } as const
/** Intercepts do not depend on how an interrupt ends, and a frame of any length takes the same accesses. */
const CONTROLLER = 'none'
const FRAME_BYTES = 1514

/** LBA28 bus-master DMA of one command, read or write: 21 accesses (core sheet 6.3). */
export const IDE_DMA = portsOf(ideDma(transfer, { style: 'careful', controller: CONTROLLER, batchedStrings: true }))
/** Sectors of one LBA28 command at the most, bytes. */
export const IDE_COMMAND_BYTES = 256 * 512

/** One frame sent: poll demand, then the interrupt with a last look at its cause. */
export const TULIP_SEND = portsOf(legacySend(1, FRAME_BYTES, CONTROLLER, true))
/** One frame received: the interrupt, and the poll of the receiver. */
export const TULIP_RECEIVE = portsOf(legacyReceive(1, FRAME_BYTES, CONTROLLER, true, true))
/** One movement of the PS/2 mouse: three bytes, each with its status. */
export const PS2_MOUSE = portsOf(ps2Bytes(3, true, CONTROLLER))
/** One scan code of the PS/2 keyboard with its status. */
export const PS2_KEY = portsOf(ps2Bytes(1, false, CONTROLLER))

export const EMULATED_ACCESSES = {
  disk: IDE_DMA.length,
  send: TULIP_SEND.length,
  receive: TULIP_RECEIVE.length,
} as const
