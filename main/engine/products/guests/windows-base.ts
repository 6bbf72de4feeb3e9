/** What all Windows entries of the catalogue start from: a system without synthetic drivers. */
import type { GuestProduct, IntegrationService } from './types.ts'

/** Integration services of 2008 to 2012 (devices 5.8). */
export const CLASSIC_SERVICES: readonly IntegrationService[] = ['shutdown', 'time-synchronization', 'data-exchange', 'heartbeat', 'backup']

/** Integration services from 2012 R2 on (devices 5.8). */
export const ALL_SERVICES: readonly IntegrationService[] = [...CLASSIC_SERVICES, 'guest-services']

/** Services that every Windows since Vista starts, with the integration services among them (devices 5.8: trigger start on VMBus). */
export const WINDOWS_SERVICE_NAMES: readonly string[] = [
  'EventLog',
  'PlugPlay',
  'DcomLaunch',
  'RpcSs',
  'Dhcp',
  'Dnscache',
  'vmicheartbeat',
  'vmickvpexchange',
  'vmicshutdown',
  'vmictimesync',
  'vmicvss',
  'LanmanServer',
  'LanmanWorkstation',
  'Spooler',
]

/** Defaults of a Windows entry: no synthetic device, Generation 1 only. */
export const windowsBase = {
  family: 'windows',
  server: false,
  architecture: 'x64',
  enlightened: false,
  vmbus: null,
  drivers: [],
  integration: { kind: 'none' },
  generation2: false,
  generation1: true,
  secureBoot: null,
  guestId: null,
  writesTprOften: false,
  busyWaits: false,
  heartbeat: null,
  powersOff: true,
} as const satisfies Partial<GuestProduct>
