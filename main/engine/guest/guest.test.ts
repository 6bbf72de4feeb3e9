import { describe, expect, it } from 'vitest'
import { TICKS_PER_SECOND } from '../kernel/ticks.ts'
import { guestProduct, type MsRange } from '../products/guests.ts'
import { World } from '../world.ts'
import {
  crashGuest,
  freezeGuest,
  handleGuestEvent,
  hangGuest,
  installIntegrationServices,
  powerOnGuest,
  removeGuest,
  requestShutdown,
  resetGuest,
  settledGuest,
  thawGuest,
} from './guest.ts'
import { linesOf } from './row.ts'
import { PRIVATE, run, runUntil, type TestMachine, testLab } from './test-lab.ts'

const seconds = (tick: number): number => tick / TICKS_PER_SECOND

/** Phases of a boot in order with the seconds at which they began. */
function boot(machine: TestMachine, forSeconds = 200, seed = 7) {
  const world = testLab([machine], seed)
  powerOnGuest(world, machine.id)
  const happenings = run(world, forSeconds)
  return { world, happenings, phases: ['firmware', ...happenings.map((happening) => happening.phase)] }
}

const GEN2 = { id: 'vm', generation: 2 } as const
const GEN1 = { id: 'vm', generation: 1 } as const

describe('a boot', () => {
  it.each<[string, 1 | 2, string]>([
    ['windows-server-2022', 2, 'lock-screen'],
    ['windows-10', 2, 'lock-screen'],
    ['windows-7-sp1', 1, 'sign-in'],
    ['windows-xp-sp3', 1, 'sign-in'],
    ['ubuntu-24.04', 2, 'console-login'],
    ['linux-3.3', 1, 'console-login'],
    ['freebsd-14', 2, 'console-login'],
    ['ms-dos-6.22', 1, 'console-shell'],
  ])('of %s on generation %i goes through its phases in the times of its profile', (disk, generation, home) => {
    const { happenings, phases } = boot({ id: 'vm', generation, disk })
    expect(phases).toEqual(['firmware', 'boot-attempt', 'loader', 'kernel', 'devices', 'services', home])
    const { durations } = guestProduct(disk)
    const firmware: MsRange = generation === 1 ? [2_000, 4_000] : [1_000, 2_000]
    const ranges = [firmware, [250, 500], durations.loader, durations.kernel, durations.devices, durations.services]
    const starts = [0, ...happenings.map((happening) => happening.tick / 10_000)]
    for (const [index, [low = 0, high = 0]] of ranges.entries()) {
      const lasted = (starts[index + 1] ?? 0) - (starts[index] ?? 0)
      expect(lasted, phases[index]).toBeGreaterThanOrEqual(low)
      expect(lasted, phases[index]).toBeLessThanOrEqual(high)
    }
    expect(happenings.flatMap((happening) => happening.effects)).toEqual([{ kind: 'booted', productName: guestProduct(disk).name }])
  })

  it('takes half as long when everything that works goes twice as fast', () => {
    const machine = { ...GEN2, disk: 'windows-server-2022' }
    const slow = testLab([machine])
    powerOnGuest(slow, 'vm')
    const fast = testLab([machine])
    powerOnGuest(fast, 'vm', 2)
    expect(fast.tables.guest.require('vm').phaseTicks).toBe(Math.round((slow.tables.guest.require('vm').phaseTicks ?? 0) / 2))
  })

  it('leaves no pending event once the system is up', () => {
    const { world } = boot({ ...GEN2, disk: 'windows-server-2022' })
    expect(world.tables.pending_event.size).toBe(0)
    expect(world.tables.guest.require('vm')).toMatchObject({
      eventId: null,
      phaseTicks: null,
      productId: 'windows-server-2022',
      bootSource: 'vm hard-disk',
    })
  })

  it('is the same twice with one seed, and another with another seed', () => {
    const machine = { ...GEN2, disk: 'windows-server-2022' }
    expect(boot(machine, 200, 7).happenings).toEqual(boot(machine, 200, 7).happenings)
    expect(boot(machine, 200, 7).happenings).not.toEqual(boot(machine, 200, 8).happenings)
  })

  it('takes no value out of a random stream', () => {
    expect(boot({ ...GEN2, disk: 'windows-server-2022' }).world.tables.random_stream.size).toBe(0)
  })
})

