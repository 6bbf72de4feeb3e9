import { describe, expect, it } from 'vitest'
import { VmbusBus } from './bus.ts'
import type { BusEnds } from './bus-types.ts'
import type { Channel } from './channel.ts'
import { classOffer } from './offers.ts'
import { BusBench, EchoDriver, EchoProvider, SeededIntegers } from './testing.ts'
import type { DirectTransport } from './transport.ts'
import { type VmbusVersion, vmbusVersion, vmbusVersions } from './versions.ts'

const steps = 400
const devices = 5

const byFirst = (a: readonly unknown[], b: readonly unknown[]): number => Number(a[0]) - Number(b[0])

/** A provider that answers when it likes, if `slow`. */
interface Device {
  readonly provider: EchoProvider
  readonly place: number
  offerId: number
}

/** A host and a guest that do everything at the wrong moment. */
class Storm {
  readonly random: SeededIntegers
  readonly bench: BusBench
  transport: DirectTransport
  bus: VmbusBus
  readonly devices = new Map<number, Device>()
  readonly drivers = new Map<number, EchoDriver>()
  /** Completed transaction ids, to see that none comes twice. */
  readonly done = new Set<string>()
  readonly counts: Record<string, number> = {}

  constructor(seed: number) {
    this.random = new SeededIntegers(seed)
    const host: VmbusVersion = this.random.pick(vmbusVersions)
    this.bench = new BusBench(
      host,
      this.random.pick(vmbusVersions),
      this.random.below(2) === 0 ? {} : { monitorPages: { parentToChild: 4096, childToParent: 8192 } },
    )
    this.transport = this.bench.transport
    this.bus = this.bench.bus
    this.bus.setTrace((event) => {
      if (event.kind !== 'packet' || event.step !== 'completed') return
      const id = `${event.packet.transactionId} on channel ${event.channelId}`
      if (this.done.has(id)) throw new Error(`transaction ${id} was completed twice`)
      this.done.add(id)
    })
    for (let place = 0; place < devices; place++) this.offer(place)
  }

  offer(place: number): void {
    if ([...this.devices.values()].some((device) => device.place === place)) return
    const offer = classOffer(place % 2 === 0 ? 'scsi' : 'network', `11111111-0000-0000-0000-00000000000${place}`)
    const provider = new EchoProvider()
    provider.slow = this.random.below(3) === 0
    const result = this.bus.offer(offer, provider)
    if (result.ok) this.devices.set(result.offerId, { provider, place, offerId: result.offerId })
  }

  step(): void {
    const random = this.random
    const action = random.pick([
      'deliver',
      'deliver',
      'deliver',
      'send',
      'send',
      'flood',
      'open',
      'open',
      'close',
      'revoke',
      'offer',
      'answer',
      'answer',
      'late',
      'save',
      'connect',
      'unload',
      'reset',
      'modify',
      'kexec',
      'drain',
    ] as const)
    this.counts[action] = (this.counts[action] ?? 0) + 1
    switch (action) {
      case 'deliver':
        for (let i = random.below(6); i >= 0; i--) this.transport.step()
        return
      case 'send':
        this.driver()?.request(random.below(600))
        return
      case 'flood': {
        const driver = this.driver()
        for (let i = 0; i < 30 && driver?.request(400) === true; i++);
        return
      }
      case 'open':
        return this.open()
      case 'close':
        return this.close()
      case 'revoke': {
        const offerId = random.below(12)
        if (this.devices.delete(offerId)) this.bus.revoke(offerId)
        return
      }
      case 'offer':
        return this.offer(random.below(devices))
      case 'answer':
        return this.answer()
      case 'late':
        for (const device of this.devices.values()) device.provider.hold = random.below(2) === 0
        return
      case 'save':
        return this.save()
      case 'connect':
        if (!this.bus.server.resetting) this.bus.connect()
        return
      case 'unload':
        if (random.below(4) !== 0 || this.bus.client.connection.name !== 'connected') return
        this.loseAll()
        this.bus.unload()
        return
      case 'kexec':
        if (random.below(6) !== 0 || this.bus.server.resetting || this.bus.server.pendingMessages > 0) return
        this.loseAll()
        this.transport.clear()
        this.bus.reconnect()
        return
      case 'reset':
        if (random.below(8) !== 0) return
        this.loseAll()
        this.transport.clear()
        this.bus.reset()
        return
      case 'modify':
        this.bus.modifyChannel(1 + random.below(devices), random.below(5))
        return
      case 'drain':
        this.transport.run()
        return
    }
  }

