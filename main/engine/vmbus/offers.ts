/** Builds offers from the class table. */
import { toHex, viewOf, zeroHex } from './bytes.ts'
import { type DeviceClassName, deviceClass } from './classes.ts'
import type { Guid } from './guid.ts'
import { offerFlag, userDefinedBytes } from './messages.ts'
import type { ChannelOffer } from './server-types.ts'

/** First u32 of the user-defined area in pipe mode. */
export const pipeType = { byte: 0, message: 4 } as const

/** Latency that the network provider asks for its monitored notifications: 100 µs in ticks (core sheet 5.3). */
export const networkMonitorLatency = 1000

/** An offer of a class. `instanceId` may be left out where the class has one fixed instance. */
export function classOffer(
  name: DeviceClassName,
  instanceId?: Guid,
  options: { readonly mmioMegabytes?: number; readonly monitorLatency?: number; readonly offerOrder?: number } = {},
): ChannelOffer {
  const row = deviceClass(name)
  const instance = instanceId ?? (row.instanceIds.length === 1 ? row.instanceIds[0] : undefined)
  if (instance === undefined) throw new RangeError(`the class ${name} needs an instance GUID`)
  return {
    name: row.title,
    interfaceId: row.interfaceId,
    instanceId: instance,
    subchannelIndex: 0,
    flags: row.pipe ? offerFlag.namedPipeMode : 0,
    mmioMegabytes: options.mmioMegabytes ?? 0,
    mmioMegabytesOptional: 0,
    userDefined: row.pipe ? pipeArea(pipeType.message) : zeroHex(userDefinedBytes),
    monitorLatency: options.monitorLatency ?? (name === 'network' ? networkMonitorLatency : undefined),
    offerOrder: options.offerOrder,
  }
}

function pipeArea(type: number): string {
  const bytes = new Uint8Array(userDefinedBytes)
  viewOf(bytes).setUint32(0, type, true)
  return toHex(bytes)
}
