import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex, viewOf } from './bytes.ts'
import { gpadlMessageCount, gpadlMessages } from './gpadl-messages.ts'
import { decodeMessage, encodeMessage, messageBytes, messageErrorText } from './message-codec.ts'
import { type MessageKind, messageNumber, type VmbusMessage } from './messages.ts'
import { type NegotiatedVersion, vmbusVersion, vmbusVersions } from './versions.ts'

const newest: NegotiatedVersion = { version: vmbusVersion.v6_0, features: 0xff }

const u8 = fc.nat(0xff)
const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffffffff)
const u53 = fc.maxSafeNat()
const guid = fc.uuid().map((text) => text.toLowerCase())
const area = fc.uint8Array({ minLength: 120, maxLength: 120 }).map(toHex)
const words = (max: number) => fc.array(u53, { maxLength: max })

/** One arbitrary per message; the compiler sees to it that none is missing. */
const arbitraries: { readonly [K in MessageKind]: fc.Arbitrary<Extract<VmbusMessage, { kind: K }>> } = {
  offerChannel: fc.record({
    kind: fc.constant('offerChannel'),
    interfaceId: guid,
    instanceId: guid,
    flags: u16,
    mmioMegabytes: u16,
    mmioMegabytesOptional: u16,
    userDefined: area,
    subchannelIndex: u16,
    channelId: u32,
    monitorId: u8,
    monitorAllocated: fc.boolean(),
    dedicatedInterrupt: fc.boolean(),
    connectionId: u32,
  }),
  rescindChannelOffer: fc.record({ kind: fc.constant('rescindChannelOffer'), channelId: u32 }),
  requestOffers: fc.record({ kind: fc.constant('requestOffers') }),
  allOffersDelivered: fc.record({ kind: fc.constant('allOffersDelivered') }),
  openChannel: fc.record({
    kind: fc.constant('openChannel'),
    channelId: u32,
    openId: u32,
    ringGpadlId: u32,
    targetVp: u32,
    downstreamPageOffset: u32,
    userData: area,
    signal: fc.record({ connectionId: u32, eventFlag: u16, flags: u16 }),
  }),
  openChannelResult: fc.record({ kind: fc.constant('openChannelResult'), channelId: u32, openId: u32, status: u32 }),
  closeChannel: fc.record({ kind: fc.constant('closeChannel'), channelId: u32 }),
  gpadlHeader: fc.record({
    kind: fc.constant('gpadlHeader'),
    channelId: u32,
    gpadlId: u32,
    rangeBytes: u16,
    rangeCount: u16,
    words: words(27),
  }),
  gpadlBody: fc.record({ kind: fc.constant('gpadlBody'), messageIndex: u32, gpadlId: u32, words: words(28) }),
  gpadlCreated: fc.record({ kind: fc.constant('gpadlCreated'), channelId: u32, gpadlId: u32, status: u32 }),
  gpadlTeardown: fc.record({ kind: fc.constant('gpadlTeardown'), channelId: u32, gpadlId: u32 }),
  gpadlTorndown: fc.record({ kind: fc.constant('gpadlTorndown'), gpadlId: u32 }),
  relIdReleased: fc.record({ kind: fc.constant('relIdReleased'), channelId: u32 }),
  initiateContact: fc.oneof(
    fc.record({
      kind: fc.constant('initiateContact'),
      version: fc.constantFrom(...vmbusVersions.filter((version) => version < vmbusVersion.v5_0)),
      targetVp: u32,
      interruptPageGpa: u53,
      sint: fc.constant(0),
      vtl: fc.constant(0),
      features: fc.constant(0),
      parentToChildMonitorGpa: u53,
      childToParentMonitorGpa: u53,
    }),
    fc.record({
      kind: fc.constant('initiateContact'),
      version: fc.constant(vmbusVersion.v6_0),
      targetVp: u32,
      interruptPageGpa: fc.constant(0),
      sint: u8,
      vtl: u8,
      features: u32,
      parentToChildMonitorGpa: u53,
      childToParentMonitorGpa: u53,
      clientId: guid,
    }),
  ),
  versionResponse: fc.oneof(
    fc.record({ kind: fc.constant('versionResponse'), supported: fc.boolean(), connectionState: u8, versionOrConnectionId: u32 }),
    fc.record({
      kind: fc.constant('versionResponse'),
      supported: fc.boolean(),
      connectionState: u8,
      versionOrConnectionId: u32,
      features: u32,
    }),
    fc.record({
      kind: fc.constant('versionResponse'),
      supported: fc.boolean(),
      connectionState: u8,
      versionOrConnectionId: u32,
      features: u32,
      monitorPages: fc.record({ parentToChild: u53, childToParent: u53 }),
    }),
  ),
  unload: fc.record({ kind: fc.constant('unload') }),
  unloadComplete: fc.record({ kind: fc.constant('unloadComplete') }),
  openReservedChannel: fc.record({
    kind: fc.constant('openReservedChannel'),
    channelId: u32,
    targetVp: u32,
    targetSint: u32,
    ringGpadlId: u32,
    downstreamPageOffset: u32,
  }),
  closeReservedChannel: fc.record({ kind: fc.constant('closeReservedChannel'), channelId: u32, targetVp: u32, targetSint: u32 }),
  closeReservedResponse: fc.record({ kind: fc.constant('closeReservedResponse'), channelId: u32 }),
  tlConnectRequest: fc.oneof(
    fc.record({ kind: fc.constant('tlConnectRequest'), endpointId: guid, serviceId: guid }),
    fc.record({ kind: fc.constant('tlConnectRequest'), endpointId: guid, serviceId: guid, siloId: guid }),
  ),
  modifyChannel: fc.record({ kind: fc.constant('modifyChannel'), channelId: u32, targetVp: u32 }),
  tlConnectResult: fc.record({ kind: fc.constant('tlConnectResult'), endpointId: guid, serviceId: guid, status: u32 }),
  modifyChannelResponse: fc.record({ kind: fc.constant('modifyChannelResponse'), channelId: u32, status: u32 }),
  modifyConnection: fc.record({ kind: fc.constant('modifyConnection'), parentToChildMonitorGpa: u53, childToParentMonitorGpa: u53 }),
  modifyConnectionResponse: fc.record({ kind: fc.constant('modifyConnectionResponse'), connectionState: u8 }),
  pause: fc.record({ kind: fc.constant('pause') }),
  pauseResponse: fc.record({ kind: fc.constant('pauseResponse') }),
  resume: fc.record({ kind: fc.constant('resume') }),
}

