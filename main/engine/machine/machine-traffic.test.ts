import { describe, expect, it } from 'vitest'
import { SeededIntegers } from '../vmbus/testing.ts'
import { machineSpec, NETWORK, SCSI, StackBench } from './stack-bench.ts'

describe('steady load', () => {
  it('leaves channels as single requests would have, to the byte', () => {
    const integers = new SeededIntegers(7)
    for (let round = 0; round < 12; round++) {
      const bytes = 512 * (1 + integers.below(64))
      const frame = 60 + integers.below(8000)
      const counts = {
        reads: integers.below(90),
        writes: integers.below(90),
        framesSent: integers.below(90),
        framesReceived: integers.below(90),
      }
      const [single, steady] = [new StackBench(), new StackBench()].map((bench) => bench.start(machineSpec('a', 'windows-server-2022')))
      if (single === undefined || steady === undefined) throw new Error('no machines')
      for (let at = 0; at < counts.reads; at++) single.traffic.readDisk(SCSI, 0, at * bytes, bytes)
      for (let at = 0; at < counts.writes; at++) single.traffic.writeDisk(SCSI, 0, at * bytes, bytes)
      for (let at = 0; at < counts.framesSent; at++) single.traffic.sendFrame(NETWORK, frame)
      for (let at = 0; at < counts.framesReceived; at++) single.traffic.receiveFrame(NETWORK, frame)
      steady.traffic.passRequests('reads', SCSI, counts.reads, bytes)
      steady.traffic.passRequests('writes', SCSI, counts.writes, bytes)
      steady.traffic.passRequests('framesSent', NETWORK, counts.framesSent, frame)
      steady.traffic.passRequests('framesReceived', NETWORK, counts.framesReceived, frame)
      expect(steady.channelViews(), `round ${round}`).toEqual(single.channelViews())
      expect(steady.save(), `round ${round}`).toEqual(single.save())
      expect(steady.violations()).toEqual([])
    }
  })

  it('passes its requests with the time of its processors', () => {
    const bench = new StackBench()
    const machine = bench.start(machineSpec('a', 'windows-server-2022'))
    const disk = (): number => machine.channelViews().find(({ device }) => device === 'scsi')?.guestToHost?.packets ?? 0
    const before = disk()
    machine.load({ cpu: 0.1, reads: 100, writes: 50 })
    bench.pass(100_000_000)
    expect(disk() - before).toBeGreaterThan(1450)
    expect(disk() - before).toBeLessThanOrEqual(1500)
    expect(machine.achieved().reads).toBeCloseTo(100, 5)
    const hypercalls =
      machine
        .counters('a')
        .find(({ instance }) => instance === 'a:Hv VP 0')
        ?.values.get('Hypercalls/sec') ?? 0
    expect(hypercalls).toBeGreaterThan(700)
    bench.host.setProviderStalled('scsi', true)
    const stalled = disk()
    bench.pass(10_000_000)
    expect(disk()).toBe(stalled)
    expect(machine.achieved()).toMatchObject({ reads: 0, writes: 0 })
    expect(bench.host.validate()).toEqual([])
  })

  it('S63, S64: XP loses work to its task priority register, unless the processor shadows it; Server 2003 R2 does not', () => {
    const pace = (guest: string, flexPriority: boolean): number => {
      const bench = new StackBench({ release: '2008', slat: false, flexPriority })
      const machine = bench.start(machineSpec('a', guest, { generation: 1, processorCount: 1 }))
      machine.load({ cpu: 1, operations: { irqlChanges: 100_000 } })
      bench.pass(10_000_000)
      return machine.vpViews()[0]?.workRate ?? 0
    }
    expect(pace('windows-xp-sp3', false)).toBeLessThan(0.9 * pace('windows-server-2003-r2', false))
    expect(pace('windows-xp-sp3', true)).toBeGreaterThan(0.97 * pace('windows-server-2003-r2', true))
  })
})