  driver(): EchoDriver | undefined {
    const open = [...this.drivers.values()].filter((driver) => driver.channel !== undefined)
    return open.length === 0 ? undefined : this.random.pick(open)
  }

  loseAll(): void {
    for (const driver of this.drivers.values()) driver.fail([...driver.outstanding])
    this.drivers.clear()
  }

  open(): void {
    const channelId = 1 + this.random.below(devices + 1)
    const driver = new EchoDriver()
    const pages = 1 + this.random.below(20)
    const error = this.bus.openChannel(
      channelId,
      { ringPages: [{ first: 0x1000 * channelId, count: 2 * pages + 2 }], downstreamPageOffset: pages + 1, targetVp: this.random.below(4) },
      driver,
    )
    if (error === undefined) this.drivers.set(channelId, driver)
  }

  close(): void {
    const channelId = 1 + this.random.below(devices + 1)
    const driver = this.drivers.get(channelId)
    if (driver?.channel === undefined) return
    const requests = this.bus.closeChannel(channelId)
    if (typeof requests === 'string') throw new Error(`close: ${requests}`)
    driver.fail(requests as never)
  }

  /** Slow providers answer; held requests are completed, some too late. */
  answer(most: number = this.random.below(8)): void {
    for (const device of this.devices.values()) {
      const state = this.bus.server.channel(device.offerId)?.state.name
      if (device.provider.slow && (state === 'opening' || state === 'openingClientRelease'))
        this.bus.providerOpened(device.offerId, this.random.below(4) === 0 ? 0xc0000001 : 0)
      else if (device.provider.slow && (state === 'closing' || state === 'closingReopen' || state === 'closingClientRelease'))
        this.bus.providerClosed(device.offerId)
      const channelId = this.bus.server.channel(device.offerId)?.ids?.channelId
      const channel = channelId === undefined ? undefined : (this.bus.channel(channelId) as Channel<Uint8Array, Uint8Array> | undefined)
      if (channel === undefined || device.provider.hold) continue
      for (const held of device.provider.held.splice(0, most)) {
        if (!device.provider.complete(channel, held)) device.provider.held.unshift(held)
      }
    }
  }

  /** Saves and resumes at this very moment. Packets become new objects, so both ends take theirs from the tables again. */
  save(): void {
    const rows = this.bus.snapshot()
    const providers: BusEnds = {
      provider: (offerId) => this.devices.get(offerId)?.provider ?? new EchoProvider(),
      driver: (channelId) => this.drivers.get(channelId),
    }
    const bus = VmbusBus.restore(rows, 'resume', this.transport, this.bench.options, providers)
    if (typeof bus === 'string') throw new Error(`restore: ${bus}`)
    expect(bus.snapshot()).toEqual(rows)
    const trace = this.bus.server.trace
    this.bus = bus
    this.bench.bus = bus
    bus.setTrace(trace)
    for (const [channelId, driver] of this.drivers) {
      if (driver.channel === undefined) continue
      const lost = driver.outstanding.size
      const channel = bus.channel(channelId) as Channel<Uint8Array, Uint8Array> | undefined
      if (channel === undefined || !driver.channel.isOpen) {
        // The rescind is on its way and brings the cut-off requests as new objects.
        driver.outstanding.clear()
        continue
      }
      driver.channel = channel
      driver.outstanding.clear()
      for (const entry of channel.guestRequests.entries()) driver.outstanding.add(entry.request)
      expect(driver.outstanding.size).toBe(lost)
    }
    for (const device of this.devices.values()) {
      const channelId = bus.server.channel(device.offerId)?.ids?.channelId
      const channel = channelId === undefined ? undefined : (bus.channel(channelId) as Channel<Uint8Array, Uint8Array> | undefined)
      const held = new Set(device.provider.held.map((packet) => packet.transactionId))
      device.provider.held.length = 0
      for (const entry of channel?.guestRequests.entries() ?? []) if (held.has(entry.id)) device.provider.held.push(entry.request)
    }
  }

