/** The guests of a lab as their drivers and services know them: facts of the guest's row, and what they do upon a request. */

import { memoryDemandMb } from '../guest/demand.ts'
import { productOf } from '../guest/row.ts'
import { ipAddresses, serviceRuns } from '../guest/status.ts'
import type { KeyEvent } from '../providers/input/keyboard-protocol.ts'
import type { KvpIpInfo } from '../providers/integration/protocol.ts'
import type { World } from '../world.ts'
import type { GuestWorld } from './device-world.ts'

/** Longest value of the data exchange service, UTF-16 units with its end. */
const VALUE_MAX = 1023

/** What a guest has taken from its devices and not acted on yet. */
export interface GuestInbox {
  readonly keys: KeyEvent[]
  shutdown: 'powerOff' | 'restart' | 'hibernate' | undefined
}

export class LabGuest implements GuestWorld {
  readonly inbox: GuestInbox = { keys: [], shutdown: undefined }
  readonly #world: World
  readonly #vmId: string

  constructor(world: World, vmId: string) {
    this.#world = world
    this.#vmId = vmId
  }

  applicationState(): number {
    const guest = this.#world.tables.guest.get(this.#vmId)
    return guest !== undefined && productOf(guest)?.heartbeat === 'application' ? 1 : 0
  }

  shutDown(kind: 'powerOff' | 'restart' | 'hibernate'): 'ok' | 'notSupported' | 'failure' {
    const guest = this.#world.tables.guest.get(this.#vmId)
    if (guest === undefined || !serviceRuns(guest, 'shutdown')) return 'failure'
    if (kind !== 'powerOff') return 'notSupported'
    this.inbox.shutdown = kind
    return 'ok'
  }

  intrinsicItems(): readonly (readonly [key: string, value: string])[] {
    const { tables, by } = this.#world
    const vm = tables.virtual_machine.get(this.#vmId)
    const guest = tables.guest.get(this.#vmId)
    const product = guest === undefined ? null : productOf(guest)
    if (vm === undefined || product === null) return []
    const addresses = by.adaptersOfVm.of(vm.id).flatMap(({ id }) => ipAddresses(this.#world, vm.id, id))
    const v4 = addresses.filter((address) => address.includes('.'))
    const v6 = addresses.filter((address) => !address.includes('.'))
    const items: (readonly [string, string])[] = [
      ['FullyQualifiedDomainName', vm.name],
      ['NetworkAddressIPv4', v4.join(';')],
      ['NetworkAddressIPv6', v6.join(';')],
      ['OSName', product.name],
      ['ProcessorArchitecture', product.architecture === 'x64' ? '9' : '0'],
    ]
    return items.map(([key, value]) => [key, value.slice(0, VALUE_MAX)] as const)
  }

  /** Addresses of one adapter, as the service tells them when it is asked for that adapter alone. */
  ipInfo(adapterId: string): KvpIpInfo | undefined {
    const adapter = this.#world.by.adaptersOfVm.of(this.#vmId).find(({ id }) => id.toLowerCase() === adapterId.toLowerCase())
    if (adapter === undefined) return undefined
    const addresses = ipAddresses(this.#world, this.#vmId, adapter.id).join(';').slice(0, VALUE_MAX)
    return { adapterId, family: ADDRESS_FAMILIES, dhcp: 1, addresses, subnets: '', gateways: '', dnsServers: '' }
  }

  key(event: KeyEvent): void {
    this.inbox.keys.push(event)
  }

  mouse(): void {
    // Nothing in the guests' pictures answers a pointer.
  }

  committedMb(assignedMb: number): number {
    return Math.min(assignedMb, memoryDemandMb(this.#world, this.#vmId, this.#world.now))
  }
}

/** IPv4 and IPv6. */
const ADDRESS_FAMILIES = 3
