import { describe, expect, it } from 'vitest'
import { guestProduct } from '../products/guests.ts'
import { guestFactsOf } from './guest-facts.ts'
import { BOOT, IDE, LEGACY, machineSpec, NETWORK, SCSI, StackBench, usualDevices } from './stack-bench.ts'

/** Messages of a machine's trace without repetitions of the same line. */
function messages(rows: readonly { readonly kind: string; readonly actor: string; readonly text: string }[]): string[] {
  const lines: string[] = []
  let count = 0
  for (const { kind, actor, text } of rows) {
    if (kind !== 'message') continue
    const line = `${actor} ${text}`
    if (lines.length > 0 && lines[lines.length - 1]?.replace(/ x\d+$/, '') === line) lines[lines.length - 1] = `${line} x${++count}`
    else {
      lines.push(line)
      count = 1
    }
  }
  return lines
}

describe('start of a Generation 2 machine with Windows Server 2022', () => {
  it('speaks these messages up to the offers, first the firmware, then the kernel', () => {
    const machine = new StackBench().start(machineSpec('a', 'windows-server-2022'), false, true)
    machine.step('firmware')
    machine.step('kernel')
    expect(messages(machine.trace())).toEqual([
      'guest initiateContact (40)',
      'root versionResponse (16)',
      'guest requestOffers (8)',
      'root offerChannel (196) x12',
      'root allOffersDelivered (8)',
      'guest gpadlHeader (236)',
      'guest gpadlBody (240)',
      // 66 pages: 26, 28 and 12 page numbers (core sheet 4.6).
      'guest gpadlBody (112)',
      'root gpadlCreated (20)',
      'guest openChannel (148)',
      'root openChannelResult (20)',
      'guest unload (8)',
      'root unloadComplete (8)',
      'guest initiateContact (40)',
      'root versionResponse (16)',
      'guest requestOffers (8)',
      'root offerChannel (196) x12',
      'root allOffersDelivered (8)',
    ])
  })

  it('opens every channel that its drivers and services want, at the versions of both ends', () => {
    const bench = new StackBench()
    const machine = bench.start(machineSpec('a', 'windows-server-2022'))
    const table = machine
      .channelViews()
      .map((channel) => `${channel.className}.${channel.subchannelIndex} ${channel.state} ${channel.protocolVersion}`)
    expect(table).toEqual([
      'Time synchronization.0 open 4.0',
      'Heartbeat.0 open 3.0',
      'Operating system shutdown.0 open 3.2',
      'Data exchange.0 open 5.0',
      'Backup (volume checkpoint).0 open 7.0',
      'Guest services.0 open 1.1',
      'Dynamic memory.0 open 2.0',
      'Keyboard.0 open 1.0',
      'Mouse.0 open 2.0',
      'Synthetic video.0 open 3.5',
      'SCSI controller.0 open 6.2',
      'Network adapter.0 open 6.1',
      'Network adapter.1 open 6.1',
    ])
    expect(machine.partitionView()).toMatchObject({ vmbusVersion: '5.3', hypercallPage: 0x101, virtualProcessors: 2 })
    expect(bench.host.validate()).toEqual([])
  })

  it.each([
    ['2012', 'windows-server-2022', '2.4'],
    ['2008-r2', 'windows-server-2008', '1.1'],
    ['2008', 'windows-server-2008', '0.13'],
    ['2025', 'windows-server-2022', '5.3'],
  ] as const)('on a %s host %s comes down to VMBus %s', (release, guest, version) => {
    const bench = new StackBench({ release })
    const machine = bench.start(machineSpec('a', guest, { generation: 1, processorCount: 2 }))
    expect(machine.partitionView().vmbusVersion).toBe(version)
    expect(machine.traffic.readDisk(IDE, 0, 0, 4096).path).toBe('vmbus')
    expect(machine.vpViews().every(({ started }) => started)).toBe(true)
    expect(bench.host.validate()).toEqual([])
    machine.powerOff()
    expect(bench.host.validate()).toEqual([])
  })
})

