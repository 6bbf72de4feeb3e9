/**
 * The standard sample: one host at work, with ten virtual machines of both generations in different states.
 *
 * Names, states, uptimes, checkpoints and the note of APP01 are those of the product picture that the console is drawn after. Times are
 * lengths before the lab's start, so that every start time gives the same picture with its own dates.
 */
import { hostProduct } from '../../main/engine/products/hosts.ts'
import type { HostRow } from '../../main/engine/rows.ts'
import type { LabRows } from '../../main/engine/world.ts'
import { ago, type DiskSpec, GB, type MachineSpec, MB, SampleBuilder } from './builder.ts'

const PRODUCT = 'windows-server-2022-datacenter'

/** Image files as their makers offer them, with the bytes of the downloads. */
const IMAGES = [
  { path: 'C:\\ISO\\Windows Server 2022.iso', guest: 'windows-server-2022', sizeBytes: 5_044_094_976 },
  { path: 'C:\\ISO\\Windows Server 2019.iso', guest: 'windows-server-2019', sizeBytes: 5_296_713_728 },
  { path: 'C:\\ISO\\Windows 11.iso', guest: 'windows-11', sizeBytes: 5_819_484_160 },
  { path: 'C:\\ISO\\ubuntu-24.04-live-server-amd64.iso', guest: 'ubuntu-24.04', sizeBytes: 2_754_981_888 },
  { path: 'C:\\ISO\\debian-12-amd64-netinst.iso', guest: 'debian-12', sizeBytes: 659_554_304 },
] as const

/** Paths of the host as Windows Server 2022 sets them up (hyper-v-manager 2.4). */
export const DEFAULT_PATHS = {
  virtualMachinePath: 'C:\\ProgramData\\Microsoft\\Windows\\Hyper-V',
  virtualDiskPath: 'C:\\Users\\Public\\Documents\\Hyper-V\\Virtual Hard Disks',
} as const

const DATA_PATH = 'D:\\Hyper-V\\Virtual Hard Disks'

export function standardLab(seed: number, startTimeMs: number): LabRows {
  const builder = new SampleBuilder(seed, startTimeMs)
  const host = addHost(builder)
  for (const image of IMAGES) {
    builder.file(host, image.path, 'iso', image.sizeBytes, ago(240), { guestProductId: image.guest })
  }
  const external = builder.virtualSwitch(
    host,
    'External LAN',
    'external',
    'Office network',
    'Intel(R) Ethernet Converged Network Adapter X710',
  )
  const internal = builder.virtualSwitch(host, 'Internal', 'internal', '', null)
  const isolated = builder.virtualSwitch(host, 'Private Lab', 'private', 'For tests, without a way out', null)
  builder.record(host, 'serviceStarted', null, ago(41, 22, 9, 2))
  for (const machine of [...servers(external, internal), ...clients(external, isolated)]) builder.machine(host, machine)
  addVolumes(builder, host)
  return builder.rows('Sample lab')
}

function addHost(builder: SampleBuilder): HostRow {
  const host: HostRow = {
    id: builder.guid('host'),
    name: 'HV01',
    productId: PRODUCT,
    processorModel: 'Intel(R) Xeon(R) Gold 6334 CPU @ 3.60GHz',
    processorVendor: 'Intel',
    sockets: 2,
    coresPerSocket: 8,
    threadsPerCore: 2,
    processorMhz: 3600,
    memoryMb: 131_072,
    reserveMb: 4096,
    slat: true,
    serviceState: 'running',
    ...DEFAULT_PATHS,
    opticalDrives: ['E:'],
    position: 0,
  }
  builder.hosts.push(host)
  builder.folder(host, host.virtualDiskPath, ago(260))
  return host
}

