/** The contract over a real message port: what a page gets, and what bad input gets. */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { RPCHandler } from '@orpc/server/message-port'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type contract, FRAME_BYTES_MAX } from '../../preload/contract/index.ts'
import { LabService } from '../service/lab-service.ts'
import { testRows, testVm } from '../testing/lab.ts'
import { guardPort, refuseFrame } from './pipe.ts'
import { buildRouter } from './router.ts'

type Client = ContractRouterClient<typeof contract>

interface Bench {
  readonly service: LabService
  readonly client: Client
  readonly port: MessagePort
  readonly reports: string[]
}

const ports: MessagePort[] = []
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

function bench(manual = true): Bench {
  const store = { folder: 'memory', commit: () => undefined }
  const service = new LabService({ rows: testRows([testVm('A'), testVm('B')]), store, epoch: 'e', speed: 0, manual, wallMs: () => 0 })
  const handler = new RPCHandler(buildRouter({ service, programVersion: '1.2.3', shell: 'browser' }))
  const { port1, port2 } = new MessageChannel()
  ports.push(port1, port2)
  const reports: string[] = []
  handler.upgrade(guardPort(port2, (reason) => reports.push(reason)))
  port2.start()
  const client = createORPCClient<Client>(new RPCLink({ port: port1 }))
  port1.start()
  return { service, client, port: port1, reports }
}

describe('procedures', () => {
  it('act on several machines, each with its own answer', async () => {
    const { client } = bench()
    expect(await client.vm.act({ action: 'start', vmIds: ['A', 'nobody'] })).toEqual([
      { vmId: 'A', name: 'A', outcome: { ok: true, jobId: expect.any(String) } },
      { vmId: 'nobody', name: '', outcome: { ok: false, refusal: { code: 'unknown-virtual-machine', values: { id: 'nobody' } } } },
    ])
    expect(await client.test.advance({ milliseconds: 5000 })).toEqual({ tick: 50_000_000 })
    expect(await client.vm.whyNot({ vmId: 'A', action: 'delete' })).toMatchObject({
      possible: false,
      refusal: { code: 'wrong-state', values: { state: 'Running' } },
    })
    expect(await client.vm.whyNot({ vmId: 'A', action: 'pause' })).toEqual({ possible: true, refusal: null })
  })

  it('stream the state to two clients alike', async () => {
    const { client, service } = bench()
    const first = await client.state.subscribe({ hostId: 'host-1', vmId: null, since: null })
    const second = await client.state.subscribe({ hostId: 'host-1', vmId: null, since: null })
    await client.vm.rename({ vmId: 'A', name: 'web' })
    for (const stream of [first, second]) {
      expect((await stream.next()).value).toMatchObject({ type: 'snapshot' })
      expect((await stream.next()).value).toMatchObject({ type: 'patch', patch: { virtualMachines: { A: { name: 'web' } } } })
    }
    expect(service.publisher.subscriberCount).toBe(2)
    await first.return?.()
    await expect.poll(() => service.publisher.subscriberCount).toBe(1)
  })

  it('a client that goes away leaves no subscription behind', async () => {
    const { client, service, port } = bench()
    const stream = await client.console.watch({ vmId: 'A', rate: 'live' })
    await client.state.subscribe({ hostId: 'host-1', vmId: null, since: null })
    await stream.next()
    port.close()
    await expect.poll(() => service.publisher.subscriberCount).toBe(0)
  })

  it('list the files of the host and refuse paths that lead out of it', async () => {
    const { client } = bench()
    expect(await client.host.listFiles({ hostId: 'host-1', path: '', extensions: [] })).toMatchObject({
      ok: true,
      entries: [{ path: 'C:\\', kind: 'drive' }],
    })
    expect(await client.host.listFiles({ hostId: 'host-1', path: 'C:\\..\\..\\etc', extensions: [] })).toMatchObject({
      ok: false,
      refusal: { code: 'path-invalid' },
    })
    expect(await client.host.listFiles({ hostId: 'host-1', path: '/etc/passwd', extensions: [] })).toMatchObject({
      ok: false,
      refusal: { code: 'path-invalid' },
    })
  })

  it('remember preferences, a bounded number of them', async () => {
    const { client } = bench()
    await client.preference.set({ key: 'a', value: '1' })
    expect(await client.preference.all()).toEqual({ a: '1' })
    await client.preference.set({ key: 'a', value: null })
    expect(await client.preference.all()).toEqual({})
  })

  it('time is moved by tests only in a lab that was opened for tests', async () => {
    const { client } = bench(false)
    await expect(client.test.advance({ milliseconds: 1 })).rejects.toThrow('opened for tests')
    expect(await client.lab.step({ milliseconds: 1000 })).toEqual({ tick: 10_000_000 })
  })
})

