/** Saved form of the VMBus client, and what must hold in any client. */
import type { ClientChannel, ClientChannelState, ClientConnectionState, ClientGpadl } from './client-types.ts'
import type { GuestMessage } from './messages.ts'

/** Version of {@link VmbusClientRows}. */
export const clientRowsVersion = 1

export interface VmbusClientRows {
  readonly version: typeof clientRowsVersion
  readonly connection: ClientConnectionState
  readonly nextGpadlId: number
  readonly channels: readonly {
    readonly offer: ClientChannel['offer']
    readonly state: ClientChannelState
    readonly rescinded: boolean
    readonly targetVp: number
    readonly gpadls: readonly ClientGpadl[]
  }[]
  readonly outbox: readonly { readonly connectionId: number; readonly message: GuestMessage }[]
}

/** What contradicts itself; empty for a sound client. */
export function clientViolations(connection: ClientConnectionState, channels: ReadonlyMap<number, ClientChannel>): string[] {
  const wrong: string[] = []
  if (connection.name !== 'connected' && channels.size > 0) wrong.push('channels without a connection')
  for (const [channelId, channel] of channels) {
    const label = `channel ${channelId} in state ${channel.state.name}`
    if (channel.offer.channelId !== channelId) wrong.push(`${label}: stored under another id`)
    if (!('ringGpadlId' in channel.state)) continue
    const ring = channel.gpadls.get(channel.state.ringGpadlId)
    if (ring === undefined) wrong.push(`${label}: its rings' GPADL is missing`)
    else if ((channel.state.name === 'creatingRings') !== (ring.state === 'creating') && channel.state.name !== 'closing') {
      wrong.push(`${label}: its rings' GPADL is ${ring.state}`)
    }
  }
  return wrong
}
