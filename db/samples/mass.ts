/** A lab of many small virtual machines on one big host, for lists and measurements at scale. */
import { TICKS_PER_SECOND } from '../../main/engine/kernel/ticks.ts'
import { hostProduct } from '../../main/engine/products/hosts.ts'
import type { HostRow, VmState } from '../../main/engine/rows.ts'
import type { LabRows } from '../../main/engine/world.ts'
import { ago, type Condition, GB, type MachineSpec, MB, SampleBuilder } from './builder.ts'
import { DEFAULT_PATHS } from './standard.ts'

const PRODUCT = 'windows-server-2022-datacenter'

/** Kinds of machines: share in a hundred, what is installed, memory. */
const KINDS = [
  { share: 50, guest: 'debian-12', memoryMb: 512, capacityGb: 16, sizeGb: 2, workload: 'web-server' },
  { share: 30, guest: 'ubuntu-24.04', memoryMb: 1024, capacityGb: 32, sizeGb: 5, workload: 'idle' },
  { share: 15, guest: 'windows-server-2022', memoryMb: 1024, capacityGb: 64, sizeGb: 12, workload: 'idle' },
  { share: 5, guest: 'windows-server-2019', memoryMb: 2048, capacityGb: 127, sizeGb: 14, workload: 'database' },
] as const

/** Shares in a hundred of the states in a mixed lab. */
const STATES = [
  { share: 62, state: 'Running' },
  { share: 22, state: 'Off' },
  { share: 11, state: 'Saved' },
  { share: 5, state: 'Paused' },
] as const satisfies readonly { share: number; state: VmState }[]

export function massLab(seed: number, startTimeMs: number, size: number, allRunning: boolean): LabRows {
  const builder = new SampleBuilder(seed, startTimeMs)
  const host = massHost(builder, size)
  const switchId = builder.virtualSwitch(host, 'External LAN', 'external', '', 'Mellanox ConnectX-6 Dx Ethernet Adapter')
  builder.record(host, 'serviceStarted', null, ago(90))
  for (let number = 1; number <= size; number++) {
    const state = allRunning ? 'Running' : pick(builder, 'state', STATES).state
    builder.machine(host, massMachine(builder, number, switchId, state))
  }
  const sizeBytes = Math.max(4, Math.ceil(size / 32)) * 1024 * GB
  const volume = { hostId: host.id, readBytesPerSecond: 6000 * MB, writeBytesPerSecond: 4000 * MB }
  for (const [letter, label] of [
    ['C', 'OS'],
    ['D', 'Data'],
  ] as const) {
    builder.volumes.push({
      id: builder.guid('volume'),
      letter,
      label,
      sizeBytes,
      freeBytes: sizeBytes - builder.usedBytes(letter),
      ...volume,
    })
  }
  return builder.rows(`${size} virtual machines`)
}

/** A host with 2 GB for each machine and room besides: 8,000 machines fit into 16.5 TB, within what Windows Server 2022 can use. */
function massHost(builder: SampleBuilder, size: number): HostRow {
  const host: HostRow = {
    id: builder.guid('host'),
    name: 'HV01',
    productId: PRODUCT,
    processorModel: 'Intel(R) Xeon(R) Platinum 8380H CPU @ 2.90GHz',
    processorVendor: 'Intel',
    sockets: size > 1024 ? 8 : 4,
    coresPerSocket: 28,
    threadsPerCore: 2,
    processorMhz: 2900,
    memoryMb: Math.max(131_072, Math.ceil((size * 2112) / 65_536) * 65_536),
    reserveMb: 4096,
    slat: true,
    serviceState: 'running',
    virtualMachinePath: DEFAULT_PATHS.virtualMachinePath,
    virtualDiskPath: 'D:\\Hyper-V\\Virtual Hard Disks',
    opticalDrives: [],
    position: 0,
  }
  builder.hosts.push(host)
  return host
}

function massMachine(builder: SampleBuilder, number: number, switchId: string, state: Condition['state']): MachineSpec {
  const kind = pick(builder, 'kind', KINDS)
  const name = `VM${String(number).padStart(5, '0')}`
  const startedTick = -builder.between('uptime', 600, 60 * 86_400) * TICKS_PER_SECOND
  return {
    name,
    generation: 2,
    configurationVersion: hostProduct(PRODUCT).defaultConfigurationVersion,
    createdTick: ago(90, 0, 0, -Math.min(number, 80_000)),
    notes: '',
    guest: kind.guest,
    processorCount: 1,
    startupMemoryMb: kind.memoryMb,
    dynamicMemory: null,
    switchId,
    legacyAdapter: false,
    workload: kind.workload,
    disks: [
      {
        path: `D:\\Hyper-V\\Virtual Hard Disks\\${name.toLowerCase()}.vhdx`,
        capacityBytes: kind.capacityGb * GB,
        sizeBytes: kind.sizeGb * GB + builder.between('disk', 0, 2000) * MB,
        diskType: 'dynamic',
      },
    ],
    image: null,
    checkpoints: [],
    condition: conditionOf(state, startedTick, kind.memoryMb),
  }
}

function conditionOf(state: Condition['state'], startedTick: number, memoryMb: number): Condition {
  const laterTick = Math.trunc(startedTick / 2)
  switch (state) {
    case 'Running':
      return { state, startedTick, memoryMb, signedIn: false }
    case 'Paused':
      return { state, startedTick, memoryMb, signedIn: false, pausedTick: laterTick }
    case 'Saved':
      return { state, startedTick, memoryMb, signedIn: false, savedTick: laterTick }
    case 'Off':
      return { state, startedTick, offTick: laterTick }
  }
}

/** One of the choices, by their shares in a hundred. */
function pick<Choice extends { readonly share: number }>(builder: SampleBuilder, subject: string, choices: readonly Choice[]): Choice {
  let left = builder.between(subject, 1, 100)
  for (const choice of choices) {
    left -= choice.share
    if (left <= 0) return choice
  }
  throw new Error(`shares of ${subject} do not add up to a hundred`)
}
