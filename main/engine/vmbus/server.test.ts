import { describe, expect, it } from 'vitest'
import { gpadlMessages } from './gpadl-messages.ts'
import { encodeMessage } from './message-codec.ts'
import { type GuestMessage, type InitiateContactMessage, userDefinedBytes } from './messages.ts'
import { classOffer } from './offers.ts'
import { VmbusServer } from './server.ts'
import type { RestoreMode, VmbusServerRows } from './server-rows.ts'
import type { ServerChannelStateName, VmbusNotifier, VmbusServerOptions } from './server-types.ts'
import { messageLine, offerIdOf } from './testing.ts'
import { serverFeatures, type VmbusVersion, vmbusVersion } from './versions.ts'

const scsi = classOffer('scsi', '11111111-0000-0000-0000-000000000001')
const network = classOffer('network', '11111111-0000-0000-0000-000000000002')

function contact(version: VmbusVersion, extra: Partial<InitiateContactMessage> = {}): InitiateContactMessage {
  return {
    kind: 'initiateContact',
    version,
    targetVp: 0,
    interruptPageGpa: 0,
    sint: version >= vmbusVersion.v5_0 ? 2 : 0,
    vtl: 0,
    features: 0,
    parentToChildMonitorGpa: 0,
    childToParentMonitorGpa: 0,
    ...extra,
  }
}

const rings = [{ byteCount: 8 * 4096, byteOffset: 0, pages: [{ first: 100, count: 8 }] }]
const open = (channelId: number, ringGpadlId = 1, targetVp = 0): GuestMessage => ({
  kind: 'openChannel',
  channelId,
  openId: 77,
  ringGpadlId,
  targetVp,
  downstreamPageOffset: 4,
  userData: '00'.repeat(userDefinedBytes),
})

/** A server with verbs; effects are a list of lines, and the invariants are checked after every step. */
class Env {
  server: VmbusServer
  effects: string[] = []
  full = false
  readonly options: Partial<VmbusServerOptions>
  readonly notifier: VmbusNotifier = {
    postMessage: (message, target) => {
      if (this.full) return false
      this.effects.push(`< ${messageLine(message)}${target.vp === 0 && target.sint === 2 ? '' : ` to VP ${target.vp} SINT ${target.sint}`}`)
      return true
    },
    openChannel: (offerId, parameters) => {
      const monitor = parameters.monitor === undefined ? '' : ` monitor ${parameters.monitor.monitorId}/${parameters.monitor.latency}`
      this.effects.push(
        `open ${offerId} vp=${parameters.request.targetVp} c=0x${parameters.connectionId.toString(16)} flag=${parameters.eventFlag}${monitor}`,
      )
    },
    closeChannel: (offerId) => this.effects.push(`close ${offerId}`),
    createGpadl: (offerId, gpadlId, ranges) => this.effects.push(`gpadl ${offerId}/${gpadlId} ${ranges.length}`),
    teardownGpadl: (offerId, gpadlId) => this.effects.push(`teardown ${offerId}/${gpadlId}`),
    modifyTargetVp: (offerId, vp) => this.effects.push(`vp ${offerId} ${vp}`),
    modifyConnection: (pages) => this.effects.push(`pages ${pages.monitorPages === undefined ? 'none' : 'mapped'}`),
    tlConnect: (request) => this.effects.push(`socket ${request.serviceId.slice(0, 8)}`),
    signalChannel: (offerId) => this.effects.push(`signal ${offerId}`),
    resetComplete: () => this.effects.push('reset complete'),
    unloadComplete: () => this.effects.push('unload complete'),
  }

  constructor(options: Partial<VmbusServerOptions> = {}) {
    this.options = { vpCount: 4, ...options }
    this.server = new VmbusServer(this.notifier, this.options)
  }

  /** Sends as bytes, so that each step also goes through the codec. Returns the effects, the error first. */
  send(...messages: GuestMessage[]): string[] {
    const errors = messages.map((message) => this.server.handleBytes(encodeMessage(message))).filter((error) => error !== undefined)
    this.check()
    return [...errors.map((error) => `error ${typeof error === 'string' ? error : error.code}`), ...this.take()]
  }

