/** Small labs for the guest model's tests: one host, two switches, machines as a test asks for them, and a clock that runs their events. */
import { TICKS_PER_SECOND } from '../kernel/ticks.ts'
import { hostProduct } from '../products/hosts.ts'
import { initialSettings } from '../products/initial-settings.ts'
import type { BootDevice, GuestRow } from '../rows.ts'
import { World } from '../world.ts'
import { handleGuestEvent } from './guest.ts'
import type { GuestEffect } from './phases.ts'

export const HOST = 'host-1'
export const EXTERNAL = 'switch-external'
export const PRIVATE = 'switch-private'

/** Monday, 23 November 2026, 9:41. */
export const LAB_START_MS = 1_795_426_860_000

export interface TestMachine {
  readonly id: string
  readonly generation: 1 | 2
  /** System on the first hard disk; null for an empty disk; undefined for none. */
  readonly disk?: string | null
  /** System whose installer is in the DVD drive; null for an empty drive; undefined for none. */
  readonly disc?: string | null
  readonly switchId?: string | null
  readonly memoryMb?: number
  readonly bootOrder?: readonly BootDevice[]
  readonly processors?: number
  readonly workload?: string
}

export function testLab(machines: readonly TestMachine[], seed = 7, hostProductId = 'windows-server-2022-datacenter'): World {
  const world = new World({
    lab: [{ id: 'lab', name: 'Lab', seed, startTimeMs: LAB_START_MS, tick: 0, nextSequence: 1, nextRecord: 1 }],
    host: [
      {
        id: HOST,
        name: 'HV01',
        productId: hostProductId,
        processorModel: 'Test processor',
        processorVendor: 'Intel',
        sockets: 1,
        coresPerSocket: 8,
        threadsPerCore: 2,
        processorMhz: 2_600,
        memoryMb: 65_536,
        reserveMb: 2_048,
        slat: true,
        serviceState: 'running',
        virtualMachinePath: 'C:\\VM',
        virtualDiskPath: 'C:\\VHD',
        opticalDrives: [],
        position: 0,
      },
    ],
    virtual_switch: [
      { id: EXTERNAL, hostId: HOST, name: 'External', kind: 'external', notes: '', adapterDescription: 'Test adapter' },
      { id: PRIVATE, hostId: HOST, name: 'Private', kind: 'private', notes: '', adapterDescription: null },
    ],
  })
  for (const machine of machines) addMachine(world, machine)
  return world
}

function addMachine(world: World, machine: TestMachine): void {
  const { id, generation, memoryMb = 4_096 } = machine
  world.tables.virtual_machine.put({
    id,
    hostId: HOST,
    name: id,
    generation,
    configurationVersion: '10.0',
    createdTick: 0,
    notes: '',
    configurationPath: 'C:\\VM',
    state: 'Running',
    critical: null,
    processorCount: machine.processors ?? 2,
    startupMemoryMb: memoryMb,
    dynamicMemory: false,
    minimumMemoryMb: 512,
    maximumMemoryMb: 65_536,
    memoryBuffer: 20,
    memoryWeight: 5_000,
    automaticStart: 'nothing',
    automaticStop: 'save',
    bootOrder: machine.bootOrder ?? (generation === 1 ? ['cd', 'ide', 'legacy-network', 'floppy'] : ['dvd', 'hard-drive', 'network']),
    workload: machine.workload ?? 'idle',
    assignedMemoryMb: memoryMb,
    startedTick: 0,
    savedStateMb: 0,
    currentCheckpointId: null,
    ...initialSettings(hostProduct('windows-server-2022-datacenter'), 'C:\\VM'),
  })
  if (machine.disk !== undefined) addDrive(world, machine, 'hard-disk', machine.disk, true)
  if (machine.disc !== undefined) addDrive(world, machine, 'dvd', machine.disc, machine.disc !== null)
  world.tables.network_adapter.put({
    id: `${id} adapter`,
    vmId: id,
    kind: generation === 1 ? 'legacy' : 'synthetic',
    position: 0,
    switchId: machine.switchId === undefined ? EXTERNAL : machine.switchId,
    macAddress: '00155D38010A',
    dynamicMac: true,
  })
}

function addDrive(world: World, machine: TestMachine, kind: 'hard-disk' | 'dvd', productId: string | null, medium: boolean): void {
  const path = `C:\\VHD\\${machine.id}.${kind === 'dvd' ? 'iso' : 'vhdx'}`
  if (medium) {
    world.tables.host_file.put({
      id: path,
      hostId: HOST,
      path,
      kind: kind === 'dvd' ? 'iso' : 'vhdx',
      sizeBytes: 4_194_304,
      capacityBytes: kind === 'dvd' ? 0 : 42_949_672_960,
      diskType: kind === 'dvd' ? null : 'dynamic',
      parentPath: null,
      guestProductId: productId,
      modifiedTick: 0,
    })
  }
  const ide = machine.generation === 1
  world.tables.drive.put({
    id: `${machine.id} ${kind}`,
    vmId: machine.id,
    kind,
    controller: ide ? 'ide' : 'scsi',
    controllerNumber: ide && kind === 'dvd' ? 1 : 0,
    location: !ide && kind === 'dvd' ? 1 : 0,
    path: medium ? path : null,
  })
}

/** One thing that happened while the clock ran. */
export interface Happening {
  readonly tick: number
  readonly vmId: string
  readonly phase: string
  readonly effects: readonly GuestEffect[]
}

/** Runs the lab for some seconds and gives what happened, in order. */
export function run(world: World, seconds: number): Happening[] {
  const end = world.now + Math.round(seconds * TICKS_PER_SECOND)
  const happenings: Happening[] = []
  for (let event = world.events.take(end); event !== undefined; event = world.events.take(end)) {
    world.setNow(event.dueTick)
    const effects = handleGuestEvent(world, event)
    happenings.push({ tick: world.now, vmId: event.target, phase: world.tables.guest.get(event.target)?.phase ?? 'none', effects })
  }
  world.setNow(end)
  return happenings
}

/** Runs the lab until a machine comes to a phase, five simulated hours at the most. */
export function runUntil(world: World, vmId: string, phase: string): GuestRow {
  const limit = world.now + 5 * 3_600 * TICKS_PER_SECOND
  for (let guest = world.tables.guest.require(vmId); guest.phase !== phase; guest = world.tables.guest.require(vmId)) {
    const event = world.events.take(limit)
    if (event === undefined) throw new Error(`${vmId} stays in ${guest.phase} and does not come to ${phase}`)
    world.setNow(event.dueTick)
    handleGuestEvent(world, event)
  }
  return world.tables.guest.require(vmId)
}