describe('bad input', () => {
  // Types are set aside on purpose: what arrives on a wire has none.
  const call = (client: Client, path: readonly string[], input: unknown): Promise<unknown> => {
    let target: unknown = client
    for (const name of path) target = (target as Record<string, unknown>)[name]
    return (target as (input: unknown) => Promise<unknown>)(input)
  }

  it.each<[string, readonly string[], unknown]>([
    ['an unknown procedure', ['vm', 'explode'], {}],
    ['a missing argument', ['vm', 'act'], { action: 'start' }],
    ['an argument of the wrong type', ['vm', 'act'], { action: 'start', vmIds: 'A' }],
    ['an unknown action', ['vm', 'act'], { action: 'explode', vmIds: ['A'] }],
    ['no machine at all', ['vm', 'act'], { action: 'start', vmIds: [] }],
    ['an id that is too long', ['vm', 'rename'], { vmId: 'x'.repeat(65), name: 'a' }],
    ['a fraction of a millisecond', ['test', 'advance'], { milliseconds: 0.5 }],
    ['a negative step', ['lab', 'step'], { milliseconds: -1 }],
    ['a speed that does not exist', ['lab', 'setSpeed'], { speed: 2 }],
    ['a number that is none', ['lab', 'setSpeed'], { speed: Number.NaN }],
    ['nothing', ['preference', 'set'], undefined],
  ])('%s is refused and changes nothing', async (_, path, input) => {
    const { client, service } = bench()
    const before = service.stateHash()
    await expect(call(client, path, input)).rejects.toThrow()
    expect(service.stateHash()).toBe(before)
    expect(await client.lab.about()).toMatchObject({ programVersion: '1.2.3' })
  })

  it.each<[string, unknown]>([
    ['a number', 5],
    ['bytes', new Uint8Array(3)],
    ['an object in place of a frame', { i: 1, p: {} }],
    ['text that is not JSON', 'hello'],
    ['JSON that is no request', '[1,2]'],
    ['a request without a number', '{"p":{"u":"/lab/about"}}'],
    ['a request without a path', '{"i":"1","p":{}}'],
    ['a request to another server', '{"i":"1","p":{"u":"http://example.org/lab/about"}}'],
    ['a request with headers', '{"i":"1","p":{"u":"/lab/about","h":{"content-type":"text/event-stream"}}}'],
    ['a request with a body of another form', '{"i":"1","p":{"u":"/lab/about","b":null}}'],
    ['a request with types of its own', '{"i":"1","p":{"u":"/lab/about","b":{"json":1,"meta":[[1,"x"]]}}}'],
    ['a kind that does not exist', '{"i":"1","t":9,"p":{"u":"/lab/about"}}'],
    ['a stream towards the engine', '{"i":"1","t":3,"p":{"e":"message"}}'],
    ['a request with more than it may have', '{"i":"1","p":{"u":"/lab/about"},"x":1}'],
    ['a frame that is too long', `{"i":"1","p":{"u":"/lab/about","b":{"json":"${'x'.repeat(FRAME_BYTES_MAX)}"}}}`],
  ])('%s ends the connection and nothing else', async (_, frame) => {
    const { port, service, reports } = bench()
    port.postMessage(frame)
    await expect.poll(() => reports.length).toBe(1)
    expect(service.command((world) => world.tables.virtual_machine.size)).toBe(2)
  })

  it('calls of any content are answered or refused, and the engine goes on', async () => {
    const { port, service, client } = bench()
    const path = fc.constantFrom(
      '/vm/act',
      '/vm/create',
      '/vm/check',
      '/state/subscribe',
      '/console/watch',
      '/preference/set',
      '/nobody/knows',
      '/lab/step',
      '/lab/jobTiming',
      '/fault/inject',
      '/fault/clear',
      '/trace/set',
      '/trace/read',
    )
    const before = service.stateHash()
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1000, max: 9999 }), path, fc.jsonValue(), async (i, u, json) => {
        port.postMessage(JSON.stringify({ i, p: { u, b: { json } } }))
        port.postMessage(JSON.stringify({ i, t: 4 }))
      }),
      { numRuns: 300 },
    )
    expect(await client.lab.about()).toMatchObject({ programVersion: '1.2.3' })
    expect(service.stateHash()).toBe(before)
  })

  it('no frame of any form throws in the guard', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.anything()), (frame) => {
        const reason = refuseFrame(frame)
        expect(reason === undefined || reason.startsWith('The connection sent')).toBe(true)
      }),
    )
  })
})
