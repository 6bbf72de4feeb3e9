/** Accesses of the emulated PIIX4 IDE controller (devices reference 8.3; core sheet 6.3; Intel 82371AB). */
import { type EmulatedEvent, type EmulatedOperation, type InterruptController, interrupt, portIn, portOut } from './access.ts'

/** How a guest's driver drives the controller. */
export interface IdeDriver {
  /** `short`: the register sequence of atapi/intelide, 16 accesses; `careful`: of ata_piix, 21. */
  readonly style: 'short' | 'careful'
  readonly controller: InterruptController
  /** REP INS and REP OUTS of a sector as one intercept (the emulator batches), or one per word. */
  readonly batchedStrings: boolean
}

/** One transfer. */
export interface IdeTransfer {
  readonly channel: 0 | 1
  readonly device: 0 | 1
  readonly lba: number
  /** 1–256 with 28-bit addressing, up to 65,536 with 48 bits. */
  readonly sectors: number
  readonly write: boolean
}

const ports = [
  { command: 0x1f0, control: 0x3f6, irq: 14, busMaster: 0xffa0 },
  { command: 0x170, control: 0x376, irq: 15, busMaster: 0xffa8 },
] as const

/** Ports of the enlightened INT 13h service: hard disks and optical drives. */
export const int13Ports = { disk: 0x1e0, dvd: 0x160 } as const

/** True when 28 bits do not suffice. */
export function needsLba48(transfer: IdeTransfer): boolean {
  return transfer.sectors > 256 || transfer.lba + transfer.sectors > 2 ** 28
}

const sectorBytes = 512

function* taskFile(transfer: IdeTransfer, base: number): EmulatedOperation {
  if (needsLba48(transfer)) {
    for (const [offset, what] of [
      [2, 'sector count, high'],
      [3, 'LBA 24–31'],
      [4, 'LBA 32–39'],
      [5, 'LBA 40–47'],
    ] as const)
      yield portOut(base + offset, what)
    yield portOut(base + 6, 'LBA mode')
  }
  yield portOut(base + 2, 'sector count')
  yield portOut(base + 3, 'LBA 0–7')
  yield portOut(base + 4, 'LBA 8–15')
  yield portOut(base + 5, 'LBA 16–23')
}

/** A bus-master DMA command: 16 (short) or 21 (careful) accesses, five more with 48-bit addresses, and the end of the interrupt. */
export function* ideDma(transfer: IdeTransfer, driver: IdeDriver): EmulatedOperation {
  const { command, control, irq, busMaster } = ports[transfer.channel]
  const careful = driver.style === 'careful'
  const code = needsLba48(transfer) ? (transfer.write ? 'WRITE DMA EXT' : 'READ DMA EXT') : transfer.write ? 'WRITE DMA' : 'READ DMA'
  if (careful) yield portIn(control, 'status: ready?')
  yield portOut(command + 6, 'drive and head')
  yield careful ? portIn(control, 'status: 400 ns') : portIn(command + 7, 'status: ready?')
  if (!careful) yield portIn(command + 7, 'status: selected?')
  if (careful) {
    yield portOut(busMaster + 4, 'table of pages', 4)
    yield portOut(busMaster, 'direction')
    yield portIn(busMaster + 2, 'bus master status')
    yield portOut(busMaster + 2, 'clear status')
  }
  yield* taskFile(transfer, command)
  if (careful) yield portOut(command + 6, 'device register')
  else {
    yield portOut(busMaster + 4, 'table of pages', 4)
    yield portOut(busMaster + 2, 'clear status')
    yield portOut(busMaster, 'direction')
  }
  yield portOut(command + 7, code)
  if (careful) yield portIn(busMaster, 'command register')
  yield portOut(busMaster, 'start')
  yield { kind: 'copy', bytes: transfer.sectors * sectorBytes, what: transfer.write ? 'guest to worker' : 'worker to guest' }
  yield* interrupt(irq, driver.controller, dmaService(command, control, busMaster, careful))
}

