/** Workloads and counters over a real message port. */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { RPCHandler } from '@orpc/server/message-port'
import { afterEach, describe, expect, it } from 'vitest'
import type { contract } from '../../preload/contract/index.ts'
import { settledGuest } from '../engine/guest/guest.ts'
import { LabService } from '../service/lab-service.ts'
import { testRows, testVm } from '../testing/lab.ts'
import { buildRouter } from './router.ts'

const ports: MessagePort[] = []
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

function bench() {
  const running = testVm('A', { state: 'Running', assignedMemoryMb: 1024, startedTick: 0 })
  const rows = {
    ...testRows([running, testVm('B')]),
    guest: [settledGuest('A', 'windows-server-2022', 0)],
  }
  const service = new LabService({
    rows,
    store: { folder: 'memory', commit: () => undefined },
    epoch: 'e',
    speed: 0,
    manual: true,
    wallMs: () => 0,
  })
  const { port1, port2 } = new MessageChannel()
  ports.push(port1, port2)
  new RPCHandler(buildRouter({ service, programVersion: '1.2.3', shell: 'browser' })).upgrade(port2)
  port2.start()
  const client = createORPCClient<ContractRouterClient<typeof contract>>(new RPCLink({ port: port1 }))
  port1.start()
  return { client, service }
}

const PROCESSOR = { hostId: 'host-1', object: 'Hyper-V Hypervisor Virtual Processor', instance: 'A:Hv VP 0' }

describe('workloads', () => {
  it('are listed, set for each machine by itself, and shown', async () => {
    const { client, service } = bench()
    const list = await client.catalogue.workloads()
    expect(list).toHaveLength(10)
    expect(list).toContainEqual({ key: 'compile', name: 'Software build' })
    expect(await client.vm.setWorkload({ vmIds: ['A', 'nobody'], workload: 'compile' })).toEqual([
      { vmId: 'A', name: 'A', outcome: { ok: true } },
      { vmId: 'nobody', name: '', outcome: { ok: false, refusal: { code: 'unknown-virtual-machine', values: { id: 'nobody' } } } },
    ])
    expect(service.world.tables.virtual_machine.require('A').workload).toBe('compile')
    const state = await client.state.subscribe({ hostId: 'host-1', vmId: null, since: null })
    expect((await state.next()).value).toMatchObject({
      patch: { virtualMachines: { A: { workload: 'compile' }, B: { workload: 'idle' } } },
    })
    expect(await client.vm.setWorkload({ vmIds: ['A'], workload: 'mining' })).toMatchObject([
      { outcome: { ok: false, refusal: { code: 'unknown-workload', values: { workload: 'mining' } } } },
    ])
  })
})

describe('counters', () => {
  it('name their objects, instances and values', async () => {
    const { client } = bench()
    const catalogue = await client.counters.catalogue()
    const object = catalogue.find((each) => each.object === PROCESSOR.object)
    expect(object?.counters).toContainEqual({ name: '% Guest Run Time', unit: '%', source: expect.any(String) })
    expect(await client.counters.instances({ hostId: 'host-1', object: PROCESSOR.object })).toEqual({
      ok: true,
      instances: ['_Total', 'A:Hv VP 0', 'A:Hv VP 1'],
    })
    const read = await client.counters.read(PROCESSOR)
    expect(read.ok && Object.keys(read.figures)).toEqual(object?.counters.map(({ name }) => name))
    for (const wrong of [{ object: 'Processor' }, { instance: 'B:Hv VP 0' }, { hostId: 'host-9' }]) {
      expect(await client.counters.read({ ...PROCESSOR, ...wrong })).toMatchObject({ ok: false })
    }
    expect(await client.counters.instances({ hostId: 'host-1', object: 'Processor' })).toMatchObject({ ok: false })
  })

  it('come once per simulated second, with null for what is not there', async () => {
    const { client } = bench()
    const stream = await client.counters.watch({ hostId: 'host-1', instances: [PROCESSOR, { ...PROCESSOR, instance: 'B:Hv VP 0' }] })
    expect((await stream.next()).value).toMatchObject({ tick: 0, readings: [{ figures: { '% Remote Run Time': 0 } }, { figures: null }] })
    await client.vm.act({ action: 'start', vmIds: ['B'] })
    await client.test.advance({ milliseconds: 10_000 })
    expect((await stream.next()).value).toMatchObject({
      tick: 100_000_000,
      readings: [{}, { instance: 'B:Hv VP 0', figures: { '% Remote Run Time': 0 } }],
    })
    await stream.return?.()
  })

  it('are recorded when asked for', async () => {
    const { client } = bench()
    expect(await client.counters.record({ ...PROCESSOR, on: true })).toEqual({ ok: true })
    await client.test.advance({ milliseconds: 3000 })
    const history = await client.counters.history(PROCESSOR)
    expect(history.ok && history.samples.map(({ second }) => second)).toEqual([0, 1, 2, 3])
    expect(await client.counters.record({ ...PROCESSOR, on: false })).toEqual({ ok: true })
    expect(await client.counters.history(PROCESSOR)).toEqual({ ok: true, samples: [] })
    expect(await client.counters.record({ ...PROCESSOR, instance: 'nobody', on: true })).toMatchObject({
      ok: false,
      refusal: { code: 'unknown-counter' },
    })
  })
})
