/**
 * Puts the rows of a sample lab together: one call per host, switch, file or virtual machine; ids and chance come from the lab's seed.
 * Everything here happened before the lab's start, so ticks are zero or negative.
 */

import { homePhase } from '../../main/engine/guest/phases.ts'
import { blankGuest } from '../../main/engine/guest/row.ts'
import { Random } from '../../main/engine/kernel/random.ts'
import { TICKS_PER_MINUTE, TICKS_PER_MS, TICKS_PER_SECOND, type Tick } from '../../main/engine/kernel/ticks.ts'
import { geometryFor, wholeBlocks } from '../../main/engine/management/disks/disk-rows.ts'
import { LOG_RECORDS_MAX, RECORDS, type RecordName } from '../../main/engine/management/event-log.ts'
import { guestProduct } from '../../main/engine/products/guests.ts'
import { hostProduct } from '../../main/engine/products/hosts.ts'
import { initialSettings } from '../../main/engine/products/initial-settings.ts'
import type {
  BootDevice,
  CheckpointItemRow,
  CheckpointRow,
  DriveRow,
  GuestRow,
  HostFileKind,
  HostFileRow,
  HostRow,
  LogRecordRow,
  NetworkAdapterRow,
  SwitchRow,
  VirtualMachineRow,
  VolumeRow,
} from '../../main/engine/rows.ts'
import { folderOf, type LabRows } from '../../main/engine/world.ts'

export const MB = 1024 ** 2
export const GB = 1024 ** 3

export interface DiskSpec {
  readonly path: string
  readonly capacityBytes: number
  /** Bytes that the file takes on its volume. */
  readonly sizeBytes: number
  readonly diskType: 'fixed' | 'dynamic'
}

export interface CheckpointSpec {
  /** Null gives the product's own name with date and time. */
  readonly name: string | null
  readonly kind: CheckpointRow['kind']
  readonly createdTick: Tick
  /** Bytes of the differencing disk that was written from then on. */
  readonly differenceBytes: number
}

export interface MachineSpec {
  readonly name: string
  readonly generation: 1 | 2
  readonly configurationVersion: string
  readonly createdTick: Tick
  readonly notes: string
  /** Key of `products/guests`: what is installed on the first disk. */
  readonly guest: string
  readonly processorCount: number
  readonly startupMemoryMb: number
  /** Minimum and maximum of dynamic memory, MB; null for static memory. */
  readonly dynamicMemory: readonly [minimumMb: number, maximumMb: number] | null
  readonly switchId: string | null
  readonly legacyAdapter: boolean
  readonly workload: string
  readonly disks: readonly DiskSpec[]
  /** Path of the image in the DVD drive; null for an empty drive, undefined for no drive (Generation 2). */
  readonly image: string | null | undefined
  /** One chain, oldest first; *Now* descends from the last. */
  readonly checkpoints: readonly CheckpointSpec[]
  readonly condition: Condition
}

/** What the machine does at the lab's start. Ticks are when it began to. */
export type Condition =
  | { readonly state: 'Running'; readonly startedTick: Tick; readonly memoryMb: number; readonly signedIn: boolean }
  | {
      readonly state: 'Paused'
      readonly startedTick: Tick
      readonly memoryMb: number
      readonly signedIn: boolean
      readonly pausedTick: Tick
    }
  | { readonly state: 'Saved'; readonly startedTick: Tick; readonly memoryMb: number; readonly signedIn: boolean; readonly savedTick: Tick }
  | { readonly state: 'Off'; readonly startedTick: Tick; readonly offTick: Tick }

type LogEntry = Omit<LogRecordRow, 'id' | 'record'>

export class SampleBuilder {
  readonly hosts: HostRow[] = []
  readonly volumes: VolumeRow[] = []
  readonly files: HostFileRow[] = []
  readonly switches: SwitchRow[] = []
  readonly machines: VirtualMachineRow[] = []
  readonly adapters: NetworkAdapterRow[] = []
  readonly drives: DriveRow[] = []
  readonly checkpoints: CheckpointRow[] = []
  readonly checkpointItems: CheckpointItemRow[] = []
  readonly guests: GuestRow[] = []
  readonly #log: LogEntry[] = []
  readonly #random: Random
  readonly #seed: number
  readonly #startTimeMs: number
  readonly #folders = new Set<string>()
  readonly #usedBytes = new Map<string, number>()
  #addresses = 0

  constructor(seed: number, startTimeMs: number) {
    const positions = new Map<string, number>()
    const take = (stream: string): number => {
      const position = positions.get(stream) ?? 0
      positions.set(stream, position + 1)
      return position
    }
    this.#seed = seed
    this.#startTimeMs = startTimeMs
    this.#random = new Random(seed, { take })
  }

