import { describe, expect, it } from 'vitest'
import { vendorText } from './cpuid.ts'
import { checkInputValue, decodeInputValue, encodeResultValue, isAnswered } from './dispatcher.ts'
import { earlyPlatform, modernPlatform } from './example-platforms.ts'
import { HvCall } from './hypercall-codes.ts'
import { HYPERCALLS } from './hypercall-table.ts'
import { Msr } from './msrs.ts'
import { GUEST_PRIVILEGES, hasPrivilege, privilegeMask } from './privileges.ts'
import { HvStatus, statusName } from './status.ts'
import { TestHost } from './test-host.ts'
import { InterceptType } from './types.ts'

const LINUX = 0x8100_0006_0100_0000n

describe('synthetic MSRs (reference 1.11)', () => {
  it('answers reads and writes, and #GP where the rules say so', () => {
    const host = new TestHost()
    const id = host.start()
    const write = (msr: number, value: bigint): string => JSON.stringify(host.hypervisor.writeMsr(id, 0, msr, value))
    const steps = [
      ['hypercall page before the OS id', write(Msr.Hypercall, 0x1001n), String(host.hypervisor.vp(id, 0).partition.msrs.hypercall)],
      ['OS id', write(Msr.GuestOsId, LINUX)],
      ['hypercall page', write(Msr.Hypercall, 0x1001n), host.hypervisor.partition(id)?.gpa.overlayAt(1)?.kind],
      ['VP index', write(Msr.VpIndex, 1n)],
      ['SINT with vector 15', write(Msr.Sint0 + 5, 15n)],
      ['SINT masked with vector 0', write(Msr.Sint0 + 5, 0x1_0000n)],
      ['SINT with vector 16', write(Msr.Sint0 + 5, 16n)],
      ['SVERSION', write(Msr.Sversion, 2n)],
      ['OS id cleared', write(Msr.GuestOsId, 0n), host.hypervisor.partition(id)?.gpa.overlayAt(1)?.kind],
      ['OS id again', write(Msr.GuestOsId, LINUX)],
      ['locked hypercall page', write(Msr.Hypercall, 0x1003n)],
      ['hypercall page moved after the lock', write(Msr.Hypercall, 0x2001n)],
      ['reset', write(Msr.Reset, 1n)],
    ]
    const ok = '{"ok":true}'
    const gp = '{"fault":"#GP"}'
    expect(steps).toEqual([
      ['hypercall page before the OS id', ok, '0'],
      ['OS id', ok],
      ['hypercall page', ok, 'hypercall'],
      ['VP index', gp],
      ['SINT with vector 15', gp],
      ['SINT masked with vector 0', ok],
      ['SINT with vector 16', ok],
      ['SVERSION', gp],
      ['OS id cleared', ok, undefined],
      ['OS id again', ok],
      ['locked hypercall page', ok],
      ['hypercall page moved after the lock', gp],
      ['reset', ok],
    ])
    expect(host.notes).toContain(`reset ${id}`)
    expect(host.hypervisor.readMsr(id, 0, Msr.Sversion)).toEqual({ value: 1n })
    expect(host.hypervisor.readMsr(id, 0, Msr.TscFrequency)).toEqual({ value: 2_500_000_000n })
  })

  it('raises #GP for a missing privilege, or asks the parent that intercepts MSRs', () => {
    const host = new TestHost()
    const id = host.start({ privileges: privilegeMask(['AccessHypercallMsrs']) })
    host.call(HvCall.InstallIntercept, { partitionId: id, accessMask: 0, interceptType: InterceptType.Msr, parameter: 0 })
    expect(host.hypervisor.readMsr(id, 0, Msr.VpIndex)).toEqual({ fault: '#GP' })
    host.call(HvCall.InstallIntercept, { partitionId: id, accessMask: 3, interceptType: InterceptType.Msr, parameter: 0 })
    expect(host.hypervisor.readMsr(id, 0, Msr.VpIndex)).toEqual({ intercepted: true })
    expect(host.hypervisor.vpState(id, 0)).toBe('suspended')
  })

  it('has no reference TSC page on Server 2008', () => {
    const host = new TestHost(earlyPlatform('Intel'))
    const id = host.start()
    host.call(HvCall.InstallIntercept, { partitionId: id, accessMask: 0, interceptType: InterceptType.Msr, parameter: 0 })
    expect(host.hypervisor.writeMsr(id, 0, Msr.ReferenceTsc, 0x1001n)).toEqual({ fault: '#GP' })
  })
})

