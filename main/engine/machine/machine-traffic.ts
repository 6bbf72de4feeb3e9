/** What a machine's devices do: single requests, exact to the packet, and steady load by arithmetic. */
import type { GuestOperations } from '../hypervisor/index.ts'
import { TICKS_PER_SECOND } from '../kernel/ticks.ts'
import type { ShutdownRequest } from '../providers/integration/services.ts'
import { storageLimits } from '../providers/storage/protocol.ts'
import type { DevicePair } from './device-pair.ts'
import {
  EMULATED_ACCESSES,
  IDE_COMMAND_BYTES,
  IDE_DMA,
  type PortAccess,
  PS2_KEY,
  PS2_MOUSE,
  TULIP_RECEIVE,
  TULIP_SEND,
} from './emulated-io.ts'
import { MouseEnds } from './ends/input-ends.ts'
import { IntegrationEnds } from './ends/integration-ends.ts'
import { NetworkEnds } from './ends/network-ends.ts'
import { StorageEnds } from './ends/storage-ends.ts'
import { startedVps } from './guest-boot.ts'
import { guestProfileOf } from './guest-facts.ts'
import type { MachineStack } from './machine-stack.ts'
import { followRequest } from './request-chain.ts'
import { advanceChannel, type FlowShape } from './ring-advance.ts'
import { NO_COSTS } from './stack-log.ts'
import type { AchievedLoad, DeviceSpec, MachineLoad, StackCosts, TransferReport } from './stack-types.ts'

/** Latency of a monitored network signal, 100 ns (core sheet 5.3). */
const MONITOR_TICKS = 1000
const DEFAULT_IO_BYTES = 4096
/** Bytes that one storage request moves at the most; longer transfers are several under one id. */
const TRANSFER_MAX = storageLimits.maxTransferBytes
/** Middle of the screen in a mouse's coordinates. */
const MOUSE_PLACE = 16_384
const DEFAULT_FRAME_BYTES = 1514
/** Least work that lets the pace of a machine be read off its processors. */
const LEAST_WORK = 1e-6

/** Scan codes that one call lets the guest read; typed texts are longer than any keyboard's buffer. */
const EMULATED_KEYS_MAX = 64

type FlowName = 'reads' | 'writes' | 'framesSent' | 'framesReceived'

/** One steady flow of requests on one channel. */
interface Flow {
  readonly name: FlowName
  readonly pair: DevicePair
  readonly shape: FlowShape
  /** Bytes of each request. */
  readonly bytes: number
  /** Requests per second at full pace. */
  readonly perSecond: number
  /** Requests that have passed since the load was set. */
  passed: number
}

/** A shutdown as the console asks for it. */
const PLAIN_SHUTDOWN: ShutdownRequest = { force: false, kind: 'powerOff', timeoutSeconds: 0, message: '' }

function flowShape(name: FlowName, { ends }: DevicePair, bytes: number): FlowShape | undefined {
  if (ends instanceof StorageEnds) return ends.shape(bytes)
  return ends instanceof NetworkEnds ? ends.shape(name === 'framesReceived', bytes) : undefined
}

export class MachineTraffic {
  readonly #machine: MachineStack
  nextRequest = 1
  #load: MachineLoad = { cpu: 0 }
  #flows: Flow[] = []
  /** Work ticks of the first processor when the load was set, and the part of work that round trips leave possible. */
  #workSince = 0

  constructor(machine: MachineStack) {
    this.#machine = machine
  }

  // Single requests

  readDisk(device: DeviceSpec, unit: number, offset: number, bytes: number): TransferReport {
    return this.#disk(device, 'read', unit, offset, bytes)
  }

  writeDisk(device: DeviceSpec, unit: number, offset: number, bytes: number): TransferReport {
    return this.#disk(device, 'write', unit, offset, bytes)
  }

  /** A frame of the guest. */
  sendFrame(adapter: DeviceSpec, bytes: number): TransferReport {
    if (adapter.kind === 'legacy-network') return this.#emulated('frame sent', TULIP_SEND, 'virtual switch port')
    const { pair, ends } = this.#ends(adapter, NetworkEnds)
    if (pair === undefined) return this.#none()
    return this.#follow(pair, 'guest', ends.isCopied(bytes) ? 1 : 0, () => void ends.send(ends.plainFrame(false, bytes)))
  }

  /** A frame for the guest. */
  receiveFrame(adapter: DeviceSpec, bytes: number): TransferReport {
    if (adapter.kind === 'legacy-network') return this.#emulated('frame received', TULIP_RECEIVE, 'virtual switch port')
    const { pair, ends } = this.#ends(adapter, NetworkEnds)
    if (pair === undefined) return this.#none()
    return this.#follow(pair, 'host', 2, () => void ends.deliver([ends.plainFrame(true, bytes)]))
  }

