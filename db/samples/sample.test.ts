import { describe, expect, it } from 'vitest'
import { bootCandidates, fileOfDrive, productOfFile } from '../../main/engine/guest/firmware.ts'
import { isUp } from '../../main/engine/guest/phases.ts'
import { TICKS_PER_SECOND } from '../../main/engine/kernel/ticks.ts'
import { availableMemoryMb } from '../../main/engine/machine/host.ts'
import { frozenPaths, nextMerge } from '../../main/engine/management/checkpoint-disks.ts'
import { keptMachine } from '../../main/engine/management/checkpoint-items.ts'
import { formatOf, geometryFor, wholeBlocks } from '../../main/engine/management/disks/disk-rows.ts'
import { LOG_RECORDS_MAX } from '../../main/engine/management/event-log.ts'
import { fileAt } from '../../main/engine/management/paths.ts'
import { guestProduct } from '../../main/engine/products/guests.ts'
import { hostProduct } from '../../main/engine/products/hosts.ts'
import { WORKLOADS } from '../../main/engine/products/workloads.ts'
import type { VirtualMachineRow } from '../../main/engine/rows.ts'
import { World } from '../../main/engine/world.ts'
import { checkpointTime } from './builder.ts'
import { sampleLab } from './sample.ts'

const START = Date.UTC(2026, 10, 23, 9, 41)
const standard = () => new World(sampleLab({ seed: 1, startTimeMs: START, size: null }))

function machine(world: World, name: string): VirtualMachineRow {
  const found = [...world.tables.virtual_machine.values()].find((vm) => vm.name === name)
  if (found === undefined) throw new Error(`no machine ${name}`)
  return found
}

/** Uptime as the list shows it. */
function uptime(vm: VirtualMachineRow): string {
  if (vm.startedTick === null) return ''
  const seconds = -vm.startedTick / TICKS_PER_SECOND
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const clock = `${two((seconds % 86_400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`
  return seconds < 86_400 ? clock : `${Math.floor(seconds / 86_400)}.${clock}`
}

/** What must hold in any sample: everything that a row names is there, and fits. */
function expectWhole(world: World): void {
  const { tables } = world
  for (const host of tables.host.values()) {
    expect(availableMemoryMb(world, host)).toBeGreaterThan(0)
    const product = hostProduct(host.productId)
    expect(world.usage.partitions(host.id)).toBeLessThanOrEqual(product.runningMaximum)
    expect(world.usage.memoryMb(host.id)).toBeLessThanOrEqual(product.guestMemoryMaximumMb)
    expect(world.by.logOfHost.count(host.id)).toBeLessThanOrEqual(LOG_RECORDS_MAX)
  }
  for (const vm of tables.virtual_machine.values()) {
    const up = vm.state === 'Running' || vm.state === 'Paused'
    expect(WORKLOADS.map((workload) => workload.key)).toContain(vm.workload)
    expect(vm.assignedMemoryMb > 0).toBe(up)
    expect(vm.startedTick !== null).toBe(up)
    expect(vm.savedStateMb > 0).toBe(vm.state === 'Saved')
    expect(tables.guest.has(vm.id)).toBe(vm.state !== 'Off')
    expect(fileAt(world, vm.hostId, `${vm.configurationPath}\\Virtual Machines\\${vm.id}.vmcx`)?.kind).toBe('vmcx')
    const state = fileAt(world, vm.hostId, `${vm.configurationPath}\\Virtual Machines\\${vm.id}.vmrs`)
    expect(state?.sizeBytes ?? 0).toBe(vm.savedStateMb * 1024 * 1024)
    expect(bootCandidates(world, vm).find((candidate) => candidate.answer === 'starts')?.kind).toBe('disk')
  }
  for (const guest of tables.guest.values()) expectGuest(world, guest.id)
  const macs = [...tables.network_adapter.values()].map((adapter) => adapter.macAddress)
  expect(new Set(macs).size).toBe(macs.length)
  for (const mac of macs) expect(mac).toMatch(/^00155D[0-9A-F]{6}$/)
  for (const volume of tables.volume.values()) {
    expect(volume.freeBytes).toBeGreaterThan(0)
    expect(volume.freeBytes).toBeLessThan(volume.sizeBytes)
  }
  const records = [...tables.log_record.values()]
  expect(records.map((row) => row.record)).toEqual(records.map((_, at) => at + 1))
  expect(records.every((row, at) => at === 0 || row.tick >= (records[at - 1]?.tick ?? 0))).toBe(true)
  expect(records.every((row) => row.tick <= 0)).toBe(true)
  expect(world.takeRecordNumber()).toBe(records.length + 1)
}

