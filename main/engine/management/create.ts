/**
 * Making a virtual machine: every check of the New Virtual Machine Wizard, the job, and the hardware that results (hyper-v-manager 4.1).
 *
 * The job has two steps: the disk is made first, then the machine. Cancelled in between, the disk is removed again.
 */
import { type Refusal, type Result, refuse } from '../kernel/result.ts'
import { availableMemoryMb } from '../machine/host.ts'
import { type HostProduct, hostProduct } from '../products/hosts.ts'
import { initialSettings } from '../products/initial-settings.ts'
import type { BootDevice, DriveRow, HostRow, JobRow } from '../rows.ts'
import type { World } from '../world.ts'
import { type CreateInput, inputOf, type NewVm } from './create-input.ts'
import { emptyFileBytes } from './disks/disk-rows.ts'
import { writeRecord } from './event-log.ts'
import { beginJob, completeJob, failJob } from './jobs.ts'
import { extensionOf, fileAt, joinPath, normalizePath, putFile, removeFile, validFileName, volumeOf } from './paths.ts'
import type { RefusalCode } from './refusals.ts'

export type { DiskChoice, InstallChoice, NewVm } from './create-input.ts'

export type Field = 'name' | 'location' | 'generation' | 'memory' | 'network' | 'disk' | 'install'

export interface Problem {
  readonly field: Field
  readonly refusal: Refusal<RefusalCode>
}

export const NAME_CHARACTERS_MAX = 100

const BYTES_PER_GB = 1024 ** 3

/** Why a name cannot be a machine's or a checkpoint's; undefined when it can. */
export function checkName(name: string, what: 'virtual machine' | 'checkpoint' = 'virtual machine'): Refusal<RefusalCode> | undefined {
  if (name.trim() === '') return refuse('name-empty' as const, { what }).refusal
  if (name.length > NAME_CHARACTERS_MAX) {
    return refuse('name-too-long' as const, { characters: name.length, maximum: NAME_CHARACTERS_MAX }).refusal
  }
  for (let i = 0; i < name.length; i++) {
    if (name.charCodeAt(i) < 32) return refuse('name-characters' as const, { name: name.slice(0, 40) }).refusal
  }
  return undefined
}

/** Everything that is wrong with the choices; empty when the machine can be made. */
export function checkNewVm(world: World, wanted: NewVm): Problem[] {
  const host = world.tables.host.get(wanted.hostId)
  if (host === undefined) return [{ field: 'name', refusal: refuse('unknown-host' as const, { id: wanted.hostId }).refusal }]
  if (host.serviceState !== 'running') {
    return [{ field: 'name', refusal: refuse('service-stopped' as const, { host: host.name, state: host.serviceState }).refusal }]
  }
  const product = hostProduct(host.productId)
  const checks: readonly (readonly [Field, Refusal<RefusalCode> | undefined])[] = [
    ['name', checkName(wanted.name)],
    ['location', checkLocation(world, host, wanted)],
    ['generation', checkGeneration(product, wanted)],
    ['memory', checkMemory(world, host, product, wanted)],
    ['network', checkNetwork(world, host, wanted)],
    ['disk', checkDisk(world, host, product, wanted)],
    ['install', checkInstall(world, host, wanted)],
  ]
  return checks.flatMap(([field, refusal]) => (refusal === undefined ? [] : [{ field, refusal }]))
}

function checkLocation(world: World, host: HostRow, wanted: NewVm): Refusal<RefusalCode> | undefined {
  if (wanted.location === null) return undefined
  const path = normalizePath(world, host.id, wanted.location)
  if (!path.ok) return path.refusal
  // A folder of the machine's name is made below the location, so the name must be able to name one.
  return validFileName(wanted.name) ? undefined : refuse('name-characters' as const, { name: wanted.name.slice(0, 40) }).refusal
}

function checkGeneration(product: HostProduct, wanted: NewVm): Refusal<RefusalCode> | undefined {
  if (wanted.generation === 1 || product.generationOffered) return undefined
  return refuse('generation-not-offered' as const, { generation: wanted.generation, product: product.name }).refusal
}

