/** Accesses of the other emulated devices of generation 1: legacy network adapter, VGA, PS/2, timers, serial port, floppy (devices reference 8.3). */
import { type EmulatedEvent, type EmulatedOperation, type InterruptController, interrupt, portIn, portOut } from './access.ts'

/** I/O base of the first legacy adapter; one CSR is 8 bytes wide. */
const csr = (number: number): number => 0xec00 + 8 * number

/** `again`: the driver looks for another cause before it returns (core sheet 6.4); devices reference 8.3 counts a driver that does not. */
function* nicService(controller: InterruptController, again: boolean): EmulatedOperation {
  yield* interrupt(11, controller, [
    portIn(csr(5), 'CSR5: cause', 4),
    portOut(csr(5), 'CSR5: acknowledge', 4),
    portOut(csr(7), 'CSR7: mask', 4),
    portOut(csr(7), 'CSR7: unmask', 4),
    ...(again ? [portIn(csr(5), 'CSR5: another cause?', 4)] : []),
  ])
}

/** A frame out of a DEC 21140: poll demand, then the interrupt. Batched frames share the interrupt: `frames` of one poll. */
export function* legacySend(frames: number, frameBytes: number, controller: InterruptController, again = false): EmulatedOperation {
  for (let i = 0; i < frames; i++) {
    yield portOut(csr(1), 'CSR1: transmit poll', 4)
    yield { kind: 'copy', bytes: frameBytes, what: 'guest to worker' }
  }
  yield* nicService(controller, again)
}

/** Frames into a DEC 21140: the worker fills descriptors, one interrupt for the batch; `poll` = CSR2 after the ring was empty. */
export function* legacyReceive(
  frames: number,
  frameBytes: number,
  controller: InterruptController,
  poll = true,
  again = false,
): EmulatedOperation {
  for (let i = 0; i < frames; i++) yield { kind: 'copy', bytes: frameBytes, what: 'worker to guest' }
  yield* nicService(controller, again)
  if (poll) yield portOut(csr(2), 'CSR2: receive poll', 4)
}

/** One 16-bit word of the adapter's serial ROM by its clock line: 66 accesses. A driver reads 64 words when it loads. */
export function* legacyRomWord(address: number): EmulatedOperation {
  yield portOut(csr(9), 'CSR9: select', 4)
  for (let bit = 0; bit < 9; bit++) yield* clockBit(`command and address ${address}`)
  for (let bit = 0; bit < 16; bit++) {
    yield portOut(csr(9), 'CSR9: clock high', 4)
    yield portIn(csr(9), 'CSR9: data', 4)
    if (bit % 2 === 1) yield portOut(csr(9), 'CSR9: clock low', 4)
  }
  yield portOut(csr(9), 'CSR9: deselect', 4)
}

function* clockBit(what: string): EmulatedOperation {
  yield portOut(csr(9), `CSR9: ${what}`, 4)
  yield portOut(csr(9), 'CSR9: clock', 4)
  yield portOut(csr(9), 'CSR9: clock low', 4)
}

/** Accesses of the adapter's driver when it loads: above 4,000. */
export function* legacyDriverLoad(): EmulatedOperation {
  for (let word = 0; word < 64; word++) yield* legacyRomWord(word)
  for (let i = 0; i < 4; i++) yield portOut(csr(0), 'CSR0: reset', 4)
}

/** How text memory is seen by the emulator. */
export type VgaMapping = 'ram' | 'emulated'

/** Characters written to text memory: no exit when the page is mapped as RAM, else one per word. */
export function* vgaText(characters: number, mapping: VgaMapping): EmulatedOperation {
  if (mapping === 'ram') return
  for (let i = 0; i < characters; i++)
    yield { kind: 'mmio', access: 'write', address: 0xb8000 + 2 * i, width: 2, what: 'character and attribute' }
}

/** Hardware cursor: two register pairs. */
export function* vgaCursor(): EmulatedOperation {
  for (const index of [0x0e, 0x0f]) {
    yield portOut(0x3d4, `CRTC index ${index}`)
    yield portOut(0x3d5, 'cursor address')
  }
}

/** A fill of a planar 16-colour screen: each byte exits, and the mask registers once a line. 640 × 480: 38,400 bytes. */
export function* vgaPlanarFill(width: number, height: number): EmulatedOperation {
  const rowBytes = width / 8
  for (let y = 0; y < height; y++) {
    yield portOut(0x3ce, 'bit mask', 2)
    yield portOut(0x3c4, 'map mask', 2)
    for (let x = 0; x < rowBytes; x++) {
      yield { kind: 'mmio', access: 'write', address: 0xa0000 + y * rowBytes + x, width: 1, what: 'eight pixels' }
    }
  }
}

