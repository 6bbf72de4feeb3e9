/**
 * What the pages know, and how they are told what changed.
 *
 * Observers on the tables note which views a change touches; `flush`, called after the transaction, projects those anew, keeps what is
 * different, and sends it as one numbered patch. A page that comes back names the last number it saw and gets what it missed, or a snapshot.
 */

import type { HostView, JobView, LabView, StateMessage, SwitchView, ViewPatch, VmDetail, VmView } from '../../preload/contract/index.ts'
import type { World } from '../engine/world.ts'
import { hostView, jobView, switchView, vmDetail, vmView } from './projections.ts'
import { MessageQueue } from './stream.ts'

/** Patches that are remembered for pages that come back. */
const REPLAY_MAX = 512

interface ViewTypes {
  hosts: HostView
  virtualMachines: VmView
  vmDetails: VmDetail
  switches: SwitchView
  jobs: JobView
}
type Collection = keyof ViewTypes

interface Entry<C extends Collection = Collection> {
  readonly collection: C
  readonly id: string
  /** Host that the entry belongs to: subscribers of other hosts are not told. */
  readonly hostId: string
  readonly row: ViewTypes[C] | null
}

interface Published {
  readonly sequence: number
  readonly lab: LabView | undefined
  readonly entries: readonly Entry[]
}

interface Subscriber {
  readonly hostId: string | null
  readonly vmId: string | null
  readonly queue: MessageQueue<StateMessage>
}

export interface Subscription {
  readonly hostId: string | null
  readonly vmId: string | null
  readonly since: { readonly epoch: string; readonly sequence: number } | null
}

