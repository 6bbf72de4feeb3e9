/** What happens on a machine's bus, as rows of its trace. */
import type { VmbusTraceEvent } from '../vmbus/trace.ts'
import type { DevicePair } from './device-pair.ts'
import { packetName } from './packet-names.ts'
import type { StackLog } from './stack-log.ts'

export function traceBus(log: StackLog, event: VmbusTraceEvent, pairs: readonly DevicePair[]): void {
  switch (event.kind) {
    case 'message':
      log.add('message', event.direction === 'toHost' ? 'guest' : 'root', 0, `${event.message.kind} (${event.bytes})`)
      break
    case 'packet': {
      if (event.step !== 'sent') break
      const pair = pairs.find((candidate) => candidate.channel?.channelId === event.channelId)
      const name = pair === undefined ? 'packet' : packetName(pair.device.kind, event.packet)
      const text = `channel ${event.channelId}: ${name} (${event.packet.ringBytes})`
      log.add('packet', event.direction === 'toHost' ? 'guest' : 'root', 0, text, event.channelId, event.packet.transactionId || null)
      break
    }
    case 'signal':
      log.add('signal', event.direction === 'toHost' ? 'guest' : 'root', 0, `channel ${event.channelId} by ${event.path}`, event.channelId)
      break
    case 'channelState':
      if (event.side === 'server')
        log.add('lifecycle', 'root', 0, `channel ${event.channelId}: ${event.from} to ${event.to}`, event.channelId)
      break
    case 'connectionState':
      if (event.side === 'server') log.add('lifecycle', 'root', 0, `VMBus: ${event.from} to ${event.to}`)
      break
  }
}
