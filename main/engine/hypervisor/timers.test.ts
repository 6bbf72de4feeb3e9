import { describe, expect, it } from 'vitest'
import { earlyPlatform } from './example-platforms.ts'
import { HvCall } from './hypercall-codes.ts'
import { Msr } from './msrs.ts'
import { suspendPartition } from './partition-start.ts'
import { PropertyCode } from './properties.ts'
import { TestHost } from './test-host.ts'
import { timeFromPage, tscAt } from './timers.ts'

const ENABLED = 1n
const PERIODIC = 2n
const LAZY = 4n
const AUTO = 8n
const DIRECT = 0x1000n
const SINT2 = 2n << 16n
const vector = (value: bigint): bigint => value << 4n

function guestOf(host: TestHost): number {
  const id = host.start()
  host.enlighten(id, 0, 0x2_00f3n)
  host.takeNotes()
  return id
}

const timers = (host: TestHost): string[] => host.takeNotes().filter((note) => note.startsWith('timer'))

describe('synthetic timers (reference 3.6)', () => {
  it('fires a one-shot timer once, at its reference time, by a message', () => {
    const host = new TestHost()
    host.tick = 500
    const id = guestOf(host)
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config, SINT2 | AUTO)
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config + 1, 2000n)
    expect(host.hypervisor.nextDue()).toBe(2500)
    host.pass(1999)
    expect(timers(host)).toEqual([])
    host.pass(1)
    expect(host.takeNotes()).toEqual([`message ${id}/0 sint 2`, `interrupt ${id}/0 vector f3 sint 2`, `timer ${id}/0 #0 at 2000`])
    expect(host.hypervisor.receiveMessage(id, 0, 2)).toMatchObject({
      type: 0x8000_0010,
      payloadSize: 24,
      payload: { timerIndex: 0, expirationTime: 2000, deliveryTime: 2000 },
    })
    host.pass(10_000)
    expect(timers(host)).toEqual([])
    expect(host.hypervisor.readMsr(id, 0, Msr.Stimer0Config)).toEqual({ value: SINT2 | AUTO })
  })

  it('fires at once when the time has passed already', () => {
    const host = new TestHost()
    const id = guestOf(host)
    host.pass(9000)
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config, SINT2 | AUTO)
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config + 1, 100n)
    host.pass(0)
    expect(timers(host)).toHaveLength(1)
  })

  it('repeats a periodic timer by its direct vector, without messages', () => {
    const host = new TestHost()
    const id = guestOf(host)
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config, ENABLED | PERIODIC | DIRECT | vector(0xedn))
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config + 1, 10_000n)
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config, ENABLED | PERIODIC | DIRECT | vector(0xedn))
    for (let i = 0; i < 3; i++) {
      host.pass(10_000)
      host.hypervisor.endOfInterrupt(id, 0)
    }
    expect(host.takeNotes()).toEqual([1, 2, 3].flatMap((n) => [`timer ${id}/0 #0 at ${n * 10_000}`, `interrupt ${id}/0 vector ed sint -1`]))
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config + 1, 0n)
    expect(host.hypervisor.nextDue()).toBe(Number.POSITIVE_INFINITY)
  })

  it('disables a message timer on SINT 0, and refuses direct mode on old releases', () => {
    const host = new TestHost(earlyPlatform('Intel'))
    const id = guestOf(host)
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config, ENABLED | AUTO)
    expect(host.hypervisor.readMsr(id, 0, Msr.Stimer0Config)).toEqual({ value: AUTO })
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config + 1, 100n)
    expect(host.hypervisor.nextDue()).toBe(Number.POSITIVE_INFINITY)
    expect(host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config, DIRECT | vector(0xedn))).toEqual({ fault: '#GP' })
  })

  it('folds a second expiry into the message that still waits', () => {
    const host = new TestHost()
    const id = guestOf(host)
    host.messagePath(id)
    host.call(HvCall.PostMessage, { connectionId: 1, type: 1, payloadSize: 0, payload: null })
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config, SINT2 | PERIODIC | AUTO)
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config + 1, 1000n)
    host.pass(3500)
    expect(host.hypervisor.vp(id, 0).synic.queues[2]).toHaveLength(1)
    host.hypervisor.receiveMessage(id, 0, 2)
    expect(host.hypervisor.receiveMessage(id, 0, 2)?.payload).toMatchObject({ expirationTime: 3000 })
    expect(host.hypervisor.validate()).toEqual([])
  })

  it.each([
    { name: 'catches up with shorter periods', lazy: 0n, first: 5, skipped: 0 },
    { name: 'fires once when lazy', lazy: LAZY, first: 1, skipped: 4 },
  ])('a late periodic timer $name', ({ lazy, first, skipped }) => {
    const host = new TestHost()
    const id = guestOf(host)
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config, PERIODIC | AUTO | DIRECT | lazy | vector(0xedn))
    host.hypervisor.writeMsr(id, 0, Msr.Stimer0Config + 1, 1000n)
    suspendPartition(host.hypervisor, id, true)
    host.pass(5200)
    expect(timers(host)).toEqual([])
    suspendPartition(host.hypervisor, id, false)
    expect(timers(host)).toHaveLength(1)
    host.pass(2400)
    // Four owed periods of half the length, or ordinary ones.
    expect(timers(host)).toHaveLength(first === 5 ? 4 : 2)
    expect(host.hypervisor.partitionCounters(id).get('Skipped Timer Ticks')).toBe(skipped)
  })
})

describe('reference time', () => {
  it('counts from the creation of the partition, stands still while frozen, and goes on where it stood', () => {
    const host = new TestHost()
    host.tick = 1_000_000
    const id = guestOf(host)
    host.pass(500)
    expect(host.hypervisor.readMsr(id, 0, Msr.TimeRefCount)).toEqual({ value: 500n })
    expect(host.hypervisor.writeMsr(id, 0, Msr.TimeRefCount, 1n)).toEqual({ fault: '#GP' })
    const freeze = (value: bigint): string =>
      host.status(HvCall.SetPartitionProperty, { partitionId: id, code: PropertyCode.TimeFreeze, value })
    freeze(1n)
    host.pass(10_000)
    expect(host.hypervisor.referenceTime(id)).toBe(500)
    freeze(0n)
    host.pass(1)
    expect(host.hypervisor.referenceTime(id)).toBe(501)
  })

  it('is the same from the TSC page, also after a restore under a new sequence', () => {
    const host = new TestHost()
    host.tick = 3_333_333
    const id = guestOf(host)
    expect(host.hypervisor.referenceTscPage(id)).toBeUndefined()
    host.hypervisor.writeMsr(id, 0, Msr.ReferenceTsc, 0x55_001n)
    host.pass(123_456)
    const time = (): number => {
      const page = host.hypervisor.referenceTscPage(id)
      return page === undefined ? -1 : Number(timeFromPage(page, tscAt(host.hypervisor.core, host.tick)))
    }
    expect(Math.abs(time() - 123_456)).toBeLessThanOrEqual(1)
    host.call(HvCall.RestorePartitionTime, { partitionId: id, referenceTime: 9_000_000, tscSequence: 2 })
    host.pass(44)
    expect(host.hypervisor.referenceTscPage(id)?.sequence).toBe(2)
    expect(Math.abs(time() - 9_000_044)).toBeLessThanOrEqual(1)
  })
})
