/** Hypercalls about ports, connections, messages and events (hypervisor reference 3.4, 3.5). */
import { HvCall } from './hypercall-codes.ts'
import { active, activeVp, type CallContext, DONE, failed, type HandlerMap, type HandlerOf, simple } from './hypercall-handler.ts'
import type { HypercallInput } from './hypercall-types.ts'
import { POOL_COST } from './memory-pool.ts'
import { MonitorPage } from './monitor.ts'
import type { Partition } from './partition.ts'
import { type Connection, EVENT_FLAGS, MESSAGE_PAYLOAD_MAX, PORT_ID_MAX, type Port, type PortInfo } from './ports.ts'
import { HvStatus } from './status.ts'
import { dropMessagesOf, enqueueMessage, portOf, postToPort, setEventFlag, signalPort } from './synic.ts'
import { SINT_COUNT } from './synic-state.ts'
import { ANY_VP, type SynicMessage } from './types.ts'

type PortCalls = Pick<
  HandlerMap,
  | typeof HvCall.CreatePort
  | typeof HvCall.CreatePortOld
  | typeof HvCall.DeletePort
  | typeof HvCall.ConnectPort
  | typeof HvCall.ConnectPortOld
  | typeof HvCall.DisconnectPort
  | typeof HvCall.GetPortProperty
  | typeof HvCall.SetPortProperty
  | typeof HvCall.PostMessage
  | typeof HvCall.SignalEvent
  | typeof HvCall.PostMessageDirect
  | typeof HvCall.SignalEventDirect
>

const createPort: HandlerOf<typeof HvCall.CreatePort> = simple('objectHypercall', (context, input) => failed(makePort(context, input)))
const connectPort: HandlerOf<typeof HvCall.ConnectPort> = simple('objectHypercall', (context, input) => failed(connect(context, input)))

export const PORT_CALLS: PortCalls = {
  [HvCall.CreatePort]: createPort,
  [HvCall.CreatePortOld]: { ...createPort },
  [HvCall.ConnectPort]: connectPort,
  [HvCall.ConnectPortOld]: { ...connectPort },

  [HvCall.DeletePort]: simple('objectHypercall', (context, { portPartition, portId }) => {
    const found = active(context, portPartition)
    if (!found.ok) return failed(found.status)
    const port = found.value.ports.get(portId)
    if (port === undefined) return failed(HvStatus.InvalidPortId)
    deletePort(found.value, port)
    return DONE
  }),

  [HvCall.DisconnectPort]: simple('objectHypercall', (context, { connectionPartition, connectionId }) => {
    const found = active(context, connectionPartition)
    if (!found.ok) return failed(found.status)
    const connection = found.value.connections.get(connectionId)
    if (connection === undefined) return failed(HvStatus.InvalidConnectionId)
    disconnect(found.value, connection)
    return DONE
  }),

  [HvCall.GetPortProperty]: simple('simpleHypercall', (context, { portPartition, portId, property }) => {
    const found = active(context, portPartition)
    if (!found.ok) return failed(found.status)
    const port = found.value.ports.get(portId)
    if (port === undefined) return failed(HvStatus.InvalidPortId)
    if (property === 'PostCount') return { status: HvStatus.Success, output: { value: port.postCount } }
    return 'targetVp' in port.info ? { status: HvStatus.Success, output: { value: port.info.targetVp } } : failed(HvStatus.InvalidParameter)
  }),

  [HvCall.SetPortProperty]: simple('simpleHypercall', (context, { portPartition, portId, property, value }) => {
    const found = active(context, portPartition)
    if (!found.ok) return failed(found.status)
    const port = found.value.ports.get(portId)
    if (port === undefined) return failed(HvStatus.InvalidPortId)
    if (property !== 'PreferredTargetVp' || !('targetVp' in port.info)) return failed(HvStatus.InvalidParameter)
    if (value !== ANY_VP && found.value.vps[value] === undefined) return failed(HvStatus.InvalidVpIndex)
    port.info = { ...port.info, targetVp: value }
    return DONE
  }),

  [HvCall.PostMessage]: simple('postMessage', (context, { connectionId, type, payloadSize, payload }) => {
    const message = { type, payloadSize, payload }
    if (!isSendable(message)) return failed(HvStatus.InvalidParameter)
    const connection = context.partition.connections.get(connectionId)
    if (connection === undefined) return failed(HvStatus.InvalidConnectionId)
    const port = portOf(context.core, connection)
    return port === undefined ? failed(HvStatus.InvalidPortId) : failed(postToPort(context.core, port, message))
  }),

  [HvCall.SignalEvent]: simple('fastHypercall', (context, { connectionId, flagNumber }) => {
    const connection = context.partition.connections.get(connectionId)
    if (connection === undefined) return failed(HvStatus.InvalidConnectionId)
    const port = portOf(context.core, connection)
    return port === undefined ? failed(HvStatus.InvalidPortId) : failed(signalPort(context.core, port, flagNumber))
  }),

  [HvCall.PostMessageDirect]: simple('postMessage', (context, { partitionId, vpIndex, sint, type, payloadSize, payload }) => {
    const found = activeVp(context, partitionId, vpIndex)
    if (!found.ok) return failed(found.status)
    const message = { type, payloadSize, payload }
    if (!isSint(sint) || !isSendable(message)) return failed(HvStatus.InvalidParameter)
    const { synic } = found.value
    if (!synic.enabled || synic.simPage < 0) return failed(HvStatus.InvalidSynicState)
    const queued = enqueueMessage(context.core, found.value, sint, { ...message, originationId: 0, port: undefined, timer: -1 })
    return queued ? DONE : failed(HvStatus.InsufficientBuffers)
  }),

  [HvCall.SignalEventDirect]: simple('fastHypercall', (context, { partitionId, vpIndex, sint, flagNumber }) => {
    const found = activeVp(context, partitionId, vpIndex)
    if (!found.ok) return failed(found.status)
    if (!isSint(sint) || flagNumber < 0 || flagNumber >= EVENT_FLAGS) return failed(HvStatus.InvalidParameter)
    const { status, fresh } = setEventFlag(context.core, found.value, sint, flagNumber)
    return { status, output: { newlySignaled: fresh } }
  }),
}

