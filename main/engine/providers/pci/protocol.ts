/** Virtual PCI protocol: the start of a bus and its removal (devices reference 7.1; openvmm: vpci_protocol; linux: pci-hyperv.c). Raw packets. */
import type { PayloadCodec } from '../../vmbus/packet-codec.ts'
import { type MessageOf, messageSet } from '../message-set.ts'
import { decodeWire, encodeWire, hexBytes, list, padding, struct, u8, u16, u32, u64, type WireType, type WireValue } from '../wire.ts'

export const pciVersion = {
  v1_0: 0x00010000,
  v1_1: 0x00010001,
  v1_2: 0x00010002,
  v1_3: 0x00010003,
  v1_4: 0x00010004,
  v1_5: 0x00010005,
  v1_6: 0x00010006,
} as const
export type PciVersion = (typeof pciVersion)[keyof typeof pciVersion]

/** Versions, newest first. */
export const pciVersions: readonly PciVersion[] = [0x00010006, 0x00010005, 0x00010004, 0x00010003, 0x00010002, 0x00010001, 0x00010000]

export const pciMessageBase = 0x42490000

/** The MMIO window: page 0 selects the slot, page 1 is that slot's configuration space. */
export const pciWindow = { bytes: 8192, configOffset: 0x1000 } as const

/** Most interrupt messages of a device in the open definition. */
export const pciInterruptsMax = 494

const deviceFields = {
  vendorId: u16,
  deviceId: u16,
  revision: u8,
  progIf: u8,
  subClass: u8,
  baseClass: u8,
  subsystemId: u32,
  slot: u32,
  serial: u32,
} as const
const device = struct(deviceFields)
const device2 = struct({ ...deviceFields, flags: u32, numaNode: u16, _reserved: padding(2) })
export type PciFunction = WireValue<typeof device>
export type PciFunction2 = WireValue<typeof device2>

const barMasks: WireType<readonly number[]> = {
  shape: { kind: 'struct', fields: [] },
  size: () => 24,
  write(writer, value) {
    for (let i = 0; i < 6; i++) u32.write(writer, value[i] ?? 0)
  },
  read: (reader) => Array.from({ length: 6 }, () => u32.read(reader)),
}

const base = pciMessageBase

const table = {
  busRelations: [base, struct({ devices: list(u32, device, 32) })],
  queryBusRelations: [base + 1, struct({})],
  currentResourceRequirements: [base + 5, struct({ slot: u32 })],
  d0Entry: [base + 7, struct({ _pad: padding(4), mmioBase: u64 })],
  d0Exit: [base + 8, struct({})],
  eject: [base + 0xb, struct({ slot: u32 })],
  ejectComplete: [base + 0xf, struct({ slot: u32 })],
  assignedResources: [base + 0x10, struct({ slot: u32, ranges: hexBytes(120), interrupts: u32, _reserved: padding(16) })],
  releaseResources: [base + 0x11, struct({ slot: u32 })],
  queryProtocolVersion: [base + 0x13, struct({ version: u32 })],
  createInterrupt: [base + 0x14, struct({ slot: u32, vector: u8, deliveryMode: u8, count: u16, _reserved: padding(4), cpuMask: u64 })],
  assignedResources2: [base + 0x16, struct({ slot: u32, ranges: hexBytes(120), interrupts: u32, _reserved: padding(70) })],
  createInterrupt2: [
    base + 0x17,
    struct({ slot: u32, vector: u8, deliveryMode: u8, count: u16, processors: list(u16, u16, 32), _pad: padding(0) }),
  ],
  busRelations2: [base + 0x19, struct({ devices: list(u32, device2, 32) })],
} as const

export type PciRequest = MessageOf<typeof table>
export const pciRequests = messageSet({ typeBytes: 4, sizeBytes: 0 }, table)

/** Answers stand in completion packets without a type: `status u32` and what the request wants. */
const statusBody = struct({ status: u32 })
const versionBody = struct({ status: u32, version: u32 })
const requirementsBody = struct({ status: u32, bars: barMasks })
const interruptBody = struct({ status: u32, _reserved: padding(2), count: u16, data: u32, address: u64, _pad: padding(4) })

export type PciAnswer =
  | ({ readonly kind: 'status' } & WireValue<typeof statusBody>)
  | ({ readonly kind: 'version' } & WireValue<typeof versionBody>)
  | ({ readonly kind: 'requirements' } & WireValue<typeof requirementsBody>)
  | ({ readonly kind: 'interrupt' } & WireValue<typeof interruptBody>)

export type PciMessage = PciRequest | PciAnswer

const answers = { status: statusBody, version: versionBody, requirements: requirementsBody, interrupt: interruptBody }
const answerKinds: ReadonlySet<string> = new Set(Object.keys(answers))

/** Bytes of a message in its packet; answers are padded to whole words of 8, by which they are told apart (8, 16, 32, 24). */
export function pciBytes(message: PciMessage): number {
  return answerKinds.has(message.kind) ? answerBytes[message.kind as PciAnswer['kind']] : pciRequests.size(message as PciRequest)
}

const answerBytes: Readonly<Record<PciAnswer['kind'], number>> = { status: 4, version: 16, requirements: 32, interrupt: 24 }

export const pciCodec: PayloadCodec<PciMessage> = {
  encode(message) {
    if (!answerKinds.has(message.kind)) return pciRequests.bytes(message as PciRequest)
    const kind = message.kind as PciAnswer['kind']
    return encodePadded(answers[kind] as WireType<object>, message, answerBytes[kind])
  },
  decode(bytes, packet) {
    if (packet.type !== 0xb) return pciRequests.parse(bytes)
    const kind = (Object.keys(answers) as PciAnswer['kind'][]).find(
      (one) => Math.ceil(answerBytes[one] / 8) * 8 === Math.ceil(bytes.length / 8) * 8,
    )
    if (kind === undefined) return { ok: false, reason: `answer of ${bytes.length} bytes` }
    const value = decodeWire(answers[kind] as WireType<object>, bytes)
    return value.ok ? { ok: true, payload: { kind, ...value.value } as PciAnswer } : value
  },
}

function encodePadded(type: WireType<object>, value: object, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  bytes.set(encodeWire(type, value))
  return bytes
}
