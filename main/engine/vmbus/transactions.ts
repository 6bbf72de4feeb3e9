/**
 * Outstanding transactions of one side of a channel: requests that were written with "completion requested" and whose completion was not yet read.
 * An id names one request for ever: slot number, running number and the channel's open count are all in it, so that a late or doubled completion
 * is recognised (the role of linux: drivers/hv/ring_buffer.c vmbus_requestor; core sheet 6.5 "transaction id completed once").
 */
import type { Packet } from './packet.ts'

/** Most requests that one side may have outstanding. */
export const transactionsMax = 65536

const slotBits = 65536
const runningMax = 2 ** 24
const epochMax = 2 ** 13

/** free → outstanding (request written) → completing (completion written, not read) → free. */
export const transactionState = { free: 0, outstanding: 1, completing: 2 } as const
export type TransactionState = (typeof transactionState)[keyof typeof transactionState]

export interface TransactionEntry<P> {
  readonly id: number
  readonly state: 'outstanding' | 'completing'
  readonly request: Packet<P>
}

export class TransactionTable<P> {
  #running = 1
  readonly #base: number
  #ids: number[] = []
  #states: number[] = []
  #requests: (Packet<P> | undefined)[] = []
  #free: number[] = []
  #size = 0
  /** Requests completed since the channel was opened. */
  completed = 0

  /** `epoch` = how often this channel id was opened; ids of different epochs differ. */
  constructor(epoch: number) {
    this.#base = (epoch % epochMax) * runningMax * slotBits
  }

  /** Requests without a completion read. */
  get size(): number {
    return this.#size
  }

  /** The running number that the next id will carry. */
  get running(): number {
    return this.#running
  }

  /** Enters a request and returns its id; 0 when the table is full. */
  open(request: Packet<P>): number {
    let slot = this.#free.pop()
    if (slot === undefined) {
      slot = this.#ids.length
      if (slot >= transactionsMax) return 0
      this.#ids.push(0)
      this.#states.push(transactionState.free)
      this.#requests.push(undefined)
    }
    const id = this.#base + this.#running * slotBits + slot
    this.#running = this.#running + 1 === runningMax ? 1 : this.#running + 1
    this.#ids[slot] = id
    this.#states[slot] = transactionState.outstanding
    this.#requests[slot] = request
    this.#size++
    return id
  }

  /** Takes back the entry of a request that could not be written after all. */
  withdraw(id: number): void {
    const slot = this.#slotOf(id)
    if (slot >= 0) this.#clear(slot)
  }

  /** State of an id; `free` for any id that is not outstanding. */
  stateOf(id: number): TransactionState {
    const slot = this.#slotOf(id)
    return slot < 0 ? transactionState.free : ((this.#states[slot] ?? 0) as TransactionState)
  }

  /** The completion of `id` stands in the ring now. */
  markCompleting(id: number): void {
    const slot = this.#slotOf(id)
    if (slot >= 0) this.#states[slot] = transactionState.completing
  }

  /** The completion of `id` was read: frees the entry and returns the request, or undefined if none was outstanding. */
  close(id: number): Packet<P> | undefined {
    const slot = this.#slotOf(id)
    if (slot < 0) return undefined
    const request = this.#requests[slot]
    this.#clear(slot)
    this.completed++
    return request
  }

  /** Entries in slot order. */
  entries(): TransactionEntry<P>[] {
    const list: TransactionEntry<P>[] = []
    for (let slot = 0; slot < this.#ids.length; slot++) {
      const request = this.#requests[slot]
      const id = this.#ids[slot]
      if (request === undefined || id === undefined) continue
      list.push({ id, state: this.#states[slot] === transactionState.completing ? 'completing' : 'outstanding', request })
    }
    return list
  }

  /** Empties the table and returns the requests that will never be completed. */
  abort(): Packet<P>[] {
    const requests = this.entries().map((entry) => entry.request)
    this.#ids = []
    this.#states = []
    this.#requests = []
    this.#free = []
    this.#size = 0
    return requests
  }

  /** Puts saved entries in place. False if two share a slot, or one does not belong to this epoch. */
  load(running: number, completed: number, entries: readonly TransactionEntry<P>[]): boolean {
    this.abort()
    for (const entry of entries) {
      const slot = entry.id % slotBits
      if (entry.id < this.#base || entry.id >= this.#base + runningMax * slotBits) return false
      while (this.#ids.length <= slot) {
        this.#ids.push(0)
        this.#states.push(transactionState.free)
        this.#requests.push(undefined)
      }
      if (this.#requests[slot] !== undefined) return false
      this.#ids[slot] = entry.id
      this.#states[slot] = transactionState[entry.state]
      this.#requests[slot] = entry.request
      this.#size++
    }
    for (let slot = this.#ids.length - 1; slot >= 0; slot--) {
      if (this.#requests[slot] === undefined) this.#free.push(slot)
    }
    this.#running = running
    this.completed = completed
    return true
  }

  #slotOf(id: number): number {
    const slot = id % slotBits
    return id !== 0 && this.#ids[slot] === id ? slot : -1
  }

  #clear(slot: number): void {
    this.#ids[slot] = 0
    this.#states[slot] = transactionState.free
    this.#requests[slot] = undefined
    this.#free.push(slot)
    this.#size--
  }
}
