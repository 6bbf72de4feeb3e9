/** Synthetic video protocol (devices reference 4.1; openvmm: uidevices/src/video/protocol.rs; linux: hyperv_fb.c). Pipe messages. */
import { pipeCodec } from '../../vmbus/pipe.ts'
import { type MessageOf, messageSet } from '../message-set.ts'
import { boolean8, hexBytes, i32, list, padding, struct, u8, u16, u32, u64, type WireType, type WireValue } from '../wire.ts'

/** Versions as minor << 16 | major. */
export const videoVersion = { v3_0: 0x00000003, v3_2: 0x00020003, v3_3: 0x00030003, v3_4: 0x00040003, v3_5: 0x00050003 } as const
export type VideoVersion = (typeof videoVersion)[keyof typeof videoVersion]

/** Highest version of a host release. */
export const videoVersionOfHost: Readonly<Record<string, VideoVersion>> = {
  '2008': videoVersion.v3_0,
  '2008 R2': videoVersion.v3_0,
  '2012': videoVersion.v3_2,
  '2012 R2': videoVersion.v3_3,
  '2016': videoVersion.v3_5,
  '2019': videoVersion.v3_5,
  '2022': videoVersion.v3_5,
  '2025': videoVersion.v3_5,
}

/** Minor number: what decides which of two versions is newer. */
export function videoMinor(version: number): number {
  return version >>> 16
}

/** `3.5` for 0x00050003. */
export function videoVersionText(version: number): string {
  return `${version & 0xffff}.${version >>> 16}`
}

/** Limits (devices reference 4.1). */
export const videoLimits = {
  /** Pointer: 96 × 96 × 4 bytes. */
  pointerPixels: 96,
  /** Pixel bytes of one POINTER_SHAPE message. */
  pointerPartBytes: 8192,
  rectanglesMax: 255,
  resolutionsMax: 64,
  /** Video memory of protocol 3.0, bytes. */
  memoryOld: 4 * 1024 * 1024,
  /** Default video memory since 3.2, bytes. */
  memory: 8 * 1024 * 1024,
  /** Linux sends dirty rectangles at most every 50 ms, in ticks. */
  dirtInterval: 500_000,
} as const

const rectangle = struct({ left: i32, top: i32, right: i32, bottom: i32 })
export type VideoRectangle = WireValue<typeof rectangle>

const output = struct({ active: boolean8, vramOffset: u32, depth: u8, width: u32, height: u32, pitch: u32 })
export type VideoOutput = WireValue<typeof output>

const resolution = struct({ width: u16, height: u16 })
export type VideoResolution = WireValue<typeof resolution>

/** EDID, then `count u8, default index u8, standard u8`, then the list. */
const resolutionsBody: WireType<{
  readonly edid: string
  readonly defaultIndex: number
  readonly standard: boolean
  readonly resolutions: readonly VideoResolution[]
}> = {
  shape: {
    kind: 'struct',
    fields: [
      ['edid', { kind: 'hex', min: 128, max: 128 }],
      ['defaultIndex', u8.shape],
      ['standard', boolean8.shape],
      ['resolutions', { kind: 'list', max: 64, item: resolution.shape }],
    ],
  },
  size: (value) => 131 + 4 * value.resolutions.length,
  write(writer, value) {
    if (value.resolutions.length > videoLimits.resolutionsMax) throw new RangeError(`${value.resolutions.length} resolutions`)
    hexBytes(128).write(writer, value.edid)
    u8.write(writer, value.resolutions.length)
    u8.write(writer, value.defaultIndex)
    boolean8.write(writer, value.standard)
    for (const entry of value.resolutions) resolution.write(writer, entry)
  },
  read(reader) {
    const edid = hexBytes(128).read(reader)
    const count = u8.read(reader)
    if (count > videoLimits.resolutionsMax) reader.fail(`${count} resolutions`)
    const defaultIndex = u8.read(reader)
    const standard = boolean8.read(reader)
    const resolutions: VideoResolution[] = []
    for (let i = 0; i < count && reader.failure === undefined; i++) resolutions.push(resolution.read(reader))
    return { edid, defaultIndex, standard, resolutions }
  },
}

const pointerShape: WireType<{
  readonly part: number
  readonly flags: number
  readonly width: number
  readonly height: number
  readonly hotX: number
  readonly hotY: number
  readonly pixels: string
}> = pointerShapeType()

/** The pixel bytes fill the rest of the message: their length follows from the header's size, here from what the reader holds. */
function pointerShapeType() {
  const head = struct({ part: u8, flags: u8, width: u32, height: u32, hotX: u32, hotY: u32 })
  return {
    shape: {
      kind: 'struct',
      fields: [
        ['part', u8.shape],
        ['flags', u8.shape],
        ['width', u32.shape],
        ['height', u32.shape],
        ['hotX', u32.shape],
        ['hotY', u32.shape],
        ['pixels', { kind: 'hex', min: 0, max: videoLimits.pointerPartBytes }],
      ],
    },
    size: (value) => 18 + value.pixels.length / 2,
    write(writer, value) {
      if (value.pixels.length / 2 > videoLimits.pointerPartBytes) throw new RangeError('pointer part too long')
      head.write(writer, value)
      hexBytes(value.pixels.length / 2).write(writer, value.pixels)
    },
    read(reader) {
      const value = head.read(reader)
      const rest = reader.bytes.length - reader.at
      if (rest > videoLimits.pointerPartBytes) reader.fail('pointer part too long')
      return { ...value, pixels: hexBytes(Math.max(0, rest)).read(reader) }
    },
  } satisfies WireType<WireValue<typeof head> & { readonly pixels: string }>
}

const table = {
  versionRequest: [1, struct({ version: u32 })],
  /** `accepted`: 0 no, 1 yes, 2 yes with version exchange. */
  versionResponse: [2, struct({ version: u32, accepted: u8, maxOutputs: u8 })],
  vramLocation: [3, struct({ context: u64, addressGiven: boolean8, gpa: u64 })],
  vramLocationAck: [4, struct({ context: u64 })],
  situationUpdate: [5, struct({ context: u64, outputs: list(u8, output, 1) })],
  situationUpdateAck: [6, struct({ context: u64 })],
  pointerPosition: [7, struct({ visible: boolean8, output: u8, x: i32, y: i32 })],
  pointerShape: [8, pointerShape],
  featureChange: [
    9,
    struct({ dirtNeeded: boolean8, pointerPositionNeeded: boolean8, pointerShapeNeeded: boolean8, situationNeeded: boolean8 }),
  ],
  dirt: [10, struct({ output: u8, rectangles: list(u8, rectangle, 255) })],
  biosInfoRequest: [11, struct({})],
  biosInfoResponse: [12, struct({ stopDeviceSupported: u32, _reserved: padding(12) })],
  supportedResolutionsRequest: [13, struct({ maxCount: u8 })],
  supportedResolutionsResponse: [14, resolutionsBody],
  capabilityRequest: [15, struct({})],
  capabilityResponse: [16, struct({ lockOnDisconnect: u32, _reserved: padding(60) })],
} as const

export type VideoMessage = MessageOf<typeof table>

/** Header `type u32, size u32`; written with the header counted, read both ways. */
export const videoMessages = messageSet({ typeBytes: 4, sizeBytes: 4, sizeOf: 'either' }, table)

export const videoCodec = pipeCodec(videoMessages)
