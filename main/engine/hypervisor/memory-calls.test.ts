import { describe, expect, it } from 'vitest'
import { earlyPlatform, modernPlatform } from './example-platforms.ts'
import { HvCall } from './hypercall-codes.ts'
import { MapFlag } from './hypercall-types.ts'
import { TestHost } from './test-host.ts'
import { walkReferences } from './translation-view.ts'

describe('guest physical memory', () => {
  it('maps large pages where both addresses allow it, and breaks them up where a part is taken away', () => {
    const host = new TestHost()
    const id = host.start({ memory: [{ page: 0, pages: 2048 + 100 }] })
    const sizes = (): unknown[] =>
      ['4K GPA pages', '2M GPA pages', 'GPA Pages'].map((name) => host.hypervisor.partitionCounters(id).get(name))
    expect(sizes()).toEqual([100, 4, 2148])
    expect(host.status(HvCall.UnmapGpaPages, { targetPartitionId: id, targetPage: 600, pageCount: 10 })).toBe('SUCCESS')
    expect(sizes()).toEqual([100 + 512 - 10, 3, 2138])
    expect(host.hypervisor.validate()).toEqual([])
  })

  it('refuses what cannot be mapped', () => {
    const host = new TestHost()
    const first = host.start()
    const second = host.start()
    const taken = host.hypervisor.partition(first)?.gpa.ranges[0]?.value.spa ?? -1
    const free = host.hypervisor.core.memory.find(1024, 0, 512)?.[0]?.page ?? -1
    const map = (targetPage: number, page: number, count: number, mapFlags: number = MapFlag.All): string =>
      host.status(HvCall.MapGpaPages, { targetPartitionId: second, targetPage, mapFlags, source: [{ page, count }] })
    expect({
      'another machine’s page': map(50_000, taken, 1),
      'beyond the host': map(50_000, 2 ** 40, 1),
      'large on a small boundary': map(50_001, free, 512, MapFlag.All + MapFlag.LargePage),
      'write without read': map(50_000, free, 1, MapFlag.Writable),
      'more than a parameter page names': map(50_000, free, 510),
      nothing: map(50_000, free, 0),
      'as many as it names': map(50_000, free, 509),
    }).toEqual({
      'another machine’s page': 'OBJECT_IN_USE',
      'beyond the host': 'INVALID_PARAMETER',
      'large on a small boundary': 'INVALID_PARAMETER',
      'write without read': 'INVALID_PARAMETER',
      'more than a parameter page names': 'INVALID_ALIGNMENT',
      nothing: 'INVALID_HYPERCALL_INPUT',
      'as many as it names': 'SUCCESS',
    })
    expect(host.hypervisor.validate()).toEqual([])
  })

  it('leaves a long call after every 50 us and enters it again', () => {
    const host = new TestHost()
    const id = host.start()
    const input = {
      targetPartitionId: id,
      targetPage: 50_000,
      mapFlags: MapFlag.All,
      source: host.hypervisor.core.memory.find(509, 0) ?? [],
    }
    const slice = host.hypervisor.hypercallSlice(host.root, HvCall.MapGpaPages, input)
    expect(slice).toMatchObject({ status: 0, pending: true, slices: 1 })
    expect(slice.cycles).toBeLessThanOrEqual(host.hypervisor.core.costs.sliceCycles)
    let at = slice.repsCompleted
    let entries = 1
    for (; at < 509; entries++) at = host.hypervisor.hypercallSlice(host.root, HvCall.MapGpaPages, input, at).repsCompleted
    expect(entries).toBe(2)
    expect(host.hypervisor.partition(id)?.gpa.at(50_508)?.value.access).toBe(MapFlag.All)
  })

  it('sends unmapped accesses and violations to the parent, which goes on after it has answered', () => {
    const host = new TestHost()
    const id = host.start()
    const modify = { targetPartitionId: id, mapFlags: MapFlag.Readable, pages: [{ page: 10, count: 1 }] }
    expect(host.status(HvCall.ModifySparseGpaPages, modify)).toBe('SUCCESS')
    expect(host.hypervisor.memoryAccess(id, 0, 10, 'read').kind).toBe('completed')
    expect(host.hypervisor.memoryAccess(id, 0, 10, 'write').kind).toBe('intercepted')
    expect(host.hypervisor.vpState(id, 0)).toBe('suspended')
    expect(host.hypervisor.memoryAccess(id, 0, 11, 'write').kind).toBe('not-running')
    host.call(HvCall.SetVpRegisters, { partitionId: id, vpIndex: 0, registers: [{ name: 'InterceptSuspend', value: 0n }] })
    expect(host.hypervisor.memoryAccess(id, 0, 0xfee00, 'read').kind).toBe('intercepted')
    expect(host.takeNotes().filter((note) => note.startsWith('intercept'))).toEqual([
      `intercept ${id} -> 1/0 80000001`,
      `intercept ${id} -> 1/1 80000000`,
    ])
    expect(host.hypervisor.receiveMessage(1, 0, 0)).toMatchObject({
      type: 0x8000_0001,
      originationId: id,
      payload: { fields: { gpaPage: 10 } },
    })
    expect(host.hypervisor.validate()).toEqual([])
  })

  it('S19 walks GVA to GPA to SPA, and equal GPAs of two machines lie in different host pages', () => {
    const host = new TestHost()
    const translate = (id: number) => {
      host.hypervisor.partition(id)?.addressSpaces.create(0x100, 4).ranges.write(0xfff_0000, 64, { gpa: 0x400, large: false })
      return host.hypervisor.translate(id, 0x100, 0xfff_0010)
    }
    const [first, second] = [translate(host.start()), translate(host.start())]
    expect([first?.gpaPage, second?.gpaPage]).toEqual([0x410, 0x410])
    expect(first?.spaPage).not.toBe(second?.spaPage)
    // Guest pages of 4 KiB on host pages of 2 MiB.
    expect(first?.references).toBe(19)
    expect(first?.steps.map(({ stage, level }) => `${stage} ${level}`)).toEqual([
      'guest-table 4',
      'guest-table 3',
      'guest-table 2',
      'guest-table 1',
      'host-table 4',
      'host-table 3',
      'host-table 2',
    ])
  })

  it.each([
    { guest: 4, host: 0, references: 4 },
    { guest: 4, host: 4, references: 24 },
    { guest: 3, host: 3, references: 15 },
    { guest: 4, host: 2, references: 14 },
    { guest: 2, host: 4, references: 14 },
    { guest: 5, host: 5, references: 35 },
  ])('walks $guest x $host levels with $references references', ({ guest, host, references }) => {
    expect(walkReferences(guest, host)).toBe(references)
  })

  it('places memory on the asked node, elsewhere only if spanning is allowed', () => {
    const nodes = [
      { memoryPages: 40_960, logicalProcessors: 4 },
      { memoryPages: 40_960, logicalProcessors: 4 },
    ]
    const host = new TestHost(modernPlatform({ nodes }))
    const local = host.start({ node: 1, memory: [{ page: 0, pages: 20_480 }] })
    expect(host.hypervisor.vidCounters(local).get('Remote Physical Pages')).toBe(0)
    expect(() => host.start({ node: 1, memory: [{ page: 0, pages: 30_720 }], numaSpanning: false })).toThrow('INSUFFICIENT_ROOT_MEMORY')
    const spanning = host.start({ node: 1, memory: [{ page: 0, pages: 30_720 }] })
    expect(host.hypervisor.vidCounters(spanning).get('Remote Physical Pages')).toBeGreaterThan(10_000)
    expect(host.hypervisor.validate()).toEqual([])
  })

  it('takes the virtual TLB out of the pool on hosts without second-level translation', () => {
    const host = new TestHost(earlyPlatform('Intel'))
    const id = host.start({ virtualTlbPages: 1000 })
    expect(host.hypervisor.partitionCounters(id).get('Virtual TLB Pages')).toBe(1000)
    expect(host.hypervisor.partition(id)?.pool.inUse).toBeGreaterThan(1300)
  })
})