describe('start of a Generation 1 machine with Windows XP without services', () => {
  it('never says a word on the VMBus: everything is emulated', () => {
    const bench = new StackBench()
    const machine = bench.start(machineSpec('a', 'windows-xp-sp3', { generation: 1, processorCount: 1 }), false, true)
    const reports = BOOT.map((step) => machine.step(step))
    expect(reports.map(({ step, done }) => `${step} ${done}`)).toEqual(['firmware true', 'kernel false', 'devices false', 'services false'])
    expect(messages(machine.trace())).toEqual([])
    expect(reports[0]?.costs.intercepts).toBe(28 + 2 * 21)
    expect(machine.channelViews()).toEqual([])
    expect(machine.partitionView().guestOsId).toBe('0000000000000000')
    expect(machine.traffic.readDisk(IDE, 0, 0, 4096)).toMatchObject({
      path: 'emulated',
      completed: true,
      costs: { intercepts: 21, packets: 0 },
    })
    expect(machine.traffic.sendFrame(LEGACY, 1514).costs.intercepts).toBe(6)
    expect(machine.step('shutdown').done).toBe(false)
    expect(bench.host.validate()).toEqual([])
  })
})

describe('statements', () => {
  it('S15: a crash in one machine changes no counter of another', () => {
    const bench = new StackBench()
    const a = bench.start(machineSpec('a', 'windows-server-2022'))
    const b = bench.start(machineSpec('b', 'windows-server-2022'))
    const view = (): string =>
      JSON.stringify([b.channelViews(), b.partitionView(), b.vpViews(), b.counters('b').map(({ set, values }) => [set, [...values]])])
    const before = view()
    expect(a.step('crash').done).toBe(true)
    expect(view()).toBe(before)
    expect(a.partitionView().crash?.[0]).toBe('00000000000000E2')
    expect(b.partitionView().crash).toBeNull()
    expect(b.traffic.readDisk(SCSI, 0, 0, 4096).completed).toBe(true)
    expect(a.traffic.readDisk(SCSI, 0, 0, 4096).path).toBe('none')
    expect(bench.host.takeEffects()).toEqual([{ kind: 'crashed', machineId: 'a' }])
  })

  it('S16: exactly one root, which cannot be deleted or suspended', () => {
    const { host } = new StackBench()
    const { hypervisor } = host
    expect(hypervisor.partitions.filter(({ parentId }) => parentId === 0)).toHaveLength(1)
    const caller = { partitionId: hypervisor.rootId, vpIndex: 0 }
    expect(hypervisor.hypercall(caller, 0x43, { partitionId: hypervisor.rootId }).status).not.toBe(0)
    expect(hypervisor.hypercall(caller, 0x45, { partitionId: hypervisor.rootId, code: 0x2_0000, value: 1n }).status).not.toBe(0)
    expect(hypervisor.partition(hypervisor.rootId)?.state).toBe('active')
  })

  it('S17: the root has the physical devices, a child only virtual ones', () => {
    const bench = new StackBench()
    const machine = bench.start(machineSpec('a', 'windows-server-2022'))
    expect(bench.host.rootDeviceView().map(({ nature }) => nature)).toEqual(['physical', 'physical'])
    expect(machine.deviceView().some(({ nature }) => nature === 'physical')).toBe(false)
    expect(machine.deviceView().find(({ name }) => name === 'SCSI Controller')).toMatchObject({ nature: 'synthetic', working: true })
  })

  it('S18: a start is CreatePartition, memory, processors, ports, run, in that order', () => {
    const machine = new StackBench().start(machineSpec('a', 'windows-server-2022'), false, true)
    const calls = machine
      .trace()
      .filter(({ kind }) => kind === 'hypercall')
      .map(({ text }) => text.replace(/^HvCall|: .*$/g, ''))
    expect(calls.filter((call, at) => call !== calls[at - 1])).toEqual([
      'CreatePartition',
      'DepositMemory',
      'SetPartitionProperty',
      'InitializePartition',
      'SetPartitionProperty',
      'MapGpaPages',
      'InstallIntercept',
      'CreateVp',
      'SetVpRegisters',
      'CreatePort',
      'ConnectPort',
      'CreatePort',
      'ConnectPort',
      'SetVpRegisters',
    ])
  })

  it('S18: without memory the start is refused and leaves nothing behind', () => {
    const bench = new StackBench({ memoryMb: 2048 })
    const refused = bench.host.powerOn(machineSpec('a', 'windows-server-2022', { memoryMb: 4096 }))
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'insufficient-memory' } })
    expect(bench.host.hypervisor.partitions).toHaveLength(1)
    expect(bench.host.validate()).toEqual([])
    expect(bench.host.powerOn(machineSpec('a', 'windows-server-2022')).ok).toBe(true)
  })

  it('S19: two machines with the same guest address have different system addresses', () => {
    const bench = new StackBench()
    const spa = ['a', 'b'].map((id) => {
      const { partitionId } = bench.start(machineSpec(id, 'windows-server-2022'), false)
      const mapped = bench.host.hypervisor.partition(partitionId)?.gpa.at(0x400)
      return (mapped?.value.spa ?? 0) + 0x400 - (mapped?.start ?? 0)
    })
    expect(spa[0]).not.toBe(spa[1])
  })

  it('S20: a guest with 2 of 16 processors has 2, and 2 counter instances', () => {
    const machine = new StackBench().start(machineSpec('a', 'windows-server-2022'))
    expect(machine.vpViews().map(({ vpIndex, started }) => `${vpIndex} ${started}`)).toEqual(['0 true', '1 true'])
    const instances = machine.counters('VM').filter(({ set }) => set === 'Hyper-V Hypervisor Virtual Processor')
    expect(instances.map(({ instance }) => instance)).toEqual(['VM:Hv VP 0', 'VM:Hv VP 1'])
  })

  it('S21: an interrupt for one machine reaches its SINT 2 and no other partition', () => {
    const bench = new StackBench()
    const a = bench.start(machineSpec('a', 'windows-server-2022'), true, true)
    const b = bench.start(machineSpec('b', 'windows-server-2022'), true, true)
    const [ofA, ofB] = [a.trace().length, b.trace().length]
    a.traffic.receiveFrame(NETWORK, 1514)
    const interrupts = a
      .trace()
      .slice(ofA)
      .filter(({ kind, actor }) => kind === 'interrupt' && actor === 'guest')
    expect(interrupts.map(({ text }) => text)).toEqual(['vector f3, SINT 2'])
    expect(b.trace()).toHaveLength(ofB)
  })

  it('S23: one disk read is VSC, channel, VSP, device, VSP, channel, VSC under one id', () => {
    const machine = new StackBench().start(machineSpec('a', 'windows-server-2022'))
    const first = machine.traffic.readDisk(SCSI, 0, 4096, 4096)
    const second = machine.traffic.readDisk(SCSI, 0, 8192, 4096)
    expect(first.steps.map(({ place }) => place)).toEqual(['vsc', 'channel', 'vsp', 'device', 'vsp', 'channel', 'vsc'])
    expect(first).toMatchObject({
      completed: true,
      dataCopies: 0,
      costs: { hypercalls: 2, guestInterrupts: 1, hostInterrupts: 1, packets: 2 },
    })
    expect(second.id).toBe(first.id + 1)
    expect(first.steps[1]?.text).toContain('112 bytes')
  })

  it('S24: closing the channel greys the device in the guest; opening it brings it back', () => {
    const bench = new StackBench()
    const machine = bench.start(machineSpec('a', 'windows-server-2022'))
    const working = (): boolean | undefined => machine.deviceView().find(({ name }) => name === 'Network Adapter')?.working
    expect(machine.channelViews().find(({ device }) => device === 'network')?.guestToHost?.sizeBytes).toBe(128 * 4096)
    machine.closeDevice(NETWORK)
    expect(working()).toBe(false)
    expect(machine.traffic.sendFrame(NETWORK, 100).path).toBe('none')
    expect(bench.host.validate()).toEqual([])
    machine.openDevice(NETWORK)
    expect(working()).toBe(true)
    expect(machine.traffic.sendFrame(NETWORK, 100).completed).toBe(true)
    expect(bench.host.validate()).toEqual([])
  })

  it('S26: a stopped storage provider stalls the disks of all machines, the network goes on', () => {
    const bench = new StackBench()
    const machines = ['a', 'b'].map((id) => bench.start(machineSpec(id, 'windows-server-2022')))
    bench.host.setProviderStalled('scsi', true)
    for (const machine of machines) {
      expect(machine.traffic.readDisk(SCSI, 0, 0, 4096).completed).toBe(false)
      expect(machine.traffic.sendFrame(NETWORK, 1514).completed).toBe(true)
      expect(machine.channelViews().find(({ device }) => device === 'scsi')).toMatchObject({ stalled: true, outstanding: 1 })
    }
    bench.host.setProviderStalled('scsi', false)
    for (const machine of machines) {
      expect(machine.channelViews().find(({ device }) => device === 'scsi')).toMatchObject({ stalled: false, outstanding: 0 })
      expect(machine.traffic.readDisk(SCSI, 0, 0, 4096).completed).toBe(true)
    }
    expect(bench.host.validate()).toEqual([])
  })

  it('S27: the guest cannot tell whether its channels are traced', () => {
    const [plain, traced] = [false, true].map((trace) => {
      const machine = new StackBench().start(machineSpec('a', 'windows-server-2022'), true, trace)
      machine.traffic.readDisk(SCSI, 0, 0, 65_536)
      machine.traffic.sendFrame(NETWORK, 1514)
      machine.traffic.heartbeat()
      return machine
    })
    expect(traced?.trace().filter(({ kind }) => kind === 'packet').length).toBeGreaterThan(100)
    expect(plain?.trace()).toEqual([])
    expect(traced?.deviceView()).toEqual(plain?.deviceView())
    expect(traced?.channelViews()).toEqual(plain?.channelViews())
    expect(traced?.save()).toEqual(plain?.save())
  })

  it('S38: no machine has a sound device, in neither generation', () => {
    for (const generation of [1, 2] as const) {
      const machine = new StackBench().start(machineSpec('a', 'windows-server-2022', { generation }))
      expect(machine.deviceView().filter(({ name }) => /sound|audio|speaker/i.test(name))).toEqual([])
      expect(machine.channelViews().filter(({ className }) => /sound|audio/i.test(className))).toEqual([])
    }
  })

  it('S28: synthetic devices do at least three times the work of emulated ones', () => {
    const bench = new StackBench()
    const plain = bench.start(machineSpec('xp', 'windows-xp-sp3', { generation: 1, processorCount: 1 }))
    const enlightened = bench.start(machineSpec('new', 'windows-server-2022', { generation: 1, processorCount: 1 }))
    const slow = plain.traffic.readDisk(IDE, 0, 0, 4096)
    const fast = enlightened.traffic.readDisk(IDE, 0, 0, 4096)
    expect(fast.costs.intercepts).toBe(0)
    expect(slow.ticks).toBeGreaterThanOrEqual(3 * fast.ticks)
    const wanted = { cpu: 0.2, reads: 20_000 }
    for (const machine of [plain, enlightened]) machine.load(wanted)
    bench.pass(10_000_000)
    expect(enlightened.achieved().reads).toBeGreaterThanOrEqual(3 * plain.achieved().reads)
    expect(plain.achieved().reads).toBeGreaterThan(0)
  })
})

