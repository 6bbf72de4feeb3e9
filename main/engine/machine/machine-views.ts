/** What tables and inspectors show of one machine: plain data, computed when asked for. */
import { privilegeNames } from '../hypervisor/index.ts'
import { liveVps } from '../hypervisor/partition.ts'
import type { Channel } from '../vmbus/channel.ts'
import { busCounts, clientPipeCounts, type PipeCounts, providerPipeCounts } from '../vmbus/counters.ts'
import type { Ring } from '../vmbus/ring.ts'
import { versionText } from '../vmbus/versions.ts'
import type { DevicePair } from './device-pair.ts'
import { DEVICE_ROWS } from './guest-facts.ts'
import type { MachineStack } from './machine-stack.ts'
import type { ChannelView, CounterRow, DeviceView, PartitionView, RingView, VpView } from './stack-types.ts'

const CRASH_REGISTERS = 5

function hexadecimal(value: bigint): string {
  return value.toString(16).toUpperCase().padStart(16, '0')
}

function ringView(ring: Ring): RingView {
  return {
    sizeBytes: ring.size,
    readIndex: ring.readIndex,
    writeIndex: ring.writeIndex,
    packets: ring.packetsWritten,
    bytes: ring.bytesWritten,
    unread: ring.length,
    interruptMask: ring.interruptMask !== 0,
    pendingSendSize: ring.pendingSendSize,
  }
}

function pipeValues(counts: PipeCounts): ReadonlyMap<string, number> {
  return new Map([
    ['Reads/sec', counts.reads],
    ['Writes/sec', counts.writes],
    ['Bytes Read/sec', counts.bytesRead],
    ['Bytes Written/sec', counts.bytesWritten],
  ])
}

export class MachineViews {
  readonly #machine: MachineStack

  constructor(machine: MachineStack) {
    this.#machine = machine
  }

  /** Null while the machine has no partition. */
  partition(): PartitionView | null {
    const { host, partitionId, vmbus, suspended } = this.#machine
    const partition = host.hypervisor.partition(partitionId)
    if (partition === undefined) return null
    const { msrs, pool, gpa } = partition
    const negotiated = vmbus.bus?.client.negotiated
    return {
      partitionId,
      parentId: partition.parentId,
      state: partition.state,
      virtualProcessors: liveVps(partition).length,
      mappedPages: gpa.pages,
      depositedPages: pool.deposited,
      poolPagesInUse: pool.inUse,
      ports: partition.ports.size,
      connections: partition.connections.size,
      privileges: privilegeNames(partition.privileges),
      guestOsId: hexadecimal(msrs.guestOsId),
      hypercallPage: (msrs.hypercall & 1n) !== 0n ? Number(msrs.hypercall >> 12n) : null,
      suspended,
      vmbusVersion: negotiated === undefined ? null : versionText(negotiated.version),
      crash: msrs.crashControl === 0n ? null : msrs.crash.slice(0, CRASH_REGISTERS).map(hexadecimal),
    }
  }

  vps(): readonly VpView[] {
    const { host, partitionId } = this.#machine
    const partition = host.hypervisor.partition(partitionId)
    if (partition === undefined) return []
    return liveVps(partition).map((vp) => {
      const times = host.hypervisor.vpTimes(partitionId, vp.index)
      return {
        vpIndex: vp.index,
        state: host.hypervisor.vpState(partitionId, vp.index),
        started: !vp.waitForSipi,
        synicEnabled: vp.synic.enabled,
        guestTicks: times.guest,
        hypervisorTicks: times.hypervisor,
        remoteTicks: times.remote,
        workRate: host.hypervisor.workRate(partitionId, vp.index),
      }
    })
  }

  /** Every channel that the guest was told of, primary ones first in the order of their offers. */
  channels(): readonly ChannelView[] {
    this.#machine.traffic.catchUp()
    return this.#machine.vmbus.pairs.flatMap((pair) => this.#channel(pair) ?? [])
  }

