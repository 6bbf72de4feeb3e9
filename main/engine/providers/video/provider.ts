/** The host's side of synthetic video: version, video memory, mode, what a viewer wants to know, dirty rectangles (devices reference 4.1). */
import { MessageProvider } from '../message-end.ts'
import {
  type VideoMessage,
  type VideoOutput,
  type VideoRectangle,
  type VideoResolution,
  type VideoVersion,
  videoLimits,
  videoMessages,
  videoMinor,
  videoVersion,
} from './protocol.ts'

export interface VideoState {
  readonly version: VideoVersion | undefined
  /** Guest address of the frame buffer; −1 = not told. */
  readonly vram: number
  readonly mode: VideoOutput | undefined
  readonly pointer: { readonly visible: boolean; readonly x: number; readonly y: number }
  /** A viewer is connected: dirty rectangles are wanted. */
  readonly viewer: boolean
}

const start: VideoState = { version: undefined, vram: -1, mode: undefined, pointer: { visible: false, x: 0, y: 0 }, viewer: false }

export interface VideoProviderOptions {
  readonly versionMax: VideoVersion
  /** Resolutions for message 13, and the default's index. */
  readonly resolutions: readonly VideoResolution[]
  readonly defaultIndex: number
  /** Bytes of video memory. */
  readonly memoryBytes: number
  readonly modeSet?: (mode: VideoOutput) => void
  /** The guest has drawn: rectangles to fetch from its memory. */
  readonly dirty?: (rectangles: readonly VideoRectangle[]) => void
  readonly pointerMoved?: (visible: boolean, x: number, y: number) => void
  readonly pointerShaped?: (shape: VideoMessage & { readonly kind: 'pointerShape' }) => void
}

/** Display data of the virtual monitor: header, then "HyperVMonitor" as its name; the rest zeros. 128 bytes with checksum. */
function monitorEdid(): string {
  const bytes = new Uint8Array(128)
  bytes.set([0, 255, 255, 255, 255, 255, 255, 0])
  bytes.set([0, 0, 0, 0xfc, 0, ...[...'HyperVMonitor'].map((char) => char.charCodeAt(0))], 54)
  bytes[127] = (256 - (bytes.reduce((sum, byte) => sum + byte, 0) % 256)) % 256
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

const MONITOR_EDID = monitorEdid()

export class VideoProvider extends MessageProvider<VideoMessage, VideoState> {
  readonly #options: VideoProviderOptions

  constructor(options: VideoProviderOptions) {
    super(videoMessages, true, start)
    this.#options = options
  }

  /** A viewer connects or leaves: the guest is told what to report. */
  setViewer(connected: boolean): void {
    this.current = { ...this.current, viewer: connected }
    this.#features()
  }

  protected override started(): void {
    this.current = { ...start, viewer: this.current.viewer }
  }

  protected received(message: VideoMessage): void {
    const ready = this.current.version !== undefined
    switch (message.kind) {
      case 'versionRequest': {
        const known = Object.values(videoVersion).find((one) => one === message.version)
        const accepted = known !== undefined && videoMinor(known) <= videoMinor(this.#options.versionMax)
        if (accepted) this.current = { ...start, viewer: this.current.viewer, version: known }
        const version = accepted ? message.version : this.#options.versionMax
        this.end.send({ kind: 'versionResponse', version, accepted: accepted ? 1 : 0, maxOutputs: 1 })
        return
      }
      case 'supportedResolutionsRequest':
        if (ready && videoMinor(this.current.version ?? 0) >= 4) this.#resolutions(message.maxCount)
        return
      case 'vramLocation':
        if (!ready) return
        this.current = { ...this.current, vram: message.addressGiven ? message.gpa : -1 }
        this.end.send({ kind: 'vramLocationAck', context: message.context })
        return
      case 'situationUpdate':
        if (!ready) return
        this.#setMode(message.outputs[0])
        this.end.send({ kind: 'situationUpdateAck', context: message.context })
        if (this.current.viewer) this.#features()
        return
      case 'pointerPosition':
        this.current = { ...this.current, pointer: { visible: message.visible, x: message.x, y: message.y } }
        this.#options.pointerMoved?.(message.visible, message.x, message.y)
        return
      case 'pointerShape':
        if (message.width <= videoLimits.pointerPixels && message.height <= videoLimits.pointerPixels)
          this.#options.pointerShaped?.(message)
        return
      case 'dirt':
        // Before anybody asked, and without a mode, it means nothing.
        if (this.current.viewer && this.current.mode !== undefined) this.#options.dirty?.(message.rectangles)
        return
      case 'biosInfoRequest':
        this.end.send({ kind: 'biosInfoResponse', stopDeviceSupported: 1 })
        return
      case 'capabilityRequest':
        this.end.send({ kind: 'capabilityResponse', lockOnDisconnect: 0 })
        return
    }
  }

  #setMode(output: VideoOutput | undefined): void {
    if (output === undefined || !output.active) {
      this.current = { ...this.current, mode: undefined }
      return
    }
    if (output.vramOffset + output.pitch * output.height > this.#options.memoryBytes) return
    this.current = { ...this.current, mode: output }
    this.#options.modeSet?.(output)
  }

  #resolutions(maxCount: number): void {
    const resolutions = this.#options.resolutions.slice(0, Math.min(maxCount, videoLimits.resolutionsMax))
    const defaultIndex = Math.min(this.#options.defaultIndex, Math.max(0, resolutions.length - 1))
    this.end.send({ kind: 'supportedResolutionsResponse', edid: MONITOR_EDID, defaultIndex, standard: false, resolutions })
  }

  #features(): void {
    const { viewer, version } = this.current
    if (version === undefined) return
    this.end.send({
      kind: 'featureChange',
      dirtNeeded: viewer,
      pointerPositionNeeded: viewer,
      pointerShapeNeeded: viewer,
      situationNeeded: viewer,
    })
  }
}
