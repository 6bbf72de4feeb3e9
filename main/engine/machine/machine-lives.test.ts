import { describe, expect, it } from 'vitest'
import { SeededIntegers } from '../vmbus/testing.ts'
import { HostStack } from './host-stack.ts'
import type { MachineStack } from './machine-stack.ts'
import { IDE, machineSpec, NETWORK, SCSI, StackBench } from './stack-bench.ts'
import type { GuestStep, SavedStack } from './stack-types.ts'

describe('saved machines', () => {
  it('go on in a new partition with equal rings and the same channels', () => {
    const bench = new StackBench()
    const machine = bench.start(machineSpec('a', 'windows-server-2022'))
    for (let at = 0; at < 37; at++) machine.traffic.readDisk(SCSI, 0, at * 4096, 4096)
    machine.traffic.sendFrame(NETWORK, 1514)
    machine.suspend(true)
    const text = JSON.stringify(machine.save())
    const rings = machine
      .channelViews()
      .map(({ channelId, guestToHost, hostToGuest, state }) => ({ channelId, guestToHost, hostToGuest, state }))
    const { partitionId } = machine
    machine.powerOff()
    expect(bench.host.validate()).toEqual([])
    const restored = bench.host.restore(JSON.parse(text) as SavedStack)
    if (!restored.ok) throw new Error(JSON.stringify(restored.refusal))
    const again = restored.value
    expect(again.partitionId).not.toBe(partitionId)
    expect(
      again.channelViews().map(({ channelId, guestToHost, hostToGuest, state }) => ({ channelId, guestToHost, hostToGuest, state })),
    ).toEqual(rings)
    expect(again.vpViews().map(({ started, synicEnabled }) => started && synicEnabled)).toEqual([true, true])
    expect(again.partitionView().guestOsId).not.toBe('0000000000000000')
    expect(again.traffic.readDisk(SCSI, 0, 0, 4096).completed).toBe(true)
    expect(again.traffic.sendFrame(NETWORK, 1514).completed).toBe(true)
    expect(again.traffic.heartbeat().completed).toBe(true)
    expect(again.step('shutdown').done).toBe(true)
    expect(bench.host.validate()).toEqual([])
  })

  it('complete a request that a stalled provider had not answered, after the restore', () => {
    const bench = new StackBench()
    const machine = bench.start(machineSpec('a', 'windows-server-2022'))
    bench.host.setProviderStalled('scsi', true)
    expect(machine.traffic.readDisk(SCSI, 0, 0, 4096).completed).toBe(false)
    const saved = machine.save()
    machine.powerOff()
    const restored = bench.host.restore(saved)
    if (!restored.ok) throw new Error(JSON.stringify(restored.refusal))
    const disk = () => restored.value.channelViews().find(({ device }) => device === 'scsi')
    expect(disk()?.outstanding).toBe(1)
    bench.host.setProviderStalled('scsi', false)
    expect(disk()?.outstanding).toBe(0)
    expect(bench.host.validate()).toEqual([])
  })

  it('are refused on a host that does not know their VMBus version, and nothing is left', () => {
    const saved = new StackBench().start(machineSpec('a', 'windows-server-2022', { generation: 1 })).save()
    const old = new StackBench({ release: '2012' })
    expect(old.host.restore(saved)).toMatchObject({ ok: false, refusal: { code: 'saved-state-refused' } })
    expect(old.host.hypervisor.partitions).toHaveLength(1)
    expect(old.host.validate()).toEqual([])
  })
})

describe('large hosts', () => {
  it('build machines on 64 TB in runs of pages', () => {
    const host = new HostStack(
      {
        release: '2025',
        vendor: 'AMD',
        slat: true,
        frequencyMhz: 3000,
        sockets: 8,
        coresPerSocket: 64,
        threadsPerCore: 1,
        memoryMb: 64 * 1024 * 1024,
      },
      () => 0,
    )
    const outcome = host.powerOn(machineSpec('big', 'windows-server-2022', { memoryMb: 12 * 1024 * 1024, processorCount: 64 }))
    expect(outcome.ok).toBe(true)
    expect(host.hypervisor.partitions[1]?.gpa.pages).toBe(12 * 1024 * 1024 * 256)
    expect(host.validate()).toEqual([])
  })
})