function checkMemory(world: World, host: HostRow, product: HostProduct, wanted: NewVm): Refusal<RefusalCode> | undefined {
  const free = availableMemoryMb(world, host)
  const maximum = Math.min(free, product.vmMemoryMaximumMb[wanted.generation])
  if (wanted.startupMemoryMb < product.memoryMinimumMb || wanted.startupMemoryMb > maximum) {
    const rule = maximum < free ? 'S35' : 'S34'
    return refuse(
      'memory-range' as const,
      { memoryMb: wanted.startupMemoryMb, minimumMb: product.memoryMinimumMb, maximumMb: maximum },
      rule,
    ).refusal
  }
  if (wanted.startupMemoryMb % 2 !== 0)
    return refuse('memory-multiple' as const, { memoryMb: wanted.startupMemoryMb, multipleMb: 2 }).refusal
  return undefined
}

function checkNetwork(world: World, host: HostRow, wanted: NewVm): Refusal<RefusalCode> | undefined {
  if (wanted.switchId === null) return undefined
  const row = world.tables.virtual_switch.get(wanted.switchId)
  return row?.hostId === host.id ? undefined : refuse('unknown-switch' as const, { id: wanted.switchId }).refusal
}

function checkDisk(world: World, host: HostRow, product: HostProduct, wanted: NewVm): Refusal<RefusalCode> | undefined {
  if (wanted.disk.kind === 'later') return undefined
  if (wanted.disk.kind === 'existing') return checkExistingDisk(world, host, wanted, wanted.disk.path)
  const path = newDiskPath(world, host, product, wanted.disk)
  if (!path.ok) return path.refusal
  if (wanted.generation === 2 && extensionOf(path.value) !== 'vhdx') {
    return refuse('disk-format' as const, { path: path.value, needed: 'VHDX' }).refusal
  }
  if (wanted.disk.sizeGb < 1 || wanted.disk.sizeGb > product.diskSizeMaximumGb) {
    return refuse('disk-size' as const, { sizeGb: wanted.disk.sizeGb, minimumGb: 1, maximumGb: product.diskSizeMaximumGb }).refusal
  }
  if (fileAt(world, host.id, path.value) !== undefined) return refuse('path-exists' as const, { path: path.value }).refusal
  const volume = volumeOf(world, host.id, path.value)
  if (volume === undefined || volume.freeBytes < emptyFileBytes(product.diskExtension, 'dynamic', wanted.disk.sizeGb * BYTES_PER_GB)) {
    return refuse('volume-full' as const, { name: wanted.name, requiredMb: 4, freeMb: 0, volume: path.value.slice(0, 2) }).refusal
  }
  return undefined
}

function checkExistingDisk(world: World, host: HostRow, wanted: NewVm, given: string): Refusal<RefusalCode> | undefined {
  const path = normalizePath(world, host.id, given)
  if (!path.ok) return path.refusal
  const file = fileAt(world, host.id, path.value)
  if (file === undefined || file.kind === 'folder') return refuse('path-not-found' as const, { path: path.value }).refusal
  if (file.kind !== 'vhd' && file.kind !== 'vhdx')
    return refuse('image-format' as const, { path: path.value, needed: '.vhd, .vhdx' }).refusal
  if (wanted.generation === 2 && file.kind !== 'vhdx') return refuse('disk-format' as const, { path: path.value, needed: 'VHDX' }).refusal
  return undefined
}

/** Path of the disk to be made, with the host's extension added where the name has none of its own. */
function newDiskPath(
  world: World,
  host: HostRow,
  product: HostProduct,
  disk: { readonly name: string; readonly folder: string },
): Result<string, RefusalCode> {
  const extension = extensionOf(disk.name)
  const name = extension === 'vhdx' || extension === 'vhd' ? disk.name : `${disk.name}.${product.diskExtension}`
  if (disk.name.trim() === '' || !validFileName(name)) return refuse('path-invalid', { path: disk.name })
  const folder = normalizePath(world, host.id, disk.folder)
  return folder.ok ? normalizePath(world, host.id, joinPath(folder.value, name)) : folder
}