/** Type 0 is an empty slot, bit 31 is the hypervisor's; 240 bytes fit. */
function isSendable({ type, payloadSize }: SynicMessage): boolean {
  if (!Number.isInteger(type) || type <= 0 || type > 0x7fff_ffff) return false
  return Number.isInteger(payloadSize) && payloadSize >= 0 && payloadSize <= MESSAGE_PAYLOAD_MAX
}

const isSint = (sint: number): boolean => Number.isInteger(sint) && sint >= 1 && sint < SINT_COUNT
const isId = (id: number): boolean => Number.isInteger(id) && id > 0 && id <= PORT_ID_MAX

function isValidTarget(partition: Partition, info: PortInfo): HvStatus {
  if (info.type === 'monitor')
    return Number.isInteger(info.monitorPage) && info.monitorPage >= 0 ? HvStatus.Success : HvStatus.InvalidParameter
  if (!isSint(info.targetSint)) return HvStatus.InvalidParameter
  if (info.targetVp !== ANY_VP && partition.vps[info.targetVp] === undefined) return HvStatus.InvalidVpIndex
  if (info.type !== 'event') return HvStatus.Success
  const { baseFlag, flagCount } = info
  return baseFlag >= 0 && flagCount > 0 && baseFlag + flagCount <= EVENT_FLAGS ? HvStatus.Success : HvStatus.InvalidParameter
}

/** Pool pages of a port. */
export const portPages = (info: PortInfo): number => (info.type === 'message' ? POOL_COST.messagePort : POOL_COST.eventPort)
/** Pool pages of a connection. */
export const connectionPages = ({ info }: Connection): number =>
  info.type === 'monitor' ? POOL_COST.monitorConnection : POOL_COST.connection

/** The receiving end; its memory comes from the receiver's pool. */
function makePort(context: CallContext, input: HypercallInput<typeof HvCall.CreatePort>): HvStatus {
  const found = active(context, input.portPartition)
  if (!found.ok) return found.status
  const owner = found.value
  if (!isId(input.portId) || owner.ports.has(input.portId)) return HvStatus.InvalidPortId
  if (!context.core.partitions.has(input.connectionPartition)) return HvStatus.InvalidPartitionId
  const status = isValidTarget(owner, input.info)
  if (status !== HvStatus.Success) return status
  if (!owner.pool.take(portPages(input.info))) return HvStatus.InsufficientMemory
  const port: Port = {
    id: input.portId,
    ownerId: owner.id,
    connectionPartition: input.connectionPartition,
    info: input.info,
    buffersInUse: 0,
    postCount: 0,
  }
  owner.ports.set(port.id, port)
  return HvStatus.Success
}

/** The sending end; its memory comes from the sender's pool. */
function connect(context: CallContext, input: HypercallInput<typeof HvCall.ConnectPort>): HvStatus {
  const found = active(context, input.connectionPartition)
  if (!found.ok) return found.status
  const sender = found.value
  if (!isId(input.connectionId) || sender.connections.has(input.connectionId)) return HvStatus.InvalidConnectionId
  const receiver = active(context, input.portPartition)
  if (!receiver.ok) return receiver.status
  const port = receiver.value.ports.get(input.portId)
  if (port === undefined || port.connectionPartition !== sender.id) return HvStatus.InvalidPortId
  if (port.info.type !== input.info.type) return HvStatus.InvalidParameter
  const connection: Connection = {
    id: input.connectionId,
    ownerId: sender.id,
    portPartition: receiver.value.id,
    portId: port.id,
    info: input.info,
    port,
  }
  if (!sender.pool.take(connectionPages(connection))) return HvStatus.InsufficientMemory
  sender.connections.set(connection.id, connection)
  if (input.info.type === 'monitor') {
    sender.monitors.set(connection.id, new MonitorPage(connection.id, input.info.monitorPage))
    sender.gpa.setOverlay('monitor', -1, input.info.monitorPage)
  }
  return HvStatus.Success
}

/** Frees a port with all its buffers; undelivered messages are lost, connections keep pointing at nothing. */
export function deletePort(partition: Partition, port: Port): void {
  dropMessagesOf(partition, port.id)
  partition.ports.delete(port.id)
  partition.pool.give(portPages(port.info))
}

/** Frees a connection; queued messages stay. */
export function disconnect(partition: Partition, connection: Connection): void {
  partition.connections.delete(connection.id)
  partition.pool.give(connectionPages(connection))
  if (partition.monitors.delete(connection.id)) partition.gpa.setOverlay('monitor', -1, undefined)
}