  /** A GUID of the named kind of thing. Streams of the sample are its own: the engine's begin at zero in every lab. */
  guid(kind: string): string {
    return this.#random.guid(`sample ${kind}`)
  }

  between(subject: string, low: number, high: number): number {
    return this.#random.between(`sample ${subject}`, low, high)
  }

  /** Bytes that files take on a volume so far. */
  usedBytes(letter: string): number {
    return this.#usedBytes.get(letter) ?? 0
  }

  /** A file, with rows for the folders above it. */
  file(host: HostRow, path: string, kind: HostFileKind, sizeBytes: number, modifiedTick: Tick, disk: Partial<HostFileRow> = {}): void {
    this.folder(host, folderOf(path), modifiedTick)
    const letter = path.charAt(0).toUpperCase()
    this.#usedBytes.set(letter, this.usedBytes(letter) + sizeBytes)
    this.files.push({ ...plainFile(this.guid('file'), host.id, path, kind, modifiedTick), sizeBytes, ...disk })
  }

  /** A folder and those above it, once each; the root of a volume has no row. */
  folder(host: HostRow, path: string, modifiedTick: Tick): void {
    if (path === '' || path.endsWith('\\') || this.#folders.has(path)) return
    this.#folders.add(path)
    this.folder(host, folderOf(path), modifiedTick)
    this.files.push(plainFile(this.guid('file'), host.id, path, 'folder', modifiedTick))
  }

  virtualSwitch(host: HostRow, name: string, kind: SwitchRow['kind'], notes: string, adapterDescription: string | null): string {
    const id = this.guid('switch')
    this.switches.push({ id, hostId: host.id, name, kind, notes, adapterDescription })
    return id
  }

  /** A virtual machine with its devices, files, checkpoints, guest and log records. */
  machine(host: HostRow, spec: MachineSpec): void {
    const id = this.guid('virtual machine')
    const chain = spec.checkpoints.map((checkpoint) => ({ ...checkpoint, id: this.guid('checkpoint') }))
    const condition = spec.condition
    const hasPartition = condition.state === 'Running' || condition.state === 'Paused'
    this.machines.push({
      id,
      hostId: host.id,
      name: spec.name,
      generation: spec.generation,
      configurationVersion: spec.configurationVersion,
      createdTick: spec.createdTick,
      notes: spec.notes,
      configurationPath: host.virtualMachinePath,
      state: condition.state,
      critical: null,
      processorCount: spec.processorCount,
      startupMemoryMb: spec.startupMemoryMb,
      dynamicMemory: spec.dynamicMemory !== null,
      minimumMemoryMb: spec.dynamicMemory?.[0] ?? Math.min(512, spec.startupMemoryMb),
      maximumMemoryMb: spec.dynamicMemory?.[1] ?? 1_048_576,
      memoryBuffer: 20,
      memoryWeight: 5000,
      automaticStart: 'if-running',
      automaticStop: 'save',
      bootOrder: bootOrder(spec.generation),
      workload: spec.workload,
      assignedMemoryMb: hasPartition ? condition.memoryMb : 0,
      startedTick: hasPartition ? condition.startedTick : null,
      savedStateMb: condition.state === 'Saved' ? condition.memoryMb : 0,
      currentCheckpointId: chain.at(-1)?.id ?? null,
      processorWeight: 100,
      processorReserve: 0,
      processorLimit: 100,
      ...initialSettings(hostProduct(host.productId), host.virtualMachinePath),
    })
    this.adapters.push({
      id: this.guid('adapter'),
      vmId: id,
      kind: spec.legacyAdapter ? 'legacy' : 'synthetic',
      position: 0,
      switchId: spec.switchId,
      macAddress: this.#nextAddress(),
      dynamicMac: true,
    })
    this.#configuration(host, id, spec)
    const bootDrive = this.#drives(host, id, spec, chain)
    this.#checkpoints(host, id, spec, chain)
    if (condition.state !== 'Off') this.guests.push(this.#guest(id, spec, bootDrive, condition))
    this.#history(host, id, spec)
  }

  /** A record of the event log with the text that the engine gives it. */
  record(host: HostRow, name: RecordName, vm: { readonly id: string; readonly name: string } | null, tick: Tick): void {
    const { channel, source, eventId, level, text } = RECORDS[name]
    const rendered = vm === null ? text : `${text.replace('%1', vm.name)} (Virtual machine ID ${vm.id})`
    this.#log.push({ hostId: host.id, tick, channel, source, eventId, level, vmId: vm?.id ?? null, text: rendered })
  }

  rows(name: string): LabRows {
    const log = this.#log
      .toSorted((a, b) => a.tick - b.tick)
      .slice(-LOG_RECORDS_MAX)
      .map((entry, at): LogRecordRow => ({ id: String(at + 1), record: at + 1, ...entry }))
    const seed = this.#seed >>> 0
    return {
      lab: [{ id: 'lab', name, seed, startTimeMs: this.#startTimeMs, tick: 0, nextSequence: 1, nextRecord: log.length + 1 }],
      host: this.hosts,
      volume: this.volumes,
      host_file: this.files,
      virtual_switch: this.switches,
      virtual_machine: this.machines,
      network_adapter: this.adapters,
      drive: this.drives,
      checkpoint: this.checkpoints,
      checkpoint_item: this.checkpointItems,
      guest: this.guests,
      log_record: log,
    }
  }

  #configuration(host: HostRow, id: string, spec: MachineSpec): void {
    const folder = `${host.virtualMachinePath}\\Virtual Machines`
    this.file(host, `${folder}\\${id}.vmcx`, 'vmcx', 48 * 1024, spec.createdTick)
    if (spec.condition.state === 'Saved')
      this.file(host, `${folder}\\${id}.vmrs`, 'vmrs', spec.condition.memoryMb * MB, spec.condition.savedTick)
  }

  /** Drives with their files. Returns the id of the drive with the system. */
  #drives(host: HostRow, vmId: string, spec: MachineSpec, chain: readonly (CheckpointSpec & { readonly id: string })[]): string | null {
    const gen1 = spec.generation === 1
    const controller = gen1 ? 'ide' : 'scsi'
    const imageAt = gen1 ? { controllerNumber: 1, location: 0 } : { controllerNumber: 0, location: spec.disks.length }
    const ids = spec.disks.map((disk, location) => {
      const format = disk.path.endsWith('.vhd') ? 'vhd' : 'vhdx'
      const sizeBytes = wholeBlocks(geometryFor(format, disk.diskType, disk.capacityBytes), disk.sizeBytes)
      this.file(host, disk.path, format, sizeBytes, chain[0]?.createdTick ?? lastChange(spec), {
        capacityBytes: disk.capacityBytes,
        diskType: disk.diskType,
        guestProductId: location === 0 ? spec.guest : null,
      })
      const path = this.#differences(host, spec, disk, chain)
      const id = this.guid('drive')
      this.drives.push({ id, vmId, kind: 'hard-disk', controller, controllerNumber: 0, location, path })
      return id
    })
    if (spec.image !== undefined) this.drives.push({ id: this.guid('drive'), vmId, kind: 'dvd', controller, ...imageAt, path: spec.image })
    if (gen1) {
      this.drives.push({ id: this.guid('drive'), vmId, kind: 'floppy', controller: 'floppy', controllerNumber: 0, location: 0, path: null })
    }
    return ids[0] ?? null
  }

  /** The differencing disks above a disk, one per checkpoint, beside it (hyper-v-manager 6.5). Returns the path of the last. */
  #differences(host: HostRow, spec: MachineSpec, disk: DiskSpec, chain: readonly CheckpointSpec[]): string {
    let parentPath = disk.path
    for (const [at, checkpoint] of chain.entries()) {
      const path = `${disk.path.replace(/\.vhdx?$/, '')}_${this.guid('difference')}.${disk.path.endsWith('.vhd') ? 'avhd' : 'avhdx'}`
      const closedTick = chain[at + 1]?.createdTick ?? lastChange(spec)
      const geometry = geometryFor(path.endsWith('.avhd') ? 'vhd' : 'vhdx', 'differencing', disk.capacityBytes)
      this.file(host, path, 'avhdx', wholeBlocks(geometry, checkpoint.differenceBytes), closedTick, {
        capacityBytes: disk.capacityBytes,
        diskType: 'differencing',
        parentPath,
      })
      parentPath = path
    }
    return parentPath
  }

  #checkpoints(host: HostRow, vmId: string, spec: MachineSpec, chain: readonly (CheckpointSpec & { readonly id: string })[]): void {
    for (const [at, checkpoint] of chain.entries()) {
      const { id, kind, createdTick } = checkpoint
      const name = checkpoint.name ?? `${spec.name} - (${checkpointTime(this.#startTimeMs, createdTick)})`
      this.checkpoints.push({ id, vmId, parentId: chain[at - 1]?.id ?? null, name, kind, createdTick })
      this.file(host, `${host.virtualMachinePath}\\Snapshots\\${id}.vmcx`, 'vmcx', 48 * 1024, createdTick)
      this.file(host, `${host.virtualMachinePath}\\Snapshots\\${id}.vmrs`, 'vmrs', 54 * 1024, createdTick)
      this.#checkpointItems(vmId, id, chain.length - at)
    }
  }