function checkInstall(world: World, host: HostRow, wanted: NewVm): Refusal<RefusalCode> | undefined {
  // Nothing is installed on a disk that is attached later or exists already: the wizard greys that page.
  if (wanted.disk.kind !== 'new') return undefined
  const install = wanted.install
  switch (install.kind) {
    case 'later':
      return undefined
    case 'network':
      return wanted.switchId === null ? refuse('network-required' as const).refusal : undefined
    case 'physical-drive':
      return wanted.generation === 1 && host.opticalDrives.includes(install.drive)
        ? undefined
        : refuse('unknown-drive' as const, { drive: install.drive }).refusal
    case 'image':
      return checkImage(world, host, install.path, 'iso')
    case 'floppy':
      return wanted.generation === 1
        ? checkImage(world, host, install.path, 'vfd')
        : refuse('unknown-drive' as const, { drive: 'Floppy Drive' }).refusal
  }
}

function checkImage(world: World, host: HostRow, given: string, kind: 'iso' | 'vfd'): Refusal<RefusalCode> | undefined {
  const path = normalizePath(world, host.id, given)
  if (!path.ok) return path.refusal
  const file = fileAt(world, host.id, path.value)
  if (file === undefined || file.kind === 'folder') return refuse('path-not-found' as const, { path: path.value }).refusal
  return file.kind === kind ? undefined : refuse('image-format' as const, { path: path.value, needed: `.${kind}` }).refusal
}

export type CreateResult =
  | { readonly ok: true; readonly vmId: string; readonly job: JobRow }
  | { readonly ok: false; readonly field: Field | null; readonly refusal: Refusal<RefusalCode> }

/** Checks the choices and begins the job; the machine appears when the job ends. */
export function createVm(world: World, wanted: NewVm): CreateResult {
  const problem = checkNewVm(world, wanted)[0]
  if (problem !== undefined) return { ok: false, field: problem.field, refusal: problem.refusal }
  const host = world.tables.host.require(wanted.hostId)
  const vmId = world.random.guid('virtual-machine')
  let diskPath: string | null = null
  if (wanted.disk.kind === 'new') {
    const product = hostProduct(host.productId)
    const path = newDiskPath(world, host, product, wanted.disk)
    if (!path.ok) return { ok: false, field: 'disk', refusal: path.refusal }
    diskPath = path.value
  }
  const input: CreateInput = { vmId, wanted, diskPath }
  const job = beginJob(world, 'create', host.id, null, JSON.stringify(input))
  return { ok: true, vmId, job }
}

/** The first step is over: the disk file is there from now on. */
export function createStep(world: World, job: JobRow): void {
  const { wanted, diskPath } = inputOf(job)
  if (diskPath === null || wanted.disk.kind !== 'new') return
  if (fileAt(world, wanted.hostId, diskPath) !== undefined) {
    // Another file took the name while the job ran.
    return failJob(world, job, refuse('path-exists' as const, { path: diskPath }).refusal)
  }
  const kind = extensionOf(diskPath) === 'vhd' ? 'vhd' : 'vhdx'
  putFile(world, {
    hostId: wanted.hostId,
    path: diskPath,
    kind,
    sizeBytes: emptyFileBytes(kind, 'dynamic', wanted.disk.sizeGb * BYTES_PER_GB),
    capacityBytes: wanted.disk.sizeGb * BYTES_PER_GB,
    diskType: 'dynamic',
    parentPath: null,
    guestProductId: null,
  })
}

/** Takes back what a cancelled create job has made so far. */
export function rollBackCreate(world: World, job: JobRow): void {
  const { wanted, diskPath, vmId } = inputOf(job)
  if (diskPath !== null && job.step > 0) removeFile(world, wanted.hostId, diskPath)
  writeRecord(world, wanted.hostId, 'jobRolledBack', { id: vmId, name: wanted.name }, 'New Virtual Machine')
}

