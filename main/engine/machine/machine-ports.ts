/** Ports and connections between a machine and the root: two message paths, and an event path for each channel and direction (core sheet 1.2, row 9). */
import { type ConnectionInfo, HvCall, HvStatus, type PortInfo } from '../hypervisor/index.ts'
import type { OpenParameters } from '../vmbus/server-types.ts'
import { type NegotiatedVersion, vmbusConnection, vmbusSint, vmbusVersion } from '../vmbus/versions.ts'
import type { MachineContext, RootFlag } from './machine-context.ts'

/** SINT of the root that VMBus messages of guests arrive on. */
export const ROOT_MESSAGE_SINT = 2
const CHILD_MESSAGE_PORT = 1
const CHILD_SHARED_EVENT_PORT = 2
/** Ports of a channel in the child: this and the channel id. */
const CHILD_CHANNEL_PORTS = 0x1000

/** A call of the root failed for want of memory or of objects. */
export class PortCallFailed extends Error {
  readonly call: string
  readonly status: HvStatus

  constructor(call: string, status: HvStatus) {
    super(`${call} failed with ${status}`)
    this.call = call
    this.status = status
  }
}

interface ChannelPorts {
  readonly channelId: number
  /** The guest signals the root: port and flag in the root, connection in the child. */
  readonly rootPortId: number
  readonly rootFlag: RootFlag
  readonly connectionId: number
  /** The root signals the guest: port in the child, connection in the root; 0 = the shared flag is used (before 2.4). */
  readonly childPortId: number
  readonly rootConnectionId: number
  readonly eventFlag: number
  readonly targetVp: number
}

/** Called when a channel's event reaches the root. */
export type HostEvent = (connectionId: number, monitorId: number) => void

export class MachinePorts {
  readonly #context: MachineContext
  readonly #receive: (payload: unknown) => void
  readonly #hostEvent: HostEvent
  readonly #channels = new Map<number, ChannelPorts>()
  readonly #byConnection = new Map<number, ChannelPorts>()
  readonly #byFlag = new Map<number, ChannelPorts>()
  #messagePort = 0
  #messageConnection = 0
  #shared: { readonly rootPortId: number; readonly flag: RootFlag | undefined; readonly rootConnectionId: number } | undefined
  #monitorPort = 0

  constructor(context: MachineContext, receive: (payload: unknown) => void, hostEvent: HostEvent) {
    this.#context = context
    this.#receive = receive
    this.#hostEvent = hostEvent
  }

  /** Root connection on which the guest's message slot is reached. */
  get messageConnection(): number {
    return this.#messageConnection
  }