  /** The host asks, the guest answers; `completed` tells whether it did. */
  heartbeat(): TransferReport {
    const { pair, ends } = this.#ends(this.#device('heartbeat'), IntegrationEnds)
    return pair === undefined ? this.#none() : this.#follow(pair, 'host', 0, () => void ends.beat())
  }

  mouseMove(): TransferReport {
    const { pair, ends } = this.#ends(this.#device('mouse'), MouseEnds)
    if (pair !== undefined) return this.#follow(pair, 'host', 0, () => void ends.provider.report(0, MOUSE_PLACE, MOUSE_PLACE), false)
    return this.#machine.spec.generation === 1 ? this.#emulated('mouse movement', PS2_MOUSE, 'PS/2 mouse') : this.#none()
  }

  /** Scan codes by the emulated PS/2 controller: an interrupt, and two reads for each. */
  emulatedKeys(count: number): TransferReport {
    const accesses = Array.from({ length: Math.min(count, EMULATED_KEYS_MAX) }, () => PS2_KEY).flat()
    return this.#emulated(`${count} scan codes`, accesses, 'PS/2 keyboard')
  }

  sendShutdown(request: ShutdownRequest = PLAIN_SHUTDOWN): TransferReport {
    const { pair, ends } = this.#ends(this.#device('shutdown'), IntegrationEnds)
    return pair === undefined ? this.#none() : this.#follow(pair, 'host', 0, () => void ends.requestShutdown(request))
  }

