/** The two ends of a device's protocol as its pair uses them, whatever the device is. */
import type { VmbusDriver, VmbusProvider } from '../../vmbus/bus-types.ts'
import type { Channel } from '../../vmbus/channel.ts'
import type { DeviceTime } from '../device-time.ts'
import type { DeviceWorld } from '../device-world.ts'
import type { MachineContext } from '../machine-context.ts'
import type { DeviceSpec } from '../stack-types.ts'

/** A provider and a driver that speak the same protocol. Payloads differ from device to device; a pair only passes their channel on. */
export interface TwoEnds {
  // biome-ignore lint/suspicious/noExplicitAny: the payload types of a channel are known to its two ends alone
  readonly provider: VmbusProvider<any, any>
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly driver: VmbusDriver<any, any>
}

/** Finds the open channel of sub-channel `index` again; 0 = the primary one. */
export type ChannelFinder = (index: number) => Channel | undefined

export interface DeviceEnds extends TwoEnds {
  /** Pages of each ring's data area. */
  readonly ringPages: number
  /** The start sequence is over: the device works. */
  readonly ready: boolean
  /** Version of the device protocol that both agreed on, as its documents write it; null before, and where there is none. */
  readonly version: string | null
  subchannel?(index: number): TwoEnds
  /** The provider goes on after a fault. */
  resume(): void
  /** The pair ends for good; what lies behind it is let go. */
  end?(): void
  /** JSON-able rows of both ends. */
  snapshot(): unknown
  /** Puts saved rows in place; a sentence when they are refused. `rows` have the shape that `shapeOf` of the kind demands. */
  restore(rows: unknown, channel: ChannelFinder): string | undefined
}

/** What the ends of a device are made from. */
export interface EndsParts {
  readonly device: DeviceSpec
  readonly context: MachineContext
  readonly time: DeviceTime
  readonly world: DeviceWorld
  /** Release names such as `2012 R2`: of the host, and of the host that is as old as the guest's drivers. */
  readonly hostRelease: string
  readonly guestRelease: string
  /** Sub-channels that the host grants and the guest wants. */
  readonly subchannels: number
  /** Shares guest memory over the pair's channel; the id of the GPADL. */
  readonly shareMemory: (bytes: number) => number | undefined
  readonly offerSubchannels: (count: number) => void
  /** The provider does not answer now. */
  readonly stalled: () => boolean
}

/** First guest page of data buffers; the driver's own commands use the pages before it. */
export const DATA_PAGE = 0x8000
export const CONTROL_PAGE = 0x7f00
