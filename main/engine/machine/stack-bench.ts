/** Builders for this folder's tests and measurements: hosts, machines and guests by name. */
import { invariant } from '../kernel/result.ts'
import { guestProduct } from '../products/guests.ts'
import { guestFactsOf } from './guest-facts.ts'
import { HostStack } from './host-stack.ts'
import type { MachineStack } from './machine-stack.ts'
import type { DeviceKind, DeviceSpec, GuestStep, HostSpec, MachineSpec } from './stack-types.ts'

export const SCSI: DeviceSpec = { kind: 'scsi', instanceId: '11111111-0000-4000-8000-000000000001', units: [0], boot: true }
export const NETWORK: DeviceSpec = { kind: 'network', instanceId: '11111111-0000-4000-8000-000000000002' }
export const IDE: DeviceSpec = { kind: 'ide-filter', instanceId: '00000000-0000-8899-0000-000000000000', units: [0], boot: true }
export const LEGACY: DeviceSpec = { kind: 'legacy-network', instanceId: '11111111-0000-4000-8000-000000000003' }

const SERVICES: readonly DeviceKind[] = ['timesync', 'heartbeat', 'shutdown', 'kvp', 'vss', 'file-copy']
const INPUT: readonly DeviceKind[] = ['dynamic-memory', 'keyboard', 'mouse', 'video']

/** Devices of an ordinary machine. */
export function usualDevices(generation: 1 | 2): readonly DeviceSpec[] {
  const devices: DeviceSpec[] = [...SERVICES, ...INPUT].map((kind) => ({ kind }))
  return generation === 2 ? [...devices, SCSI, NETWORK] : [...devices, IDE, NETWORK, LEGACY]
}

export const HOST_2022: HostSpec = {
  release: '2022',
  vendor: 'Intel',
  slat: true,
  frequencyMhz: 2500,
  sockets: 1,
  coresPerSocket: 16,
  threadsPerCore: 1,
  memoryMb: 131_072,
  physicalDevices: ['NVMe disk', 'Ethernet adapter'],
}

export function machineSpec(id: string, guestKey: string, changes: Partial<MachineSpec> = {}): MachineSpec {
  const generation = changes.generation ?? 2
  const processorCount = changes.processorCount ?? 2
  return {
    id,
    generation,
    processorCount,
    reservePercent: 0,
    limitPercent: 100,
    weight: 100,
    memoryMb: 1024,
    devices: usualDevices(generation),
    guest: guestFactsOf(guestProduct(guestKey), processorCount),
    ...changes,
  }
}

export const BOOT: readonly GuestStep[] = ['firmware', 'kernel', 'devices', 'services']

/** A host with a clock moved by hand. */
export class StackBench {
  tick = 0
  readonly host: HostStack

  constructor(spec: Partial<HostSpec> = {}) {
    this.host = new HostStack({ ...HOST_2022, ...spec }, () => this.tick)
  }

  /** A machine that has been switched on; with `boot`, one whose guest is up. */
  start(spec: MachineSpec, boot = true, trace = false): MachineStack {
    const result = this.host.powerOn(spec, { trace })
    invariant(result.ok, result.ok ? '' : JSON.stringify(result.refusal))
    if (boot) for (const step of BOOT) result.value.step(step)
    return result.value
  }

  pass(ticks: number): void {
    this.tick += ticks
    this.host.advance()
  }
}
