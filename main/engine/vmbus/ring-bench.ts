/** Speed of the data plane: request, signal decision, read, completion, read of the completion, all counts. For the project's bench; no clock of its own. */
import { Channel, type ChannelSignals } from './channel.ts'
import { type Packet, PacketPool } from './packet.ts'

export interface RingBenchResult {
  /** Packets written and read, requests and completions together. */
  readonly packets: number
  readonly packetsPerSecond: number
  /** Signals that the traffic needed. */
  readonly signals: number
}

/**
 * Runs about `packets` packets through one channel with 128 KiB rings, 16 requests of 64 bytes at a time, each completed with 64 bytes.
 * `now` gives milliseconds.
 */
export function benchRing(packets: number, now: () => number): RingBenchResult {
  const signals: ChannelSignals = { signalHost: () => 'hypercall', signalGuest: () => 'interrupt' }
  const channel = new Channel<number, number>({
    channelId: 1,
    epoch: 1,
    guestToHostBytes: 131072,
    hostToGuestBytes: 131072,
    pendingSendSize: true,
    signals,
  })
  const requests = new PacketPool<number>(0)
  const completions = new PacketPool<number>(0)
  let done = 0
  const serve = (request: Packet<number>): boolean => {
    const completion = completions.acquire().asCompletion(request.transactionId, request.payload, 64)
    if (channel.sendFromHost(completion) !== 'full') return true
    completions.release(completion)
    return false
  }
  const finish = (completion: Packet<number>, request: Packet<number> | undefined): void => {
    completions.release(completion)
    if (request !== undefined) requests.release(request)
    done += 2
  }
  const start = now()
  while (done < packets) {
    for (let i = 0; i < 16; i++) {
      const request = requests.acquire().asInBand(i, 64, true)
      if (channel.sendFromGuest(request) === 'full') {
        requests.release(request)
        break
      }
    }
    channel.drainAtHost(64, serve)
    channel.drainAtGuest(64, finish)
  }
  const seconds = (now() - start) / 1000
  const counts = channel.counts()
  return { packets: done, packetsPerSecond: seconds > 0 ? done / seconds : 0, signals: counts.hostSignals + counts.guestSignals }
}
