import { describe, expect, it } from 'vitest'
import type { World } from '../world.ts'
import {
  adapterStatus,
  cpuDemand,
  freezeGuest,
  hangGuest,
  heartbeat,
  integrationServicesText,
  ipAddresses,
  memoryDemandMb,
  powerOnGuest,
  settledGuest,
} from './guest.ts'
import { EXTERNAL, PRIVATE, run, runUntil, type TestMachine, testLab } from './test-lab.ts'

function settled(disk: string, machine: Partial<TestMachine> = {}, hostProductId?: string): World {
  const world = testLab([{ id: 'vm', generation: 2, disk, ...machine }], 7, hostProductId)
  world.tables.guest.put(settledGuest('vm', disk, 0))
  return world
}

const vm = (world: World) => world.tables.virtual_machine.require('vm')
const beat = (world: World) => heartbeat(world, vm(world), world.tables.guest.get('vm'))

describe('heartbeat', () => {
  it.each([
    ['windows-server-2022', 'OK (Applications Healthy)'],
    ['ubuntu-24.04', 'OK (No Application Data)'],
    ['freebsd-14', 'OK (No Application Data)'],
    ['windows-xp-sp3', 'No Contact'],
    ['windows-xp-sp3+services', 'OK (Applications Healthy)'],
    ['ms-dos-6.22', 'No Contact'],
  ])('of %s is %s', (disk, text) => {
    expect(beat(settled(disk))).toBe(text)
  })

  it('comes when services run, and is lost when the guest hangs', () => {
    const world = testLab([{ id: 'vm', generation: 2, disk: 'windows-server-2022' }])
    powerOnGuest(world, 'vm')
    expect(beat(world)).toBe('No Contact')
    runUntil(world, 'vm', 'services')
    expect(beat(world)).toBe('No Contact')
    runUntil(world, 'vm', 'lock-screen')
    expect(beat(world)).toBe('OK (Applications Healthy)')
    hangGuest(world, 'vm')
    expect(beat(world)).toBe('Lost Communication')
  })

  it('is left out when the machine is off or saved, and says when it is paused', () => {
    const world = settled('windows-server-2022')
    world.tables.virtual_machine.patch('vm', { state: 'Paused' })
    expect(beat(world)).toBe('Paused')
    world.tables.virtual_machine.patch('vm', { state: 'Saved' })
    expect(beat(world)).toBe('')
    expect(heartbeat(world, vm(world), undefined)).toBe('')
  })
})

describe('integration services', () => {
  it.each([
    ['windows-server-2022', undefined, 'Up to date'],
    ['windows-7-sp1', undefined, 'Up to date'],
    ['windows-7-sp1', 'windows-server-2012-r2-datacenter', 'Update required'],
    ['ubuntu-24.04', 'windows-server-2012-r2-datacenter', 'Up to date'],
    ['windows-xp-sp3', undefined, 'Not detected'],
  ])('of %s on %s are %s', (disk, host, text) => {
    const world = settled(disk, {}, host)
    expect(integrationServicesText(world, vm(world), world.tables.guest.get('vm'))).toBe(text)
  })

  it('that are outdated degrade the network adapter', () => {
    const world = settled('windows-7-sp1', {}, 'windows-server-2012-r2-datacenter')
    expect(adapterStatus(world, 'vm', 'vm adapter')).toBe('Degraded (Integration services upgrade required)')
  })
})

