/** Keyboard, mouse, video and the control channel of enhanced sessions. */
import { KeyboardClient, MouseClient } from '../../clients/input/clients.ts'
import { RdpControlClient } from '../../clients/remote/client.ts'
import { VideoClient } from '../../clients/video/client.ts'
import { keyboardVersion } from '../../providers/input/keyboard-protocol.ts'
import { mouseVersion } from '../../providers/input/mouse-protocol.ts'
import { KeyboardProvider, MouseProvider } from '../../providers/input/providers.ts'
import type { DeviceRows } from '../../providers/message-end.ts'
import { rdpControlVersion } from '../../providers/remote/protocol.ts'
import { RdpControlProvider } from '../../providers/remote/provider.ts'
import {
  type VideoVersion,
  videoLimits,
  videoMinor,
  videoVersion,
  videoVersionOfHost,
  videoVersionText,
} from '../../providers/video/protocol.ts'
import { VideoProvider } from '../../providers/video/provider.ts'
import type { Channel } from '../../vmbus/channel.ts'
import { versionText } from '../../vmbus/versions.ts'
import type { ChannelFinder, DeviceEnds, EndsParts, TwoEnds } from './device-ends.ts'

/** Ring pages of keyboard and mouse (36 KiB), of video, and of the control channel. */
const INPUT_PAGES = 9
const VIDEO_PAGES = 64
const CONTROL_PAGES = 4

/** An end of a device of messages. */
interface SmallEnd {
  snapshot(): DeviceRows<unknown>
  // biome-ignore lint/suspicious/noExplicitAny: rows of an end's own state, which the end alone knows
  restore(rows: DeviceRows<any>, channel: Channel | undefined): string | undefined
}

export interface SmallRows {
  readonly host: DeviceRows<unknown>
  readonly guest: DeviceRows<unknown>
}

/** What devices of messages have in common. */
export abstract class SmallEnds<H extends TwoEnds['provider'] & SmallEnd, G extends TwoEnds['driver'] & SmallEnd> implements DeviceEnds {
  abstract readonly provider: H
  abstract readonly driver: G
  abstract readonly ringPages: number
  abstract get ready(): boolean
  abstract get version(): string | null

  resume(): void {}

  snapshot(): SmallRows {
    return { host: this.provider.snapshot(), guest: this.driver.snapshot() }
  }

  restore(rows: unknown, channel: ChannelFinder): string | undefined {
    const { host, guest } = rows as SmallRows
    return this.provider.restore(host, channel(0)) ?? this.driver.restore(guest, channel(0))
  }
}

export class KeyboardEnds extends SmallEnds<KeyboardProvider, KeyboardClient> {
  readonly provider = new KeyboardProvider()
  readonly driver: KeyboardClient
  readonly ringPages = INPUT_PAGES

  constructor({ context, world }: EndsParts) {
    super()
    this.driver = new KeyboardClient((event) => world.guest(context.spec.id).key(event))
  }

  get ready(): boolean {
    return this.provider.state.ready && this.driver.state.step === 'ready'
  }

  get version(): string {
    return versionText(keyboardVersion)
  }
}

export class MouseEnds extends SmallEnds<MouseProvider, MouseClient> {
  readonly provider = new MouseProvider()
  readonly driver: MouseClient
  readonly ringPages = INPUT_PAGES

  constructor({ context, world }: EndsParts) {
    super()
    this.driver = new MouseClient((report) => world.guest(context.spec.id).mouse(report))
  }

  get ready(): boolean {
    return this.provider.state.step === 'ready'
  }

  get version(): string {
    return versionText(mouseVersion)
  }
}

export class RemoteEnds extends SmallEnds<RdpControlProvider, RdpControlClient> {
  readonly provider = new RdpControlProvider()
  readonly driver = new RdpControlClient(() => true)
  readonly ringPages = CONTROL_PAGES

  get ready(): boolean {
    return this.provider.state.step === 'ready'
  }

  get version(): string {
    return versionText(rdpControlVersion)
  }
}

/** Where the frame buffer lies in guest space, and the modes that the virtual monitor names. */
const FRAME_BUFFER = 0xf800_0000
const RESOLUTIONS = [
  { width: 1024, height: 768 },
  { width: 1152, height: 864 },
  { width: 1280, height: 720 },
  { width: 1280, height: 1024 },
  { width: 1600, height: 1200 },
  { width: 1920, height: 1080 },
]

export class VideoEnds extends SmallEnds<VideoProvider, VideoClient> {
  readonly provider: VideoProvider
  readonly driver: VideoClient
  readonly ringPages = VIDEO_PAGES

  constructor({ hostRelease, guestRelease, time }: EndsParts) {
    super()
    const newest: VideoVersion = videoVersionOfHost[guestRelease] ?? videoVersion.v3_5
    const versionMax = videoVersionOfHost[hostRelease] ?? newest
    const memoryBytes = videoMinor(versionMax) < 2 ? videoLimits.memoryOld : videoLimits.memory
    this.provider = new VideoProvider({ versionMax, resolutions: RESOLUTIONS, defaultIndex: 0, memoryBytes })
    this.driver = new VideoClient({
      versions: Object.values(videoVersion)
        .filter((version) => videoMinor(version) <= videoMinor(newest))
        .reverse(),
      frameBufferGpa: FRAME_BUFFER,
      memoryBytes,
      width: 1024,
      height: 768,
      depth: 32,
      clock: time.clockOf(() => this.driver.wake(), 'clock'),
    })
  }

  get ready(): boolean {
    return this.driver.state.step === 'ready'
  }

  get version(): string | null {
    return this.driver.version === undefined ? null : videoVersionText(this.driver.version)
  }
}
