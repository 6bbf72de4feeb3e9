/** Traces, faults and job timing over a real message port: what a page gets, and what bad input gets. */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { RPCHandler } from '@orpc/server/message-port'
import { afterEach, describe, expect, it } from 'vitest'
import { type contract, refusalText, type StateMessage, TRACE_ROWS_MAX } from '../../preload/contract/index.ts'
import { LabService } from '../service/lab-service.ts'
import { testRows, testVm } from '../testing/lab.ts'
import { guardPort } from './pipe.ts'
import { buildRouter } from './router.ts'

type Client = ContractRouterClient<typeof contract>

const ports: MessagePort[] = []
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

function bench(): { readonly service: LabService; readonly client: Client } {
  const store = { folder: 'memory', commit: () => undefined }
  const service = new LabService({ rows: testRows([testVm('A'), testVm('B')]), store, epoch: 'e', speed: 0, manual: true, wallMs: () => 0 })
  const handler = new RPCHandler(buildRouter({ service, programVersion: '1.2.3', shell: 'browser' }))
  const { port1, port2 } = new MessageChannel()
  ports.push(port1, port2)
  handler.upgrade(guardPort(port2, () => undefined))
  port2.start()
  const client = createORPCClient<Client>(new RPCLink({ port: port1 }))
  port1.start()
  return { service, client }
}

/** Machines in the next message. */
async function nextPatch(messages: AsyncIterator<StateMessage>): Promise<object> {
  const { value, done } = await messages.next()
  return done === true ? {} : (value.patch.virtualMachines ?? {})
}

const FILTER = { kinds: [], text: '', channelId: null, transactionId: null }
const FAULT = { hostId: 'host-1', vmId: null, volumeId: null, provider: null, stopCode: null, rule: null } as const
const MINUTES_5 = 300_000

describe('traces', () => {
  it('are read in pieces and by filter; the lab is the same with and without', async () => {
    const [watched, plain] = [bench(), bench()]
    expect(await watched.client.trace.set({ vmId: 'A', on: true })).toEqual({ ok: true })
    for (const { client } of [watched, plain]) {
      await client.vm.act({ action: 'start', vmIds: ['A'] })
      await client.test.advance({ milliseconds: MINUTES_5 })
    }
    const first = await watched.client.trace.read({ vmId: 'A', filter: FILTER, since: 0, limit: 5 })
    expect(first).toMatchObject({ ok: true, on: true, more: true, lost: 0, next: 5 })
    if (!first.ok) throw new Error(first.refusal.code)
    expect(first.rows.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5])
    expect(first.rows[0]).toMatchObject({ kind: 'hypercall', actor: 'root', text: 'CreatePartition: HV_STATUS_SUCCESS' })
    const messages = await watched.client.trace.read({
      vmId: 'A',
      filter: { ...FILTER, kinds: ['message'], text: 'initiatecontact' },
      since: first.next,
      limit: TRACE_ROWS_MAX,
    })
    expect(messages.ok && messages.rows.map(({ text }) => text)).toEqual(['initiateContact (40)', 'initiateContact (40)'])
    expect(await plain.client.trace.read({ vmId: 'A', filter: FILTER, since: 0, limit: 5 })).toMatchObject({ on: false, rows: [] })
    expect((await watched.client.test.stateHash()).hash).toBe((await plain.client.test.stateHash()).hash)
  })

  it('are refused for machines that do not exist', async () => {
    const { client } = bench()
    expect(await client.trace.set({ vmId: 'nobody', on: true })).toMatchObject({ ok: false, refusal: { code: 'unknown-virtual-machine' } })
    expect(await client.trace.read({ vmId: 'nobody', filter: FILTER, since: 0, limit: 1 })).toMatchObject({ ok: false })
  })
})