  take(): string[] {
    this.check()
    const list = this.effects
    this.effects = []
    return list
  }

  check(): void {
    expect(this.server.invariantViolations()).toEqual([])
  }

  connect(version: VmbusVersion = vmbusVersion.v5_3, extra: Partial<InitiateContactMessage> = {}): string[] {
    this.send(contact(version, extra))
    this.server.modifyConnectionComplete(0)
    return [...this.take(), ...this.send({ kind: 'requestOffers' })]
  }

  createRing(channelId = 1, gpadlId = 1): void {
    this.send(...gpadlMessages(channelId, gpadlId, rings))
    this.server.gpadlCreateComplete(channelId, gpadlId, 0)
    this.take()
  }

  /** Brings offer 1 (channel id 1) into a state. */
  bring(state: ServerChannelStateName): void {
    offerIdOf(this.server.offerChannel(scsi))
    if (state === 'clientReleased') return
    this.connect(vmbusVersion.v6_0, { features: serverFeatures, clientId: scsi.instanceId })
    if (state === 'closed') return
    if (state === 'revoked' || state === 'reoffered') {
      this.server.revokeChannel(1)
      if (state === 'reoffered') this.server.offerChannel(scsi)
      this.take()
      return
    }
    this.createRing()
    this.send({ ...open(1), signal: { connectionId: 0x2001, eventFlag: 1, flags: 0 } } as GuestMessage)
    if (state === 'opening') return
    if (state === 'openingClientRelease') {
      this.send({ kind: 'unload' })
      return
    }
    this.server.openComplete(1, 0)
    this.take()
    if (state === 'open') return
    if (state === 'closingClientRelease') {
      this.send({ kind: 'unload' })
      return
    }
    this.send({ kind: 'closeChannel', channelId: 1 })
    if (state === 'closingReopen') this.send({ ...open(1), signal: { connectionId: 0x2001, eventFlag: 1, flags: 0 } } as GuestMessage)
  }

  restore(mode: RestoreMode): void {
    const rows = JSON.parse(JSON.stringify(this.server.snapshot())) as VmbusServerRows
    const result = VmbusServer.restore(rows, mode, this.notifier, this.options)
    if (!result.ok) throw new Error(result.error.detail)
    this.server = result.server
    this.check()
  }

  state(): string | undefined {
    return this.server.channel(1)?.state.name
  }
}

const allStates: readonly ServerChannelStateName[] = [
  'clientReleased',
  'closed',
  'opening',
  'open',
  'closing',
  'closingReopen',
  'revoked',
  'reoffered',
  'closingClientRelease',
  'openingClientRelease',
]