describe('a lab that was closed and opened again', () => {
  it('goes on as if it had never been closed', () => {
    const machines: TestMachine[] = [
      { ...GEN2, disk: 'windows-server-2022' },
      { id: 'other', generation: 1, disk: null, disc: 'windows-xp-sp3' },
    ]
    const open = testLab(machines)
    for (const machine of machines) powerOnGuest(open, machine.id)
    run(open, 6.5)
    open.takeChanges()
    const rows = Object.fromEntries(Object.entries(open.tables).map(([name, table]) => [name, [...table.values()]]))
    const again = new World(JSON.parse(JSON.stringify(rows)))
    expect(run(again, 900)).toEqual(run(open, 900))
    expect([...again.tables.guest.values()]).toEqual([...open.tables.guest.values()])
  })
})

describe('the boot order', () => {
  it('of generation 2 tries DVD, disk and network and names each result', () => {
    const { world, phases } = boot({ ...GEN2, disk: null, disc: 'windows-10' })
    expect(phases).toEqual(['firmware', 'boot-attempt', 'boot-prompt', 'boot-attempt', 'boot-attempt', 'boot-failed'])
    expect(linesOf(world.tables.guest.require('vm'))).toEqual([
      'SCSI DVD (0,1)',
      'The boot loader failed.',
      'SCSI Disk (0,0)',
      'The boot loader did not load an operating system.',
      'Network Adapter (00155D38010A)',
      'A boot image was not found.',
    ])
  })

  it('of generation 2 on a 2012 R2 host leaves the older lines', () => {
    const world = testLab([{ ...GEN2, disk: null }], 7, 'windows-server-2012-r2-datacenter')
    powerOnGuest(world, 'vm')
    const guest = runUntil(world, 'vm', 'boot-failed')
    expect(linesOf(guest)).toEqual(['Boot Failed. EFI SCSI Device.', 'Boot Failed. EFI Network.'])
  })

  it.each<[string | null, string]>([
    [null, 'PXE-E61: Media test failure, check cable'],
    [PRIVATE, 'PXE-E51: No DHCP or proxyDHCP offers were received.'],
    ['switch-external', 'PXE-E53: No boot filename received'],
  ])('of generation 1 on switch %s ends with the boot ROM saying %s', (switchId, line) => {
    const { world } = boot({ ...GEN1, disk: null, switchId })
    expect(linesOf(world.tables.guest.require('vm'))).toEqual([line, 'PXE-M0F: Exiting PXE ROM.'])
  })

  it('starts the disk when it stands before the disc', () => {
    const { world } = boot({ ...GEN2, disk: 'debian-12', disc: 'ubuntu-24.04', bootOrder: ['hard-drive', 'dvd'] })
    expect(world.tables.guest.require('vm')).toMatchObject({ productId: 'debian-12', stage: 'normal' })
  })

  it('does not start a system without UEFI on generation 2, nor one that needs it on generation 1', () => {
    expect(boot({ ...GEN2, disk: 'windows-xp-sp3' }).phases.at(-1)).toBe('boot-failed')
    expect(boot({ ...GEN1, disk: 'windows-11' }).phases.at(-1)).toBe('boot-failed')
  })

  it('finds the system of a differencing disk in its parent', () => {
    const world = testLab([{ ...GEN2, disk: null }])
    const disk = world.tables.host_file.require('C:\\VHD\\vm.vhdx')
    world.tables.host_file.put({ ...disk, id: 'base', path: 'C:\\VHD\\base.vhdx', guestProductId: 'debian-12' })
    world.tables.host_file.put({ ...disk, diskType: 'differencing', parentPath: 'c:\\vhd\\BASE.vhdx' })
    powerOnGuest(world, 'vm')
    expect(runUntil(world, 'vm', 'console-login').productId).toBe('debian-12')
  })

  it('stops at the loader when the memory is too small', () => {
    const { world, phases } = boot({ ...GEN1, disk: 'windows-7-sp1', memoryMb: 256 })
    expect(phases.at(-1)).toBe('boot-error')
    expect(linesOf(world.tables.guest.require('vm'))[0]).toBe('Status: 0xc0000017')
  })
})

