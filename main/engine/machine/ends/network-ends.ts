/** A synthetic adapter: network provider on its switch port, and the guest's driver. */
import { directBytes, NetworkClient, type NetworkClientRows } from '../../clients/network/client.ts'
import type { EthernetFrame } from '../../providers/network/frame.ts'
import { nvspBytes, nvspVersion, nvspVersionOfHost, nvspVersions } from '../../providers/network/nvsp.ts'
import { NetworkMemory } from '../../providers/network/ports.ts'
import { NetworkProvider, type NetworkProviderRows } from '../../providers/network/provider.ts'
import type { VmbusDriver, VmbusProvider } from '../../vmbus/bus-types.ts'
import { versionText } from '../../vmbus/versions.ts'
import type { Sleeper } from '../device-time.ts'
import type { AdapterWorld } from '../device-world.ts'
import { type FlowShape, networkShape } from '../ring-advance.ts'
import { type ChannelFinder, DATA_PAGE, type DeviceEnds, type EndsParts, type TwoEnds } from './device-ends.ts'

const RING_PAGES = 128
const MIB = 1024 * 1024
/** Machines with less memory share a smaller receive buffer, MB. */
const SMALL_MEMORY_MB = 256
/** NVSP writes its first two versions as 0x00002 and 0x30002. */
const OLD_VERSIONS: Readonly<Record<number, string>> = { 2: '1.0', 196610: '2.0' }

interface NetworkRows {
  readonly host: NetworkProviderRows
  readonly guest: NetworkClientRows
  readonly memory: ReturnType<NetworkMemory['snapshot']>
}

export class NetworkEnds implements DeviceEnds {
  readonly ringPages = RING_PAGES
  readonly #provider: NetworkProvider
  readonly #client: NetworkClient
  readonly #memory = new NetworkMemory()
  readonly #adapter: AdapterWorld
  readonly #parts: EndsParts

  constructor(parts: EndsParts) {
    this.#parts = parts
    const { device, context, time, world, stalled } = parts
    const hostWakes: Sleeper = () => {
      if (!stalled()) this.#provider.wake()
    }
    const guestWakes: Sleeper = () => this.#client.wake()
    this.#adapter = world.adapter(context.spec.id, device, {
      now: () => time.now(),
      deliver: (frames) => void this.deliver(frames),
      linkChanged: (connected) => this.#provider.setConnected(connected),
    })
    const { port, facts } = this.#adapter
    const newest = nvspVersionOfHost[parts.guestRelease] ?? nvspVersion.v6_1
    this.#provider = new NetworkProvider(
      {
        versionMax: nvspVersionOfHost[parts.hostRelease] ?? newest,
        maxSubChannels: parts.subchannels,
        port: {
          send: (frame, info) => {
            const result = port.send(frame, info)
            if (context.log.following)
              context.log.reached(`virtual switch port: ${result.accepted ? 'taken' : 'dropped'}, ${result.latencyTicks} ticks`)
            return result
          },
        },
        clock: time.clockOf(hostWakes, 'requests'),
        memory: this.#memory,
        offerSubchannels: parts.offerSubchannels,
      },
      facts,
    )
    this.#client = new NetworkClient({
      versions: nvspVersions.filter((version) => version <= newest),
      mtu: facts.mtu,
      subChannels: parts.subchannels,
      receiveBufferBytes: (context.spec.memoryMb < SMALL_MEMORY_MB ? 2 : 16) * MIB,
      memory: this.#memory,
      clock: time.clockOf(guestWakes, 'requests'),
      shareMemory: parts.shareMemory,
      dataPage: DATA_PAGE,
      guest: {},
    })
  }

  get provider(): VmbusProvider {
    return this.#provider as VmbusProvider
  }

  get driver(): VmbusDriver {
    return this.#client as VmbusDriver
  }

  get ready(): boolean {
    return this.#client.state.name === 'up'
  }

  get version(): string | null {
    const version = this.#client.version
    return version === undefined ? null : (OLD_VERSIONS[version] ?? versionText(version))
  }

  subchannel(index: number): TwoEnds {
    return { provider: this.#provider.subchannel(index), driver: this.#client.subchannel(index) }
  }

  /** A frame of the guest. */
  send(frame: EthernetFrame): 'sent' | 'stopped' | 'refused' {
    return this.#client.send([{ frame }])
  }

  /** Frames for the guest; how many were put into its ring. */
  deliver(frames: readonly EthernetFrame[]): number {
    if (this.#parts.stalled()) return 0
    return this.#provider.deliver(frames.map((frame) => ({ frame })))
  }

  /** A frame of so many bytes from or to this adapter, for requests whose content does not matter. */
  plainFrame(toGuest: boolean, bytes: number): EthernetFrame {
    const { mac } = this.#provider.facts
    const [destination, source] = toGuest ? [mac, OTHER_MAC] : [OTHER_MAC, mac]
    return { destination, source, etherType: LOCAL_EXPERIMENT, payloadBytes: Math.max(0, bytes - 14) }
  }

  /** Lets `count` frames of one size have passed; false when the adapter drops frames of that size. */
  pass(count: number, toGuest: boolean, bytes: number): boolean {
    const frame = this.plainFrame(toGuest, bytes)
    const passes = this.#provider.pass(count, toGuest, frame)
    if (passes) this.#client.pass(count, toGuest, frame)
    return passes
  }

  /** Ring bytes of a frame and its completion. */
  shape(toGuest: boolean, bytes: number): FlowShape {
    const frame = this.plainFrame(toGuest, bytes)
    const direct = this.#client.fitsSection(frame) ? undefined : directBytes(frame)
    return networkShape(toGuest, nvspBytes(this.#client.version ?? nvspVersion.v6_1), direct)
  }

  /** Whether a frame of the guest is copied into its send buffer. */
  isCopied(bytes: number): boolean {
    return this.#client.fitsSection(this.plainFrame(false, bytes))
  }

  resume(): void {
    this.#provider.wake()
  }

  end(): void {
    this.#adapter.unplug?.()
  }

  snapshot(): NetworkRows {
    return { host: this.#provider.snapshot(), guest: this.#client.snapshot(), memory: this.#memory.snapshot() }
  }

  restore(rows: unknown, channel: ChannelFinder): string | undefined {
    const { host, guest, memory } = rows as NetworkRows
    const find = channel as Parameters<NetworkProvider['restore']>[1]
    return this.#memory.restore(memory) ?? this.#provider.restore(host, find) ?? this.#client.restore(guest, find)
  }
}

/** A station that is not there, and the EtherType for local experiments (IEEE 802). */
const OTHER_MAC = '02-00-00-00-00-01'
const LOCAL_EXPERIMENT = 0x88b5