  /** Calms down: everything that is owed happens, and what is left must be sound. */
  finish(): void {
    for (const device of this.devices.values()) device.provider.hold = false
    for (let i = 0; i < 60; i++) {
      this.transport.run()
      for (const device of this.devices.values()) {
        const channelId = this.bus.server.channel(device.offerId)?.ids?.channelId
        const channel = channelId === undefined ? undefined : (this.bus.channel(channelId) as Channel<Uint8Array, Uint8Array> | undefined)
        if (channel !== undefined) device.provider.event(channel)
      }
      this.answer(1000)
    }
    this.transport.run()
    this.check()
    const { server, client } = this.bus
    expect(client.connection.name, 'connection').toBe(server.connection.name)
    // Both sides know the same channels, in states that fit, and nothing is left half done.
    const seen = client
      .channels()
      .map((channel) => [channel.offer.channelId, channel.state.name === 'offered' ? 'closed' : channel.state.name, channel.rescinded])
    const told = server.channels().filter((channel) => channel.ids !== undefined)
    expect(seen.sort(byFirst)).toEqual(
      told.map((channel) => [channel.ids?.channelId ?? 0, channel.state.name, false] as const).sort(byFirst),
    )
    const gpadls = client.channels().flatMap((channel) => [...channel.gpadls.values()].map((gpadl) => [gpadl.gpadlId, gpadl.state]))
    expect(gpadls.sort(byFirst)).toEqual(
      server
        .gpadls()
        .map((gpadl) => [gpadl.gpadlId, gpadl.state === 'accepted' ? 'created' : gpadl.state] as const)
        .sort(byFirst),
    )
    for (const driver of this.drivers.values()) {
      if (driver.channel?.isOpen !== true) continue
      expect(driver.outstanding.size, 'requests without completion').toBe(0)
    }
  }

  check(): void {
    expect(this.bus.invariantViolations()).toEqual([])
    for (const channel of this.bus.openChannels()) {
      const inRing = channel.rings.hostToGuest.packets().filter((packet) => packet.type === 0xb).length
      const completing = channel.guestRequests.entries().filter((entry) => entry.state === 'completing').length
      expect(completing, 'completions in the ring').toBe(inRing)
    }
  }
}

/** Runs one storm; the message of a failure begins with seed and step. */
function run(seed: number, spoil?: (storm: Storm) => void): Storm {
  const storm = new Storm(seed)
  let step = -1
  try {
    for (step = 0; step < steps; step++) {
      storm.step()
      spoil?.(storm)
      storm.check()
    }
    storm.finish()
  } catch (error) {
    throw new Error(`seed ${seed} step ${step}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  return storm
}

describe('storms', () => {
  it('of opens, closes, rescinds, saves, resets, full rings and late completions leave a sound bus', () => {
    const total: Record<string, number> = {}
    let completed = 0
    for (let seed = 1; seed <= 120; seed++) {
      const storm = run(seed * 7919)
      completed += storm.done.size
      for (const [action, count] of Object.entries(storm.counts)) total[action] = (total[action] ?? 0) + count
    }
    // The storms did what they are for.
    expect(completed).toBeGreaterThan(2000)
    for (const action of ['flood', 'revoke', 'save', 'unload', 'reset', 'kexec', 'modify']) expect(total[action]).toBeGreaterThan(500)
  })

  it('notice a broken ring (canary)', () => {
    const spoil = (storm: Storm): void => {
      for (const channel of storm.bus.openChannels()) {
        const ring = channel.rings.guestToHost
        // An index that moved by one unit too many.
        if (ring.packetsWritten > 3 && ring.length > 0) ring.writeIndex = (ring.writeIndex + 8) % ring.size
      }
    }
    const failures = [1, 2, 3, 4, 5, 6].filter((seed) => {
      try {
        run(seed * 7919, spoil)
        return false
      } catch (error) {
        expect(String(error)).toMatch(/seed \d+ step \d+: /)
        return true
      }
    })
    expect(failures.length).toBeGreaterThan(0)
  })

  it('are the same for the same seed', () => {
    const [a, b] = [run(vmbusVersion.v5_3), run(vmbusVersion.v5_3)]
    expect(a.bus.snapshot()).toEqual(b.bus.snapshot())
    expect(a.counts).toEqual(b.counts)
  })
})