  /** The devices as the guest sees them: virtual ones alone (S17); without driver or channel they do not work (S24). */
  devices(): readonly DeviceView[] {
    const { spec, vmbus } = this.#machine
    const views: DeviceView[] = []
    for (const device of spec.devices) {
      const { title, className } = DEVICE_ROWS[device.kind]
      const instanceId = device.instanceId ?? null
      const started = vmbus.pairOf(device)?.started === true
      if (className === null || (device.kind === 'ide-filter' && !started))
        views.push({ name: title, nature: 'emulated', working: true, instanceId })
      else views.push({ name: title, nature: 'synthetic', working: started, instanceId })
    }
    if (spec.generation === 1 && !views.some(({ name, working }) => name === DEVICE_ROWS.mouse.title && working)) {
      views.push({ name: 'PS/2 Mouse', nature: 'emulated', working: true, instanceId: null })
    }
    return views
  }

  /** Counter sets of this machine; `name` is the virtual machine's name as the product puts it into instances. */
  counters(name: string): readonly CounterRow[] {
    const { host, partitionId, vmbus, isOn } = this.#machine
    if (!isOn) return []
    this.#machine.traffic.catchUp()
    const { hypervisor } = host
    const rows: CounterRow[] = [
      { set: 'Hyper-V Hypervisor Partition', instance: `${name}:Hv Partition`, values: hypervisor.partitionCounters(partitionId) },
      { set: 'Hyper-V VM Vid Partition', instance: name, values: hypervisor.vidCounters(partitionId) },
    ]
    for (const { vpIndex } of this.vps()) {
      rows.push({
        set: 'Hyper-V Hypervisor Virtual Processor',
        instance: `${name}:Hv VP ${vpIndex}`,
        values: hypervisor.vpCounters(partitionId, vpIndex),
      })
    }
    const channels = vmbus.bus?.openChannels() ?? []
    const bus = busCounts(channels)
    rows.push({
      set: 'Hyper-V Virtual Machine Bus',
      instance: name,
      values: new Map([
        ['Interrupts Received/sec', bus.interruptsReceived],
        ['Interrupts Sent/sec', bus.interruptsSent],
        ['Throttle Events', bus.throttleEvents],
      ]),
    })
    for (const pair of vmbus.pairs) {
      if (pair.channel === undefined) continue
      const instance = `${name}:${DEVICE_ROWS[pair.device.kind].title} ${pair.channel.channelId}`
      rows.push({
        set: 'Hyper-V Virtual Machine Bus Provider Pipes',
        instance,
        values: pipeValues(providerPipeCounts(pair.channel as Channel)),
      })
      rows.push({ set: 'Hyper-V Virtual Machine Bus Pipes', instance, values: pipeValues(clientPipeCounts(pair.channel as Channel)) })
    }
    return rows
  }

  #channel(pair: DevicePair): ChannelView | undefined {
    const { bus } = this.#machine.vmbus
    const server = bus?.server.channel(pair.offerId)
    if (bus === undefined || server?.ids === undefined) return undefined
    const client = bus.client.channel(server.ids.channelId)
    const { channel, ends } = pair
    const open = channel?.isOpen === true
    const subchannels = this.#machine.vmbus.pairs.filter((other) => other.device === pair.device && other.subchannelIndex > 0)
    return {
      device: pair.device.kind,
      className: server.offer.name,
      channelId: server.ids.channelId,
      interfaceId: server.offer.interfaceId,
      instanceId: server.offer.instanceId,
      subchannelIndex: pair.subchannelIndex,
      state: server.state.name,
      guestState: client?.state.name ?? 'unknown',
      connectionId: server.ids.connectionId,
      guestToHost: open ? ringView(channel.rings.guestToHost as Ring) : null,
      hostToGuest: open ? ringView(channel.rings.hostToGuest as Ring) : null,
      interrupts: channel?.guestSignals ?? 0,
      signals: channel?.hostSignals ?? 0,
      monitorSignals: channel?.hostMonitorSignals ?? 0,
      targetVp: client?.targetVp ?? null,
      subchannels: pair.subchannelIndex === 0 ? subchannels.length : 0,
      protocolVersion: pair.started ? ends.version : null,
      stalled: pair.stalled,
      outstanding: channel?.guestRequests.size ?? 0,
    }
  }
}