/** A mirrored pair of flash disks for the system, an array of them for the machines. */
function addVolumes(builder: SampleBuilder, host: HostRow): void {
  const windowsBytes = 31_457_280_000
  const volume = (letter: string, label: string, sizeBytes: number, otherBytes: number, readMb: number, writeMb: number) =>
    builder.volumes.push({
      id: builder.guid('volume'),
      hostId: host.id,
      letter,
      label,
      sizeBytes,
      freeBytes: sizeBytes - otherBytes - builder.usedBytes(letter),
      readBytesPerSecond: readMb * MB,
      writeBytesPerSecond: writeMb * MB,
    })
  volume('C', 'OS', 959_656_755_200, windowsBytes, 520, 450)
  volume('D', 'Data', 3_840_610_603_008, 180_000_000, 1900, 1400)
}

function dynamicDisk(path: string, capacityGb: number, sizeGb: number): DiskSpec {
  return { path, capacityBytes: capacityGb * GB, sizeBytes: Math.round(sizeGb * 1024) * MB, diskType: 'dynamic' }
}

function fixedDisk(path: string, capacityGb: number): DiskSpec {
  // A fixed VHDX is its capacity and 4 MB for headers, log, block table and metadata.
  return { path, capacityBytes: capacityGb * GB, sizeBytes: capacityGb * GB + 4 * MB, diskType: 'fixed' }
}

const systemDisk = (name: string, sizeGb: number): DiskSpec => dynamicDisk(`${DEFAULT_PATHS.virtualDiskPath}\\${name}.vhdx`, 127, sizeGb)
const dataDisk = (name: string): string => `${DATA_PATH}\\${name}.vhdx`

/** What most machines of the host have in common. */
const ordinary = {
  generation: 2,
  configurationVersion: hostProduct(PRODUCT).defaultConfigurationVersion,
  notes: '',
  guest: 'windows-server-2022',
  processorCount: 2,
  startupMemoryMb: 2048,
  dynamicMemory: null,
  legacyAdapter: false,
  workload: 'idle',
  image: undefined,
  checkpoints: [],
} as const satisfies Partial<MachineSpec>

/** Everything but the domain controllers was restarted in the night after the monthly updates. */
function servers(external: string, internal: string): readonly MachineSpec[] {
  const server = { ...ordinary, switchId: external }
  return [
    {
      ...server,
      name: 'APP01',
      createdTick: ago(254, 1, 38, 50),
      notes: 'Line of business server',
      processorCount: 4,
      startupMemoryMb: 4096,
      workload: 'web-server',
      disks: [systemDisk('app01', 41.4)],
      image: null,
      checkpoints: [
        { name: null, kind: 'production', createdTick: ago(20, 0, 28, 16), differenceBytes: 3_829 * MB },
        { name: 'Before update KB5050009', kind: 'production', createdTick: ago(12, 4, 31, 48), differenceBytes: 6_174 * MB },
      ],
      condition: { state: 'Running', startedTick: ago(12, 4, 15, 9), memoryMb: 4096, signedIn: false },
    },
    {
      ...server,
      name: 'DC01',
      createdTick: ago(255, 0, 12, 31),
      notes: 'Domain controller, DNS, DHCP',
      disks: [systemDisk('dc01', 18.6)],
      condition: { state: 'Running', startedTick: ago(41, 22, 3, 51), memoryMb: 2048, signedIn: false },
    },
    {
      ...server,
      name: 'DC02',
      createdTick: ago(231, 19, 55, 2),
      notes: 'Second domain controller. Do not revert to a checkpoint.',
      guest: 'windows-server-2019',
      disks: [systemDisk('dc02', 17.9)],
      condition: { state: 'Off', startedTick: ago(12, 5, 2, 17), offTick: ago(3, 17, 20, 44) },
    },
    {
      ...server,
      name: 'FILE01',
      createdTick: ago(253, 22, 10, 5),
      notes: 'Department shares',
      workload: 'file-server',
      disks: [systemDisk('file01', 19.2), dynamicDisk(dataDisk('file01-shares'), 1024, 612.8)],
      condition: { state: 'Running', startedTick: ago(12, 4, 12, 40), memoryMb: 2048, signedIn: false },
    },
    {
      ...server,
      name: 'SQL01',
      createdTick: ago(240, 20, 41, 33),
      notes: 'SQL Server 2022 for APP01',
      processorCount: 8,
      startupMemoryMb: 16_384,
      workload: 'database',
      disks: [systemDisk('sql01', 33.7), fixedDisk(dataDisk('sql01-data'), 500), fixedDisk(dataDisk('sql01-log'), 100)],
      condition: { state: 'Running', startedTick: ago(12, 4, 14, 22), memoryMb: 16_384, signedIn: false },
    },
    {
      ...server,
      name: 'WSUS',
      createdTick: ago(198, 21, 37, 18),
      notes: 'Updates for the office',
      guest: 'windows-server-2019',
      switchId: internal,
      disks: [systemDisk('wsus', 22.3), dynamicDisk(dataDisk('wsus-content'), 512, 287.4)],
      condition: { state: 'Off', startedTick: ago(13, 1, 58, 20), offTick: ago(0, 14, 3, 9) },
    },
  ]
}