const GUESTS = ['windows-server-2022', 'windows-server-2008', 'windows-xp-sp3', 'windows-xp-sp3+services', 'windows-server-2019'] as const
const STEPS: readonly GuestStep[] = ['firmware', 'kernel', 'devices', 'services', 'services', 'shutdown', 'crash']

function act(machine: MachineStack, integers: SeededIntegers, saved: Map<string, SavedStack>): string {
  const disk = machine.spec.generation === 2 ? SCSI : IDE
  switch (integers.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3: {
      const step = integers.pick(STEPS)
      machine.step(step)
      return step
    }
    case 4:
      machine.traffic.readDisk(disk, 0, 4096 * integers.below(1000), 4096 * (1 + integers.below(16)))
      return 'read'
    case 5:
      machine.traffic.sendFrame(NETWORK, 60 + integers.below(9000))
      return 'send'
    case 6:
      machine.traffic.receiveFrame(NETWORK, 1514)
      return 'receive'
    case 7:
      machine.suspend(!machine.suspended)
      return 'suspend'
    case 8:
      machine.reset()
      return 'reset'
    case 9:
      machine.load({ cpu: 0.1, reads: integers.below(1000), framesSent: integers.below(1000) })
      return 'load'
    case 10:
      saved.set(machine.spec.id, JSON.parse(JSON.stringify(machine.save())) as SavedStack)
      machine.powerOff()
      return 'save'
    default:
      machine.powerOff()
      return 'power off'
  }
}

describe('random lives', () => {
  it('200 machines keep every invariant after each step', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const integers = new SeededIntegers(seed * 7919)
      const bench = new StackBench({ release: integers.pick(['2008', '2008-r2', '2012', '2016', '2022', '2025'] as const), memoryMb: 8192 })
      const saved = new Map<string, SavedStack>()
      for (let step = 0; step < 25; step++) {
        const id = integers.pick(['a', 'b'])
        const machine = bench.host.machine(id)
        let what: string
        if (machine !== undefined) what = act(machine, integers, saved)
        else {
          const row = saved.get(id)
          const generation = integers.below(2) === 0 ? 1 : 2
          const guest = generation === 2 ? 'windows-server-2022' : integers.pick(GUESTS)
          const spec = machineSpec(id, guest, { generation, processorCount: 1 + integers.below(4) })
          const outcome = row === undefined ? bench.host.powerOn(spec) : bench.host.restore(row)
          what = `${row === undefined ? 'on' : 'restore'} ${outcome.ok ? guest : JSON.stringify(outcome.refusal)}`
          saved.delete(id)
        }
        if (integers.below(6) === 0) bench.host.setProviderStalled('scsi', !bench.host.isStalled('scsi'))
        bench.pass(integers.below(2_000_000))
        expect(bench.host.validate(), `seed ${seed}, step ${step}: ${what}`).toEqual([])
      }
      for (const machine of bench.host.machines) machine.powerOff()
      expect(bench.host.hypervisor.partitions, `seed ${seed}`).toHaveLength(1)
      expect(bench.host.hypervisor.partitions[0]?.ports.size, `seed ${seed}`).toBe(0)
      expect(bench.host.hypervisor.partitions[0]?.connections.size, `seed ${seed}`).toBe(0)
      expect(bench.host.validate(), `seed ${seed}`).toEqual([])
    }
  }, 120_000)
})

describe('a crash', () => {
  it('that leaves an interrupt in service does not make the next start deaf', () => {
    const bench = new StackBench()
    const machine = bench.start(machineSpec('a', 'windows-server-2022', { processorCount: 1 }))
    bench.host.setProviderStalled('scsi', true)
    machine.traffic.readDisk(SCSI, 0, 0, 4096)
    machine.step('crash')
    bench.host.setProviderStalled('scsi', false)
    machine.reset()
    for (const step of ['firmware', 'kernel', 'devices', 'services'] as const) expect(machine.step(step).done, step).toBe(true)
    expect(machine.traffic.readDisk(SCSI, 0, 0, 4096).completed).toBe(true)
    expect(bench.host.validate()).toEqual([])
  })
})