  /** A command through the emulated IDE controller, as firmware and guests without drivers do it. */
  emulatedDisk(device: DeviceSpec, access: 'read' | 'write', bytes: number, offset = 0): TransferReport {
    if (!this.#canRun()) return this.#none()
    const commands = Math.max(1, Math.ceil(bytes / IDE_COMMAND_BYTES))
    const accesses = Array.from({ length: commands }, () => IDE_DMA).flat()
    const { host, spec, vmbus } = this.#machine
    const { backend } = host.world.controller(
      spec.id,
      device,
      () => vmbus.time.now(),
      () => undefined,
    )
    const { status, latencyTicks } = backend[access](0, offset, bytes)
    const report = this.#emulated(`disk ${access} of ${bytes} bytes`, accesses, `virtual disk: ${status}, ${latencyTicks} ticks`)
    return { ...report, completed: report.completed && status === 'ok' }
  }

  #disk(device: DeviceSpec, operation: 'read' | 'write', unit: number, offset: number, bytes: number): TransferReport {
    const { pair, ends } = this.#ends(device, StorageEnds)
    if (pair === undefined) {
      const started = this.#machine.vmbus.pairOf(device)?.started === true
      return !started && device.kind === 'ide-filter' ? this.emulatedDisk(device, operation, bytes, offset) : this.#none()
    }
    // The accelerator of an IDE disk knows one unit, whatever the disk's place.
    const lun = device.kind === 'ide-filter' ? 0 : unit
    const ended: (() => boolean)[] = []
    const report = this.#follow(pair, 'guest', 0, () => {
      for (let at = 0; at < bytes; at += TRANSFER_MAX) {
        const outcome = ends.submit({ lun, operation, offset: offset + at, bytes: Math.min(TRANSFER_MAX, bytes - at) })
        ended.push(() => outcome?.()?.ok === true)
      }
    })
    const good = ended.map((end) => end()).every((ok) => ok)
    return { ...report, completed: report.completed && good }
  }

  #device(kind: DeviceSpec['kind']): DeviceSpec | undefined {
    return this.#machine.spec.devices.find((device) => device.kind === kind)
  }

  /** The working pair of a device and its ends, when they are of this class and the machine can run. */
  #ends<E extends DevicePair['ends']>(
    device: DeviceSpec | undefined,
    // biome-ignore lint/suspicious/noExplicitAny: a class is named by any of its constructors
    type: new (...parts: any[]) => E,
  ): { readonly pair: DevicePair; readonly ends: E } | { readonly pair: undefined; readonly ends?: undefined } {
    const pair = device === undefined ? undefined : this.#machine.vmbus.pairOf(device)
    if (pair === undefined || !pair.started || !this.#canRun() || !(pair.ends instanceof type)) return { pair: undefined }
    return { pair, ends: pair.ends }
  }

  #none(): TransferReport {
    return { id: 0, path: 'none', steps: [], completed: false, costs: NO_COSTS, dataCopies: 0, ticks: 0 }
  }

  #canRun(): boolean {
    return this.#machine.isOn && !this.#machine.suspended && this.#machine.stage !== 'crashed'
  }

  /** One request through a channel under one id. `answers`: the other side answers it; otherwise it is done when it has arrived. */
  #follow(pair: DevicePair, from: 'guest' | 'host', dataCopies: number, work: () => void, answers = true): TransferReport {
    this.catchUp()
    const { tally, log } = this.#machine.context
    const id = this.nextRequest++
    const mark = tally.mark()
    log.beginChain(id)
    const { asked, answered, arrived } = followRequest(pair, id, from, work)
    const steps = log.endChain()
    const costs = tally.since(mark)
    const waits = pair.channel !== undefined && this.#monitored(pair) && from === 'guest'
    return {
      id,
      path: 'vmbus',
      steps,
      completed: asked > 0 && (answers ? answered : arrived) >= asked,
      costs,
      dataCopies,
      ticks: this.#ticks(costs) + (waits ? MONITOR_TICKS : 0),
    }
  }

  #emulated(text: string, accesses: readonly PortAccess[], device: string): TransferReport {
    if (!this.#canRun()) return this.#none()
    const { context } = this.#machine
    const id = this.nextRequest++
    const mark = context.tally.mark()
    for (const { port, access, size } of accesses) context.port(port, access, size === undefined ? {} : { size })
    const costs = context.tally.since(mark)
    const steps = [
      { place: 'guest', text },
      { place: 'intercept', text: `${costs.intercepts} port accesses` },
      { place: 'worker', text: 'emulates the device' },
      { place: 'device', text: device },
      { place: 'interrupt', text: 'asserted by the worker process' },
      { place: 'guest', text: 'completed' },
    ] as const
    return { id, path: 'emulated', steps, completed: true, costs, dataCopies: 1, ticks: this.#ticks(costs) }
  }

  /** Processor time of events, 100 ns: cost table of the hypervisor. */
  #ticks({ hypercalls, intercepts, guestInterrupts, hostInterrupts }: StackCosts): number {
    const { cycles, frequencyHz } = this.#machine.host.hypervisor.core.costs
    const events =
      hypercalls * cycles.fastHypercall +
      intercepts * cycles.workerRoundTrip +
      guestInterrupts * cycles.interruptInjection +
      Math.max(0, hostInterrupts - intercepts) * cycles.externalInterrupt
    return Math.round((events * TICKS_PER_SECOND) / frequencyHz)
  }

  #monitored(pair: DevicePair): boolean {
    const { bus } = this.#machine.vmbus
    const info = bus?.server.connection
    const offer = bus?.server.channel(pair.offerId)
    return (
      info?.name === 'connected' &&
      info.info.monitorPages !== undefined &&
      offer?.offer.monitorLatency !== undefined &&
      offer.ids?.monitorId !== undefined
    )
  }

  // Steady load

  /** Sets the machine's steady work from now on. A machine without drivers pays with intercepts of its emulated devices. */
  load(load: MachineLoad): void {
    this.catchUp()
    this.#load = load
    this.#apply()
  }

  /** No work at all. */
  stop(): void {
    this.load({ cpu: 0 })
  }

  /** A provider went away or came back: the flows are worked out anew. */
  resumeAfterFault(): void {
    this.#apply()
  }

  /** What the load gets through now. */
  achieved(): AchievedLoad {
    const pace = this.#pace()
    const rate = (name: FlowName): number => (this.#blocked(name) ? 0 : (this.#load[name] ?? 0) * pace)
    return { pace, reads: rate('reads'), writes: rate('writes'), framesSent: rate('framesSent'), framesReceived: rate('framesReceived') }
  }

  /** Lets the requests of the steady load up to now have passed through their channels. */
  catchUp(): void {
    if (this.#flows.length === 0) return
    const seconds = Math.max(0, this.#workTicks() - this.#workSince) / TICKS_PER_SECOND
    for (const flow of this.#flows) {
      const due = Math.floor(flow.perSecond * seconds)
      this.#pass(flow, due - flow.passed)
      flow.passed = Math.max(flow.passed, due)
    }
  }

  /** Exactly `count` requests at once, as `load` does it. */
  passRequests(name: FlowName, device: DeviceSpec, count: number, bytes: number): void {
    const pair = this.#machine.vmbus.pairOf(device)
    const shape = pair === undefined ? undefined : flowShape(name, pair, bytes)
    if (pair !== undefined && shape !== undefined) this.#pass({ name, pair, shape, bytes, perSecond: 0, passed: 0 }, count)
  }

  #pass({ name, pair, shape, bytes }: Flow, count: number): void {
    if (count <= 0 || pair.channel === undefined || !pair.channel.isOpen) return
    this.nextRequest += count
    const { ends } = pair
    const passes =
      (ends instanceof StorageEnds && ends.pass(count, name === 'writes', bytes)) ||
      (ends instanceof NetworkEnds && ends.pass(count, name === 'framesReceived', bytes))
    if (passes) advanceChannel(pair.channel, shape, count, this.#monitored(pair))
  }

  #apply(): void {
    const machine = this.#machine
    this.#flows = []
    if (!machine.isOn) return
    const disk = this.#working(['scsi', 'ide-filter'])
    const adapter = this.#working(['network'])
    const {
      reads = 0,
      writes = 0,
      framesSent = 0,
      framesReceived = 0,
      ioBytes = DEFAULT_IO_BYTES,
      frameBytes = DEFAULT_FRAME_BYTES,
    } = this.#load
    const add = (name: FlowName, pair: DevicePair | undefined, perSecond: number, bytes: number): void => {
      if (pair === undefined || perSecond <= 0 || pair.stalled) return
      const shape = flowShape(name, pair, bytes)
      if (shape !== undefined) this.#flows.push({ name, pair, shape, bytes, perSecond, passed: 0 })
    }
    add('reads', disk, reads, ioBytes)
    add('writes', disk, writes, ioBytes)
    add('framesSent', adapter, framesSent, frameBytes)
    add('framesReceived', adapter, framesReceived, frameBytes)
    this.#setProcessors(this.#operations(disk, adapter))
    this.#workSince = this.#workTicks()
  }

  /** The first device of these kinds that works by its channel. */
  #working(kinds: readonly DeviceSpec['kind'][]): DevicePair | undefined {
    return this.#machine.vmbus.pairs.find((pair) => pair.subchannelIndex === 0 && kinds.includes(pair.device.kind) && pair.started)
  }

  /** Operations of the whole machine per second that the devices' work brings. */
  #operations(disk: DevicePair | undefined, adapter: DevicePair | undefined): Partial<GuestOperations> {
    const { operations = {}, reads = 0, writes = 0, framesSent = 0, framesReceived = 0 } = this.#load
    const blocks = this.#blocked('reads') ? 0 : reads + writes
    const frames = this.#blocked('framesSent') ? 0 : framesSent + framesReceived
    const monitored = adapter !== undefined && this.#monitored(adapter)
    const ioPorts =
      (disk === undefined ? blocks * EMULATED_ACCESSES.disk : 0) +
      (adapter === undefined ? framesSent * EMULATED_ACCESSES.send + framesReceived * EMULATED_ACCESSES.receive : 0)
    const signals = (disk === undefined ? 0 : blocks) + (adapter === undefined || monitored ? 0 : frames)
    return {
      ...operations,
      ioPorts: (operations.ioPorts ?? 0) + ioPorts,
      signalEvents: (operations.signalEvents ?? 0) + signals,
      deviceInterrupts: (operations.deviceInterrupts ?? 0) + blocks + frames,
    }
  }

  /** A stalled provider lets no request through. */
  #blocked(name: FlowName): boolean {
    const { host } = this.#machine
    if (name === 'framesSent' || name === 'framesReceived') return host.isStalled('network')
    const disk = this.#working(['scsi', 'ide-filter'])
    return disk?.stalled ?? false
  }

  #setProcessors(operations: Partial<GuestOperations>): void {
    const { host, partitionId, spec } = this.#machine
    const vps = startedVps(this.#machine.context)
    const share: Record<string, number> = {}
    for (const [name, perSecond] of Object.entries(operations)) share[name] = perSecond / Math.max(1, vps.length)
    const busy = Object.values(share).some((perSecond) => perSecond > 0)
    const work = Math.max(this.#load.cpu, busy ? LEAST_WORK : 0)
    const profile = guestProfileOf(spec.guest)
    for (const vp of vps) host.hypervisor.setLoad(partitionId, vp, { work, operations: share as Partial<GuestOperations>, profile })
  }

  #workTicks(): number {
    const { host, partitionId } = this.#machine
    const vp = host.hypervisor.partition(partitionId)?.vps[0]
    if (vp === undefined) return 0
    return host.hypervisor.core.scheduler.workTicks(vp.slot, host.now())
  }

  /** Achieved part of the wanted work: waits for the parent and the share of processors that it gets. */
  #pace(): number {
    const { host, partitionId } = this.#machine
    if (!this.#machine.isOn) return 0
    const load = host.hypervisor.core.loads.get(host.hypervisor.vp(partitionId, 0).slot)
    return load === undefined || load.work === 0 ? 0 : host.hypervisor.workRate(partitionId, 0) / load.work
  }
}
