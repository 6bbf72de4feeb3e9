/** Emulated devices of Generation 1 as what a guest's driver does to their ports: every access is one intercept (core sheet 6.3, 6.4; devices 6). */

export interface PortAccess {
  readonly port: number
  readonly access: 'read' | 'write'
  readonly size?: 1 | 2 | 4
}

const inb = (port: number): PortAccess => ({ port, access: 'read' })
const outb = (port: number): PortAccess => ({ port, access: 'write' })
const outl = (port: number): PortAccess => ({ port, access: 'write', size: 4 })
const inl = (port: number): PortAccess => ({ port, access: 'read', size: 4 })

/** I/O base of the bus master of the emulated PIIX4 controller. */
const BUS_MASTER = 0xffa0

/** LBA28 bus-master DMA of one command, read or write: 21 accesses (core sheet 6.3). */
export const IDE_DMA: readonly PortAccess[] = [
  inb(0x3f6),
  outb(0x1f6),
  inb(0x3f6),
  outl(BUS_MASTER + 4),
  outb(BUS_MASTER),
  inb(BUS_MASTER + 2),
  outb(BUS_MASTER + 2),
  outb(0x1f2),
  outb(0x1f3),
  outb(0x1f4),
  outb(0x1f5),
  outb(0x1f6),
  outb(0x1f7),
  inb(BUS_MASTER),
  outb(BUS_MASTER),
  inb(BUS_MASTER + 2),
  inb(BUS_MASTER),
  outb(BUS_MASTER),
  inb(0x3f6),
  inb(0x1f7),
  outb(BUS_MASTER + 2),
]
/** Sectors of one LBA28 command at the most, bytes. */
export const IDE_COMMAND_BYTES = 256 * 512

/** I/O base of the emulated DEC 21140. */
const TULIP = 0xec00
/** One frame sent: poll demand, then the interrupt: CSR5 read and acknowledged, CSR7 twice, CSR5 again. */
export const TULIP_SEND: readonly PortAccess[] = [
  outl(TULIP + 0x08),
  inl(TULIP + 0x28),
  outl(TULIP + 0x28),
  outl(TULIP + 0x38),
  outl(TULIP + 0x38),
  inl(TULIP + 0x28),
]
/** One frame received: the interrupt, and the poll of the receiver. */
export const TULIP_RECEIVE: readonly PortAccess[] = [
  inl(TULIP + 0x28),
  outl(TULIP + 0x28),
  outl(TULIP + 0x38),
  outl(TULIP + 0x38),
  inl(TULIP + 0x28),
  outl(TULIP + 0x10),
]
/** One movement of the PS/2 mouse: three bytes, each with its status. */
export const PS2_MOUSE: readonly PortAccess[] = [inb(0x64), inb(0x60), inb(0x64), inb(0x60), inb(0x64), inb(0x60)]

/** One scan code of the PS/2 keyboard with its status. */
export const PS2_KEY: readonly PortAccess[] = [inb(0x64), inb(0x60)]

export const EMULATED_ACCESSES = {
  disk: IDE_DMA.length,
  send: TULIP_SEND.length,
  receive: TULIP_RECEIVE.length,
} as const