describe('an installation', () => {
  it('of Windows on generation 1 copies, restarts, passes the prompt and ends at its first page', () => {
    const { world, happenings, phases } = boot({ ...GEN1, disk: null, disc: 'windows-server-2019' }, 1_500)
    expect(phases).toEqual([
      ...['firmware', 'boot-attempt', 'loader', 'setup-loading', 'setup-copying', 'setup-features', 'setup-restarting'],
      ...['firmware', 'boot-attempt', 'boot-prompt', 'boot-attempt', 'loader', 'kernel', 'devices', 'first-boot', 'oobe', 'lock-screen'],
    ])
    expect(happenings.flatMap((happening) => happening.effects.map((effect) => effect.kind))).toEqual([
      'booted',
      'installed',
      'restarted',
      'booted',
    ])
    expect(world.tables.host_file.require('C:\\VHD\\vm.vhdx').guestProductId).toBe('windows-server-2019')
    expect(world.tables.guest.require('vm').stage).toBe('normal')
  })

  it('of Linux on generation 2 ejects its disc and puts its loader first', () => {
    const { world, phases } = boot({ ...GEN2, disk: null, disc: 'ubuntu-22.04' }, 1_500)
    expect(phases.at(-1)).toBe('console-login')
    expect(world.tables.drive.require('vm dvd').path).toBeNull()
    expect(world.tables.virtual_machine.require('vm').bootOrder[0]).toBe('file')
  })

  it('waits for its first start across a reset', () => {
    const world = testLab([{ ...GEN2, disk: null, disc: 'ubuntu-22.04' }])
    powerOnGuest(world, 'vm')
    runUntil(world, 'vm', 'setup-restarting')
    runUntil(world, 'vm', 'firmware')
    resetGuest(world, 'vm')
    expect(runUntil(world, 'vm', 'first-boot').stage).toBe('first-boot')
  })

  it('says so when there is no disk', () => {
    expect(boot({ ...GEN1, disc: 'windows-10' }).phases.at(-1)).toBe('boot-error')
  })
})

describe('freezing and thawing', () => {
  function startFrozen(): World {
    const world = testLab([{ ...GEN2, disk: 'windows-server-2022' }])
    powerOnGuest(world, 'vm')
    run(world, 7.1234567)
    freezeGuest(world, 'vm')
    return world
  }

  it('moves nothing while frozen and goes on exactly where it was', () => {
    const straight = testLab([{ ...GEN2, disk: 'windows-server-2022' }])
    powerOnGuest(straight, 'vm')
    run(straight, 7.1234567)
    const left = (straight.tables.guest.require('vm').phaseTick ?? 0) + (straight.tables.guest.require('vm').phaseTicks ?? 0) - straight.now

    const world = startFrozen()
    expect(world.tables.pending_event.size).toBe(0)
    const frozen = world.tables.guest.require('vm')
    expect(run(world, 3_600)).toEqual([])
    expect(world.tables.guest.require('vm')).toEqual(frozen)

    thawGuest(world, 'vm')
    const thawedAt = world.now
    const next = run(world, 3_600)[0]
    expect(next?.tick).toBe(thawedAt + left)
  })

  it('changes nothing when done twice', () => {
    const world = startFrozen()
    const frozen = world.tables.guest.require('vm')
    run(world, 5)
    freezeGuest(world, 'vm')
    expect(world.tables.guest.require('vm')).toEqual(frozen)
    thawGuest(world, 'vm')
    const thawed = world.tables.guest.require('vm')
    thawGuest(world, 'vm')
    expect(world.tables.guest.require('vm')).toEqual(thawed)
    expect(world.tables.pending_event.size).toBe(1)
  })

  it('keeps a guest without end of phase without event', () => {
    const world = testLab([{ ...GEN2, disk: 'windows-server-2022' }])
    world.tables.guest.put(settledGuest('vm', 'windows-server-2022', -500))
    freezeGuest(world, 'vm')
    run(world, 10)
    thawGuest(world, 'vm')
    expect(world.tables.pending_event.size).toBe(0)
    expect(world.tables.guest.require('vm')).toMatchObject({ phaseTick: 10 * TICKS_PER_SECOND - 500, frozenAfter: null })
  })
})

