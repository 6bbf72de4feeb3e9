/** What a release's hypervisor offers, as data, and the platform that a host specification gives. */
import type { HypervisorPlatform, HypervisorRelease, ProcessorGeneration, SchedulerTypeName } from '../hypervisor/index.ts'
import { invariant } from '../kernel/result.ts'
import { hostVersionMax, type VmbusVersion, vmbusConnection, vmbusVersion } from '../vmbus/versions.ts'
import type { DeviceKind, HostReleaseKey, HostSpec } from './stack-types.ts'

const PAGES_PER_MB = 256
/** Pages that the hypervisor keeps for itself at boot: 16 MB (model). */
const BOOT_PAGES = 4096

/** One release: its hypervisor, its VMBus, and the devices that came with it. */
export interface HostRelease {
  readonly key: HostReleaseKey
  /** As tables of protocol versions name it, such as `2012 R2`. */
  readonly name: string
  /** Ascending with the release. */
  readonly order: number
  readonly hypervisor: HypervisorRelease
  /** Highest VMBus version (hypervisor reference 4.1). */
  readonly vmbus: VmbusVersion
  /** Connection ids on which a guest posts VMBus messages: 1, and 4 from version 5.0 on (hypervisor reference 4.2). */
  readonly messageConnections: readonly number[]
  readonly scheduler: SchedulerTypeName
  /** Guests see two hardware threads per core when the host has them. */
  readonly smtGuests: boolean
  /** Bytes of guest memory that all GPADLs may cover (vmbus: server options). */
  readonly gpadlBytesMax: number
}

const MB = 1024 * 1024

interface ReleaseRow {
  readonly key: HostReleaseKey
  readonly name: string
  readonly version: readonly [major: number, minor: number, build: number]
  readonly maxCpuidLeaf: number
  readonly vps: number
  readonly lps: number
  readonly partitions: number
  readonly vpsTotal: number
}

/** Limits: hypervisor reference 1.12 and 2.3, `products/hosts`; totals of 2016 and later leave room for 8,000 running machines (S37). */
const ROWS: readonly ReleaseRow[] = [
  { key: '2008', name: '2008', version: [6, 0, 6001], maxCpuidLeaf: 0x4000_0005, vps: 4, lps: 24, partitions: 384, vpsTotal: 1536 },
  { key: '2008-r2', name: '2008 R2', version: [6, 1, 7601], maxCpuidLeaf: 0x4000_0006, vps: 4, lps: 64, partitions: 384, vpsTotal: 1536 },
  { key: '2012', name: '2012', version: [6, 2, 9200], maxCpuidLeaf: 0x4000_0006, vps: 64, lps: 320, partitions: 1024, vpsTotal: 2048 },
  {
    key: '2012-r2',
    name: '2012 R2',
    version: [6, 3, 9600],
    maxCpuidLeaf: 0x4000_0006,
    vps: 64,
    lps: 320,
    partitions: 1024,
    vpsTotal: 2048,
  },
  { key: '2016', name: '2016', version: [10, 0, 14393], maxCpuidLeaf: 0x4000_0006, vps: 240, lps: 512, partitions: 8000, vpsTotal: 65536 },
  { key: '2019', name: '2019', version: [10, 0, 17763], maxCpuidLeaf: 0x4000_000a, vps: 240, lps: 512, partitions: 8000, vpsTotal: 65536 },
  { key: '2022', name: '2022', version: [10, 0, 20348], maxCpuidLeaf: 0x4000_000c, vps: 1024, lps: 512, partitions: 8000, vpsTotal: 65536 },
  {
    key: '2025',
    name: '2025',
    version: [10, 0, 26100],
    maxCpuidLeaf: 0x4000_000c,
    vps: 2048,
    lps: 2048,
    partitions: 8000,
    vpsTotal: 65536,
  },
]

function releaseOf(row: ReleaseRow, order: number): HostRelease {
  const vmbus = hostVersionMax(row.name)
  invariant(vmbus !== undefined, `no VMBus version for ${row.name}`)
  const [major, minor, build] = row.version
  const since = (key: HostReleaseKey): boolean => order >= ROWS.findIndex((candidate) => candidate.key === key)
  return {
    key: row.key,
    name: row.name,
    order,
    hypervisor: {
      version: { major, minor, build, servicePack: 0, serviceBranch: 0, serviceNumber: 0 },
      maxCpuidLeaf: row.maxCpuidLeaf,
      maxVpsPerPartition: row.vps,
      maxLogicalProcessors: row.lps,
      maxInterruptVectors: since('2012') ? 0x10_0000 : 0,
      maxPartitions: row.partitions,
      maxVpsTotal: row.vpsTotal,
      directTimers: since('2019'),
      referenceTscPage: since('2008-r2'),
      extendedProcessorMasks: since('2016'),
      clusterIpi: since('2016'),
      startVirtualProcessor: since('2012-r2'),
      extendedHypercalls: since('2016'),
    },
    vmbus,
    messageConnections: vmbus >= vmbusVersion.v5_0 ? [vmbusConnection.messages, vmbusConnection.messages5] : [vmbusConnection.messages],
    scheduler: since('2019') ? 'core' : 'classic',
    smtGuests: since('2019'),
    gpadlBytesMax: (since('2019') ? 1280 : 384) * MB,
  }
}

