import { describe, expect, it } from 'vitest'
import { modernPlatform } from './example-platforms.ts'
import { HvCall } from './hypercall-codes.ts'
import { createChildPartition, DEFAULT_SPEC, removePartition, runPartition, suspendPartition } from './partition-start.ts'
import { GUEST_PRIVILEGES, privilegeValue, ROOT_PRIVILEGES } from './privileges.ts'
import { PropertyCode } from './properties.ts'
import { HvStatus, statusName } from './status.ts'
import { TestHost } from './test-host.ts'

describe('life of a partition', () => {
  it('refuses in each state what reference 1.2 refuses', () => {
    const host = new TestHost()
    const created = host.call(HvCall.CreatePartition, { flags: 0 })
    const partitionId = created.output?.partitionId ?? 0
    const page = host.hypervisor.core.memory.find(400, 0)?.[0]?.page ?? 0
    const vp = { partitionId, vpIndex: 0 }
    const cap = { partitionId, code: PropertyCode.Suspend, value: 1n }
    const steps: readonly (readonly [string, string, string])[] = [
      ['created', 'create a VP', host.status(HvCall.CreateVp, vp)],
      ['created', 'suspend', host.status(HvCall.SetPartitionProperty, cap)],
      [
        'created',
        'early property',
        host.status(HvCall.SetPartitionProperty, { partitionId, code: PropertyCode.PhysicalAddressWidth, value: 40n }),
      ],
      ['created', 'initialize without memory', host.status(HvCall.InitializePartition, { partitionId })],
      ['created', 'finalize', host.status(HvCall.FinalizePartition, { partitionId })],
      ['created', 'deposit', host.status(HvCall.DepositMemory, { partitionId, pages: [{ page, count: 400 }] })],
      ['created', 'deposit the same pages again', host.status(HvCall.DepositMemory, { partitionId, pages: [{ page, count: 400 }] })],
      ['created', 'delete with pages in the pool', host.status(HvCall.DeletePartition, { partitionId })],
      ['created', 'initialize', host.status(HvCall.InitializePartition, { partitionId })],
      ['active', 'initialize again', host.status(HvCall.InitializePartition, { partitionId })],
      ['active', 'create a VP', host.status(HvCall.CreateVp, vp)],
      ['active', 'create it again', host.status(HvCall.CreateVp, vp)],
      ['active', 'VP 1 with 25 pages left', host.status(HvCall.CreateVp, { partitionId, vpIndex: 1 })],
      ['active', 'VP beyond the release', host.status(HvCall.CreateVp, { partitionId, vpIndex: 1024 })],
      ['active', 'unknown property', host.status(HvCall.SetPartitionProperty, { partitionId, code: 0x99_0000, value: 1n })],
      [
        'active',
        'read-only property',
        host.status(HvCall.SetPartitionProperty, { partitionId, code: PropertyCode.ProcessorVendor, value: 0n }),
      ],
      ['active', 'weight 0', host.status(HvCall.SetPartitionProperty, { partitionId, code: PropertyCode.CpuWeight, value: 0n })],
      ['active', 'delete', host.status(HvCall.DeletePartition, { partitionId })],
      ['active', 'finalize', host.status(HvCall.FinalizePartition, { partitionId })],
      ['finalized', 'create a VP', host.status(HvCall.CreateVp, vp)],
      ['finalized', 'deposit', host.status(HvCall.DepositMemory, { partitionId, pages: [{ page: page + 400, count: 1 }] })],
      ['finalized', 'delete with pages in the pool', host.status(HvCall.DeletePartition, { partitionId })],
      ['finalized', 'withdraw', host.status(HvCall.WithdrawMemory, { partitionId, pageCount: 400 })],
      ['finalized', 'withdraw more', host.status(HvCall.WithdrawMemory, { partitionId, pageCount: 1 })],
      ['finalized', 'delete', host.status(HvCall.DeletePartition, { partitionId })],
      ['deleted', 'balance', host.status(HvCall.GetMemoryBalance, { partitionId })],
    ]
    expect(steps.map((step) => step.join(': '))).toEqual([
      'created: create a VP: INVALID_PARTITION_STATE',
      'created: suspend: INVALID_PARTITION_STATE',
      'created: early property: SUCCESS',
      'created: initialize without memory: INSUFFICIENT_MEMORY',
      'created: finalize: INVALID_PARTITION_STATE',
      'created: deposit: SUCCESS',
      'created: deposit the same pages again: OBJECT_IN_USE',
      'created: delete with pages in the pool: OPERATION_DENIED',
      'created: initialize: SUCCESS',
      'active: initialize again: INVALID_PARTITION_STATE',
      'active: create a VP: SUCCESS',
      'active: create it again: OBJECT_IN_USE',
      'active: VP 1 with 25 pages left: INSUFFICIENT_MEMORY',
      'active: VP beyond the release: INVALID_VP_INDEX',
      'active: unknown property: UNKNOWN_PROPERTY',
      'active: read-only property: OPERATION_DENIED',
      'active: weight 0: PROPERTY_VALUE_OUT_OF_RANGE',
      'active: delete: INVALID_PARTITION_STATE',
      'active: finalize: SUCCESS',
      'finalized: create a VP: INVALID_PARTITION_STATE',
      'finalized: deposit: INVALID_PARTITION_STATE',
      'finalized: delete with pages in the pool: OPERATION_DENIED',
      'finalized: withdraw: SUCCESS',
      'finalized: withdraw more: NO_RESOURCES',
      'finalized: delete: SUCCESS',
      'deleted: balance: INVALID_PARTITION_ID',
    ])
    expect(host.hypervisor.validate()).toEqual([])
    expect(host.takeNotes()).toEqual([`removed ${partitionId}`])
  })

  it('S16 has exactly one root, which cannot be deleted, finalized or suspended', () => {
    const host = new TestHost()
    const partitionId = host.hypervisor.rootId
    host.start()
    expect(host.hypervisor.partitions.filter(({ parentId }) => parentId === 0)).toHaveLength(1)
    expect([
      host.status(HvCall.DeletePartition, { partitionId }),
      host.status(HvCall.FinalizePartition, { partitionId }),
      host.status(HvCall.SetPartitionProperty, { partitionId, code: PropertyCode.Suspend, value: 1n }),
    ]).toEqual(['INVALID_PARTITION_STATE', 'OPERATION_DENIED', 'OPERATION_DENIED'])
  })

  it('S18 starts a machine by create-partition, memory, processor and run calls in that order', () => {
    const host = new TestHost()
    host.hypervisor.trace.enable(host.hypervisor.rootId)
    const id = host.start({ vpCount: 2, memory: [{ page: 0, pages: 524_288 }], generation: 1 })
    const calls = host.hypervisor.trace.events(host.hypervisor.rootId, { kinds: ['hypercall'] }).map(({ fields }) => fields.call)
    expect(calls).toEqual([
      'CreatePartition',
      'DepositMemory',
      'SetPartitionProperty',
      'InitializePartition',
      'SetPartitionProperty',
      'SetPartitionProperty',
      'SetPartitionProperty',
      'MapGpaPages',
      'MapGpaPages',
      'MapGpaPages',
      'InstallIntercept',
      'InstallIntercept',
      'CreateVp',
      'CreateVp',
      'SetVpRegisters',
      'SetVpRegisters',
    ])
    expect(host.hypervisor.partitionCounters(id).get('2M GPA pages')).toBe(1024)
    expect(host.hypervisor.vpState(id, 0)).toBe('waiting')
    expect(host.hypervisor.validate()).toEqual([])
  })

  it('gives everything back when a machine is removed, and starts again under a new id', () => {
    const host = new TestHost()
    const before = host.hypervisor.core.memory.freePages
    const first = host.start({ vpCount: 4 })
    expect(host.hypervisor.core.memory.freePages).toBe(before - 16_384 - 1022)
    removePartition(host.hypervisor, first)
    expect(host.hypervisor.core.memory.freePages).toBe(before)
    expect(host.start()).toBe(first + 1)
    expect(host.hypervisor.validate()).toEqual([])
  })

  it('leaves nothing behind when the memory of the node does not suffice', () => {
    const host = new TestHost()
    const before = host.hypervisor.core.memory.freePages
    const outcome = createChildPartition(host.hypervisor, { ...DEFAULT_SPEC, vpCount: 1, memory: [{ page: 0, pages: 5_000_000 }] })
    expect(outcome).toEqual({ ok: false, call: 'MapGpaPages', status: HvStatus.InsufficientRootMemory })
    expect(host.hypervisor.core.memory.freePages).toBe(before)
    expect(host.hypervisor.partitions).toHaveLength(1)
  })

  it('refuses reserves beyond the host and above the limit', () => {
    const host = new TestHost(modernPlatform())
    host.start({ vpCount: 8, reservePercent: 75 })
    const outcome = createChildPartition(host.hypervisor, { ...DEFAULT_SPEC, vpCount: 3, memory: [], reservePercent: 75 })
    expect(outcome).toEqual({ ok: false, call: 'CreateVp', status: HvStatus.PropertyValueOutOfRange })
    const above = createChildPartition(host.hypervisor, { ...DEFAULT_SPEC, vpCount: 1, memory: [], reservePercent: 60, limitPercent: 50 })
    expect(above).toEqual({ ok: false, call: 'SetPartitionProperty', status: HvStatus.PropertyValueOutOfRange })
    expect(host.hypervisor.validate()).toEqual([])
  })

  it('gives the pages of a deleted processor back to the pool, and of statistics pages', () => {
    const host = new TestHost()
    const partitionId = host.start({ vpCount: 3 })
    const inUse = (): number => host.call(HvCall.GetMemoryBalance, { partitionId }).output?.pagesInUse ?? -1
    const before = inUse()
    expect(host.status(HvCall.DeleteVp, { partitionId, vpIndex: 1 })).toBe('SUCCESS')
    expect(inUse()).toBe(before - 75)
    const pages = [{}, { vpIndex: 0 }, { vpIndex: 1 }, {}].map((which) => host.status(HvCall.MapStatsPage, { partitionId, ...which }))
    expect(pages).toEqual(['SUCCESS', 'SUCCESS', 'INVALID_VP_INDEX', 'OBJECT_IN_USE'])
    expect(inUse()).toBe(before - 73)
    expect(host.status(HvCall.UnmapStatsPage, { partitionId })).toBe('SUCCESS')
    expect(host.hypervisor.validate()).toEqual([])
  })

  it('lists children in the order of their creation', () => {
    const host = new TestHost()
    const ids = [host.start(), host.start(), host.start()]
    const seen: number[] = []
    for (let previous = 0; ; ) {
      const next =
        host.call(HvCall.GetNextChildPartition, { parentId: host.hypervisor.rootId, previousChildId: previous }).output?.nextChildId ?? 0
      if (next === 0) break
      seen.push(next)
      previous = next
    }
    expect(seen).toEqual(ids)
  })

  it('finalizes in slices of 50 us, with the state Finalizing in between', () => {
    const host = new TestHost()
    const id = host.start({ vpCount: 64, memory: [] })
    const states: string[] = []
    for (;;) {
      const { pending, status } = host.hypervisor.hypercallSlice(host.root, HvCall.FinalizePartition, { partitionId: id })
      states.push(`${statusName(status)} ${host.hypervisor.partition(id)?.state}`)
      if (!pending) break
      expect(host.status(HvCall.CreateVp, { partitionId: id, vpIndex: 99 })).toBe('INVALID_PARTITION_STATE')
    }
    expect(states.length).toBeGreaterThan(3)
    expect(states.at(0)).toBe('HV_STATUS_SUCCESS finalizing')
    expect(states.at(-1)).toBe('HV_STATUS_SUCCESS finalized')
    expect(host.hypervisor.validate()).toEqual([])
  })
})

