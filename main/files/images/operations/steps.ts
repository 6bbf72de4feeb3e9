/** What all long operations share: steps, cancelling, and files that get their name only when they are whole. */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { ImageRefused, refusalOf, refuse } from '../refusals.ts'
import type { ImageOperation, ImageProgress, OperationControl } from '../types.ts'

/** Bytes that one step moves at most. */
export const STEP_BYTES = 4 * 1024 * 1024

/** Milliseconds after which a step lets other work of the process run. */
const TURN_MS = 8

/** Given to every operation: between two steps it may be cancelled, and the process goes on with other work. */
export class Pace {
  readonly #file: string
  readonly #signal: AbortSignal | undefined
  #turnStart = performance.now()

  constructor(file: string, signal: AbortSignal | undefined) {
    this.#file = file
    this.#signal = signal
  }

  /** Ends the operation when it was cancelled. */
  async turn(): Promise<void> {
    if (performance.now() - this.#turnStart > TURN_MS) {
      await setImmediate()
      this.#turnStart = performance.now()
    }
    if (this.#signal?.aborted) refuse('cancelled', this.#file)
  }
}

/** Runs an operation and makes refusals and failures of the system its result. */
export async function* operate<T>(
  file: string,
  control: OperationControl,
  run: (pace: Pace) => AsyncGenerator<ImageProgress, T, void>,
): ImageOperation<T> {
  try {
    const pace = new Pace(file, control.signal)
    await pace.turn()
    return { ok: true, value: yield* run(pace) }
  } catch (error) {
    const refusal = refusalOf(error, file)
    if (refusal === null) throw error
    return { ok: false, refusal }
  }
}

/** A file under another name until it is whole. A crash leaves only that one, which the next attempt removes. */
export class UnfinishedFile {
  /** Where to write. */
  readonly path: string
  readonly #target: string
  readonly #replace: boolean

  /** `replace` puts it in the place of an existing file in the end; otherwise there must be none. */
  constructor(target: string, replace: boolean) {
    this.path = `${target}.unfinished`
    this.#target = target
    this.#replace = replace
    this.#refuseExisting()
    rmSync(this.path, { force: true })
  }

  /** Gives the file, which is closed and on the disk, its name. */
  finish(): void {
    this.#refuseExisting()
    renameSync(this.path, this.#target)
    flushFolder(dirname(this.#target))
  }

  /** Removes what was not finished. */
  discard(): void {
    rmSync(this.path, { force: true })
  }

  #refuseExisting(): void {
    if (!this.#replace && existsSync(this.#target)) {
      throw new ImageRefused({ code: 'file-exists', values: { file: this.#target } })
    }
  }
}

/** Makes sure that names in a folder are on the disk; Windows does this by itself and cannot open folders. */
function flushFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
