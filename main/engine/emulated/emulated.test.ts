import { describe, expect, it } from 'vitest'
import { costModelOf } from '../hypervisor/cost-table.ts'
import { modernPlatform } from '../hypervisor/example-platforms.ts'
import { countEvents, eventText, workerIntercepts } from './access.ts'
import { compareFrame, compareRead, comparisonTable, throughputRatio } from './comparison.ts'
import {
  apicTick,
  floppySector,
  legacyDriverLoad,
  legacyReceive,
  legacyRomWord,
  legacySend,
  pciConfigRead,
  pitTick,
  pmTimerRead,
  ps2Bytes,
  rtcRead,
  rtcTick,
  serialWrite,
  vgaBank,
  vgaCursor,
  vgaPalette,
  vgaPlanarFill,
  vgaText,
} from './devices.ts'
import { type HandoverInput, handoverStart, handoverStep, pathOf } from './handover.ts'
import { atapiPacket, type IdeDriver, ideDma, idePio, int13 } from './ide.ts'

const model = costModelOf(modernPlatform())
const short: IdeDriver = { style: 'short', controller: 'pic', batchedStrings: true }
const careful: IdeDriver = { style: 'careful', controller: 'apic', batchedStrings: true }
const read = { channel: 0, device: 0, lba: 0x1000, sectors: 8, write: false } as const

describe('intercepts of an operation, against the reference', () => {
  it.each([
    ['IDE DMA, LBA28, short, PIC', ideDma(read, short), 15, 18],
    ['IDE DMA, LBA48, short, no EOI exit', ideDma({ ...read, lba: 2 ** 30 }, { ...short, controller: 'none' }), 20, 23],
    ['IDE DMA, careful driver', ideDma(read, careful), 21, 21],
    ['IDE DMA write', ideDma({ ...read, write: true }, short), 15, 18],
    ['IDE PIO 8 sectors, batched', idePio(read, careful), 24, 24],
    ['IDE PIO 8 sectors, one word each', idePio(read, { ...careful, batchedStrings: false }), 2064, 2064],
    ['READ MULTIPLE 16', idePio({ ...read, sectors: 16 }, short, 16), 11, 12],
    ['ATAPI packet', atapiPacket(0, 1, 2048, short), 20, 28],
    ['INT 13h', int13(4096), 1, 1],
    ['21140 send', legacySend(1, 1514, 'none'), 5, 5],
    ['21140 receive', legacyReceive(1, 1514, 'none'), 4, 5],
    ['21140 SROM word', legacyRomWord(0), 60, 80],
    ['21140 driver load', legacyDriverLoad(), 4000, 6000],
    ['text characters in RAM', vgaText(80, 'ram'), 0, 0],
    ['text character, emulated', vgaText(1, 'emulated'), 1, 2],
    ['cursor', vgaCursor(), 4, 4],
    ['planar fill 640×480', vgaPlanarFill(640, 480), 38_400, 41_000],
    ['bank switch', vgaBank(), 2, 2],
    ['palette', vgaPalette(), 769, 769],
    ['PS/2 key', ps2Bytes(2, false, 'pic'), 4, 6],
    ['PS/2 mouse', ps2Bytes(3, true, 'pic'), 9, 12],
    ['PIT tick', pitTick('pic'), 1, 1],
    ['PIT tick, latched', pitTick('pic', true), 4, 4],
    ['RTC tick', rtcTick('pic'), 4, 4],
    ['RTC read', rtcRead(), 14, 20],
    ['PM timer with assist', pmTimerRead(true), 0, 0],
    ['PM timer without', pmTimerRead(false), 1, 1],
    ['APIC timer', apicTick('apic'), 0, 0],
    ['serial byte, polled', serialWrite(1, false, 'pic'), 2, 2],
    ['serial byte, interrupt', serialWrite(1, true, 'pic'), 4, 4],
    ['floppy sector', floppySector('pic'), 40, 45],
    ['PCI configuration', pciConfigRead(), 2, 2],
  ] as const)('%s', (_name, events, least, most) => {
    const count = workerIntercepts(events)
    expect(count).toBeGreaterThanOrEqual(least)
    expect(count).toBeLessThanOrEqual(most)
  })

  it('of a careful DMA read stand in the order of the reference', () => {
    expect([...ideDma(read, careful)].map(eventText)).toEqual([
      'IN 3F6 status: ready?',
      'OUT 1F6 drive and head',
      'IN 3F6 status: 400 ns',
      'OUT FFA4 table of pages',
      'OUT FFA0 direction',
      'IN FFA2 bus master status',
      'OUT FFA2 clear status',
      'OUT 1F2 sector count',
      'OUT 1F3 LBA 0–7',
      'OUT 1F4 LBA 8–15',
      'OUT 1F5 LBA 16–23',
      'OUT 1F6 device register',
      'OUT 1F7 READ DMA',
      'IN FFA0 command register',
      'OUT FFA0 start',
      'copy 4096 worker to guest',
      'IRQ 14',
      'IN FFA2 bus master status',
      'IN FFA0 command register',
      'OUT FFA0 stop',
      'IN 3F6 alternate status',
      'IN 1F7 status: acknowledge',
      'OUT FFA2 clear interrupt',
      'apic EOI',
    ])
    expect(countEvents(ideDma(read, careful))).toEqual({ port: 21, mmio: 0, hypervisor: 1, interrupts: 1, copies: 1, copiedBytes: 4096 })
  })
})