function expectGuest(world: World, id: string): void {
  const guest = world.tables.guest.require(id)
  const vm = world.tables.virtual_machine.require(id)
  const product = guestProduct(guest.productId ?? '')
  expect(isUp(guest.phase)).toBe(true)
  expect(guest.phaseTick).toBeLessThanOrEqual(0)
  expect(guest.frozenAfter === null).toBe(vm.state === 'Running')
  if (guest.frozenAfter !== null) expect(guest.phaseTick + guest.frozenAfter).toBeLessThanOrEqual(0)
  const drive = world.tables.drive.require(guest.bootSource ?? '')
  const file = fileOfDrive(world, vm, drive)
  expect(file === undefined ? null : productOfFile(world, file)?.key).toBe(product.key)
  expect(bootCandidates(world, vm)[guest.bootStep]?.id).toBe(drive.id)
  expect(vm.generation === 1 ? product.generation1 : product.generation2).toBe(true)
  expect(vm.processorCount).toBeLessThanOrEqual(product.maximumProcessors)
  expect(Math.max(vm.assignedMemoryMb, vm.savedStateMb)).toBeGreaterThanOrEqual(product.minimumMemoryMb)
  expect(guest.user === null || guest.user === product.user).toBe(true)
}

describe('the standard sample', () => {
  it('shows the machines of the product picture', () => {
    const world = standard()
    const list = [...world.tables.virtual_machine.values()]
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((vm) => [vm.name, vm.state, vm.assignedMemoryMb, uptime(vm), vm.configurationVersion])
    expect(list).toEqual([
      ['APP01', 'Running', 4096, '12.04:15:09', '10.0'],
      ['DC01', 'Running', 2048, '41.22:03:51', '10.0'],
      ['DC02', 'Off', 0, '', '10.0'],
      ['FILE01', 'Running', 2048, '12.04:12:40', '10.0'],
      ['LEGACY-XP', 'Running', 512, '02:31:17', '8.0'],
      ['SQL01', 'Running', 16_384, '12.04:14:22', '10.0'],
      ['UBUNTU-WEB1', 'Running', 1536, '6.10:44:00', '10.0'],
      ['UBUNTU-WEB2', 'Saved', 0, '', '10.0'],
      ['WIN11-CLIENT', 'Paused', 4096, '00:47:33', '10.0'],
      ['WSUS', 'Off', 0, '', '10.0'],
    ])
  })

  it('has the checkpoints of APP01 with times that follow from the start time', () => {
    const world = standard()
    const app = machine(world, 'APP01')
    const [first, second] = world.by.checkpointsOfVm.of(app.id)
    expect([first?.name, second?.name]).toEqual(['APP01 - (11/3/2026 - 9:12:44 AM)', 'Before update KB5050009'])
    expect([first?.parentId, second?.parentId, app.currentCheckpointId]).toEqual([null, first?.id, second?.id])
    expect(checkpointTime(START, app.createdTick)).toBe('3/14/2026 - 8:02:10 AM')
    const later = new World(sampleLab({ seed: 1, startTimeMs: START + 86_400_000, size: null }))
    expect(later.by.checkpointsOfVm.of(machine(later, 'APP01').id)[0]?.name).toBe('APP01 - (11/4/2026 - 9:12:44 AM)')
  })

  it('chains a differencing disk for each checkpoint, down to the disk that was made first', () => {
    const world = standard()
    for (const vm of world.tables.virtual_machine.values()) {
      const drive = world.by.drivesOfVm.of(vm.id)[0]
      let file = drive === undefined ? undefined : fileOfDrive(world, vm, drive)
      let depth = 0
      while (file?.parentPath != null) {
        file = fileAt(world, vm.hostId, file.parentPath)
        depth++
      }
      expect(file?.diskType).toBe('dynamic')
      expect(depth).toBe(world.by.checkpointsOfVm.count(vm.id))
    }
  })

  it('has checkpoints that hold the machine, its devices and the disk that each froze', () => {
    const world = standard()
    const app = machine(world, 'APP01')
    const [first, second] = world.by.checkpointsOfVm.of(app.id)
    const [disk, middle] = [first, second].map((checkpoint) => frozenPaths(world, checkpoint?.id ?? '')[0])
    expect(disk).toMatch(/\\app01\.vhdx$/)
    expect(fileAt(world, app.hostId, middle ?? '')?.parentPath).toBe(disk)
    expect(fileAt(world, app.hostId, world.by.drivesOfVm.of(app.id)[0]?.path ?? '')?.parentPath).toBe(middle)
    expect(keptMachine(world, app, second?.id ?? '')).toMatchObject({ notes: app.notes, savedStateMb: 0 })
    expect(nextMerge(world, app)).toBeUndefined()
  })

  it('has a host, three switches, volumes, images and whole machines', () => {
    const world = standard()
    const [host] = [...world.tables.host.values()]
    expect([host?.name, host?.productId, host?.memoryMb]).toEqual(['HV01', 'windows-server-2022-datacenter', 131_072])
    expect((host?.sockets ?? 0) * (host?.coresPerSocket ?? 0) * (host?.threadsPerCore ?? 0)).toBe(32)
    expect([...world.tables.virtual_switch.values()].map((row) => [row.name, row.kind])).toEqual([
      ['External LAN', 'external'],
      ['Internal', 'internal'],
      ['Private Lab', 'private'],
    ])
    const images = [...world.tables.host_file.values()].filter((file) => file.kind === 'iso')
    expect(images.map((file) => guestProduct(file.guestProductId ?? '').shortName)).toHaveLength(5)
    expectWhole(world)
  })

  it('has a folder row for every folder that a file lies in', () => {
    const world = standard()
    for (const file of world.tables.host_file.values()) {
      const folder = file.path.slice(0, file.path.lastIndexOf('\\'))
      if (folder.length > 2) expect(fileAt(world, file.hostId, folder)?.kind).toBe('folder')
    }
  })

  it('is the same for the same options, and has other ids under another seed', () => {
    const again = (seed: number) => sampleLab({ seed, startTimeMs: START, size: null })
    expect(again(5)).toEqual(again(5))
    const ids = (seed: number) => [...(again(seed).virtual_machine ?? [])].map((vm) => vm.id)
    expect(ids(5).some((id) => ids(6).includes(id))).toBe(false)
  })
})

