/**
 * The Windows versions that can run the Hyper-V role, as data: their words, defaults and limits. Rules ask this catalogue; no version
 * number appears in a condition elsewhere.
 *
 * Sources: Microsoft Learn "Plan for Hyper-V scalability" (2016 to 2025) and the TechNet pages of the older releases, as collected in
 * hyper-v-manager 10.1 to 10.5; where rules S35 to S37 name another figure, the rule's figure stands here.
 */

const GB = 1024
const TB = 1024 * GB

/** Server releases; clients carry the hypervisor of the server of their time. */
export type HostReleaseName = '2008' | '2008-r2' | '2012' | '2012-r2' | '2016' | '2019' | '2022' | '2025'

export interface HostProduct {
  readonly key: string
  readonly name: string
  readonly release: HostReleaseName
  /** Ascending with the release; for comparisons between releases. */
  readonly order: number
  readonly client: boolean
  /** File version of the management tools, shown in About. */
  readonly toolsVersion: string
  readonly checkpointWord: 'Checkpoint' | 'Snapshot'
  /** Generation 2 exists from 2012 R2 on. */
  readonly generationOffered: boolean
  readonly defaultGeneration: 1 | 2
  readonly diskExtension: 'vhd' | 'vhdx'
  readonly diskSizeMaximumGb: number
  readonly defaultMemoryMb: number
  readonly memoryMinimumMb: number
  readonly defaultConfigurationVersion: string
  readonly configurationVersionShown: boolean
  /** Concurrently running virtual machines (S37). */
  readonly runningMaximum: number
  /** Virtual processors that a machine may have; an empty list means every number up to the maximum (S36). */
  readonly processorCounts: readonly number[]
  readonly processorsMaximum: { readonly 1: number; readonly 2: number }
  /** Memory of one machine, MB, by generation. */
  readonly vmMemoryMaximumMb: { readonly 1: number; readonly 2: number }
  /** Memory of all machines together, MB (S35). */
  readonly guestMemoryMaximumMb: number
  readonly bootSummaryPage: boolean
}

type Release = Omit<HostProduct, 'key' | 'name' | 'release'>

const RELEASES = {
  '2008': {
    order: 1,
    client: false,
    toolsVersion: '6.0.6001.18016',
    checkpointWord: 'Snapshot',
    generationOffered: false,
    defaultGeneration: 1,
    diskExtension: 'vhd',
    diskSizeMaximumGb: 2040,
    defaultMemoryMb: 512,
    memoryMinimumMb: 8,
    defaultConfigurationVersion: '1.0',
    configurationVersionShown: false,
    runningMaximum: 384,
    processorCounts: [1, 2, 4],
    processorsMaximum: { 1: 4, 2: 0 },
    vmMemoryMaximumMb: { 1: 64 * GB, 2: 0 },
    guestMemoryMaximumMb: 1 * TB,
    bootSummaryPage: false,
  },
  '2008-r2': {
    order: 2,
    client: false,
    toolsVersion: '6.1.7601.17514',
    checkpointWord: 'Snapshot',
    generationOffered: false,
    defaultGeneration: 1,
    diskExtension: 'vhd',
    diskSizeMaximumGb: 2040,
    defaultMemoryMb: 512,
    memoryMinimumMb: 8,
    defaultConfigurationVersion: '2.0',
    configurationVersionShown: false,
    runningMaximum: 384,
    processorCounts: [1, 2, 4],
    processorsMaximum: { 1: 4, 2: 0 },
    vmMemoryMaximumMb: { 1: 64 * GB, 2: 0 },
    guestMemoryMaximumMb: 2 * TB,
    bootSummaryPage: false,
  },
  '2012': {
    order: 3,
    client: false,
    toolsVersion: '6.2.9200.16384',
    checkpointWord: 'Snapshot',
    generationOffered: false,
    defaultGeneration: 1,
    diskExtension: 'vhdx',
    diskSizeMaximumGb: 64 * 1024,
    defaultMemoryMb: 512,
    memoryMinimumMb: 32,
    defaultConfigurationVersion: '4.0',
    configurationVersionShown: false,
    runningMaximum: 1024,
    processorCounts: [],
    processorsMaximum: { 1: 64, 2: 0 },
    vmMemoryMaximumMb: { 1: 1 * TB, 2: 0 },
    guestMemoryMaximumMb: 4 * TB,
    bootSummaryPage: false,
  },
  '2012-r2': {
    order: 4,
    client: false,
    toolsVersion: '6.3.9600.16384',
    checkpointWord: 'Checkpoint',
    generationOffered: true,
    defaultGeneration: 1,
    diskExtension: 'vhdx',
    diskSizeMaximumGb: 64 * 1024,
    defaultMemoryMb: 512,
    memoryMinimumMb: 32,
    defaultConfigurationVersion: '5.0',
    configurationVersionShown: true,
    runningMaximum: 1024,
    processorCounts: [],
    processorsMaximum: { 1: 64, 2: 64 },
    vmMemoryMaximumMb: { 1: 1 * TB, 2: 1 * TB },
    guestMemoryMaximumMb: 4 * TB,
    bootSummaryPage: false,
  },
  '2016': modern(5, '10.0.14393.0', '8.0', 240, 12 * TB, 24 * TB, 1),
  '2019': modern(6, '10.0.17763.1', '9.0', 240, 12 * TB, 24 * TB, 1),
  '2022': modern(7, '10.0.20348.1', '10.0', 1024, 240 * TB, 256 * TB, 1),
  '2025': modern(8, '10.0.26100.1', '12.0', 2048, 240 * TB, 256 * TB, 2),
} as const satisfies Record<HostReleaseName, Release>