describe('the paths compared (S28)', () => {
  const idle = { batch: 1, endOfInterrupt: 'none' } as const
  const busy = { batch: 32, endOfInterrupt: 'none' } as const

  it('give counts and cycles of one 4 KiB read and of one frame', () => {
    const reads = compareRead(model, careful, idle)
    const frames = compareFrame(model, 'apic', idle)
    const table = comparisonTable([...Object.values(reads), ...Object.values(frames)], model)
    console.info(table.join('\n'))
    expect(table.length).toBe(9)
    expect([reads.scsi.exits, reads.scsi.hypercalls, reads.scsi.interrupts, reads.scsi.copies]).toEqual([1, 2, 3, 0])
    expect([reads.ideDma.workerIntercepts, reads.ideDma.copies, reads.idePio.interrupts]).toEqual([21, 1, 8])
    // 21 × 20 µs, and what the parent does besides.
    expect((reads.ideDma.cycles * 1e6) / model.frequencyHz).toBeGreaterThan(420)
    expect((reads.scsi.cycles * 1e6) / model.frequencyHz).toBeLessThan(30)
    expect(reads.ideFilter.cycles).toBe(reads.scsi.cycles)
  })

  it.each([
    ['idle', idle],
    ['busy', busy],
  ] as const)('give the synthetic path at least three times the throughput, queue %s', (_name, options) => {
    const reads = compareRead(model, short, options)
    const frames = compareFrame(model, 'pic', options)
    expect(throughputRatio(reads.ideDma, reads.scsi)).toBeGreaterThan(3)
    expect(throughputRatio(reads.ideDma, reads.ideFilter)).toBeGreaterThan(3)
    expect(throughputRatio(frames.legacySend, frames.syntheticSend)).toBeGreaterThan(3)
    expect(throughputRatio(frames.legacyReceive, frames.syntheticReceive)).toBeGreaterThan(3)
  })

  it('share signals when the queue is busy: 0.1 to 0.3 exits for each request or less', () => {
    expect(compareRead(model, short, busy).scsi.exits).toBeLessThan(0.3)
    expect(compareFrame(model, 'pic', { ...idle, monitorPage: true }).syntheticSend.exits).toBe(0)
  })

  it('keep within the ceilings of the reference: 2,200–3,300 IDE commands and 5,000–10,000 frames a second', () => {
    const commands = model.frequencyHz / compareRead(model, short, idle).ideDma.cycles
    const frames = model.frequencyHz / compareFrame(model, 'none', idle).legacySend.cycles
    expect(commands).toBeGreaterThan(2200)
    expect(commands).toBeLessThan(3300)
    expect(frames).toBeGreaterThan(5000)
    expect(frames).toBeLessThan(10_000)
  })
})

describe('the hand-over of an IDE disk', () => {
  const after = (...inputs: readonly HandoverInput[]): string => {
    const state = inputs.reduce(handoverStep, handoverStart)
    return `${pathOf(state, 'read')}/${pathOf(state, 'identify')}`
  }

  it.each([
    ['int13/int13', []],
    ['emulated/emulated', ['ideDriverLoaded']],
    ['emulated/emulated', ['ideDriverLoaded', 'filterReady']],
    ['filter/emulated', ['ideDriverLoaded', 'acceleratorOffered', 'filterReady']],
    ['filter/filter', ['acceleratorOffered', 'storvscClaimed', 'ideDriverLoaded']],
    ['emulated/emulated', ['ideDriverLoaded', 'acceleratorOffered', 'filterReady', 'channelClosed']],
    ['dump/dump', ['ideDriverLoaded', 'acceleratorOffered', 'filterReady', 'dumpBegins']],
    ['int13/int13', ['ideDriverLoaded', 'acceleratorOffered', 'filterReady', 'reset']],
  ] as const)('gives %s after %j', (path, inputs) => {
    expect(after(...inputs)).toBe(path)
  })
})