describe('faults', () => {
  it('are injected, listed and cleared; pages are told what they change', async () => {
    const { client } = bench()
    await client.vm.act({ action: 'start', vmIds: ['A', 'B'] })
    await client.test.advance({ milliseconds: MINUTES_5 })
    const patches = await client.state.subscribe({ hostId: 'host-1', vmId: null, since: null })
    await patches.next()
    const injected = await client.fault.inject({ ...FAULT, kind: 'lost-interrupt', vmId: 'A' })
    if (!injected.ok) throw new Error(injected.refusal.code)
    expect(injected.fault).toMatchObject({ kind: 'lost-interrupt', vmId: 'A', state: 'active', rule: null })
    const told = await nextPatch(patches)
    expect(told).toMatchObject({ A: { heartbeatText: 'Lost Communication' } })
    expect(Object.keys(told)).toEqual(['A'])
    expect(await client.fault.clear({ faultId: injected.fault.id })).toEqual({ ok: true })
    expect(await nextPatch(patches)).toMatchObject({ A: { heartbeatText: 'OK (Applications Healthy)' } })
    const rule = { jobKind: 'start', probability: 0.25, afterMs: 1500 }
    await client.fault.inject({ ...FAULT, kind: 'guest-hang', rule })
    expect(await client.fault.list({ hostId: 'host-1' })).toMatchObject([
      { kind: 'lost-interrupt', state: 'ended' },
      { kind: 'guest-hang', state: 'rule', rule },
    ])
    expect(await client.fault.list({ hostId: 'nobody' })).toEqual([])
    await patches.return?.()
  })

  it('that are not possible are refused with a sentence that says why', async () => {
    const { client } = bench()
    const refused = await client.fault.inject({ ...FAULT, kind: 'guest-crash', vmId: 'A' })
    if (refused.ok) throw new Error('was possible')
    expect(refusalText(refused.refusal).body).toBe(
      "The fault 'guest-crash' is not possible now, because the virtual machine is not running.",
    )
    for (const answer of [
      await client.fault.inject({ ...FAULT, kind: 'guest-crash', vmId: 'nobody' }),
      await client.fault.inject({ ...FAULT, kind: 'volume-lost', volumeId: 'nowhere' }),
      await client.fault.inject({ ...FAULT, kind: 'power-loss', hostId: 'nobody' }),
      await client.fault.inject({ ...FAULT, kind: 'guest-hang', rule: { jobKind: 'explode', probability: 1, afterMs: 0 } }),
      await client.fault.clear({ faultId: 'nothing' }),
    ]) {
      expect(answer.ok ? '' : refusalText(answer.refusal).body).toMatch(/^[A-Z'].*\.$/)
    }
  })
})

describe('the timing of jobs', () => {
  it('is set, listed and seen in how long a job takes', async () => {
    const { client, service } = bench()
    const timing = { jobKind: 'start', factorPercent: 1000, extraMs: 500, jitterMs: 0 }
    expect(await client.lab.jobTiming(timing)).toEqual({ ok: true })
    expect(await client.lab.jobTimings()).toEqual([timing])
    await client.vm.act({ action: 'start', vmIds: ['A'] })
    await client.test.advance({ milliseconds: 10_000 })
    expect(service.world.tables.virtual_machine.require('A').state).toBe('Starting')
    await client.test.advance({ milliseconds: 10_000 })
    expect(service.world.tables.virtual_machine.require('A').state).toBe('Running')
    expect(await client.lab.jobTiming({ ...timing, jobKind: 'explode' })).toMatchObject({ refusal: { code: 'unknown-job-kind' } })
  })
})

describe('bad input', () => {
  // Types are set aside on purpose: what arrives on a wire has none.
  const call = (client: Client, path: readonly [string, string], input: unknown): Promise<unknown> =>
    (client as unknown as Record<string, Record<string, (input: unknown) => Promise<unknown>>>)[path[0]]?.[path[1]]?.(input) ??
    Promise.resolve()
  const fault = { ...FAULT, kind: 'guest-hang', vmId: 'A' }
  const read = { vmId: 'A', filter: FILTER, since: 0, limit: 1 }

  it.each<[string, readonly [string, string], unknown]>([
    ['a fault of an unknown kind', ['fault', 'inject'], { ...fault, kind: 'flood' }],
    ['a fault without host', ['fault', 'inject'], { ...fault, hostId: undefined }],
    ['a stop code that is no name', ['fault', 'inject'], { ...fault, kind: 'guest-crash', stopCode: '0x7B; DROP' }],
    ['a chance above 1', ['fault', 'inject'], { ...fault, rule: { jobKind: 'start', probability: 1.5, afterMs: 0 } }],
    ['a chance of nothing', ['fault', 'inject'], { ...fault, rule: { jobKind: 'start', probability: 0, afterMs: 0 } }],
    ['a chance that is no number', ['fault', 'inject'], { ...fault, rule: { jobKind: 'start', probability: Number.NaN, afterMs: 0 } }],
    ['a delay of days', ['fault', 'inject'], { ...fault, rule: { jobKind: 'start', probability: 1, afterMs: 1e9 } }],
    ['a trace of nobody', ['trace', 'set'], { on: true }],
    ['more rows than an answer may have', ['trace', 'read'], { ...read, limit: 1001 }],
    ['no row at all', ['trace', 'read'], { ...read, limit: 0 }],
    ['an unknown kind of event', ['trace', 'read'], { ...read, filter: { ...FILTER, kinds: ['thought'] } }],
    ['a text that is too long', ['trace', 'read'], { ...read, filter: { ...FILTER, text: 'x'.repeat(201) } }],
    ['a sequence number below 0', ['trace', 'read'], { ...read, since: -1 }],
    ['a factor of 0', ['lab', 'jobTiming'], { jobKind: 'start', factorPercent: 0, extraMs: 0, jitterMs: 0 }],
    ['a jitter of weeks', ['lab', 'jobTiming'], { jobKind: 'start', factorPercent: 100, extraMs: 0, jitterMs: 1e10 }],
    ['a negative delay', ['lab', 'jobTiming'], { jobKind: 'start', factorPercent: 100, extraMs: -1, jitterMs: 0 }],
  ])('%s is refused and changes nothing', async (_, path, input) => {
    const { client, service } = bench()
    const before = service.stateHash()
    await expect(call(client, path, input)).rejects.toThrow()
    expect(service.stateHash()).toBe(before)
  })
})
