/** Small labs for tests: a host and machines with the columns that a test names, everything else plausible. */
import { Engine } from '../engine/engine.ts'
import { TICKS_PER_MS } from '../engine/kernel/ticks.ts'
import { hostProduct } from '../engine/products/hosts.ts'
import { initialSettings } from '../engine/products/initial-settings.ts'
import type { DriveRow, HostFileRow, HostRow, LabRow, NetworkAdapterRow, SwitchRow, VirtualMachineRow, VolumeRow } from '../engine/rows.ts'
import type { LabRows } from '../engine/world.ts'

const GB = 1024 ** 3

export const LAB: LabRow = {
  id: 'lab',
  name: 'Test',
  seed: 7,
  startTimeMs: Date.UTC(2026, 10, 23, 9, 41),
  tick: 0,
  nextSequence: 1,
  nextRecord: 1,
}

/** A host of 8 GB with Windows Server 2022 that keeps 2 GB for itself. */
export function testHost(columns: Partial<HostRow> = {}): HostRow {
  return {
    id: 'host-1',
    name: 'HV01',
    productId: 'windows-server-2022-datacenter',
    processorModel: 'Intel(R) Xeon(R) Silver 4314 CPU @ 2.40GHz',
    processorVendor: 'Intel',
    sockets: 1,
    coresPerSocket: 4,
    threadsPerCore: 2,
    processorMhz: 2400,
    memoryMb: 8192,
    reserveMb: 2048,
    slat: true,
    serviceState: 'running',
    virtualMachinePath: 'C:\\VMs',
    virtualDiskPath: 'C:\\Disks',
    opticalDrives: ['E:'],
    position: 0,
    ...columns,
  }
}

export function testVolume(columns: Partial<VolumeRow> = {}): VolumeRow {
  return {
    id: 'volume-c',
    hostId: 'host-1',
    letter: 'C',
    label: 'System',
    sizeBytes: 500 * GB,
    freeBytes: 400 * GB,
    readBytesPerSecond: 1024 ** 2 * 1000,
    writeBytesPerSecond: 1024 ** 2 * 500,
    ...columns,
  }
}

export function testFile(path: string, columns: Partial<HostFileRow> = {}): HostFileRow {
  return {
    id: `file ${path}`,
    hostId: 'host-1',
    path,
    kind: 'vhdx',
    sizeBytes: 4 * GB,
    capacityBytes: 127 * GB,
    diskType: 'dynamic',
    parentPath: null,
    guestProductId: 'windows-server-2022',
    modifiedTick: 0,
    ...columns,
  }
}

export function testVm(id: string, columns: Partial<VirtualMachineRow> = {}): VirtualMachineRow {
  return {
    id,
    hostId: 'host-1',
    name: id,
    generation: 2,
    configurationVersion: '10.0',
    createdTick: 0,
    notes: '',
    configurationPath: 'C:\\VMs',
    state: 'Off',
    critical: null,
    processorCount: 2,
    startupMemoryMb: 1024,
    dynamicMemory: false,
    minimumMemoryMb: 512,
    maximumMemoryMb: 1_048_576,
    memoryBuffer: 20,
    memoryWeight: 5000,
    automaticStart: 'if-running',
    automaticStop: 'save',
    bootOrder: ['hard-drive', 'network'],
    workload: 'idle',
    assignedMemoryMb: 0,
    startedTick: null,
    savedStateMb: 0,
    currentCheckpointId: null,
    ...initialSettings(hostProduct('windows-server-2022-datacenter'), 'C:\\VMs'),
    ...columns,
  }
}

export function testDisk(vmId: string, path: string): DriveRow {
  return { id: `drive ${vmId}`, vmId, kind: 'hard-disk', controller: 'scsi', controllerNumber: 0, location: 0, path }
}

export function testAdapter(vmId: string, columns: Partial<NetworkAdapterRow> = {}): NetworkAdapterRow {
  return { id: `adapter ${vmId}`, vmId, kind: 'synthetic', position: 0, switchId: null, macAddress: '', dynamicMac: true, ...columns }
}

export function testSwitch(columns: Partial<SwitchRow> = {}): SwitchRow {
  return {
    id: 'switch-1',
    hostId: 'host-1',
    name: 'External LAN',
    kind: 'external',
    notes: '',
    adapterDescription: 'Intel(R) I350',
    ...columns,
  }
}

/** A lab of one host, one volume, one switch, and machines with a bootable disk each. */
export function testRows(machines: readonly VirtualMachineRow[], host: Partial<HostRow> = {}): LabRows {
  return {
    lab: [LAB],
    host: [testHost(host)],
    volume: [testVolume()],
    virtual_switch: [testSwitch()],
    host_file: machines.map((vm) => testFile(`C:\\Disks\\${vm.id}.vhdx`)),
    virtual_machine: machines,
    network_adapter: machines.map((vm) => testAdapter(vm.id)),
    drive: machines.map((vm) => testDisk(vm.id, `C:\\Disks\\${vm.id}.vhdx`)),
  }
}

/** Lets simulated time pass. */
export function pass(engine: Engine, milliseconds: number): void {
  engine.advanceTo(engine.world.now + milliseconds * TICKS_PER_MS)
}

export function testEngine(machines: readonly VirtualMachineRow[], host: Partial<HostRow> = {}): Engine {
  return new Engine(testRows(machines, host))
}