  /** What a checkpoint holds: the machine and its devices as they are now, with the disk files that lie `below` files down the chain. */
  #checkpointItems(vmId: string, checkpointId: string, below: number): void {
    const keep = (tableName: string, row: { readonly id: string }): void => {
      this.checkpointItems.push({ id: `${checkpointId}/${tableName}/${row.id}`, checkpointId, tableName, content: JSON.stringify(row) })
    }
    const frozen = (path: string): string => {
      let at = path
      for (let step = 0; step < below; step++) at = this.files.find((file) => file.path === at)?.parentPath ?? at
      return at
    }
    for (const row of this.machines) if (row.id === vmId) keep('virtual_machine', { ...row, savedStateMb: 0 } as VirtualMachineRow)
    for (const row of this.adapters) if (row.vmId === vmId) keep('network_adapter', row)
    for (const row of this.drives) {
      if (row.vmId !== vmId) continue
      const drive: DriveRow = row.kind === 'hard-disk' && row.path !== null ? { ...row, path: frozen(row.path) } : row
      keep('drive', drive)
    }
  }

  #guest(vmId: string, spec: MachineSpec, bootDrive: string | null, condition: Exclude<Condition, { readonly state: 'Off' }>): GuestRow {
    const product = guestProduct(spec.guest)
    const text = product.signIn === 'text'
    const since = condition.startedTick + this.between('boot', 35_000, 80_000) * TICKS_PER_MS
    const frozenTick = condition.state === 'Paused' ? condition.pausedTick : condition.state === 'Saved' ? condition.savedTick : null
    return {
      ...blankGuest(vmId, since),
      productId: product.key,
      phase: condition.signedIn ? (text ? 'console-shell' : 'desktop') : homePhase(product),
      frozenAfter: frozenTick === null ? null : frozenTick - since,
      bootSource: bootDrive,
      // The firmware of Generation 1 asks the DVD drive first.
      bootStep: spec.generation === 1 && spec.image !== undefined ? 1 : 0,
      user: condition.signedIn ? product.user : null,
    }
  }

  /** What the event log knows of the machine's life: made, started, and how it came to its present state. */
  #history(host: HostRow, id: string, spec: MachineSpec): void {
    const vm = { id, name: spec.name }
    const { condition } = spec
    this.record(host, 'created', vm, spec.createdTick)
    this.record(host, 'realized', vm, spec.createdTick)
    this.record(host, 'started', vm, condition.startedTick)
    this.record(host, 'booted', vm, condition.startedTick + this.between('boot record', 9_000, 14_000) * TICKS_PER_MS)
    if (condition.state === 'Paused') this.record(host, 'paused', vm, condition.pausedTick)
    if (condition.state === 'Saved') this.record(host, 'saved', vm, condition.savedTick)
    if (condition.state === 'Off') this.record(host, 'shutDownByService', vm, condition.offTick)
  }

  /** Dynamic addresses begin with Microsoft's 00-15-5D; the other octets count up (hyper-v-manager 2.5, MAC Address Range). */
  #nextAddress(): string {
    const number = 0x0a3200 + this.#addresses++
    return `00155D${number.toString(16).padStart(6, '0').toUpperCase()}`
  }
}

