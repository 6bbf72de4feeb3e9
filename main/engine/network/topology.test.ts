import { describe, expect, it } from 'vitest'
import { testAdapter, testRows, testSwitch, testVm } from '../../testing/lab.ts'
import type { GuestRow } from '../rows.ts'
import { World } from '../world.ts'
import { fabricOf, hostStationId, machineStationId, outside } from './topology.ts'

function guestOf(vmId: string): GuestRow {
  return {
    id: vmId,
    productId: 'windows-server-2022',
    phase: 'desktop',
    phaseTick: 0,
    phaseTicks: null,
    eventId: null,
    frozenAfter: null,
    bootSource: null,
    bootStep: 0,
    stage: 'normal',
    user: null,
    input: '',
    lines: '[]',
    stopCode: null,
  }
}

/** Two running machines and one that is off; each has an adapter on `switchKind`. */
function labOf(switchKind: 'external' | 'internal' | 'private'): World {
  const machines = ['vm1', 'vm2'].map((id) => testVm(id, { state: 'Running', assignedMemoryMb: 1024 }))
  const off = testVm('vm3')
  const adapters = ['vm1', 'vm2', 'vm3'].map((id, index) => testAdapter(id, { switchId: 'switch-1', macAddress: `00155D010A0${index}` }))
  return new World({
    ...testRows([...machines, off]),
    virtual_switch: [testSwitch({ kind: switchKind, adapterDescription: switchKind === 'external' ? 'Intel(R) I350' : null })],
    network_adapter: adapters,
    guest: ['vm1', 'vm2'].map(guestOf),
  })
}

const addressOf = (world: World, vmId: string): string => {
  const fabric = fabricOf(world)
  return fabric.stations.get(machineStationId(vmId))?.settings.interfaces[0]?.ip ?? ''
}

describe('networks of a lab', () => {
  it.each([
    ['external', true, true, true],
    ['internal', true, true, false],
    ['private', true, false, false],
  ] as const)('S04 %s switch: other machine %s, host %s, world %s', (kind, machine, host, world) => {
    const lab = labOf(kind)
    const fabric = fabricOf(lab)
    const from = machineStationId('vm1')
    const hostIp = fabric.stations.get(hostStationId('host-1'))?.settings.interfaces[0]?.ip ?? '192.168.1.9'
    expect(fabric.ping(from, addressOf(lab, 'vm2'), 0).answered).toBe(machine)
    expect(fabric.ping(from, hostIp, 0).answered).toBe(host)
    expect(fabric.ping(from, outside.distantIp, 0).answered).toBe(world)
  })

  it('has a port per adapter of a running machine, the uplink and the host', () => {
    expect(fabricOf(labOf('external')).switches.get('switch-1')?.portIds).toEqual(['uplink', 'host', 'adapter vm1', 'adapter vm2'])
    expect(fabricOf(labOf('private')).switches.get('switch-1')?.portIds).toEqual(['adapter vm1', 'adapter vm2'])
  })
})