  /** The two message paths, made when the machine starts. */
  open(): void {
    const { host, partitionId } = this.#context
    this.#messagePort = host.takePortId()
    host.bindPort(this.#messagePort, this.#receive)
    const targetVp = partitionId % this.#rootVps()
    this.#rootPort(this.#messagePort, { type: 'message', targetSint: ROOT_MESSAGE_SINT, targetVp })
    for (const connectionId of host.release.messageConnections) this.#childConnects(connectionId, this.#messagePort, { type: 'message' })
    this.#childPort(CHILD_MESSAGE_PORT, { type: 'message', targetSint: vmbusSint, targetVp: 0 })
    this.#messageConnection = this.#rootConnects(CHILD_MESSAGE_PORT, { type: 'message' })
  }

  /** What depends on the version: the shared flag before 2.4, connection 2 before 1.1, the monitor page. */
  connected({ version }: NegotiatedVersion, monitorPage: number | undefined): void {
    const { host } = this.#context
    if (version < vmbusVersion.v2_4) {
      this.#childPort(CHILD_SHARED_EVENT_PORT, { type: 'event', targetSint: vmbusSint, targetVp: 0, baseFlag: 0, flagCount: 1 })
      const rootConnectionId = this.#rootConnects(CHILD_SHARED_EVENT_PORT, { type: 'event' })
      let rootPortId = 0
      let flag: RootFlag | undefined
      if (version < vmbusVersion.v1_1) {
        rootPortId = host.takePortId()
        flag = host.takeFlag(() => this.#hostEvent(vmbusConnection.sharedEvents, -1))
        this.#rootPort(rootPortId, { type: 'event', targetSint: flag.sint, targetVp: flag.vpIndex, baseFlag: flag.flag, flagCount: 1 })
        this.#childConnects(vmbusConnection.sharedEvents, rootPortId, { type: 'event' })
      }
      this.#shared = { rootPortId, flag, rootConnectionId }
    }
    if (monitorPage !== undefined) {
      this.#monitorPort = host.takePortId()
      this.#rootPort(this.#monitorPort, { type: 'monitor', monitorPage })
      this.#childConnects(vmbusConnection.monitor, this.#monitorPort, { type: 'monitor', monitorPage })
    }
  }

  /** Paths of one channel, made when it opens. False: the root has no memory for them. */
  openChannel(parameters: OpenParameters): boolean {
    const { channelId, connectionId, eventFlag, negotiated, monitor } = parameters
    if (this.#channels.has(channelId)) return true
    const { host } = this.#context
    const monitorId = monitor?.monitorId ?? -1
    const dedicated = negotiated.version >= vmbusVersion.v2_4 && parameters.request.targetVp !== undefined
    const ports: ChannelPorts = {
      channelId,
      rootPortId: host.takePortId(),
      rootFlag: host.takeFlag(() => this.#hostEvent(connectionId, monitorId)),
      connectionId,
      childPortId: dedicated ? CHILD_CHANNEL_PORTS + channelId : 0,
      rootConnectionId: dedicated ? host.takeConnectionId() : 0,
      eventFlag,
      targetVp: parameters.request.targetVp ?? 0,
    }
    this.#channels.set(channelId, ports)
    this.#byConnection.set(connectionId, ports)
    if (dedicated) this.#byFlag.set(eventFlag, ports)
    try {
      this.#connectChannel(ports)
    } catch (error) {
      if (!(error instanceof PortCallFailed)) throw error
      this.closeChannel(channelId)
      return false
    }
    if (monitor !== undefined && this.#monitorPort !== 0) {
      const latency = Math.max(1, Math.min(0xffff, monitor.latency))
      const { hypervisor, partitionId } = this.#context
      hypervisor.configureMonitor(partitionId, vmbusConnection.monitor, { id: monitor.monitorId, latency, connectionId, flagNumber: 0 })
    }
    return true
  }

  #connectChannel({ rootPortId, rootFlag, connectionId, childPortId, rootConnectionId, eventFlag, targetVp }: ChannelPorts): void {
    const { hypervisor, partitionId } = this.#context
    const { sint, vpIndex, flag } = rootFlag
    this.#rootPort(rootPortId, { type: 'event', targetSint: sint, targetVp: vpIndex, baseFlag: flag, flagCount: 1 })
    this.#childConnects(connectionId, rootPortId, { type: 'event' })
    if (childPortId === 0) return
    this.#childPort(childPortId, { type: 'event', targetSint: vmbusSint, targetVp, baseFlag: eventFlag, flagCount: 1 })
    this.#connect(hypervisor.rootId, rootConnectionId, partitionId, childPortId, { type: 'event' })
  }

  closeChannel(channelId: number): void {
    const ports = this.#channels.get(channelId)
    if (ports === undefined) return
    this.#channels.delete(channelId)
    this.#byConnection.delete(ports.connectionId)
    this.#byFlag.delete(ports.eventFlag)
    const { partitionId, host } = this.#context
    const alive = this.#childActive()
    if (alive) this.#context.rootCall(HvCall.DisconnectPort, { connectionPartition: partitionId, connectionId: ports.connectionId })
    this.#freeRootPort(ports.rootPortId)
    host.releaseFlag(ports.rootFlag)
    if (ports.childPortId === 0) return
    this.#freeRootConnection(ports.rootConnectionId)
    if (alive) this.#context.rootCall(HvCall.DeletePort, { portPartition: partitionId, portId: ports.childPortId })
  }

  /** The guest wants a channel's interrupts on another VP. */
  retarget(channelId: number, targetVp: number): void {
    const ports = this.#channels.get(channelId)
    if (ports === undefined || ports.childPortId === 0) return
    const { partitionId } = this.#context
    this.#context.rootCall(HvCall.SetPortProperty, {
      portPartition: partitionId,
      portId: ports.childPortId,
      property: 'PreferredTargetVp',
      value: targetVp,
    })
  }

  /** The VP that signals on this connection. */
  signallingVp(connectionId: number): number {
    return this.#byConnection.get(connectionId)?.targetVp ?? 0
  }

  /** Root connection for an event flag of the guest; 0 when there is none. */
  guestConnection(flag: number): number {
    return this.#byFlag.get(flag)?.rootConnectionId ?? this.#shared?.rootConnectionId ?? 0
  }

  /** The guest has let go of the bus: what `connected` made. */
  disconnected(): void {
    for (const channelId of [...this.#channels.keys()]) this.closeChannel(channelId)
    const { partitionId, host } = this.#context
    const alive = this.#childActive()
    const shared = this.#shared
    this.#shared = undefined
    if (shared !== undefined) {
      this.#freeRootConnection(shared.rootConnectionId)
      if (alive) this.#context.rootCall(HvCall.DeletePort, { portPartition: partitionId, portId: CHILD_SHARED_EVENT_PORT })
      if (shared.flag !== undefined) {
        if (alive)
          this.#context.rootCall(HvCall.DisconnectPort, { connectionPartition: partitionId, connectionId: vmbusConnection.sharedEvents })
        this.#freeRootPort(shared.rootPortId)
        host.releaseFlag(shared.flag)
      }
    }
    if (this.#monitorPort === 0) return
    if (alive) this.#context.rootCall(HvCall.DisconnectPort, { connectionPartition: partitionId, connectionId: vmbusConnection.monitor })
    this.#freeRootPort(this.#monitorPort)
    this.#monitorPort = 0
  }

  /** Everything; the child's own objects go with its partition. */
  close(): void {
    this.disconnected()
    if (this.#messageConnection !== 0) this.#freeRootConnection(this.#messageConnection)
    this.#messageConnection = 0
    if (this.#messagePort === 0) return
    this.#context.host.unbindPort(this.#messagePort)
    this.#freeRootPort(this.#messagePort)
    this.#messagePort = 0
  }

  #rootVps(): number {
    return this.#context.hypervisor.partition(this.#context.hypervisor.rootId)?.vps.length ?? 1
  }

  #childActive(): boolean {
    return this.#context.hypervisor.partition(this.#context.partitionId)?.state === 'active'
  }

  #rootPort(portId: number, info: PortInfo): void {
    this.#createPort(this.#context.hypervisor.rootId, portId, info, this.#context.partitionId)
  }

  #childPort(portId: number, info: PortInfo): void {
    this.#createPort(this.#context.partitionId, portId, info, this.#context.hypervisor.rootId)
  }

  /** The receiver's pool pays. */
  #createPort(portPartition: number, portId: number, info: PortInfo, connectionPartition: number): void {
    const { status } = this.#context.rootCall(HvCall.CreatePort, { portPartition, portId, connectionPartition, info }, portPartition)
    if (status !== HvStatus.Success) throw new PortCallFailed('HvCallCreatePort', status)
  }

  #childConnects(connectionId: number, portId: number, info: ConnectionInfo): void {
    const { partitionId, hypervisor } = this.#context
    this.#connect(partitionId, connectionId, hypervisor.rootId, portId, info)
  }

  #rootConnects(portId: number, info: ConnectionInfo): number {
    const { partitionId, hypervisor, host } = this.#context
    const connectionId = host.takeConnectionId()
    this.#connect(hypervisor.rootId, connectionId, partitionId, portId, info)
    return connectionId
  }

  #connect(connectionPartition: number, connectionId: number, portPartition: number, portId: number, info: ConnectionInfo): void {
    const { status } = this.#context.rootCall(
      HvCall.ConnectPort,
      { connectionPartition, connectionId, portPartition, portId, info },
      connectionPartition,
    )
    if (status !== HvStatus.Success) throw new PortCallFailed('HvCallConnectPort', status)
  }

  #freeRootPort(portId: number): void {
    const { hypervisor, host } = this.#context
    this.#context.rootCall(HvCall.DeletePort, { portPartition: hypervisor.rootId, portId })
    host.releasePortId(portId)
  }

  #freeRootConnection(connectionId: number): void {
    const { hypervisor, host } = this.#context
    this.#context.rootCall(HvCall.DisconnectPort, { connectionPartition: hypervisor.rootId, connectionId })
    host.releaseConnectionId(connectionId)
  }
}