const anyMessage: fc.Arbitrary<VmbusMessage> = fc.oneof(...Object.values(arbitraries))

describe('control messages', () => {
  it('have a number each, 1 to 29', () => {
    expect(Object.values(messageNumber)).toEqual(Array.from({ length: 29 }, (_, i) => i + 1))
  })

  for (const [kind, arbitrary] of Object.entries(arbitraries)) {
    it(`${kind} round-trips through its bytes`, () => {
      fc.assert(
        fc.property(arbitrary as fc.Arbitrary<VmbusMessage>, (message) => {
          const bytes = encodeMessage(message)
          expect(bytes.length).toBe(messageBytes(message))
          expect(decodeMessage(bytes, newest)).toEqual({ ok: true, message })
        }),
        { numRuns: 50 },
      )
    })
  }

  it('refuse every shorter form that would cut a field, with a sentence', () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(), (message, cut) => {
        const bytes = encodeMessage(message)
        const length = cut % bytes.length
        const result = decodeMessage(bytes.subarray(0, length), newest)
        if (result.ok) expect(messageBytes(result.message)).toBeLessThanOrEqual(length)
        else expect(messageErrorText(result.error)).toMatch(/^The message .*needed\.$/)
      }),
      { numRuns: 300 },
    )
  })

  it('decode never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 260 }), fc.nat(40), (bytes, type) => {
        if (bytes.length >= 4) viewOf(bytes).setUint32(0, type, true)
        expect(typeof decodeMessage(bytes, newest).ok).toBe('boolean')
      }),
      { numRuns: 500 },
    )
  })

  it('put the fields where the protocol says', () => {
    const offer = encodeMessage({
      kind: 'offerChannel',
      interfaceId: 'ba6163d9-04a1-4d29-b605-72e2ffb1dc7f',
      instanceId: '00000000-0000-0000-0000-000000000001',
      flags: 0x2011,
      mmioMegabytes: 8,
      mmioMegabytesOptional: 128,
      userDefined: '04'.padEnd(240, '0'),
      subchannelIndex: 3,
      channelId: 11,
      monitorId: 5,
      monitorAllocated: true,
      dedicatedInterrupt: true,
      connectionId: 0x200b,
    })
    const view = viewOf(offer)
    expect(toHex(offer.subarray(8, 24))).toBe('d96361baa104294db60572e2ffb1dc7f')
    expect([56, 58, 180, 182, 190].map((at) => view.getUint16(at, true))).toEqual([0x2011, 8, 3, 128, 1])
    expect([0, 4, 60, 184, 192].map((at) => view.getUint32(at, true))).toEqual([1, 0, 4, 11, 0x200b])
    expect([188, 189].map((at) => view.getUint8(at))).toEqual([5, 1])
  })

  it('have the sizes of the reference', () => {
    const sizes = Object.fromEntries(
      [
        'offerChannel',
        'openChannelResult',
        'closeChannel',
        'gpadlCreated',
        'gpadlTeardown',
        'gpadlTorndown',
        'openReservedChannel',
        'closeReservedChannel',
        'closeReservedResponse',
        'modifyChannel',
        'tlConnectResult',
        'modifyChannelResponse',
        'modifyConnection',
        'modifyConnectionResponse',
        'pause',
      ].map((kind) => [
        kind,
        encodeMessage(fc.sample(arbitraries[kind as MessageKind] as fc.Arbitrary<VmbusMessage>, 1)[0] as VmbusMessage).length,
      ]),
    )
    expect(sizes).toEqual({
      offerChannel: 196,
      openChannelResult: 20,
      closeChannel: 12,
      gpadlCreated: 20,
      gpadlTeardown: 16,
      gpadlTorndown: 12,
      openReservedChannel: 28,
      closeReservedChannel: 20,
      closeReservedResponse: 12,
      modifyChannel: 16,
      tlConnectResult: 44,
      modifyChannelResponse: 16,
      modifyConnection: 24,
      modifyConnectionResponse: 9,
      pause: 8,
    })
  })

  it('are refused before their version, without a connection, and when a number is beyond 2^53', () => {
    const modify = encodeMessage({ kind: 'modifyChannel', channelId: 1, targetVp: 0 })
    expect(decodeMessage(modify, { version: vmbusVersion.v4_0, features: 0 })).toEqual({
      ok: false,
      error: { code: 'notAllowed', kind: 'modifyChannel' },
    })
    expect(decodeMessage(modify, { version: vmbusVersion.v4_1, features: 0 }).ok).toBe(true)
    expect(decodeMessage(encodeMessage({ kind: 'unload' }), undefined)).toEqual({
      ok: false,
      error: { code: 'notAllowed', kind: 'unload' },
    })
    expect(decodeMessage(encodeMessage({ kind: 'pause' }), { version: vmbusVersion.v6_0, features: 0 }).ok).toBe(false)
    const pages = encodeMessage({ kind: 'modifyConnection', parentToChildMonitorGpa: 0, childToParentMonitorGpa: 0 })
    pages.fill(0xff, 8, 16)
    expect(decodeMessage(pages, newest)).toEqual({
      ok: false,
      error: { code: 'fieldTooLarge', kind: 'modifyConnection', field: 'parentToChildMonitorGpa' },
    })
    expect(decodeMessage(new Uint8Array(241), newest)).toEqual({ ok: false, error: { code: 'tooLong', bytes: 241 } })
  })
})

describe('GPADL messages', () => {
  it.each([
    [8, 1],
    [26, 1],
    [27, 2],
    [66, 3],
    [256, 10],
    [258, 10],
    [4096, 147],
  ])('%i pages take %i messages', (pages, count) => {
    const messages = gpadlMessages(1, 0xe1e10, [{ byteCount: pages * 4096, byteOffset: 0, pages: [{ first: 100, count: pages }] }])
    expect([messages.length, gpadlMessageCount(pages)]).toEqual([count, count])
    for (const message of messages) expect(messageBytes(message)).toBeLessThanOrEqual(240)
    expect(messages[0]).toMatchObject({ rangeBytes: 8 + 8 * pages, rangeCount: 1 })
  })
})