describe('the server', () => {
  it('answers every version it knows and refuses the rest', () => {
    const answers = Object.values(vmbusVersion).map((version) => {
      const env = new Env({ versionMax: vmbusVersion.v3_0 })
      env.send(contact(version))
      env.server.modifyConnectionComplete(0)
      return [...env.take(), env.server.connection.name].join(' ')
    })
    expect(answers).toEqual([
      '< versionResponse (16) yes 0xd connected',
      '< versionResponse (16) yes 0x10001 connected',
      '< versionResponse (16) yes 0x20004 connected',
      '< versionResponse (16) yes 0x30000 connected',
      ...Array.from({ length: 7 }, () => 'disconnected'),
    ])
    const env = new Env({ versionMax: vmbusVersion.v3_0 })
    expect(env.send(contact(vmbusVersion.v4_0))).toEqual(['< versionResponse (16) no 0x0'])
    expect(env.send({ ...contact(vmbusVersion.v6_0), version: 0x00070000 })).toEqual(['< versionResponse (16) no 0x0'])
  })

  it('grants only features that both sides have, and needs the client id it was promised', () => {
    const env = new Env()
    env.send(contact(vmbusVersion.v6_0, { features: 0xff, clientId: scsi.instanceId }))
    env.server.modifyConnectionComplete(0)
    expect(env.take()).toEqual(['< versionResponse (20) yes 0x4 features=0x2f'])
    expect(new Env().send(contact(vmbusVersion.v6_0, { features: 0x08 }))).toEqual(['error notAllowed'])
  })

  it('wants both monitor pages or none, and says when it cannot map them', () => {
    const env = new Env()
    expect(env.send(contact(vmbusVersion.v5_3, { parentToChildMonitorGpa: 0x1000 }))).toEqual(['< versionResponse (16) yes 0x4'])
    expect(env.server.connection.name).toBe('disconnected')
    env.send(contact(vmbusVersion.v5_3))
    env.server.modifyConnectionComplete(1)
    expect([env.take(), env.server.connection.name]).toEqual([['< versionResponse (16) yes 0x4'], 'disconnected'])
  })

  it('offers in the order of class, place and instance', () => {
    const env = new Env()
    env.server.offerChannel(network)
    env.server.offerChannel({ ...scsi, instanceId: '11111111-0000-0000-0000-00000000000a', offerOrder: 2 })
    env.server.offerChannel({ ...scsi, instanceId: '11111111-0000-0000-0000-00000000000b', offerOrder: 1 })
    env.connect()
    expect(env.server.channels().map((channel) => channel.ids?.channelId)).toEqual([3, 2, 1])
    expect(env.send({ kind: 'requestOffers' })).toEqual(['error offersAlreadySent'])
    expect(env.server.offerChannel(network)).toEqual({ ok: false, error: 'alreadyExists' })
  })

  it('opens with header and body messages, closes, and opens again while the provider still closes', () => {
    const env = new Env()
    env.server.offerChannel(network)
    const pages = { parentToChildMonitorGpa: 0x1000, childToParentMonitorGpa: 0x2000 }
    expect(env.connect(vmbusVersion.v5_3, pages).slice(1)).toEqual([
      '< offerChannel (196) subchannelIndex=0x0 channelId=1 connectionId=0x2001',
      '< allOffersDelivered (8)',
    ])
    const large = [{ byteCount: 66 * 4096, byteOffset: 0, pages: [{ first: 100, count: 66 }] }]
    const messages = gpadlMessages(1, 0xe1e10, large)
    expect(messages.map((message) => env.send(message))).toEqual([[], [], ['gpadl 1/925200 1']])
    env.server.gpadlCreateComplete(1, 0xe1e10, 0)
    expect(env.take()).toEqual(['< gpadlCreated (20) channelId=1 gpadlId=0xe1e10 status=0x0'])
    expect(env.send(open(1, 0xe1e10, 2))).toEqual(['open 1 vp=2 c=0x2001 flag=1 monitor 0/1000'])
    expect(env.send(open(1, 0xe1e10))).toEqual(['error channelAlreadyOpen'])
    env.server.openComplete(1, 0)
    expect(env.take()).toEqual(['< openChannelResult (20) channelId=1 status=0x0'])
    expect(env.send({ kind: 'closeChannel', channelId: 1 })).toEqual(['close 1'])
    expect(env.send(open(1, 0xe1e10))).toEqual([])
    expect(env.state()).toBe('closingReopen')
    env.server.closeComplete(1)
    expect(env.take()).toEqual(['open 1 vp=0 c=0x2001 flag=1 monitor 0/1000'])
    env.server.openComplete(1, 0xc0000001)
    expect([env.take(), env.state()]).toEqual([['< openChannelResult (20) channelId=1 status=0xc0000001'], 'closed'])
    expect(env.send({ kind: 'gpadlTeardown', channelId: 1, gpadlId: 0xe1e10 })).toEqual(['teardown 1/925200'])
    env.server.gpadlTeardownComplete(1, 0xe1e10)
    expect(env.take()).toEqual(['< gpadlTorndown (12) gpadlId=0xe1e10'])
  })

  it('refuses GPADLs that are malformed, doubled, or too much for the host', () => {
    const env = new Env({ gpadlBytesMax: 16 * 4096 })
    env.bring('closed')
    const failed = (status: string) => `< gpadlCreated (20) channelId=1 gpadlId=0x1 status=${status}`
    const bad: GuestMessage = { kind: 'gpadlHeader', channelId: 1, gpadlId: 1, rangeBytes: 16, rangeCount: 2, words: [4096, 1] }
    expect(env.send(bad)).toEqual(['error invalidGpaRange', failed('0x8000ffff')])
    env.createRing()
    expect(env.send(...gpadlMessages(1, 1, rings))).toEqual(['error duplicateGpadlId', failed('0x8000ffff')])
    const large = [{ byteCount: 9 * 4096, byteOffset: 0, pages: [{ first: 100, count: 9 }] }]
    expect(env.send(...gpadlMessages(1, 2, large))).toEqual([
      'error gpadlLimit',
      '< gpadlCreated (20) channelId=1 gpadlId=0x2 status=0xc000009a',
    ])
    expect(env.send({ kind: 'gpadlBody', messageIndex: 1, gpadlId: 9, words: [1] })).toEqual(['error unknownGpadlId'])
    expect(env.send(...gpadlMessages(7, 3, rings))).toEqual([
      'error unknownChannelId',
      '< gpadlCreated (20) channelId=7 gpadlId=0x3 status=0x8000ffff',
    ])
  })

  it('rescinds an open channel; the id is free only after RelIdReleased', () => {
    const env = new Env()
    env.bring('open')
    env.server.revokeChannel(1)
    expect(env.take()).toEqual(['< rescindChannelOffer (12) channelId=1'])
    const other = offerIdOf(env.server.offerChannel(network))
    expect(env.server.channel(other)?.ids?.channelId).toBe(2)
    env.take()
    expect(env.send({ kind: 'closeChannel', channelId: 1 })).toEqual([])
    expect(env.send({ kind: 'gpadlTeardown', channelId: 1, gpadlId: 1 })).toEqual(['< gpadlTorndown (12) gpadlId=0x1'])
    expect(env.send({ kind: 'relIdReleased', channelId: 1 })).toEqual([])
    expect(env.server.channel(1)).toBeUndefined()
    const third = offerIdOf(env.server.offerChannel(scsi))
    expect(env.server.channel(third)?.ids?.channelId).toBe(1)
  })

  it('offers a device that came back under the same id, after the guest let go', () => {
    const env = new Env()
    env.bring('reoffered')
    expect(env.send({ kind: 'relIdReleased', channelId: 1 })).toEqual([
      '< offerChannel (196) subchannelIndex=0x0 channelId=1 connectionId=0x2001',
    ])
    expect(env.state()).toBe('closed')
  })

  it('retargets: an answer from 5.3 on, the latest wish counts before', () => {
    const run = (version: VmbusVersion): string[] => {
      const env = new Env()
      env.server.offerChannel(scsi)
      env.connect(version)
      env.createRing()
      env.send(open(1))
      env.server.openComplete(1, 0)
      env.take()
      const lines = env.send({ kind: 'modifyChannel', channelId: 1, targetVp: 1 }, { kind: 'modifyChannel', channelId: 1, targetVp: 3 })
      env.server.modifyChannelComplete(1, 0)
      lines.push(...env.take())
      return [...lines, ...env.send({ kind: 'modifyChannel', channelId: 1, targetVp: 4 })]
    }
    expect(run(vmbusVersion.v5_2)).toEqual(['vp 1 1', 'vp 1 3', 'error invalidTargetVp'])
    expect(run(vmbusVersion.v5_3)).toEqual([
      'vp 1 1',
      '< modifyChannelResponse (16) channelId=1 status=0x0',
      'error invalidTargetVp',
      '< modifyChannelResponse (16) channelId=1 status=0x8000ffff',
    ])
    expect(run(vmbusVersion.v4_0)).toEqual(['error notAllowed', 'error notAllowed', 'error notAllowed'])
  })

  it('lets a reserved channel outlive the connection', () => {
    const env = new Env()
    env.server.offerChannel(scsi)
    env.connect()
    env.createRing()
    expect(
      env.send({ kind: 'openReservedChannel', channelId: 1, targetVp: 3, targetSint: 2, ringGpadlId: 1, downstreamPageOffset: 4 }),
    ).toEqual(['open 1 vp=undefined c=0x2001 flag=1'])
    env.server.openComplete(1, 0)
    expect(env.take()).toEqual(['< openChannelResult (20) channelId=1 status=0x0 to VP 3 SINT 2'])
    expect(env.send({ kind: 'closeChannel', channelId: 1 })).toEqual(['error channelReserved'])
    env.send({ kind: 'unload' })
    env.server.modifyConnectionComplete(0)
    expect([env.take(), env.state()]).toEqual([['unload complete', '< unloadComplete (8)'], 'open'])
    expect(env.send({ kind: 'closeReservedChannel', channelId: 1, targetVp: 1, targetSint: 2 })).toEqual(['close 1'])
    env.server.closeComplete(1)
    expect(env.take()).toEqual(['< closeReservedResponse (12) channelId=1 to VP 1 SINT 2', 'teardown 1/1'])
    env.server.gpadlTeardownComplete(1, 1)
    expect([env.state(), env.server.gpadls()]).toEqual(['clientReleased', []])
  })

  it('pauses: nothing is sent until Resume, everything but the end is refused', () => {
    const env = new Env()
    env.connect(vmbusVersion.v6_0, { features: serverFeatures, clientId: scsi.instanceId })
    expect(env.send({ kind: 'pause' })).toEqual(['< pauseResponse (8)'])
    env.server.offerChannel(scsi)
    expect(env.take()).toEqual([])
    expect(env.send({ kind: 'requestOffers' })).toEqual(['error paused'])
    expect(env.send({ kind: 'resume' })).toEqual(['< offerChannel (196) subchannelIndex=0x0 channelId=1 connectionId=0x2001'])
  })

  it('keeps messages in order when no buffer is free', () => {
    const env = new Env()
    env.server.offerChannel(scsi)
    env.full = true
    env.connect()
    expect([env.take(), env.server.pendingMessages]).toEqual([[], 3])
    env.full = false
    expect(env.server.flushMessages()).toBe(true)
    expect(env.take().map((line) => line.split(' ')[1])).toEqual(['versionResponse', 'offerChannel', 'allOffersDelivered'])
  })

  it('treats a second contact as an unload followed by a connection', () => {
    const env = new Env()
    env.bring('open')
    expect(env.send(contact(vmbusVersion.v4_0))).toEqual(['teardown 1/1', 'close 1'])
    env.server.closeComplete(1)
    env.server.gpadlTeardownComplete(1, 1)
    expect(env.take()).toEqual(['pages none'])
    env.server.modifyConnectionComplete(0)
    expect(env.take()).toEqual(['pages none'])
    env.server.modifyConnectionComplete(0)
    expect(env.take()).toEqual(['< versionResponse (16) yes 0x40000'])
  })

  it('passes at most 16 socket requests on at a time, and says only when one is refused', () => {
    const env = new Env()
    env.connect()
    const service = (n: number): string => `${n.toString(16).padStart(8, '0')}-facb-11e6-bd58-64006a7986d3`
    for (let n = 0; n < 18; n++) env.send({ kind: 'tlConnectRequest', endpointId: scsi.instanceId, serviceId: service(n) })
    expect(env.server.snapshot()).toMatchObject({ tlActive: { length: 16 }, tlWaiting: { length: 2 } })
    env.server.tlConnectComplete(scsi.instanceId, service(3), false)
    expect(env.take()).toEqual(['< tlConnectResult (44) status=0xc0000236', 'socket 00000010'])
    env.server.tlConnectComplete(scsi.instanceId, service(4), true)
    expect(env.take()).toEqual(['socket 00000011'])
  })
})

