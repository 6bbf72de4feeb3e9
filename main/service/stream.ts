/** Two kinds of queue between the service and a subscriber: all messages in order, or only the latest one. */

/** Messages that a subscriber may be behind before it is cut off; it then subscribes anew and gets a snapshot. */
const BACKLOG_MAX = 2000

/** What a subscriber iterates over. Ends when the subscriber returns or when `end` is called; `onEnd` is then called once. */
abstract class Outlet<T> implements AsyncIteratorObject<T, undefined, void> {
  #wake: ((result: IteratorResult<T, undefined>) => void) | undefined
  #ended = false
  readonly #onEnd: () => void

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** Keeps a message that nobody waits for. */
  protected abstract keep(message: T): void

  /** Takes the next kept message. */
  protected abstract take(): T | undefined

  protected put(message: T): void {
    if (this.#ended) return
    const wake = this.#wake
    this.#wake = undefined
    if (wake) wake({ done: false, value: message })
    else this.keep(message)
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
    this.#wake?.({ done: true, value: undefined })
    this.#wake = undefined
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const message = this.take()
    if (message !== undefined) return Promise.resolve({ done: false, value: message })
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.end()
    return Promise.resolve()
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** Every message, in order. A subscriber that falls too far behind is cut off. */
export class MessageQueue<T> extends Outlet<T> {
  readonly #waiting: T[] = []

  push(message: T): void {
    this.put(message)
  }

  protected override keep(message: T): void {
    if (this.#waiting.length >= BACKLOG_MAX) {
      this.#waiting.length = 0
      this.end()
    } else this.#waiting.push(message)
  }

  protected override take(): T | undefined {
    return this.#waiting.shift()
  }
}

/** Keeps only the newest message that has not been taken: for pictures and counters. */
export class LatestValue<T> extends Outlet<T> {
  #value: T | undefined

  set(value: T): void {
    this.put(value)
  }

  protected override keep(value: T): void {
    this.#value = value
  }

  protected override take(): T | undefined {
    const value = this.#value
    this.#value = undefined
    return value
  }
}