/** Bank switch of the S3 chip, and the palette of 256 colours. */
export function* vgaBank(): EmulatedOperation {
  yield portOut(0x3d4, 'CRTC index 6A')
  yield portOut(0x3d5, 'bank')
}

export function* vgaPalette(): EmulatedOperation {
  yield portOut(0x3c8, 'palette index')
  for (let i = 0; i < 768; i++) yield portOut(0x3c9, 'red, green or blue')
}

/** Bytes of the keyboard (IRQ 1) or mouse (IRQ 12) controller: status, data, end of interrupt each. */
export function* ps2Bytes(count: number, mouse: boolean, controller: InterruptController): EmulatedOperation {
  for (let i = 0; i < count; i++) yield* interrupt(mouse ? 12 : 1, controller, [portIn(0x64, 'status'), portIn(0x60, 'data')])
}

/** A tick of the 8254; `latched`: the handler reads the counter too. */
export function* pitTick(controller: InterruptController, latched = false): EmulatedOperation {
  const reads: EmulatedEvent[] = [portOut(0x43, 'latch'), portIn(0x40, 'count, low'), portIn(0x40, 'count, high')]
  yield* interrupt(0, controller, latched ? reads : [])
}

/** A periodic tick of the clock chip: register C must be read. */
export function* rtcTick(controller: InterruptController): EmulatedOperation {
  yield* interrupt(8, controller, [portOut(0x70, 'index C'), portIn(0x71, 'cause')])
}

/** Reading date and time: index and data of each register, with the update flag first. */
export function* rtcRead(registers = 7): EmulatedOperation {
  for (let i = 0; i < registers; i++) {
    yield portOut(0x70, `index ${i}`)
    yield portIn(0x71, 'value')
  }
}

/** A tick of the local APIC timer: only its end exits, and only into the hypervisor. */
export function* apicTick(controller: InterruptController): EmulatedOperation {
  yield* interrupt(0xec, controller === 'pic' ? 'apic' : controller, [])
}

/** A read of the ACPI PM timer: in the hypervisor with assist. */
export function* pmTimerRead(assist: boolean): EmulatedOperation {
  if (assist) yield { kind: 'hypervisor', device: 'pmTimer', what: 'count' }
  else yield portIn(0x408, 'PM timer', 4)
}

/** Bytes out of a 16550; `interrupts`: the driver waits for "transmitter empty". */
export function* serialWrite(bytes: number, interrupts: boolean, controller: InterruptController, base = 0x3f8): EmulatedOperation {
  for (let i = 0; i < bytes; i++) {
    yield portIn(base + 5, 'line status')
    yield portOut(base, 'data')
    if (interrupts) yield* interrupt(base === 0x3f8 ? 4 : 3, controller, [portIn(base + 2, 'interrupt identification')])
  }
}

/** A sector of a floppy disk: nine command bytes, DMA set-up, interrupt, seven result bytes. No rotation delay. */
export function* floppySector(controller: InterruptController, write = false): EmulatedOperation {
  for (const [port, what] of dmaSetup) yield portOut(port, what)
  for (let i = 0; i < 9; i++) {
    yield portIn(0x3f4, 'main status')
    yield portOut(0x3f5, i === 0 ? (write ? 'WRITE DATA' : 'READ DATA') : 'parameter')
  }
  yield { kind: 'copy', bytes: 512, what: write ? 'guest to worker' : 'worker to guest' }
  yield* interrupt(6, controller, floppyResult())
}

const dmaSetup = [
  [0x0a, 'mask channel 2'],
  [0x0c, 'clear flip-flop'],
  [0x0b, 'mode'],
  [0x04, 'address, low'],
  [0x04, 'address, high'],
  [0x81, 'page'],
  [0x05, 'count'],
  [0x0a, 'unmask channel 2'],
] as const

function* floppyResult(): EmulatedOperation {
  for (let i = 0; i < 7; i++) {
    yield portIn(0x3f4, 'main status')
    yield portIn(0x3f5, 'result')
  }
}

/** One register of PCI configuration space. */
export function* pciConfigRead(): EmulatedOperation {
  yield portOut(0xcf8, 'address', 4)
  yield portIn(0xcfc, 'data', 4)
}
