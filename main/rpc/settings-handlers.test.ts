/** The settings over the contract: what is read, what is applied, and what bad input gets. */
import { createRouterClient } from '@orpc/server'
import { describe, expect, it } from 'vitest'
import type { VmSettings } from '../../preload/contract/index.ts'
import { LabService } from '../service/lab-service.ts'
import { testRows, testVm } from '../testing/lab.ts'
import { buildRouter } from './router.ts'

function bench() {
  const commits: string[] = []
  const store = { folder: 'memory', commit: () => void commits.push('commit') }
  const service = new LabService({
    rows: testRows([testVm('A'), testVm('B')]),
    store,
    epoch: 'e',
    speed: 0,
    manual: true,
    wallMs: () => 0,
  })
  return { client: createRouterClient(buildRouter({ service, programVersion: '1', shell: 'browser' })), service, commits }
}

async function read(client: ReturnType<typeof bench>['client'], vmId = 'A') {
  const answer = await client.settings.read({ vmId })
  if (!answer.ok) throw new Error(answer.refusal.code)
  return answer
}

describe('settings', () => {
  it('are read with what the sheet has to know, and applied in one transaction', async () => {
    const { client, service, commits } = bench()
    const { settings, facts } = await read(client)
    expect(settings).toMatchObject({ name: 'A', processorCount: 2, drives: [{ id: 'drive A', path: 'C:\\Disks\\A.vhdx' }] })
    expect(facts).toMatchObject({ hostName: 'HV01', stateText: 'Off', processorsMaximum: 8, locked: [], hasCheckpoints: false })
    const draft: VmSettings = { ...settings, name: 'web', processorCount: 4 }
    const applied = await client.settings.configure({ vmId: 'A', base: settings, draft })
    expect(applied).toMatchObject({ ok: true, settings: { name: 'web', processorCount: 4 } })
    expect(commits).toHaveLength(1)
    expect(service.world.tables.virtual_machine.require('A')).toMatchObject({ name: 'web', processorCount: 4 })
  })

  it('tell the field and the drive that are wrong', async () => {
    const { client } = bench()
    const { settings } = await read(client)
    const wrong = { ...settings, drives: settings.drives.map((drive) => ({ ...drive, path: 'C:\\none.vhdx' })) }
    expect(await client.settings.configure({ vmId: 'A', base: settings, draft: wrong })).toEqual({
      ok: false,
      field: 'drives',
      driveId: 'drive A',
      refusal: { code: 'attachment-not-found', values: { path: 'C:\\none.vhdx' } },
    })
    expect(await client.settings.read({ vmId: 'nobody' })).toMatchObject({ ok: false, refusal: { code: 'unknown-virtual-machine' } })
    expect(await client.vm.whyNot({ vmId: 'A', action: 'settings' })).toEqual({ possible: true, refusal: null })
  })

  it('of two windows: the second is told that the first has changed them', async () => {
    const { client } = bench()
    const { settings } = await read(client)
    const first = await client.settings.configure({ vmId: 'A', base: settings, draft: { ...settings, notes: 'first' } })
    expect(first.ok).toBe(true)
    const second = await client.settings.configure({ vmId: 'A', base: settings, draft: { ...settings, notes: 'second' } })
    expect(second).toMatchObject({ ok: false, field: 'notes', refusal: { code: 'settings-changed' } })
    expect((await read(client)).settings.notes).toBe('first')
  })

  it.each([
    ['a field too few', ({ name: _, ...rest }: VmSettings) => rest],
    ['half a processor', (settings: VmSettings) => ({ ...settings, processorCount: 1.5 })],
    ['an unknown controller', (settings: VmSettings) => ({ ...settings, drives: [{ ...settings.drives[0], controller: 'nvme' }] })],
    ['two drives of one id', (settings: VmSettings) => ({ ...settings, drives: [...settings.drives, ...settings.drives] })],
    ['a path without end', (settings: VmSettings) => ({ ...settings, smartPagingPath: 'x'.repeat(5000) })],
  ])('refuse %s before the engine sees it', async (_, change) => {
    const { client, service, commits } = bench()
    const { settings } = await read(client)
    const hash = service.stateHash()
    const draft = change(settings) as VmSettings
    await expect(client.settings.configure({ vmId: 'A', base: settings, draft })).rejects.toThrow('Input validation failed')
    expect(service.stateHash()).toBe(hash)
    expect(commits).toHaveLength(0)
  })
})