export class Publisher {
  readonly epoch: string
  readonly #world: World
  readonly #labView: () => LabView
  readonly #subscribers = new Set<Subscriber>()
  readonly #replay: Published[] = []
  readonly #dirty = {
    hosts: new Map<string, string>(),
    virtualMachines: new Map<string, string>(),
    switches: new Map<string, string>(),
    jobs: new Map<string, string>(),
  }
  readonly #known: { readonly [C in Exclude<Collection, 'vmDetails'>]: Map<string, ViewTypes[C]> } = {
    hosts: new Map(),
    virtualMachines: new Map(),
    switches: new Map(),
    jobs: new Map(),
  }
  /** Details are kept only for machines that somebody watches. */
  readonly #details = new Map<string, { watchers: number; view: VmDetail | undefined }>()
  #lab: LabView
  #sequence = 0

  constructor(world: World, epoch: string, labView: () => LabView) {
    this.epoch = epoch
    this.#world = world
    this.#labView = labView
    this.#lab = labView()
    this.#observe()
    this.#project()
  }

  get subscriberCount(): number {
    return this.#subscribers.size
  }

  get sequence(): number {
    return this.#sequence
  }

  /** Notes what each kind of row touches. */
  #observe(): void {
    const { tables } = this.#world
    const machine = (vmId: string | null | undefined): void => {
      const hostId = vmId ? tables.virtual_machine.get(vmId)?.hostId : undefined
      if (vmId && hostId !== undefined) this.#dirty.virtualMachines.set(vmId, hostId)
    }
    tables.virtual_machine.observe((before, after) => {
      const row = after ?? before
      if (row === undefined) return
      this.#dirty.virtualMachines.set(row.id, row.hostId)
      if (before?.assignedMemoryMb !== after?.assignedMemoryMb) this.#dirty.hosts.set(row.hostId, row.hostId)
    })
    tables.host.observe((before, after) => {
      const row = after ?? before
      if (row === undefined) return
      this.#dirty.hosts.set(row.id, row.id)
      // The service's state decides what may be done with every machine.
      if (before !== undefined && before.serviceState !== after?.serviceState) {
        for (const vm of this.#world.by.vmsOfHost.of(row.id)) this.#dirty.virtualMachines.set(vm.id, row.id)
      }
    })
    tables.virtual_switch.observe((before, after) => {
      const row = after ?? before
      if (row) this.#dirty.switches.set(row.id, row.hostId)
    })
    tables.job.observe((before, after) => {
      const row = after ?? before
      if (row === undefined) return
      this.#dirty.jobs.set(row.id, row.hostId)
      machine(row.vmId)
    })
    tables.fault.observe((before, after) => machine((after ?? before)?.vmId))
    tables.guest.observe((before, after) => machine((after ?? before)?.id))
    tables.network_adapter.observe((before, after) => machine((after ?? before)?.vmId))
    tables.drive.observe((before, after) => machine((after ?? before)?.vmId))
    tables.checkpoint.observe((before, after) => machine((after ?? before)?.vmId))
  }

  /** Tells the subscribers what changed since the last call. */
  flush(): void {
    const entries = this.#project()
    const lab = this.#labView()
    const labChanged = differs(this.#lab, lab)
    if (entries.length === 0 && !labChanged) return
    this.#lab = lab
    this.#sequence += 1
    const published: Published = { sequence: this.#sequence, lab: labChanged ? lab : undefined, entries }
    this.#replay.push(published)
    if (this.#replay.length > REPLAY_MAX) this.#replay.shift()
    for (const subscriber of this.#subscribers) subscriber.queue.push(this.#messageFor(subscriber, published))
  }

  subscribe(wanted: Subscription): MessageQueue<StateMessage> {
    this.flush()
    const queue = new MessageQueue<StateMessage>(() => this.#leave(subscriber))
    const subscriber: Subscriber = { hostId: wanted.hostId, vmId: wanted.vmId, queue }
    this.#subscribers.add(subscriber)
    if (wanted.vmId !== null) this.#watchDetail(wanted.vmId)
    // Details are not remembered while nobody watches them, and a snapshot of one machine is small.
    const missed = wanted.vmId === null ? this.#missedSince(wanted.since) : undefined
    if (missed) for (const published of missed) queue.push(this.#messageFor(subscriber, published))
    else queue.push({ type: 'snapshot', epoch: this.epoch, sequence: this.#sequence, patch: this.#snapshot(subscriber) })
    return queue
  }

  /** Ends every subscription, for a clean stop. */
  close(): void {
    for (const subscriber of [...this.#subscribers]) subscriber.queue.end()
  }

  #leave(subscriber: Subscriber): void {
    if (!this.#subscribers.delete(subscriber) || subscriber.vmId === null) return
    const detail = this.#details.get(subscriber.vmId)
    if (detail && --detail.watchers === 0) this.#details.delete(subscriber.vmId)
  }

  #watchDetail(vmId: string): void {
    const known = this.#details.get(vmId)
    if (known) known.watchers += 1
    else this.#details.set(vmId, { watchers: 1, view: this.#detailOf(vmId) })
  }

  #detailOf(vmId: string): VmDetail | undefined {
    const vm = this.#world.tables.virtual_machine.get(vmId)
    return vm ? vmDetail(this.#world, vm) : undefined
  }

  /** The patches after that place; undefined when they are not remembered. */
  #missedSince(since: Subscription['since']): readonly Published[] | undefined {
    if (since === null || since.epoch !== this.epoch || since.sequence > this.#sequence) return undefined
    const oldest = this.#replay[0]?.sequence ?? this.#sequence + 1
    if (since.sequence < oldest - 1) return undefined
    return this.#replay.filter((published) => published.sequence > since.sequence)
  }

  #snapshot(subscriber: Subscriber): ViewPatch {
    const { tables, by } = this.#world
    const ofHost = <R extends { readonly id: string }>(all: Map<string, R>, ids: Iterable<string>): Record<string, R> => {
      const rows: Record<string, R> = {}
      for (const id of ids) {
        const row = all.get(id)
        if (row) rows[id] = row
      }
      return rows
    }
    const { hostId, vmId } = subscriber
    const patch: ViewPatch = { lab: this.#lab, hosts: ofHost(this.#known.hosts, this.#known.hosts.keys()) }
    const jobIds = [...tables.job.values()]
      .filter((job) => job.hostId === hostId || (vmId !== null && job.vmId === vmId))
      .map((job) => job.id)
    patch.jobs = ofHost(this.#known.jobs, jobIds)
    if (hostId !== null) {
      patch.virtualMachines = ofHost(
        this.#known.virtualMachines,
        by.vmsOfHost.of(hostId).map((vm) => vm.id),
      )
      patch.switches = ofHost(
        this.#known.switches,
        by.switchesOfHost.of(hostId).map((row) => row.id),
      )
    } else if (vmId !== null) patch.virtualMachines = ofHost(this.#known.virtualMachines, [vmId])
    if (vmId !== null) {
      const view = this.#detailOf(vmId)
      patch.vmDetails = view ? { [vmId]: view } : {}
    }
    return patch
  }

  #messageFor(subscriber: Subscriber, published: Published): StateMessage {
    const patch: ViewPatch = published.lab ? { lab: published.lab } : {}
    for (const entry of published.entries) {
      if (wants(subscriber, entry)) add(patch, entry)
    }
    return { type: 'patch', epoch: this.epoch, sequence: published.sequence, patch }
  }

  /** Projects what is dirty; returns what is different from what was known. */
  #project(): Entry[] {
    const { tables } = this.#world
    const world = this.#world
    const entries: Entry[] = []
    const watched = [...this.#dirty.virtualMachines].filter(([id]) => this.#details.has(id))
    this.#renew('hosts', (id) => mapRow(tables.host.get(id), (row) => hostView(world, row)), entries)
    this.#renew('switches', (id) => mapRow(tables.virtual_switch.get(id), switchView), entries)
    this.#renew('jobs', (id) => mapRow(tables.job.get(id), (row) => jobView(world, row)), entries)
    this.#renew('virtualMachines', (id) => mapRow(tables.virtual_machine.get(id), (row) => vmView(world, row)), entries)
    for (const [id, hostId] of watched) {
      const detail = this.#details.get(id)
      const view = this.#detailOf(id)
      if (detail === undefined || JSON.stringify(detail.view) === JSON.stringify(view)) continue
      detail.view = view
      entries.push({ collection: 'vmDetails', id, hostId, row: view ?? null })
    }
    return entries
  }

  #renew<C extends Exclude<Collection, 'vmDetails'>>(
    collection: C,
    project: (id: string) => ViewTypes[C] | undefined,
    entries: Entry[],
  ): void {
    const known: Map<string, ViewTypes[C]> = this.#known[collection]
    for (const [id, hostId] of this.#dirty[collection]) {
      const view = project(id)
      const before = known.get(id)
      if (view === undefined) {
        if (known.delete(id)) entries.push({ collection, id, hostId, row: null })
      } else if (before === undefined || differs(before, view)) {
        known.set(id, view)
        entries.push({ collection, id, hostId, row: view })
      }
    }
    this.#dirty[collection].clear()
  }
}

function mapRow<R, V>(row: R | undefined, view: (row: R) => V): V | undefined {
  return row === undefined ? undefined : view(row)
}

/** Whether two flat views differ in a column; columns that hold lists or objects are compared as text. */
function differs<V extends object>(before: V, after: V): boolean {
  for (const key of Object.keys(after) as (keyof V)[]) {
    const a = before[key]
    const b = after[key]
    if (a === b) continue
    if (typeof a !== 'object' || typeof b !== 'object' || JSON.stringify(a) !== JSON.stringify(b)) return true
  }
  return false
}

function wants(subscriber: Subscriber, entry: Entry): boolean {
  switch (entry.collection) {
    case 'hosts':
      return true
    case 'vmDetails':
      return subscriber.vmId === entry.id
    case 'virtualMachines':
      return subscriber.hostId === entry.hostId || subscriber.vmId === entry.id
    case 'jobs': {
      const row = entry.row as JobView | null
      return subscriber.hostId === entry.hostId || (subscriber.vmId !== null && row?.vmId === subscriber.vmId)
    }
    case 'switches':
      return subscriber.hostId === entry.hostId
  }
}

function add(patch: ViewPatch, entry: Entry): void {
  const rows = patch[entry.collection] ?? {}
  const target: Record<string, ViewTypes[Collection] | null> = rows
  target[entry.id] = entry.row
  Object.assign(patch, { [entry.collection]: rows })
}
