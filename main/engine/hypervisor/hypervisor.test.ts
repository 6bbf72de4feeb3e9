import { describe, expect, it } from 'vitest'
import { randomBits } from '../kernel/random.ts'
import { modernPlatform } from './example-platforms.ts'
import { HvCall } from './hypercall-codes.ts'
import { Msr } from './msrs.ts'
import { removePartition, suspendPartition } from './partition-start.ts'
import { PropertyCode } from './properties.ts'
import { restoreHypervisor } from './restore.ts'
import { snapshotHypervisor, stateHash } from './snapshot.ts'
import { TestHost } from './test-host.ts'

const PROFILE = {
  bits: 64,
  tpr: 'lazy',
  syntheticInterrupts: true,
  enlightenedFlush: true,
  autoEoi: true,
  amdOptimizationDriver: false,
} as const

/** A sequence of drawn steps on one host. Every step is legal or refused; the invariants must hold after each. */
class RandomRun {
  readonly host = new TestHost(modernPlatform({ nodes: [{ memoryPages: 400_000, logicalProcessors: 4 }] }))
  readonly #seed: number
  #position = 0
  guests: number[] = []
  #nextPort = 10

  constructor(seed: number) {
    this.#seed = seed
  }

  draw(below: number): number {
    return randomBits(this.#seed, 1, this.#position++) % below
  }

  pick(): number {
    return this.guests[this.draw(Math.max(1, this.guests.length))] ?? 0
  }

  step(): string {
    const { host } = this
    const { hypervisor } = host
    const action = this.draw(16)
    const id = this.pick()
    if (id === 0 || (action === 0 && this.guests.length < 12)) return this.start()
    const vpIndex = this.draw(hypervisor.partition(id)?.vps.length ?? 1)
    switch (action) {
      case 1:
        if (this.draw(4) > 0) return 'keep'
        removePartition(hypervisor, id)
        this.guests = this.guests.filter((guest) => guest !== id)
        return `remove ${id}`
      case 2:
      case 3:
        return `post ${host.status(HvCall.PostMessage, { connectionId: id * 4, type: 1 + this.draw(9), payloadSize: this.draw(250), payload: [1, 2] })}`
      case 4:
      case 5:
        return `signal ${host.status(HvCall.SignalEvent, { connectionId: id * 4 + 1, flagNumber: this.draw(10) })}`
      case 6:
        return `receive ${hypervisor.receiveMessage(id, 0, 2)?.type}`
      case 7:
        hypervisor.freeMessageSlot(id, 0, 2)
        return 'free slot'
      case 8:
        return `eoi ${hypervisor.endOfInterrupt(id, 0)}`
      case 9:
        suspendPartition(hypervisor, id, this.draw(2) === 1)
        return 'suspend or resume'
      case 10:
        return `port ${hypervisor.ioPort(id, vpIndex, { port: this.draw(0x100), size: 1, access: 'read' }).kind}`
      case 11:
        return `resume ${host.status(HvCall.SetVpRegisters, { partitionId: id, vpIndex, registers: [{ name: 'InterceptSuspend', value: 0n }] })}`
      case 12:
        hypervisor.setLoad(id, vpIndex, {
          work: this.draw(101) / 100,
          profile: PROFILE,
          operations: { ioPorts: this.draw(2000), halts: 100 },
        })
        return 'load'
      case 13:
        hypervisor.writeMsr(id, 0, Msr.Stimer0Config, 0x2_000an)
        hypervisor.writeMsr(id, 0, Msr.Stimer0Config + 1, BigInt(this.draw(20_000)))
        return 'timer'
      case 14:
        return `unmap ${host.status(HvCall.UnmapGpaPages, { targetPartitionId: id, targetPage: this.draw(8000), pageCount: 1 + this.draw(700) })}`
      default:
        host.pass(this.draw(60_000))
        return 'time'
    }
  }

  start(): string {
    const id = this.host.start({
      vpCount: 1 + this.draw(4),
      memory: [{ page: 0, pages: 8192 + this.draw(600) }],
      generation: this.draw(2) === 0 ? 1 : 2,
    })
    this.guests.push(id)
    this.host.enlighten(id)
    const port = this.#nextPort++
    this.host.messagePath(id, port, id * 4)
    this.host.eventPath(id, port + 100_000, id * 4 + 1)
    this.host.call(HvCall.SetPartitionProperty, { partitionId: id, code: PropertyCode.CpuCap, value: BigInt(0x2000 + this.draw(0xe000)) })
    return `start ${id}`
  }
}

describe('invariants (reference 12)', () => {
  it.each([1, 2, 3, 4, 5, 6])('hold after every step of random run %i', (seed) => {
    const run = new RandomRun(seed)
    for (let step = 0; step < 400; step++) {
      const done = run.step()
      expect(run.host.hypervisor.validate(), `seed ${seed}, step ${step}: ${done}`).toEqual([])
    }
  })

  const canaries: readonly (readonly [string, (host: TestHost, id: number) => void, RegExp])[] = [
    [
      'a page of one machine mapped in another',
      (host, id) => host.hypervisor.partition(id)?.gpa.map(90_000, 1, { spa: 0, access: 1, size: 1 }),
      /not held by it/,
    ],
    [
      'a lost message buffer',
      (host, id) => {
        for (const port of host.hypervisor.partition(id)?.ports.values() ?? []) port.buffersInUse++
      },
      /counts 1 buffers/,
    ],
    ['a pool page out of nowhere', (host, id) => host.hypervisor.partition(id)?.pool.deposit({ page: 5, count: 1 }), /accounted for/],
    [
      'a VP above its processor',
      (host, id) => void host.hypervisor.core.scheduler.vps.guest.fill(1.5, host.hypervisor.vp(id, 0).slot),
      /has 1.5 processors/,
    ],
    ['a queue that the guest cannot know of', (host, id) => hideQueue(host, id), /hides 1 queued/],
  ]
  it.each(canaries)('canary: %s is found', (_name, damage, sentence) => {
    const host = new TestHost()
    const id = host.start()
    host.enlighten(id)
    host.messagePath(id)
    expect(host.hypervisor.validate()).toEqual([])
    damage(host, id)
    expect(host.hypervisor.validate().join('\n')).toMatch(sentence)
  })

  function hideQueue(host: TestHost, id: number): void {
    const { synic } = host.hypervisor.vp(id, 0)
    synic.slots[2] = { type: 1, payloadSize: 0, payload: null, originationId: 1, messagePending: false }
    synic.queues[2]?.push({ type: 1, payloadSize: 0, payload: null, originationId: 1, port: undefined, timer: -1 })
  }
})

describe('snapshot', () => {
  it('goes on exactly where it stood, in every awkward state', () => {
    for (const seed of [11, 12, 13]) {
      const run = new RandomRun(seed)
      for (let step = 0; step < 250; step++) run.step()
      const { hypervisor } = run.host
      const saved = JSON.parse(JSON.stringify(snapshotHypervisor(hypervisor)))
      const twin = new TestHost(hypervisor.platform)
      twin.tick = run.host.tick
      const outcome = restoreHypervisor(saved, hypervisor.platform, twin.ports)
      if (!outcome.ok) throw new Error(`seed ${seed}: ${outcome.reason}`)
      expect(stateHash(outcome.hypervisor)).toBe(stateHash(hypervisor))
      run.host.takeNotes()
      for (let i = 0; i < 40; i++) {
        run.host.pass(7000)
        twin.tick += 7000
        outcome.hypervisor.advance()
      }
      expect(twin.takeNotes()).toEqual(run.host.takeNotes())
      expect(stateHash(outcome.hypervisor)).toBe(stateHash(hypervisor))
    }
  })

  it('means the same for the same seed, and another for another', () => {
    const hash = (seed: number): string => {
      const run = new RandomRun(seed)
      for (let step = 0; step < 120; step++) run.step()
      return stateHash(run.host.hypervisor)
    }
    expect(hash(21)).toBe(hash(21))
    expect(hash(21)).not.toBe(hash(22))
  })

  it('refuses what does not fit, with a sentence', () => {
    const host = new TestHost()
    host.start()
    const saved = snapshotHypervisor(host.hypervisor)
    const restore = (snapshot: typeof saved, platform = host.hypervisor.platform): unknown =>
      restoreHypervisor(snapshot, platform, host.ports)
    expect(restore({ ...saved, version: 2 })).toEqual({ ok: false, reason: 'the snapshot has version 2, this program reads 1' })
    expect(restore(saved, modernPlatform({ nodes: [{ memoryPages: 5_000_000, logicalProcessors: 2 }] }))).toEqual({
      ok: false,
      reason: 'the snapshot is of a host with other processors or memory',
    })
    expect(restore({ ...saved, partitions: saved.partitions.slice(0, 1) })).toMatchObject({ ok: false })
    expect(restore({ ...saved, gpaRanges: [] })).toMatchObject({ ok: false, reason: expect.stringContaining('pages accounted for') })
  })
})

describe('trace', () => {
  it('is off by default, bounded, filterable, and changes nothing', () => {
    const traced = new TestHost()
    const plain = new TestHost()
    for (const host of [traced, plain]) {
      const id = host.start()
      if (host === traced) host.hypervisor.trace.enable(id, 3)
      host.enlighten(id, 0, 0x2_00f3n)
      host.eventPath(id)
      for (let flagNumber = 0; flagNumber < 8; flagNumber++) host.call(HvCall.SignalEvent, { connectionId: 2, flagNumber })
    }
    const id = 2
    const { trace } = traced.hypervisor
    expect(trace.recorded(id)).toBe(16)
    expect(trace.events(id).map(({ kind, fields }) => `${kind} ${fields.flag ?? fields.vector}`)).toEqual([
      'interrupt 243',
      'signal 107',
      'interrupt 243',
    ])
    expect(trace.events(id, { kinds: ['signal'] })).toHaveLength(1)
    expect(trace.events(id, { text: '107' })).toHaveLength(1)
    expect(plain.hypervisor.trace.events(id)).toEqual([])
    expect(stateHash(traced.hypervisor)).toBe(stateHash(plain.hypervisor))
    expect(traced.takeNotes()).toEqual(plain.takeNotes())
  })
})
