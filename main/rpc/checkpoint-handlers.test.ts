/** The procedures on checkpoints as a page calls them. */
import { createRouterClient } from '@orpc/server'
import { describe, expect, it } from 'vitest'
import { LabService } from '../service/lab-service.ts'
import { testRows, testVm } from '../testing/lab.ts'
import { buildRouter } from './router.ts'

function bench() {
  const store = { folder: 'memory', commit: () => undefined }
  const service = new LabService({ rows: testRows([testVm('A')]), store, epoch: 'e', speed: 0, manual: true, wallMs: () => 0 })
  const client = createRouterClient(buildRouter({ service, programVersion: '1.2.3', shell: 'browser' }))
  return { service, client, world: service.world }
}

const jobs = { ok: true, jobId: expect.any(String) }

describe('procedures on checkpoints', () => {
  it('take with a name, rename, apply with the present state kept, remove', async () => {
    const { client, world } = bench()
    expect(await client.checkpoint.defaultName({ vmId: 'A' })).toEqual({ name: 'A - (11/23/2026 - 9:41:00 AM)' })
    expect(await client.checkpoint.defaultName({ vmId: 'nobody' })).toEqual({ name: '' })
    expect(await client.checkpoint.take({ vmId: 'A', name: 'First' })).toEqual(jobs)
    await client.test.advance({ milliseconds: 5000 })
    const [first] = world.by.checkpointsOfVm.of('A')
    const checkpointId = first?.id ?? ''
    expect(await client.checkpoint.picture({ checkpointId })).toEqual({ frame: null })
    expect(await client.checkpoint.rename({ checkpointId, name: 'Renamed' })).toEqual({ ok: true, jobId: null })
    expect(await client.checkpoint.apply({ checkpointId, takeFirst: true })).toEqual(jobs)
    await client.test.advance({ milliseconds: 20_000 })
    expect(world.by.checkpointsOfVm.of('A').map(({ name }) => name)).toEqual(['Renamed', 'A - (11/23/2026 - 9:41:05 AM)'])
    expect(await client.checkpoint.remove({ checkpointId, subtree: true })).toEqual(jobs)
    await client.test.advance({ milliseconds: 20_000 })
    expect(world.by.checkpointsOfVm.count('A')).toBe(0)
    expect(await client.checkpoint.remove({ checkpointId, subtree: false })).toMatchObject({ refusal: { code: 'unknown-checkpoint' } })
  })

  it('show the screen of the moment, and keep what is unfinished out of the tree', async () => {
    const { client, service, world } = bench()
    await client.vm.act({ action: 'start', vmIds: ['A'] })
    await client.test.advance({ milliseconds: 300_000 })
    world.tables.virtual_machine.patch('A', { checkpointType: 'standard' })
    await client.vm.act({ action: 'checkpoint', vmIds: ['A'] })
    await client.test.advance({ milliseconds: 1500 })
    const detail = async () => {
      const stream = service.publisher.subscribe({ hostId: null, vmId: 'A', since: null })
      const first = await stream[Symbol.asyncIterator]().next()
      stream.end()
      return first.value?.patch.vmDetails?.A
    }
    expect(world.by.checkpointsOfVm.count('A')).toBe(1)
    expect(await detail()).toMatchObject({ checkpoints: [], currentCheckpointId: null, checkpointActions: 0b010 })
    await client.test.advance({ milliseconds: 20_000 })
    const [made] = world.by.checkpointsOfVm.of('A')
    const view = { id: made?.id, kind: 'standard', notes: '', configurationVersion: '10.0' }
    expect(await detail()).toMatchObject({ checkpoints: [view], currentCheckpointId: made?.id, checkpointActions: 0b111 })
    const { frame } = await client.checkpoint.picture({ checkpointId: made?.id ?? '' })
    expect(frame?.operations.length).toBeGreaterThan(0)
  })
})