/** Lets everything that a provider owes happen. */
function settle(env: Env): void {
  for (let i = 0; i < 20; i++) {
    const lines = env.take()
    if (lines.length === 0) return
    for (const line of lines) {
      const [verb = '', what = ''] = line.split(' ')
      const [offerId = 0, gpadlId = 0] = what.split('/').map(Number)
      if (verb === 'open') env.server.openComplete(offerId, 0)
      if (verb === 'close') env.server.closeComplete(offerId)
      if (verb === 'gpadl') env.server.gpadlCreateComplete(offerId, gpadlId, 0)
      if (verb === 'teardown') env.server.gpadlTeardownComplete(offerId, gpadlId)
      if (verb === 'pages') env.server.modifyConnectionComplete(0)
    }
  }
}

describe('in every channel state', () => {
  for (const state of allStates) {
    it(`${state}: is reached, saved and resumed unchanged`, () => {
      const env = new Env()
      env.bring(state)
      expect(env.state()).toBe(state)
      const before = env.server.snapshot()
      env.take()
      env.restore('resume')
      expect(env.server.snapshot()).toEqual(before)
      expect(env.take()).toEqual([])
    })

    it(`${state}: a reset brings everything back to the start`, () => {
      const env = new Env()
      env.bring(state)
      const owed = state === 'opening' || state === 'openingClientRelease'
      env.server.reset()
      if (owed) env.server.openComplete(1, 0)
      if (state === 'closing' || state === 'closingReopen' || state === 'closingClientRelease') env.server.closeComplete(1)
      settle(env)
      if (state === 'closingClientRelease' || state === 'openingClientRelease') {
        env.server.gpadlTeardownComplete(1, 1)
        settle(env)
      }
      expect([env.server.connection.name, env.server.gpadls()]).toEqual(['disconnected', []])
      expect([undefined, 'clientReleased']).toContain(env.state())
      expect(env.connect()[0]).toBe('< versionResponse (16) yes 0x4')
    })

    it(`${state}: the machine is restored where the device exists, and where it is missing`, () => {
      for (const present of [true, false]) {
        const env = new Env()
        env.bring(state)
        env.take()
        env.restore('machine')
        const known = env.server.channel(1)?.restore
        if (present) {
          const offerId = offerIdOf(env.server.offerChannel(scsi))
          env.server.restoreChannel(offerId, state === 'open')
        }
        env.server.revokeUnclaimedChannels()
        const lines = env.take()
        const rescinded = lines.includes('< rescindChannelOffer (12) channelId=1')
        expect(rescinded, `${state} present=${present}`).toBe(!present && known === 'unmatched' && state !== 'reoffered')
        if (state === 'open' && present) expect(lines).toContain('signal 1')
        for (const line of lines) env.effects.push(line)
        settle(env)
        expect(env.server.connection.name).not.toBe('connecting')
      }
    })
  }

  it('refuses rows that are no server', () => {
    const env = new Env()
    env.bring('open')
    const rows = env.server.snapshot()
    const [channel] = rows.channels
    const [gpadl] = rows.gpadls
    if (channel === undefined || gpadl === undefined) throw new Error('the rows are empty')
    const codes = [
      { ...rows, version: 2 as 1 },
      { ...rows, channels: [channel, channel] },
      { ...rows, channels: [{ ...channel, ids: { channelId: 5000, connectionId: 1 } }] },
      { ...rows, channels: [{ ...channel, state: { name: 'closed' as const }, ids: undefined }] },
      { ...rows, channels: [] },
      { ...rows, gpadls: [gpadl, gpadl] },
      { ...rows, gpadls: [{ ...gpadl, state: 'inProgress' as const, words: [1, 2, 3, 4, 5, 6, 7, 8, 9] }] },
    ].map((broken) => {
      const result = VmbusServer.restore(broken, 'resume', env.notifier, env.options)
      return result.ok ? 'ok' : result.error.code
    })
    expect(codes).toEqual(['version', 'channel', 'channel', 'invariant', 'gpadl', 'gpadl', 'gpadl'])
    const old = VmbusServer.restore(rows, 'resume', env.notifier, { versionMax: vmbusVersion.v5_0 })
    expect(old).toMatchObject({ ok: false, error: { code: 'protocolVersion' } })
  })
})