describe('CPUID (reference 1.12)', () => {
  it('shows the interface and the guest’s own privileges', () => {
    const host = new TestHost(modernPlatform())
    const id = host.start()
    const leaf = (number: number) => {
      const value = host.hypervisor.cpuid(id, 0, number)
      return 'eax' in value ? value : { eax: -1, ebx: 0, ecx: 0, edx: 0 }
    }
    expect(vendorText(leaf(0x4000_0000))).toBe('Microsoft Hv')
    expect(leaf(0x4000_0000).eax).toBe(0x4000_000c)
    expect(leaf(0x4000_0001).eax).toBe(0x3123_7648)
    expect(leaf(1).ecx).toBe(0x8000_0000)
    expect(leaf(0x4000_0002)).toMatchObject({ eax: 20348, ebx: 0xa_0000 })
    expect(leaf(0x4000_0003)).toMatchObject({ eax: GUEST_PRIVILEGES.low, ebx: GUEST_PRIVILEGES.high })
    expect(leaf(0x4000_0006).eax & 8).toBe(8)
    expect(leaf(0x4000_0007).eax).toBe(0)
  })

  it('prefers results that the parent registered', () => {
    const host = new TestHost()
    const id = host.start()
    const result = { eax: 1, ebx: 2, ecx: 3, edx: 4 }
    host.call(HvCall.RegisterInterceptResult, { partitionId: id, leaf: 7, result })
    expect(host.hypervisor.cpuid(id, 0, 7)).toEqual(result)
    expect(host.hypervisor.vpEvent(id, 0, 'CpuidInstructions')).toBe(1)
  })
})

describe('port accesses', () => {
  it('go to the parent when intercepted, else writes are dropped and reads give all ones', () => {
    const host = new TestHost()
    const id = host.start({ generation: 2 })
    expect(host.hypervisor.ioPort(id, 0, { port: 0x1f7, size: 1, access: 'read' })).toEqual({ kind: 'completed', value: 0xff })
    expect(host.hypervisor.ioPort(id, 0, { port: 0x1f7, size: 4, access: 'read' })).toEqual({ kind: 'completed', value: 0xffff_ffff })
    expect(host.hypervisor.ioPort(id, 0, { port: 0x70, size: 1, access: 'write', value: 4 })).toEqual({ kind: 'intercepted' })
    const gen1 = host.start({ generation: 1 })
    expect(host.hypervisor.ioPort(gen1, 0, { port: 0x1f7, size: 1, access: 'read' })).toEqual({ kind: 'intercepted' })
  })
})

describe('calling convention (reference 1.8)', () => {
  it.each([
    { name: 'MapGpaPages with 509 elements', value: 0x4bn | (509n << 32n), status: 'SUCCESS' },
    { name: 'a rep call without elements', value: 0x4bn, status: 'INVALID_HYPERCALL_INPUT' },
    { name: 'start behind the count', value: 0x4bn | (5n << 32n) | (5n << 48n), status: 'INVALID_HYPERCALL_INPUT' },
    { name: 'a simple call with a count', value: 0x5cn | (1n << 32n), status: 'INVALID_HYPERCALL_INPUT' },
    { name: 'a fast SignalEvent', value: 0x1_005dn, status: 'SUCCESS' },
    { name: 'a fast PostMessage', value: 0x1_005cn, status: 'INVALID_HYPERCALL_INPUT' },
    { name: 'a code that nobody knows', value: 0x0fffn, status: 'INVALID_HYPERCALL_CODE' },
  ])('$name: $status', ({ value, status }) => {
    const decoded = decodeInputValue(value)
    expect(decoded && statusName(checkInputValue(decoded))).toBe(`HV_STATUS_${status}`)
  })

  it('refuses reserved bits and packs results', () => {
    expect(decodeInputValue(0x5cn | (1n << 27n))).toBeUndefined()
    expect(decodeInputValue(0x5cn | (1n << 60n))).toBeUndefined()
    const result = { status: HvStatus.InsufficientMemory, output: undefined, repsCompleted: 17, cycles: 0, slices: 1, pending: false }
    expect(encodeResultValue(result)).toBe(0x11_0000_000bn)
  })

  it('counts a refused code as a call', () => {
    const host = new TestHost()
    expect(host.hypervisor.unknownHypercall(host.root, 0x0fff).status).toBe(HvStatus.InvalidHypercallCode)
    expect(host.hypervisor.hypercallCounts.get(0x0fff)).toBe(1)
  })

  it('has each code once, and every answered call in the table', () => {
    expect(new Set(HYPERCALLS.map(({ code }) => code)).size).toBe(HYPERCALLS.length)
    const listed = new Set(HYPERCALLS.map(({ code }) => code))
    expect(Object.values(HvCall).filter((code) => !listed.has(code) || !isAnswered(code))).toEqual([])
  })

  it('gives guests messages and events, and no partitions', () => {
    expect(
      ['PostMessages', 'SignalEvents', 'CreatePartitions', 'CreatePort'].map((name) =>
        hasPrivilege(GUEST_PRIVILEGES, name as 'PostMessages'),
      ),
    ).toEqual([true, true, false, false])
  })
})