describe('end, reset and pause', () => {
  it('answers the shutdown of the host, closes its channels and unloads', () => {
    const bench = new StackBench()
    const machine = bench.start(machineSpec('a', 'windows-server-2022'))
    expect(machine.step('shutdown')).toMatchObject({ done: true })
    expect(machine.channelViews()).toEqual([])
    expect(machine.partitionView()).toMatchObject({ guestOsId: '0000000000000000', hypercallPage: null })
    machine.powerOff()
    expect(bench.host.hypervisor.partitions).toHaveLength(1)
    expect(bench.host.hypervisor.partition(bench.host.hypervisor.rootId)?.ports.size).toBe(0)
    expect(bench.host.hypervisor.partition(bench.host.hypervisor.rootId)?.connections.size).toBe(0)
    expect(bench.host.validate()).toEqual([])
  })

  it('starts over in the same partition after a reset', () => {
    const bench = new StackBench()
    const machine = bench.start(machineSpec('a', 'windows-server-2022'))
    const { partitionId } = machine
    const channels = machine.channelViews().length
    machine.reset()
    expect(machine.vpViews().map(({ started }) => started)).toEqual([true, false])
    for (const step of BOOT) expect(machine.step(step).done).toBe(true)
    expect(machine.partitionId).toBe(partitionId)
    expect(machine.channelViews()).toHaveLength(channels)
    expect(bench.host.validate()).toEqual([])
  })

  it('takes what arrived while it was paused when it goes on', () => {
    const bench = new StackBench()
    const machine = bench.start(machineSpec('a', 'windows-server-2022'))
    machine.suspend(true)
    expect(machine.traffic.readDisk(SCSI, 0, 0, 4096).path).toBe('none')
    expect(machine.step('shutdown').done).toBe(false)
    machine.suspend(false)
    expect(machine.traffic.readDisk(SCSI, 0, 0, 4096).completed).toBe(true)
  })

  it('lets the loader name the system after the firmware has started', () => {
    const bench = new StackBench()
    const machine = bench.start(machineSpec('a', 'windows-server-2022', { devices: usualDevices(2) }), false)
    machine.step('firmware')
    machine.setGuest(guestFactsOf(guestProduct('windows-server-2019'), 2))
    for (const step of BOOT.slice(1)) machine.step(step)
    expect(machine.partitionView().vmbusVersion).toBe('5.2')
  })
})