describe('addresses', () => {
  it('are leased behind an external switch, IPv4 before IPv6', () => {
    const addresses = ipAddresses(settled('windows-server-2022', { switchId: EXTERNAL }), 'vm', 'vm adapter')
    expect(addresses).toEqual([
      expect.stringMatching(/^192\.168\.1\.(2[0-9]|[3-9][0-9]|1[0-9][0-9]|2[01][0-9])$/),
      expect.stringMatching(/^fe80::/),
    ])
    expect(ipAddresses(settled('windows-server-2022', { switchId: EXTERNAL }), 'vm', 'vm adapter')).toEqual(addresses)
  })

  it('give themselves 169.254 on Windows and nothing but IPv6 on Linux elsewhere', () => {
    expect(ipAddresses(settled('windows-server-2022', { switchId: PRIVATE }), 'vm', 'vm adapter')[0]).toMatch(/^169\.254\./)
    expect(ipAddresses(settled('ubuntu-24.04', { switchId: PRIVATE }), 'vm', 'vm adapter')).toEqual(['fe80::215:5dff:fe38:10a'])
  })

  it.each([
    ['without switch', settled('windows-server-2022', { switchId: null })],
    ['without services', settled('windows-xp-sp3', { generation: 1 })],
    ['without guest', testLab([{ id: 'vm', generation: 2 }])],
  ])('are not known %s', (_name, world) => {
    expect(ipAddresses(world, 'vm', 'vm adapter')).toEqual([])
  })

  it('are all different on one switch', () => {
    const machines = Array.from({ length: 450 }, (_, index) => ({ id: `vm${index}`, generation: 2, disk: 'ubuntu-24.04' }) as const)
    const world = testLab(machines)
    for (const machine of machines) world.tables.guest.put(settledGuest(machine.id, 'ubuntu-24.04', 0))
    const leases = machines.map((machine) => ipAddresses(world, machine.id, `${machine.id} adapter`)[0])
    expect(new Set(leases).size).toBe(machines.length)
    expect(leases.filter((lease) => lease?.startsWith('192.168.1.'))).toHaveLength(200)
  })
})

describe('adapter status', () => {
  it.each<[string, 1 | 2, string]>([
    ['windows-server-2022', 2, 'OK'],
    ['windows-xp-sp3', 2, 'No Contact'],
    ['windows-xp-sp3', 1, 'OK'],
  ])('of %s on generation %i is %s', (disk, generation, text) => {
    expect(adapterStatus(settled(disk, { generation }), 'vm', 'vm adapter')).toBe(text)
  })

  it('is empty without memory', () => {
    const world = settled('windows-server-2022')
    world.tables.virtual_machine.patch('vm', { assignedMemoryMb: 0 })
    expect(adapterStatus(world, 'vm', 'vm adapter')).toBe('')
  })
})

describe('demand', () => {
  const second = 10_000_000

  it('lies between 0 and 1, differs by the second and is the same when asked again', () => {
    const world = settled('windows-server-2022', { workload: 'database' })
    const first = Array.from({ length: 300 }, (_, index) => cpuDemand(world, 'vm', index * second))
    expect(first.every((value) => value > 0 && value <= 1)).toBe(true)
    expect(new Set(first).size).toBeGreaterThan(250)
    expect(Array.from({ length: 300 }, (_, index) => cpuDemand(world, 'vm', index * second))).toEqual(first)
    expect(world.tables.random_stream.size).toBe(0)
  })

  it('of an idle server is about a per cent, of DOS all of its processor', () => {
    const average = (world: World) =>
      Array.from({ length: 200 }, (_, index) => cpuDemand(world, 'vm', index * second)).reduce((a, b) => a + b, 0) / 200
    expect(average(settled('windows-server-2022'))).toBeLessThan(0.02)
    expect(average(settled('ms-dos-6.22', { generation: 1, processors: 1 }))).toBe(1)
  })

  it('is high while services start and nothing while frozen or absent', () => {
    const world = testLab([{ id: 'vm', generation: 2, disk: 'windows-server-2022' }])
    expect(cpuDemand(world, 'vm', 0)).toBe(0)
    powerOnGuest(world, 'vm')
    runUntil(world, 'vm', 'services')
    expect(cpuDemand(world, 'vm', world.now)).toBeGreaterThan(0.6)
    freezeGuest(world, 'vm')
    expect(cpuDemand(world, 'vm', world.now)).toBe(0)
  })

  it('of memory grows while the system starts and stays below what is assigned', () => {
    const world = testLab([{ id: 'vm', generation: 2, disk: 'windows-server-2022', memoryMb: 2_048, workload: 'database' }])
    powerOnGuest(world, 'vm')
    expect(memoryDemandMb(world, 'vm', 0)).toBe(0)
    runUntil(world, 'vm', 'kernel')
    const kernel = memoryDemandMb(world, 'vm', world.now)
    runUntil(world, 'vm', 'services')
    const services = memoryDemandMb(world, 'vm', world.now)
    runUntil(world, 'vm', 'lock-screen')
    run(world, 60)
    expect([kernel, services, memoryDemandMb(world, 'vm', world.now)]).toEqual([287, 697, 1_945])
  })
})
