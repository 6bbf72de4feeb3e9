import { describe, expect, it } from 'vitest'
import { packetType } from '../vmbus/packet.ts'
import { SeededIntegers } from '../vmbus/testing.ts'
import { keyboardMessages } from './input/keyboard-protocol.ts'
import { mouseDeviceInfo, mouseMessages } from './input/mouse-protocol.ts'
import { type IcBody, type IcMessage, icBodies, icMessageCodec, icType, kvpKind } from './integration/protocol.ts'
import { memoryMessages } from './memory/protocol.ts'
import type { MessageSet } from './message-set.ts'
import { encodeFrame, macOfHex } from './network/frame.ts'
import { nvspCodec, nvspSets } from './network/nvsp.ts'
import { largeSend, largeSendMss, rndisMessages, vlanInfo } from './network/rndis.ts'
import { pciRequests } from './pci/protocol.ts'
import { rdpControlMessages } from './remote/protocol.ts'
import { randomHex, randomValue } from './testing.ts'
import { videoMessages } from './video/protocol.ts'

type AnySet = Pick<MessageSet<never>, 'shapes'> & {
  bytes(message: never): Uint8Array
  parse(bytes: Uint8Array): { ok: boolean; payload?: unknown }
}

const sets: readonly (readonly [string, AnySet])[] = [
  ['keyboard', keyboardMessages],
  ['mouse', mouseMessages],
  ['video', videoMessages],
  ['dynamic memory', memoryMessages],
  ['RDP control', rdpControlMessages],
  ['vPCI', pciRequests],
  ['RNDIS control', { ...rndisMessages, shapes: rndisMessages.shapes.slice(1) }],
  ['NVSP', nvspSets[28].requests],
  ['NVSP 6.1', nvspSets[40].requests],
  ['NVSP completions', nvspSets[28].completions],
]

describe('messages', () => {
  it.each(sets)('of %s come back unchanged, and cut or longer bytes are refused', (_name, set) => {
    const random = new SeededIntegers(11)
    for (const { kind, shape } of set.shapes) {
      for (let round = 0; round < 30; round++) {
        const message = { kind, ...(randomValue(shape, random) as object) }
        if (kind.startsWith('assignedResources')) Object.assign(message, { ranges: randomHex(120, random) })
        const bytes = set.bytes(message as never)
        expect(set.parse(bytes)).toEqual({ ok: true, payload: message })
        expect(set.parse(bytes.subarray(0, bytes.length - 1)).ok).toBe(false)
        // Pixels reach to the end of their packet: only their length says more.
        if (kind !== 'pointerShape') expect(set.parse(new Uint8Array([...bytes, ...new Uint8Array(8)])).ok).toBe(false)
      }
    }
  })

  it.each(sets)('of %s: noise is refused or read, and never throws', (_name, set) => {
    const random = new SeededIntegers(5)
    for (let round = 0; round < 3000; round++) {
      const bytes = Uint8Array.from({ length: random.below(80) }, () => random.below(256))
      if (random.below(2) === 0 && bytes.length >= 4) bytes.set([random.below(20), 0, 0, 0])
      expect(typeof set.parse(bytes).ok).toBe('boolean')
    }
  })

  it('of integration components come back unchanged', () => {
    const random = new SeededIntegers(3)
    const types: Readonly<Record<string, number>> = {
      negotiate: 0,
      heartbeat: 1,
      shutdown: 3,
      time3: 4,
      time4: 4,
      vss: 5,
      copyStart: 7,
      copyWrite: 7,
      copyOther: 7,
    }
    for (const kind of Object.keys(icBodies) as IcBody['kind'][]) {
      for (let round = 0; round < 20; round++) {
        const body = { kind, ...(randomValue(icBodies[kind].shape, random) as object) } as IcBody
        const operations = Array.from({ length: 9 }, (_, i) => i)
        const fixed = kind.startsWith('kvp')
          ? operations.find((one) => kvpKind(one) === kind)
          : { copyStart: 0, copyWrite: 1, copyOther: 2 }[kind as 'copyStart']
        const message: IcMessage = {
          framework: { major: 3, minor: 0 },
          type: (types[kind] ?? icType.kvp) as IcMessage['type'],
          version: { major: kind === 'time4' ? 4 : 3, minor: 0 },
          status: 0,
          transactionId: random.below(256),
          flags: 3,
          body: fixed === undefined ? body : ({ ...body, operation: fixed } as IcBody),
        }
        const bytes = icMessageCodec.encode(message, { type: 6, transactionId: 0 })
        expect(icMessageCodec.decode(bytes, { type: 6, transactionId: 0 })).toEqual({ ok: true, payload: message })
        expect(icMessageCodec.decode(bytes.subarray(0, bytes.length - 1), { type: 6, transactionId: 0 }).ok).toBe(false)
      }
    }
  })

  it('have the sizes of the reference', () => {
    expect(encodeLength(mouseMessages.bytes(mouseDeviceInfo))).toBe(8 + 32 + 9 + 67)
    expect(nvspSets[28].requests.bytes({ kind: 'init', version: 2, versionMax: 2 }).length).toBe(28)
    expect(nvspSets[40].requests.bytes({ kind: 'init', version: 2, versionMax: 2 }).length).toBe(40)
    expect(keyboardMessages.bytes({ kind: 'event', makeCode: 0x1e, flags: 0 }).length).toBe(12)
    expect(
      memoryMessages.bytes({
        kind: 'statusReport',
        transactionId: 1,
        available: 0,
        committed: 0,
        pageFile: 0,
        zeroFree: 0,
        pageFileWrites: 0,
        ioDiff: 0,
      }).length,
    ).toBe(48)
  })
})