describe('the protocols of the pairs', () => {
  it('start in the order of the reference: storage and network of a Server 2019 guest', () => {
    const machine = new StackBench().start(machineSpec('a', 'windows-server-2019'), false, true)
    for (const step of ['firmware', 'kernel'] as const) machine.step(step)
    machine.setTrace(false)
    machine.setTrace(true)
    machine.step('devices')
    const said = (className: string): string[] => {
      const id = machine.channelViews().find((view) => view.className === className && view.subchannelIndex === 0)?.channelId
      return machine
        .trace()
        .filter(({ kind, text }) => kind === 'packet' && text.startsWith(`channel ${id}: `))
        .map(({ actor, text }) => `${actor} ${text.replace(/^channel \d+: | \(\d+\)$/g, '')}`)
    }
    expect(said('SCSI controller').slice(0, 9)).toEqual([
      'guest BEGIN_INITIALIZATION',
      'root COMPLETE_IO',
      'guest QUERY_PROTOCOL_VERSION 6.2',
      'root COMPLETE_IO 6.2',
      'guest QUERY_PROPERTIES',
      'root COMPLETE_IO',
      'guest END_INITIALIZATION',
      'root COMPLETE_IO',
      'guest EXECUTE_SRB REPORT LUNS lun 0, 4096 bytes',
    ])
    expect(said('Network adapter').filter((line) => line.startsWith('guest NVSP') && !line.includes('RNDIS'))).toEqual([
      'guest NVSP INIT 60001',
      'guest NVSP SEND_NDIS_CONFIG',
      'guest NVSP SEND_NDIS_VERSION',
      'guest NVSP SEND_RECEIVE_BUFFER',
      'guest NVSP SEND_SEND_BUFFER',
      'guest NVSP SUB_CHANNEL_REQUEST',
    ])
  })

  it.each([
    ['2008', ['SCSI controller 2.0', 'Network adapter 1.0', 'Heartbeat 1.0']],
    ['2008-r2', ['SCSI controller 4.2', 'Network adapter 2.0', 'Heartbeat 3.0']],
    ['2012', ['SCSI controller 5.1', 'Network adapter 4.0', 'Heartbeat 3.0']],
    ['2016', ['SCSI controller 6.2', 'Network adapter 6.0', 'Heartbeat 3.0']],
  ] as const)('agree on what a host of %s and its guest both know', (release, versions) => {
    const guest = release.startsWith('2008') ? 'windows-server-2008' : 'windows-server-2022'
    const machine = new StackBench({ release }).start(
      machineSpec('a', guest, { generation: 1, devices: [SCSI, NETWORK, { kind: 'heartbeat' }] }),
    )
    const agreed = machine
      .channelViews()
      .filter(({ subchannelIndex }) => subchannelIndex === 0)
      .map(({ className, protocolVersion }) => `${className} ${protocolVersion}`)
    expect(agreed).toEqual(versions)
  })

  it('a missed answer ends the contact, an answer brings it back', () => {
    const bench = new StackBench()
    const machine = bench.start(machineSpec('a', 'windows-server-2022'))
    expect(machine.services.heartbeatStatus()).toBe('OkApplicationsHealthy')
    bench.host.setProviderStalled('heartbeat', true)
    bench.pass(110_000_000)
    machine.catchUp()
    expect(machine.services.heartbeatStatus()).toBe('LostCommunication')
    bench.host.setProviderStalled('heartbeat', false)
    expect(machine.services.heartbeatStatus()).toBe('OkApplicationsHealthy')
  })
})
