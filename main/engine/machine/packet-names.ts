/** What a packet of a device channel says, in one line for the trace. */
import type { IcMessage } from '../providers/integration/protocol.ts'
import type { NvspPayload } from '../providers/network/nvsp.ts'
import { bodyAs, type StoragePacket, storageOperation } from '../providers/storage/protocol.ts'
import { cdbBytes, scsiCommand } from '../providers/storage/scsi.ts'
import { type Packet, packetType } from '../vmbus/packet.ts'
import type { PipeData } from '../vmbus/pipe.ts'
import type { DeviceKind } from './stack-types.ts'

/** `EXECUTE_SRB` from `executeSrb`. */
function upper(name: string): string {
  return name.replace(/[A-Z]/g, '_$&').toUpperCase()
}

function namesOf(values: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(values).map(([name, number]) => [number, name]))
}

const operationNames = namesOf(storageOperation)
const commandNames = namesOf(scsiCommand)

/** `READ(10)` from `read10`. */
function commandName(opcode: number): string {
  const name = commandNames.get(opcode)
  if (name === undefined) return `command 0x${opcode.toString(16)}`
  const [, word = name, digits = ''] = /^([A-Za-z]+?)(\d*)$/.exec(name) ?? []
  return `${upper(word).replaceAll('_', ' ')}${digits === '' ? '' : `(${digits})`}`
}

function storageName(packet: StoragePacket): string {
  const operation = operationNames.get(packet.operation)
  const name = operation === undefined ? `operation ${packet.operation}` : upper(operation)
  const { body } = packet
  switch (body.kind) {
    case 'version':
      return `${name} ${body.version >>> 8}.${body.version & 0xff}`
    case 'subChannels':
      return `${name} ${body.count}`
    case 'srb': {
      const srb = bodyAs(packet, 'srb')?.srb
      if (srb === undefined) return name
      if (packet.operation === storageOperation.completeIo)
        return `${name} lun ${srb.lun}, SRB status ${srb.srbStatus}, ${srb.dataTransferLength} bytes`
      return `${name} ${commandName(cdbBytes(srb.cdbOrSense)[0] ?? 0)} lun ${srb.lun}, ${srb.dataTransferLength} bytes`
    }
    default:
      return name
  }
}

function networkName({ message }: NvspPayload, packet: Packet): string {
  const name = `NVSP ${upper(message.kind)}`
  if (message.kind === 'init') return `${name} ${message.version.toString(16)}`
  if (message.kind !== 'sendRndisPacket') return name
  const what = message.channel === 1 ? 'control' : 'data'
  if (packet.extension.kind === 'transferPages') {
    return `${name} (receive, ${what}), ${packet.extension.ranges.reduce((sum, range) => sum + range.byteCount, 0)} bytes`
  }
  return `${name} (${what})${message.sectionBytes === 0 ? '' : `, ${message.sectionBytes} bytes`}`
}

function integrationName(message: IcMessage): string {
  const answer = (message.flags & 4) !== 0 ? ' answer' : ''
  const { body } = message
  if (body.kind === 'heartbeat') return `HEARTBEAT ${body.sequence}${answer}`
  if (body.kind === 'kvpEnumerate') return `KVP_ENUMERATE ${body.key === '' ? body.index : body.key}${answer}`
  return `${upper(body.kind)}${answer}`
}

/** The line. A completion of storage whose body nobody has read yet is named by its number alone. */
export function packetName(kind: DeviceKind, packet: Packet): string {
  switch (kind) {
    case 'scsi':
    case 'ide-filter':
      return storageName(packet.payload as StoragePacket)
    case 'network':
      return networkName(packet.payload as NvspPayload, packet)
    case 'video':
    case 'keyboard':
    case 'mouse':
    case 'rdv':
      return upper((packet.payload as PipeData<{ readonly kind: string }>).data.kind)
    case 'dynamic-memory':
      return upper((packet.payload as { readonly kind: string }).kind)
    default:
      return packet.type === packetType.inBand ? integrationName((packet.payload as PipeData<IcMessage>).data) : 'packet'
  }
}
