/** The client's longer messages, by version and features (core sheet 4.2). */
import { zeroHex } from './bytes.ts'
import type { ChannelOpening, VmbusClientOptions } from './client-types.ts'
import { type InitiateContactMessage, type OfferChannelMessage, type OpenChannelMessage, userDefinedBytes } from './messages.ts'
import { type VmbusVersion, vmbusFeature, vmbusSint, vmbusVersion } from './versions.ts'

const noUserData = zeroHex(userDefinedBytes)

/** Message 14 for one version. */
export function contactMessage(version: VmbusVersion, options: VmbusClientOptions): InitiateContactMessage {
  const late = version >= vmbusVersion.v5_0
  const features = version >= vmbusVersion.v6_0 ? options.features : 0
  return {
    kind: 'initiateContact',
    version,
    targetVp: options.targetVp,
    interruptPageGpa: late ? 0 : options.interruptPageGpa,
    sint: late ? vmbusSint : 0,
    vtl: 0,
    features,
    parentToChildMonitorGpa: options.monitorPages?.parentToChild ?? 0,
    childToParentMonitorGpa: options.monitorPages?.childToParent ?? 0,
    ...((features & vmbusFeature.clientId) !== 0 ? { clientId: options.clientId } : {}),
  }
}

/** Message 5; the long form when signal parameters or interrupt redirection were agreed on. */
export function openMessage(
  offer: OfferChannelMessage,
  opening: ChannelOpening,
  ringGpadlId: number,
  features: number,
): OpenChannelMessage {
  const { channelId, connectionId } = offer
  const long = (features & (vmbusFeature.guestSpecifiedSignalParameters | vmbusFeature.channelInterruptRedirection)) !== 0
  return {
    kind: 'openChannel',
    channelId,
    openId: channelId,
    ringGpadlId,
    targetVp: opening.targetVp,
    downstreamPageOffset: opening.downstreamPageOffset,
    userData: opening.userData ?? noUserData,
    ...(long ? { signal: { connectionId, eventFlag: channelId, flags: 0 } } : {}),
  }
}
