/** What lies behind a machine's device pairs: virtual disks, switch ports, and the system in the guest. Given to a host's stack by its owner. */

import type { MouseReport } from '../clients/input/clients.ts'
import type { ShutdownKind } from '../clients/integration/answers.ts'
import type { KeyEvent } from '../providers/input/keyboard-protocol.ts'
import type { icStatus, KvpIpInfo } from '../providers/integration/protocol.ts'
import type { EthernetFrame } from '../providers/network/frame.ts'
import type { SwitchPort } from '../providers/network/ports.ts'
import type { AdapterFacts } from '../providers/network/rndis-device.ts'
import type { BlockBackend, BlockResult, LogicalUnit } from '../providers/storage/ports.ts'
import type { DeviceSpec } from './stack-types.ts'

/** The disks and drives of one controller. */
export interface ControllerWorld {
  readonly units: readonly LogicalUnit[]
  readonly backend: BlockBackend
  /** Looks anew at what stands behind the controller; the units that are there now. */
  refresh(device: DeviceSpec): readonly LogicalUnit[]
}

export type UnitChanged = (lun: number, sizeBytes: number) => void

/** An adapter as its cable sees it. */
export interface AdapterPlug {
  now(): number
  /** Frames of the switch for the guest; not to be called inside `send` of the port. */
  deliver(frames: readonly EthernetFrame[]): void
  /** The cable was put into a switch, or taken out. */
  linkChanged(connected: boolean): void
}

/** The far end of one adapter's cable. */
export interface AdapterWorld {
  readonly facts: AdapterFacts
  readonly port: SwitchPort
  /** The adapter is gone. */
  unplug?(): void
}

/** The system in the guest as its drivers and services know it. Answers come at once. */
export interface GuestWorld {
  /** State of its applications for the heartbeat: 0 no data, 1 healthy, 2 critical. */
  applicationState(): number
  /** Ends by itself after an answer of `ok`. */
  shutDown(kind: ShutdownKind, force: boolean, message: string): keyof typeof icStatus
  /** Items of its data exchange service, in order. */
  intrinsicItems(): readonly (readonly [key: string, value: string])[]
  /** Addresses of one adapter; undefined when it has none such. */
  ipInfo?(adapterId: string): KvpIpInfo | undefined
  key(event: KeyEvent): void
  mouse(report: MouseReport): void
  /** Memory in use, MB of the machine's `assignedMb`. */
  committedMb(assignedMb: number): number
}

export interface DeviceWorld {
  /** Host time, 100 ns since 1601. */
  utc(): bigint
  /** `changed` is told when a unit has another medium or another size; 0 bytes = nothing in it. */
  controller(machineId: string, device: DeviceSpec, now: () => number, changed: UnitChanged): ControllerWorld
  adapter(machineId: string, device: DeviceSpec, plug: AdapterPlug): AdapterWorld
  guest(machineId: string): GuestWorld
}

const GIB = 2 ** 30
/** Device time of one access of a flash disk, ticks: 80 µs (devices reference 9.1). */
const ACCESS_TICKS = 800
const PLAIN_LINK_BITS = 10_000_000_000
/** Start of the year 2022, 100 ns since 1601. */
const PLAIN_UTC = 132_853_824_000_000_000n

/** A world for machines without a lab: disks of 127 GiB that answer in 80 µs, a cable that takes every frame, a healthy guest. */
export function plainWorld(): DeviceWorld {
  return { utc: () => PLAIN_UTC, controller: plainController, adapter: plainAdapter, guest: () => plainGuest }
}

function plainController(_machineId: string, device: DeviceSpec): ControllerWorld {
  const done = (): BlockResult => ({ latencyTicks: ACCESS_TICKS, status: 'ok' })
  const unitsOf = ({ kind, units }: DeviceSpec): readonly LogicalUnit[] =>
    (units ?? []).map((lun) => ({
      lun: kind === 'ide-filter' ? 0 : lun,
      type: 'disk',
      sizeBytes: 127 * GIB,
      blockBytes: 512,
      physicalBlockBytes: 4096,
      diskId: `00000000-0000-4000-8000-${lun.toString(16).padStart(12, '0')}`,
      readOnly: false,
      unmap: true,
    }))
  return { units: unitsOf(device), backend: { read: done, write: done, flush: done, unmap: done }, refresh: unitsOf }
}

function plainAdapter(): AdapterWorld {
  return {
    facts: { mac: '00-15-5D-00-00-01', mtu: 1500, linkSpeed: PLAIN_LINK_BITS, connected: true, friendlyName: 'Network Adapter' },
    port: { send: () => ({ latencyTicks: 0, accepted: true }) },
  }
}

export const plainGuest: GuestWorld = {
  applicationState: () => 1,
  shutDown: () => 'ok',
  intrinsicItems: () => [],
  key: () => undefined,
  mouse: () => undefined,
  committedMb: (assignedMb) => assignedMb / 2,
}