const RELEASES: ReadonlyMap<HostReleaseKey, HostRelease> = new Map(ROWS.map((row, order) => [row.key, releaseOf(row, order)]))

/** The release of that key. */
export function hostRelease(key: HostReleaseKey): HostRelease {
  const release = RELEASES.get(key)
  invariant(release !== undefined, `no host release ${key}`)
  return release
}

/** First release that offers a device to its guests (hypervisor reference 5.1). */
const DEVICE_SINCE: Partial<Record<DeviceKind, HostReleaseKey>> = {
  'dynamic-memory': '2008-r2',
  rdv: '2012-r2',
  keyboard: '2012',
  'file-copy': '2012-r2',
}

/** Releases by the VMBus version that they brought, newest first. */
const RELEASE_NAMES: readonly (readonly [version: VmbusVersion, name: string])[] = [
  [vmbusVersion.v6_0, '2025'],
  [vmbusVersion.v5_3, '2022'],
  [vmbusVersion.v5_2, '2019'],
  [vmbusVersion.v4_0, '2016'],
  [vmbusVersion.v3_0, '2012 R2'],
  [vmbusVersion.v2_4, '2012'],
  [vmbusVersion.v1_1, '2008 R2'],
]

/** The release of whose time a guest's drivers are, by the VMBus version that they ask for first. */
export function releaseOfDrivers(version: VmbusVersion): string {
  return RELEASE_NAMES.find(([since]) => version >= since)?.[1] ?? '2008'
}

/** Whether a host of this release has the device. */
export function offersDevice(release: HostRelease, kind: DeviceKind): boolean {
  const since = DEVICE_SINCE[kind]
  return since === undefined || release.order >= hostRelease(since).order
}

/** A processor generation of the release's time; it decides what an exit costs. */
function generationOf(spec: HostSpec, order: number): ProcessorGeneration {
  if (spec.vendor === 'AMD') {
    if (!spec.slat) return 'k8'
    return order <= 1 ? 'k10' : order <= 3 ? 'bulldozer' : 'zen'
  }
  if (!spec.slat) return spec.flexPriority === true ? 'penryn' : 'core'
  const byOrder: readonly ProcessorGeneration[] = ['nehalem', 'nehalem', 'sandy-bridge', 'haswell', 'skylake']
  return byOrder[order] ?? 'ice-lake'
}

/** NUMA nodes of equal size; what is left over goes to the last. */
function nodesOf(spec: HostSpec): HypervisorPlatform['nodes'] {
  const logicalProcessors = spec.sockets * spec.coresPerSocket * spec.threadsPerCore
  const cores = spec.sockets * spec.coresPerSocket
  const count = Math.max(1, Math.min(spec.numaNodes ?? spec.sockets, cores))
  const pages = spec.memoryMb * PAGES_PER_MB
  const coresEach = Math.floor(cores / count)
  // Whole 2 MB pages, so that large mappings do not break at a node's border.
  const pagesEach = Math.floor(pages / count / 512) * 512
  return Array.from({ length: count }, (_, node) => {
    const last = node === count - 1
    return {
      memoryPages: last ? pages - pagesEach * (count - 1) : pagesEach,
      logicalProcessors: last ? logicalProcessors - coresEach * spec.threadsPerCore * (count - 1) : coresEach * spec.threadsPerCore,
    }
  })
}

/** The platform on which the hypervisor of this host runs. */
export function platformOf(spec: HostSpec): HypervisorPlatform {
  const release = hostRelease(spec.release)
  return {
    vendor: spec.vendor,
    generation: generationOf(spec, release.order),
    frequencyHz: spec.frequencyMhz * 1_000_000,
    threadsPerCore: spec.threadsPerCore,
    coresPerSocket: spec.coresPerSocket,
    nodes: nodesOf(spec),
    features: {
      slat: spec.slat,
      flexPriority: spec.vendor === 'Intel' && (spec.flexPriority ?? spec.slat),
      apicVirtualization: spec.slat && release.order >= 4,
      taggedTlb: spec.slat,
      pages1G: false,
      mitigations: release.order >= 4,
    },
    physicalAddressBits: spec.slat ? 46 : 40,
    release: release.hypervisor,
    scheduler: spec.scheduler ?? release.scheduler,
    hostReserve: 0,
    rootWeight: 100,
    bootPages: BOOT_PAGES,
  }
}