describe('a sized sample', () => {
  it('has so many machines, in mixed states', () => {
    const world = new World(sampleLab({ seed: 2, startTimeMs: START, size: 300 }))
    const machines = [...world.tables.virtual_machine.values()]
    expect(machines.map((vm) => vm.name)).toEqual(machines.map((_, at) => `VM${String(at + 1).padStart(5, '0')}`))
    expect(machines).toHaveLength(300)
    expect(new Set(machines.map((vm) => vm.state))).toEqual(new Set(['Running', 'Off', 'Saved', 'Paused']))
    expectWhole(world)
  })

  it('can have them all running, up to the limit of the host', () => {
    const world = new World(sampleLab({ seed: 2, startTimeMs: START, size: 8000, allRunning: true }))
    const [host] = [...world.tables.host.values()]
    expect(world.usage.partitions(host?.id ?? '')).toBe(8000)
    expect(world.tables.guest.size).toBe(8000)
  })

  it('refuses a size that no host can run', () => {
    for (const size of [0, -1, 1.5, 8001]) expect(() => sampleLab({ seed: 1, startTimeMs: START, size })).toThrow(RangeError)
    expectWhole(new World(sampleLab({ seed: 1, startTimeMs: START, size: 1 })))
  })
})

it('disk files have lengths that real ones of their kind can have', () => {
  const disks = [...standard().tables.host_file.values()].filter((file) => file.diskType !== null)
  expect(disks.length).toBeGreaterThan(10)
  for (const file of disks) {
    const geometry = geometryFor(formatOf(file) ?? 'vhdx', file.diskType ?? 'dynamic', file.capacityBytes)
    expect([file.path, file.sizeBytes]).toEqual([file.path, wholeBlocks(geometry, file.sizeBytes)])
  }
})
