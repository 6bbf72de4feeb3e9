/** Two kinds of queue between the service and a subscriber: all messages in order, or only the latest one. */

/** Messages that a subscriber may be behind before it is cut off; it then subscribes anew and gets a snapshot. */
const BACKLOG_MAX = 2000

/** Ordered messages as an async iterator. Ends when the subscriber returns, when `end` is called, or when it falls too far behind. */
export class MessageQueue<T> implements AsyncIteratorObject<T, undefined, void> {
  readonly #waiting: T[] = []
  #wake: ((result: IteratorResult<T, undefined>) => void) | undefined
  #ended = false
  readonly #onEnd: () => void

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  push(message: T): void {
    if (this.#ended) return
    if (this.#wake) {
      const wake = this.#wake
      this.#wake = undefined
      wake({ done: false, value: message })
    } else if (this.#waiting.length >= BACKLOG_MAX) this.end()
    else this.#waiting.push(message)
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#waiting.length = 0
    this.#onEnd()
    this.#wake?.({ done: true, value: undefined })
    this.#wake = undefined
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const message = this.#waiting.shift()
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

/** Keeps only the newest message that has not been taken: for pictures and counters. */
export class LatestValue<T> implements AsyncIteratorObject<T, undefined, void> {
  #value: T | undefined
  #wake: ((result: IteratorResult<T, undefined>) => void) | undefined
  #ended = false
  readonly #onEnd: () => void

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  set(value: T): void {
    if (this.#ended) return
    if (this.#wake) {
      const wake = this.#wake
      this.#wake = undefined
      wake({ done: false, value })
    } else this.#value = value
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
    this.#wake?.({ done: true, value: undefined })
    this.#wake = undefined
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const value = this.#value
    if (value !== undefined) {
      this.#value = undefined
      return Promise.resolve({ done: false, value })
    }
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