function* dmaService(command: number, control: number, busMaster: number, careful: boolean): EmulatedOperation {
  yield portIn(busMaster + 2, 'bus master status')
  if (careful) yield portIn(busMaster, 'command register')
  if (!careful) yield portIn(command + 7, 'status: acknowledge')
  yield portOut(busMaster, 'stop')
  if (careful) {
    yield portIn(control, 'alternate status')
    yield portIn(command + 7, 'status: acknowledge')
  }
  yield portOut(busMaster + 2, 'clear interrupt')
}

/**
 * READ or WRITE SECTORS (or MULTIPLE with `block` sectors per interrupt): eight accesses for the command, then for each block one status read
 * and its words.
 */
export function* idePio(transfer: IdeTransfer, driver: IdeDriver, block = 1): EmulatedOperation {
  const { command, control, irq } = ports[transfer.channel]
  yield portIn(control, 'status: ready?')
  yield portOut(command + 6, 'drive and head')
  yield portIn(control, 'status: 400 ns')
  yield* taskFile(transfer, command)
  yield portOut(command + 7, transfer.write ? 'WRITE SECTORS' : 'READ SECTORS')
  for (let done = 0; done < transfer.sectors; done += block) {
    const sectors = Math.min(block, transfer.sectors - done)
    yield* interrupt(irq, driver.controller, pioService(transfer, command, sectors, driver.batchedStrings))
  }
}

function* pioService(transfer: IdeTransfer, base: number, sectors: number, batched: boolean): EmulatedOperation {
  yield portIn(base + 7, 'status: acknowledge')
  const words = (sectors * sectorBytes) / 2
  const move = (elements: number): EmulatedEvent =>
    transfer.write ? portOut(base, 'data', 2, elements) : portIn(base, 'data', 2, elements)
  if (batched) yield move(words)
  else for (let i = 0; i < words; i++) yield move(1)
  yield { kind: 'copy', bytes: sectors * sectorBytes, what: transfer.write ? 'guest to worker' : 'worker to guest' }
}

/** A packet command of the optical drive: DMA accesses and a command of 12 bytes as six words (or one string). */
export function* atapiPacket(device: 0 | 1, channel: 0 | 1, bytes: number, driver: IdeDriver): EmulatedOperation {
  const { command, control, irq, busMaster } = ports[channel]
  yield portOut(command + 6, `drive ${device}`)
  yield portIn(control, 'status: ready?')
  yield portOut(command + 1, 'features: DMA')
  yield portOut(command + 4, 'byte count, low')
  yield portOut(command + 5, 'byte count, high')
  yield portOut(busMaster + 4, 'table of pages', 4)
  yield portOut(busMaster, 'direction')
  yield portOut(command + 7, 'PACKET')
  yield portIn(command + 7, 'status: wants the command')
  if (driver.batchedStrings) yield portOut(command, 'command', 2, 6)
  else for (let i = 0; i < 6; i++) yield portOut(command, 'command', 2)
  yield portOut(busMaster, 'start')
  if (bytes > 0) yield { kind: 'copy', bytes, what: 'worker to guest' }
  yield* interrupt(irq, driver.controller, packetService(command, busMaster))
}

function* packetService(command: number, busMaster: number): EmulatedOperation {
  yield portIn(busMaster + 2, 'bus master status')
  yield portOut(busMaster, 'stop')
  yield portOut(busMaster + 2, 'clear interrupt')
  yield portIn(command + 2, 'interrupt reason')
  yield portIn(command + 7, 'status: acknowledge')
  yield portIn(command + 4, 'byte count, low')
  yield portIn(command + 5, 'byte count, high')
  yield portIn(command + 1, 'error')
}

/** The BIOS's enlightened INT 13h: one write of the command's address; the processor waits in it until the transfer is done. */
export function* int13(bytes: number, dvd = false): EmulatedOperation {
  yield portOut(dvd ? int13Ports.dvd : int13Ports.disk, 'address of the command', 4)
  yield { kind: 'copy', bytes, what: 'worker to guest' }
}
