/** Finds blocks that share bytes of a file, with memory bounded by the number of blocks that the file can hold. */
export class OverlapCheck {
  readonly #length: number
  readonly #mostBlocks: number
  #starts: number[] = []
  #ascending = true

  /** All blocks have `length` bytes, and a file of `fileSize` bytes can hold only so many without two of them sharing bytes. */
  constructor(length: number, fileSize: number) {
    this.#length = length
    this.#mostBlocks = Math.ceil(fileSize / length)
  }

  /** Adds a block; false when there are already more than the file can hold apart. */
  add(start: number): boolean {
    const last = this.#starts.at(-1)
    if (last !== undefined && start < last + this.#length) this.#ascending = false
    this.#starts.push(start)
    return this.#starts.length <= this.#mostBlocks
  }

  /** Start of a block that begins inside another one; null when there is none. Nothing may be added afterwards. */
  firstShared(): number | null {
    if (this.#ascending) return null
    const sorted = Float64Array.from(this.#starts).sort()
    this.#starts = []
    for (let i = 1; i < sorted.length; i++) {
      const start = sorted[i] as number
      if (start < (sorted[i - 1] as number) + this.#length) return start
    }
    return null
  }
}
