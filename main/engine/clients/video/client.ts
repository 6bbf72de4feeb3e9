/** The guest's synthetic video driver (devices reference 4.1; linux: drivers/video/fbdev/hyperv_fb.c). */
import type { DeviceClock } from '../../providers/device-clock.ts'
import { MessageDriver } from '../../providers/message-end.ts'
import {
  type VideoMessage,
  type VideoOutput,
  type VideoRectangle,
  type VideoResolution,
  type VideoVersion,
  videoLimits,
  videoMessages,
  videoMinor,
} from '../../providers/video/protocol.ts'

export interface VideoClientState {
  readonly step: 'closed' | 'version' | 'resolutions' | 'vram' | 'mode' | 'ready' | 'refused'
  readonly at: number
  readonly resolutions: readonly VideoResolution[]
  readonly mode: VideoOutput | undefined
  readonly dirtNeeded: boolean
  /** Area drawn since the last message. */
  readonly damage: VideoRectangle | undefined
  readonly nextDirt: number
}

export interface VideoClientOptions {
  /** Newest first. */
  readonly versions: readonly VideoVersion[]
  readonly frameBufferGpa: number
  readonly memoryBytes: number
  readonly width: number
  readonly height: number
  readonly depth: 16 | 32
  /** Ticks between two messages of dirty rectangles; default 50 ms. */
  readonly dirtInterval?: number
  readonly clock: DeviceClock
  readonly ready?: (mode: VideoOutput) => void
}

const start: VideoClientState = {
  step: 'closed',
  at: 0,
  resolutions: [],
  mode: undefined,
  dirtNeeded: false,
  damage: undefined,
  nextDirt: 0,
}

export class VideoClient extends MessageDriver<VideoMessage, VideoClientState> {
  readonly #options: VideoClientOptions

  constructor(options: VideoClientOptions) {
    super(videoMessages, true, start)
    this.#options = options
  }

  get version(): VideoVersion | undefined {
    return this.current.step === 'version' || this.current.step === 'closed' ? undefined : this.#options.versions[this.current.at]
  }

  /** The guest has drawn here; told at once or with the next message, and not at all while nobody looks. */
  draw(area: VideoRectangle): void {
    if (this.current.step !== 'ready') return
    this.current = { ...this.current, damage: union(this.current.damage, area) }
    this.#flush()
  }

  movePointer(x: number, y: number, visible = true): void {
    if (this.current.step === 'ready') this.end.send({ kind: 'pointerPosition', visible, output: 0, x, y })
  }

  /** Another mode; false when it does not fit into video memory or the protocol. */
  setMode(width: number, height: number, depth: 16 | 32): boolean {
    const pitch = (width * depth) / 8
    const old = videoMinor(this.version ?? 0) < 2
    if (pitch * height > this.#options.memoryBytes || (old && (width > 1600 || height > 1200 || depth !== 16))) return false
    if (this.current.step !== 'ready' && this.current.step !== 'mode') return false
    const mode: VideoOutput = { active: true, vramOffset: 0, depth, width, height, pitch }
    this.current = { ...this.current, step: 'mode', mode }
    return this.end.send({ kind: 'situationUpdate', context: 0, outputs: [mode] })
  }

  wake(): void {
    this.#flush()
  }

  protected override started(): void {
    this.#ask(0)
  }

  protected received(message: VideoMessage): void {
    const { step } = this.current
    switch (message.kind) {
      case 'versionResponse':
        if (step !== 'version') return
        if (message.accepted === 0) return this.#ask(this.current.at + 1)
        if (videoMinor(this.#options.versions[this.current.at] ?? 0) < 4) return this.#location()
        this.current = { ...this.current, step: 'resolutions' }
        this.end.send({ kind: 'supportedResolutionsRequest', maxCount: videoLimits.resolutionsMax })
        return
      case 'supportedResolutionsResponse':
        if (step !== 'resolutions') return
        this.current = { ...this.current, resolutions: message.resolutions }
        return this.#location()
      case 'vramLocationAck': {
        if (step !== 'vram') return
        this.current = { ...this.current, step: 'mode' }
        const { width, height, depth } = this.#options
        if (!this.setMode(width, height, depth)) this.setMode(1024, 768, 16)
        return
      }
      case 'situationUpdateAck':
        if (step !== 'mode' || this.current.mode === undefined) return
        this.#options.ready?.(this.current.mode)
        this.current = { ...this.current, step: 'ready' }
        this.movePointer(0, 0, false)
        return this.#flush()
      case 'featureChange':
        this.current = { ...this.current, dirtNeeded: message.dirtNeeded }
        // A new viewer needs everything.
        if (message.dirtNeeded && this.current.mode !== undefined) {
          this.current = { ...this.current, damage: { left: 0, top: 0, right: this.current.mode.width, bottom: this.current.mode.height } }
        }
        return this.#flush()
    }
  }

  #ask(at: number): void {
    const version = this.#options.versions[at]
    this.current = { ...this.current, step: version === undefined ? 'refused' : 'version', at }
    if (version !== undefined) this.end.send({ kind: 'versionRequest', version })
  }

  #location(): void {
    this.current = { ...this.current, step: 'vram' }
    const { frameBufferGpa } = this.#options
    this.end.send({ kind: 'vramLocation', context: frameBufferGpa, addressGiven: true, gpa: frameBufferGpa })
  }

  #flush(): void {
    const { clock } = this.#options
    const { damage, dirtNeeded, nextDirt, step } = this.current
    if (damage === undefined || !dirtNeeded || step !== 'ready') return
    if (clock.now() < nextDirt) return clock.wakeAt(nextDirt)
    this.current = { ...this.current, damage: undefined, nextDirt: clock.now() + (this.#options.dirtInterval ?? videoLimits.dirtInterval) }
    this.end.send({ kind: 'dirt', output: 0, rectangles: [damage] })
  }
}

function union(a: VideoRectangle | undefined, b: VideoRectangle): VideoRectangle {
  if (a === undefined) return b
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  }
}