function modern(
  order: number,
  toolsVersion: string,
  configurationVersion: string,
  processors: number,
  vmMemoryMb: number,
  hostMemoryMb: number,
  defaultGeneration: 1 | 2,
): Release {
  return {
    order,
    client: false,
    toolsVersion,
    checkpointWord: 'Checkpoint',
    generationOffered: true,
    defaultGeneration,
    diskExtension: 'vhdx',
    diskSizeMaximumGb: 64 * 1024,
    defaultMemoryMb: 1024,
    memoryMinimumMb: 32,
    defaultConfigurationVersion: configurationVersion,
    configurationVersionShown: true,
    runningMaximum: 8000,
    processorCounts: [],
    processorsMaximum: { 1: 64, 2: processors },
    vmMemoryMaximumMb: { 1: 1 * TB, 2: vmMemoryMb },
    guestMemoryMaximumMb: hostMemoryMb,
    bootSummaryPage: true,
  }
}

function of(release: HostReleaseName): Release & { readonly release: HostReleaseName } {
  return { ...RELEASES[release], release }
}

const PRODUCTS: readonly HostProduct[] = [
  // 31 GB for machines and 1 GB for the parent: S35.
  { key: 'windows-server-2008-standard', name: 'Windows Server 2008 Standard', ...of('2008'), guestMemoryMaximumMb: 31 * GB },
  { key: 'windows-server-2008-enterprise', name: 'Windows Server 2008 Enterprise', ...of('2008') },
  { key: 'windows-server-2008-datacenter', name: 'Windows Server 2008 Datacenter', ...of('2008') },
  {
    key: 'windows-server-2008-r2-standard',
    name: 'Windows Server 2008 R2 Standard',
    ...of('2008-r2'),
    guestMemoryMaximumMb: 32 * GB,
  },
  { key: 'windows-server-2008-r2-enterprise', name: 'Windows Server 2008 R2 Enterprise', ...of('2008-r2') },
  { key: 'windows-server-2008-r2-datacenter', name: 'Windows Server 2008 R2 Datacenter', ...of('2008-r2') },
  { key: 'hyper-v-server-2008-r2', name: 'Hyper-V Server 2008 R2', ...of('2008-r2'), guestMemoryMaximumMb: 1 * TB },
  { key: 'windows-server-2012-datacenter', name: 'Windows Server 2012 Datacenter', ...of('2012') },
  { key: 'windows-server-2012-r2-datacenter', name: 'Windows Server 2012 R2 Datacenter', ...of('2012-r2') },
  { key: 'windows-server-2016-datacenter', name: 'Windows Server 2016 Datacenter', ...of('2016') },
  { key: 'windows-server-2019-datacenter', name: 'Windows Server 2019 Datacenter', ...of('2019') },
  { key: 'windows-server-2022-datacenter', name: 'Windows Server 2022 Datacenter', ...of('2022') },
  { key: 'windows-server-2025-datacenter', name: 'Windows Server 2025 Datacenter', ...of('2025') },
]

const BY_KEY: ReadonlyMap<string, HostProduct> = new Map(PRODUCTS.map((product) => [product.key, product]))

/** The product of that key; an unknown key in a lab is damage and ends visibly. */
export function hostProduct(key: string): HostProduct {
  const product = BY_KEY.get(key)
  if (product === undefined) throw new Error(`unknown host product ${key}`)
  return product
}