function plainFile(id: string, hostId: string, path: string, kind: HostFileKind, modifiedTick: Tick): HostFileRow {
  return { id, hostId, path, kind, sizeBytes: 0, capacityBytes: 0, diskType: null, parentPath: null, guestProductId: null, modifiedTick }
}

/** Boot orders of the product's new machines (hyper-v-manager 4.1, "Resulting hardware"). */
function bootOrder(generation: 1 | 2): readonly BootDevice[] {
  return generation === 1 ? ['cd', 'ide', 'legacy-network', 'floppy'] : ['hard-drive', 'network', 'dvd']
}

/** When the machine's disks were last written. */
function lastChange(spec: MachineSpec): Tick {
  const { condition } = spec
  switch (condition.state) {
    case 'Running':
      return -4 * TICKS_PER_SECOND
    case 'Paused':
      return condition.pausedTick
    case 'Saved':
      return condition.savedTick
    case 'Off':
      return condition.offTick
  }
}

/** Date and time as the product puts them into a checkpoint's name: `11/3/2026 - 9:12:44 AM` (hyper-v-manager 6.1). */
export function checkpointTime(startTimeMs: number, tick: Tick): string {
  const at = new Date(startTimeMs + Math.floor(tick / TICKS_PER_MS))
  const two = (value: number) => String(value).padStart(2, '0')
  const hour = at.getUTCHours() % 12 || 12
  const day = `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()}`
  return `${day} - ${hour}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} ${at.getUTCHours() < 12 ? 'AM' : 'PM'}`
}

/** The tick that lies so long before the lab's start. */
export function ago(days: number, hours = 0, minutes = 0, seconds = 0): Tick {
  return -((days * 24 + hours) * 60 + minutes) * TICKS_PER_MINUTE - seconds * TICKS_PER_SECOND
}