describe('the end of a guest', () => {
  it('by its shutdown service powers off within the profile', () => {
    const { world } = boot({ ...GEN2, disk: 'windows-server-2022' })
    const asked = world.now
    expect(requestShutdown(world, 'vm')).toEqual({ ok: true, value: undefined })
    const [end] = run(world, 60)
    expect(end).toMatchObject({ phase: 'powered-off', effects: [{ kind: 'powered-off' }] })
    expect(seconds((end?.tick ?? 0) - asked)).toBeGreaterThanOrEqual(8)
    expect(seconds((end?.tick ?? 0) - asked)).toBeLessThanOrEqual(20)
  })

  it.each<[string, 1 | 2, string]>([
    ['windows-xp-sp3', 1, 'Windows XP Professional Service Pack 3'],
    ['linux-3.3', 1, 'Linux 3.3 (Fedora 16)'],
    ['ms-dos-6.22', 1, 'MS-DOS 6.22'],
  ])('is refused by %s, which has no shutdown service', (disk, generation, name) => {
    const { world } = boot({ id: 'vm', generation, disk })
    const phase = world.tables.guest.require('vm').phase
    expect(requestShutdown(world, 'vm')).toEqual({
      ok: false,
      refusal: { code: 'shutdown-service-missing', values: { guest: name, phase } },
    })
    expect(world.tables.guest.require('vm').phase).toBe(phase)
  })

  it('is refused while the guest starts, while it is frozen and when there is none', () => {
    const machine = { ...GEN2, disk: 'windows-server-2022' }
    expect(requestShutdown(boot(machine, 8).world, 'vm').ok).toBe(false)
    const { world } = boot(machine)
    freezeGuest(world, 'vm')
    expect(requestShutdown(world, 'vm').ok).toBe(false)
    removeGuest(world, 'vm')
    expect(requestShutdown(world, 'vm')).toMatchObject({ refusal: { values: { guest: 'no operating system', phase: 'powered-off' } } })
  })

  it('is accepted by XP after its services were installed and it started again', () => {
    const { world } = boot({ ...GEN1, disk: 'windows-xp-sp3' })
    expect(installIntegrationServices(world, 'vm')).toBe(true)
    resetGuest(world, 'vm')
    runUntil(world, 'vm', 'sign-in')
    expect(requestShutdown(world, 'vm').ok).toBe(true)
    expect(installIntegrationServices(world, 'vm')).toBe(false)
  })
})

describe('faults', () => {
  it('crash Windows, write the dump and restart', () => {
    const { world } = boot({ ...GEN2, disk: 'windows-server-2022' })
    expect(crashGuest(world, 'vm')).toEqual([{ kind: 'crashed', codes: ['0x000000EF', '0x0', '0x0', '0x0', '0x0'] }])
    expect(world.tables.guest.require('vm')).toMatchObject({ phase: 'crashed', stopCode: 'CRITICAL_PROCESS_DIED' })
    const [restart] = run(world, 31)
    expect(restart).toMatchObject({ phase: 'firmware', effects: [{ kind: 'restarted' }] })
    expect(world.tables.guest.require('vm').stopCode).toBeNull()
  })

  it('do nothing to firmware', () => {
    const { world } = boot({ ...GEN2, disk: null })
    const before = world.tables.guest.require('vm')
    expect(crashGuest(world, 'vm')).toEqual([])
    hangGuest(world, 'vm')
    expect(world.tables.guest.require('vm')).toEqual(before)
  })
})

describe('reset and removal', () => {
  it('cancel what was pending', () => {
    const world = testLab([{ ...GEN2, disk: 'windows-server-2022' }])
    powerOnGuest(world, 'vm')
    run(world, 4)
    resetGuest(world, 'vm')
    expect(world.tables.pending_event.size).toBe(1)
    expect(world.tables.guest.require('vm')).toMatchObject({ phase: 'firmware', productId: null, phaseTick: 4 * TICKS_PER_SECOND })
    removeGuest(world, 'vm')
    expect(world.tables.pending_event.size).toBe(0)
    removeGuest(world, 'vm')
    expect(world.tables.guest.size).toBe(0)
  })

  it('make an event of an earlier life do nothing', () => {
    const world = testLab([{ ...GEN2, disk: 'windows-server-2022' }])
    powerOnGuest(world, 'vm')
    const event = world.events.take(100 * TICKS_PER_SECOND)
    if (event === undefined) throw new Error('no event')
    resetGuest(world, 'vm')
    const before = world.tables.guest.require('vm')
    expect(handleGuestEvent(world, event)).toEqual([])
    expect(world.tables.guest.require('vm')).toEqual(before)
  })
})
