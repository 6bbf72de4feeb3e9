/** hv_sock offers: sockets between host and guest as channels (hypervisor reference 4.4, 4.5; devices reference 7.4). */
import { toHex, viewOf } from './bytes.ts'
import { type Guid, writeGuid, zeroGuid } from './guid.ts'
import { offerFlag, userDefinedBytes } from './messages.ts'
import type { ChannelOffer } from './server-types.ts'

/** Service GUID of an AF_VSOCK port (below 2^31): the port in hex is the first group. */
export function vsockService(port: number): Guid {
  return `${port.toString(16).padStart(8, '0')}-facb-11e6-bd58-64006a7986d3`
}

/** Port of a service GUID; undefined if the service is no AF_VSOCK port. */
export function vsockPort(service: Guid): number | undefined {
  return service.endsWith('-facb-11e6-bd58-64006a7986d3') ? Number.parseInt(service.slice(0, 8), 16) : undefined
}

/** User-defined data of an hv_sock offer: pipe type byte, direction, parameter version 1 (unaligned), silo. */
export function hvsockUserDefined(forGuestAccept: boolean, siloId: Guid = zeroGuid): string {
  const bytes = new Uint8Array(userDefinedBytes)
  const view = viewOf(bytes)
  view.setUint8(4, forGuestAccept ? 1 : 0)
  view.setUint32(6, 1, true)
  writeGuid(view, 10, siloId)
  return toHex(bytes)
}

/** Offer of one connection. `forGuestAccept`: the host connects and the guest listens. */
export function hvsockOffer(serviceId: Guid, endpointId: Guid, forGuestAccept: boolean, siloId?: Guid): ChannelOffer {
  return {
    name: 'hv_sock',
    interfaceId: serviceId,
    instanceId: endpointId,
    subchannelIndex: 0,
    flags: offerFlag.enumerateDeviceInterface | offerFlag.namedPipeMode | offerFlag.tlnpiProvider,
    mmioMegabytes: 0,
    mmioMegabytesOptional: 0,
    userDefined: hvsockUserDefined(forGuestAccept, siloId),
  }
}

/** True for an hv_sock offer. */
export function isHvsock(offer: { readonly flags: number }): boolean {
  return (offer.flags & offerFlag.tlnpiProvider) !== 0
}