describe('isolation', () => {
  it('answers a child with ACCESS_DENIED, and with #UD before it has a hypercall page', () => {
    const host = new TestHost()
    const other = host.start()
    const id = host.start()
    const child = { partitionId: id, vpIndex: 0 }
    expect(host.call(HvCall.GetPartitionId, {}, child).fault).toBe('#UD')
    host.enlighten(id)
    expect(host.call(HvCall.GetPartitionId, {}, { ...child, cpl: 3 }).fault).toBe('#UD')
    expect({
      create: host.status(HvCall.CreatePartition, { flags: 0 }, child),
      id: host.status(HvCall.GetPartitionId, {}, child),
      deposit: host.status(HvCall.DepositMemory, { partitionId: id, pages: [{ page: 5000, count: 1 }] }, child),
      map: host.status(
        HvCall.MapGpaPages,
        { targetPartitionId: other, targetPage: 0, mapFlags: 0xf, source: [{ page: 9000, count: 1 }] },
        child,
      ),
      sibling: host.status(HvCall.GetVpRegisters, { partitionId: other, vpIndex: 0, names: ['Rip'] }, child),
      interrupt: host.status(HvCall.AssertVirtualInterrupt, { targetPartition: other, kind: 0, destination: 0, vector: 0x40 }, child),
      port: host.status(HvCall.DeletePort, { portPartition: other, portId: 1 }, child),
      resume: host.status(
        HvCall.SetVpRegisters,
        { partitionId: id, vpIndex: 0, registers: [{ name: 'ExplicitSuspend', value: 0n }] },
        child,
      ),
      root: host.status(HvCall.DispatchVp, { partitionId: other, vpIndex: 0, timeSliceTicks: 1 }, child),
    }).toEqual({
      create: 'ACCESS_DENIED',
      id: 'ACCESS_DENIED',
      deposit: 'ACCESS_DENIED',
      map: 'ACCESS_DENIED',
      sibling: 'ACCESS_DENIED',
      interrupt: 'ACCESS_DENIED',
      port: 'ACCESS_DENIED',
      resume: 'ACCESS_DENIED',
      root: 'ACCESS_DENIED',
    })
  })

  it('stops a child with the privilege at the second level', () => {
    const host = new TestHost()
    const id = host.start({ privileges: ROOT_PRIVILEGES })
    host.enlighten(id)
    expect(host.status(HvCall.CreatePartition, { flags: 0 }, { partitionId: id, vpIndex: 0 })).toBe('PARTITION_TOO_DEEP')
  })

  it('S15 leaves all others unchanged when one machine crashes', () => {
    const host = new TestHost()
    const healthy = host.start({ vpCount: 2 })
    const broken = host.start({ vpCount: 2 })
    host.enlighten(healthy)
    const counters = (): unknown => [
      [...host.hypervisor.vpCounters(healthy, 0)],
      [...host.hypervisor.partitionCounters(healthy)],
      host.hypervisor.vpState(healthy, 0),
    ]
    const before = counters()
    host.hypervisor.tripleFault(broken, 0)
    expect(host.hypervisor.vpState(broken, 0)).toBe('suspended')
    expect(counters()).toEqual(before)
    suspendPartition(host.hypervisor, broken, true)
    removePartition(host.hypervisor, broken)
    expect(counters()).toEqual(before)
  })

  it('keeps the mask that the stack gave', () => {
    const host = new TestHost()
    const id = host.start({}, false)
    const { output } = host.call(HvCall.GetPartitionProperty, { partitionId: id, code: PropertyCode.PrivilegeFlags })
    expect(output?.value).toBe(privilegeValue(GUEST_PRIVILEGES))
    runPartition(host.hypervisor, id)
    host.enlighten(id)
    const leaf = host.hypervisor.cpuid(id, 0, 0x4000_0003)
    expect(leaf).toMatchObject({ eax: GUEST_PRIVILEGES.low, ebx: GUEST_PRIVILEGES.high })
  })
})