function clients(external: string, isolated: string): readonly MachineSpec[] {
  const [ubuntuImage, windows11Image] = [IMAGES[3].path, IMAGES[2].path]
  const web = { ...ordinary, switchId: external, guest: 'ubuntu-24.04', workload: 'web-server', dynamicMemory: [512, 4096] as const }
  return [
    {
      ...ordinary,
      name: 'LEGACY-XP',
      generation: 1,
      configurationVersion: '8.0',
      createdTick: ago(250, 0, 55, 41),
      notes: 'Runs the label printer. No network beyond the lab.',
      guest: 'windows-xp-sp3',
      processorCount: 1,
      startupMemoryMb: 512,
      switchId: isolated,
      legacyAdapter: true,
      disks: [dynamicDisk(`${DEFAULT_PATHS.virtualDiskPath}\\legacy-xp.vhd`, 40, 6.4)],
      image: null,
      condition: { state: 'Running', startedTick: ago(0, 2, 31, 17), memoryMb: 512, signedIn: true },
    },
    {
      ...web,
      name: 'UBUNTU-WEB1',
      createdTick: ago(131, 22, 4, 12),
      notes: 'Intranet',
      startupMemoryMb: 1024,
      disks: [systemDisk('ubuntu-web1', 9.8)],
      checkpoints: [{ name: null, kind: 'production', createdTick: ago(6, 11, 2, 37), differenceBytes: 1_412 * MB }],
      condition: { state: 'Running', startedTick: ago(6, 10, 44), memoryMb: 1536, signedIn: false },
    },
    {
      ...web,
      name: 'UBUNTU-WEB2',
      createdTick: ago(131, 21, 40, 55),
      notes: 'Intranet, stand-in',
      startupMemoryMb: 1024,
      disks: [systemDisk('ubuntu-web2', 8.9)],
      image: ubuntuImage,
      condition: { state: 'Saved', startedTick: ago(6, 10, 40, 9), savedTick: ago(1, 16, 12, 30), memoryMb: 1280, signedIn: true },
    },
    {
      ...ordinary,
      name: 'WIN11-CLIENT',
      createdTick: ago(62, 23, 18, 27),
      notes: 'For screen shots and tests of new software',
      guest: 'windows-11',
      startupMemoryMb: 4096,
      switchId: external,
      disks: [systemDisk('win11-client', 28.5)],
      image: windows11Image,
      checkpoints: [
        { name: 'Clean installation', kind: 'standard', createdTick: ago(62, 22, 5, 3), differenceBytes: 7_730 * MB },
        { name: 'Office installed', kind: 'standard', createdTick: ago(30, 0, 47, 12), differenceBytes: 2_918 * MB },
      ],
      condition: { state: 'Paused', startedTick: ago(0, 0, 47, 33), pausedTick: ago(0, 0, 12, 8), memoryMb: 4096, signedIn: true },
    },
  ]
}