const encodeLength = (bytes: Uint8Array): number => bytes.length

describe('frames', () => {
  it('in RNDIS with all per-packet information come back unchanged', () => {
    const random = new SeededIntegers(9)
    for (let round = 0; round < 300; round++) {
      const payload = randomHex(1 + random.below(80), random)
      const frame = {
        destination: macOfHex(randomHex(6, random)),
        source: macOfHex(randomHex(6, random)),
        etherType: random.below(65536),
        payloadBytes: payload.length / 2,
        payload,
      }
      const info = {
        ...(random.below(2) === 0 ? { checksum: random.below(2 ** 32) } : {}),
        ...(random.below(2) === 0 ? { largeSend: largeSend(1460, 54, random.below(2) === 0) } : {}),
        ...(random.below(2) === 0 ? { vlan: vlanInfo(random.below(4096), 3) } : {}),
        ...(random.below(2) === 0 ? { hash: random.below(2 ** 32) } : {}),
      }
      const message = { kind: 'packet', frame, info } as const
      const bytes = rndisMessages.bytes(message)
      expect(bytes.length).toBe(44 + 16 * Object.keys(info).length + 14 + frame.payloadBytes)
      expect(JSON.parse(JSON.stringify(rndisMessages.parse(bytes)))).toEqual(JSON.parse(JSON.stringify({ ok: true, payload: message })))
      for (let cut = 0; cut < bytes.length; cut += 5) expect(rndisMessages.parse(bytes.subarray(0, cut)).ok).toBe(false)
    }
    expect([
      largeSendMss(largeSend(1460, 54, true)),
      encodeFrame({ destination: 'FF-FF-FF-FF-FF-FF', source: '00-15-5D-00-00-01', etherType: 0x800, payloadBytes: 46 }).length,
    ]).toEqual([1460, 60])
  })

  it('tables and completions in NVSP are told apart by their packet', () => {
    const table = { message: { kind: 'sendIndirectionTable', table: [0, 1, 2, 3] }, bytes: 28 } as const
    expect(
      nvspCodec.decode(nvspCodec.encode(table, { type: packetType.inBand, transactionId: 0 }), {
        type: packetType.inBand,
        transactionId: 0,
      }),
    ).toEqual({ ok: true, payload: table })
    const answer = { message: { kind: 'subChannelComplete', status: 1, count: 3 }, bytes: 40 } as const
    expect(
      nvspCodec.decode(nvspCodec.encode(answer, { type: packetType.completion, transactionId: 9 }), {
        type: packetType.completion,
        transactionId: 9,
      }),
    ).toEqual({ ok: true, payload: answer })
  })
})