/** The last step is over: the machine is registered. */
export function finishCreate(world: World, job: JobRow): void {
  const { vmId, wanted, diskPath } = inputOf(job)
  const host = world.tables.host.require(wanted.hostId)
  const product = hostProduct(host.productId)
  const location = wanted.location === null ? null : normalizePath(world, host.id, wanted.location)
  const configurationPath = location?.ok ? joinPath(location.value, wanted.name) : host.virtualMachinePath
  completeJob(world, job)
  world.tables.virtual_machine.put({
    id: vmId,
    hostId: host.id,
    name: wanted.name,
    generation: wanted.generation,
    configurationVersion: product.defaultConfigurationVersion,
    createdTick: world.now,
    notes: '',
    configurationPath,
    state: 'Off',
    critical: null,
    processorCount: 1,
    startupMemoryMb: wanted.startupMemoryMb,
    dynamicMemory: wanted.dynamicMemory,
    minimumMemoryMb: Math.min(512, wanted.startupMemoryMb),
    maximumMemoryMb: Math.max(1_048_576, wanted.startupMemoryMb),
    memoryBuffer: 20,
    memoryWeight: 5000,
    automaticStart: 'if-running',
    automaticStop: 'save',
    bootOrder: bootOrderOf(wanted),
    workload: 'idle',
    assignedMemoryMb: 0,
    startedTick: null,
    savedStateMb: 0,
    currentCheckpointId: null,
    processorWeight: 100,
    processorReserve: 0,
    processorLimit: 100,
    ...initialSettings(product, configurationPath),
  })
  world.tables.network_adapter.put({
    id: world.random.guid('device'),
    vmId,
    kind: networkBoot(wanted) && wanted.generation === 1 ? 'legacy' : 'synthetic',
    position: 0,
    switchId: wanted.switchId,
    macAddress: '',
    dynamicMac: true,
  })
  for (const drive of drivesOf(wanted, diskPath)) world.tables.drive.put({ ...drive, id: world.random.guid('device'), vmId })
  putFile(world, {
    hostId: host.id,
    path: joinPath(joinPath(configurationPath, 'Virtual Machines'), `${vmId}.vmcx`),
    kind: 'vmcx',
    sizeBytes: 48 * 1024,
    capacityBytes: 0,
    diskType: null,
    parentPath: null,
    guestProductId: null,
  })
  writeRecord(world, host.id, 'created', { id: vmId, name: wanted.name })
  writeRecord(world, host.id, 'realized', { id: vmId, name: wanted.name })
}

function networkBoot(wanted: NewVm): boolean {
  return wanted.disk.kind === 'new' && wanted.install.kind === 'network'
}

function bootOrderOf(wanted: NewVm): readonly BootDevice[] {
  const install = wanted.disk.kind === 'new' ? wanted.install.kind : 'later'
  if (wanted.generation === 1) {
    if (install === 'network') return ['legacy-network', 'cd', 'ide', 'floppy']
    return install === 'floppy' ? ['floppy', 'cd', 'ide', 'legacy-network'] : ['cd', 'ide', 'legacy-network', 'floppy']
  }
  if (install === 'network') return ['network', 'hard-drive', 'dvd']
  return install === 'image' ? ['dvd', 'hard-drive', 'network'] : ['hard-drive', 'network', 'dvd']
}

type NewDrive = Omit<DriveRow, 'id' | 'vmId'>

/** Drives of the new machine: hyper-v-manager 4.1, table "Resulting hardware". */
function drivesOf(wanted: NewVm, diskPath: string | null): readonly NewDrive[] {
  const disk = wanted.disk.kind === 'existing' ? wanted.disk.path : diskPath
  const install = wanted.disk.kind === 'new' ? wanted.install : ({ kind: 'later' } as const)
  const image = install.kind === 'image' ? install.path : install.kind === 'physical-drive' ? `Physical:${install.drive}` : null
  const hard = (controller: 'ide' | 'scsi'): NewDrive[] =>
    disk === null ? [] : [{ kind: 'hard-disk', controller, controllerNumber: 0, location: 0, path: disk }]
  if (wanted.generation === 2) {
    const dvd: NewDrive = { kind: 'dvd', controller: 'scsi', controllerNumber: 0, location: 1, path: image }
    return image === null ? hard('scsi') : [...hard('scsi'), dvd]
  }
  return [
    ...hard('ide'),
    { kind: 'dvd', controller: 'ide', controllerNumber: 1, location: 0, path: image },
    { kind: 'floppy', controller: 'floppy', controllerNumber: 0, location: 0, path: install.kind === 'floppy' ? install.path : null },
  ]
}
