/** What the tests of this folder share: a fixed environment, seeded chance, temporary folders, a model disk, and files that lose power. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ImageFile } from './image-file.ts'
import type { ImageEnvironment, ImageOperation, ImageProgress, Outcome } from './types.ts'

// What a disk does with its caches cannot be seen from here, and waiting for it takes most of the time.
ImageFile.prototype.sync = () => {}
ImageFile.prototype.syncLater = () => Promise.resolve()

/** Ids count up, the clock stands still. */
export function testEnvironment(): ImageEnvironment {
  let count = 0
  return {
    newId: () => `00000000-0000-4000-8000-${(++count).toString(16).padStart(12, '0')}`,
    nowMs: () => Date.UTC(2026, 10, 23, 9, 41),
    modifiedMsOf: () => Date.UTC(2026, 10, 23, 9, 0),
    creator: { application: 'win ', version: 0x000a0000, text: 'Microsoft Windows 10.0.20348.0' },
  }
}

/** Whole numbers from 0 up to but not including `below`, the same for the same seed. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** A temporary folder and what removes it. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'viridian-images-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** The value of an outcome that must be one. */
export function accepted<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.refusal)}`)
  return outcome.value
}

/** The code of an outcome that must be a refusal. */
export function refusedWith(outcome: Outcome<unknown>): string {
  return outcome.ok ? 'no refusal' : outcome.refusal.code
}

/** Runs an operation to its end. */
export async function runToEnd<T>(
  operation: ImageOperation<T>,
): Promise<{ readonly outcome: Outcome<T>; readonly progress: readonly ImageProgress[] }> {
  const progress: ImageProgress[] = []
  for (;;) {
    const step = await operation.next()
    if (step.done === true) return { outcome: step.value, progress }
    progress.push(step.value)
  }
}

/** Runs an operation that must succeed. */
export async function finished<T>(operation: ImageOperation<T>): Promise<T> {
  return accepted((await runToEnd(operation)).outcome)
}

export class PowerLoss extends Error {}

/**
 * Lets a file take only so many changes; the next one fails, as when the power goes. What was written before is there afterwards. Answers the
 * number of changes that were made.
 */
export function losePowerAfter(file: ImageFile, changes: number): () => number {
  let made = 0
  const count = () => {
    if (made >= changes) throw new PowerLoss('the power is gone')
    made++
  }
  // All ways to change a file go through these two.
  const write = file.write.bind(file)
  const resize = file.resize.bind(file)
  file.write = (offset, source) => {
    count()
    write(offset, source)
  }
  file.resize = (size) => {
    count()
    resize(size)
  }
  return () => made
}

/** As `losePowerAfter`, for all files together, until `restore` is called. */
export function losePowerEverywhere(changes: number): { readonly restore: () => void } {
  let made = 0
  const { write, resize } = ImageFile.prototype
  const count = () => {
    if (made++ >= changes) throw new PowerLoss('the power is gone')
  }
  ImageFile.prototype.write = function (offset, source) {
    count()
    write.call(this, offset, source)
  }
  ImageFile.prototype.resize = function (size) {
    count()
    resize.call(this, size)
  }
  return {
    restore: () => {
      ImageFile.prototype.write = write
      ImageFile.prototype.resize = resize
    },
  }
}

/** Writes a file with the given content, leaving out what is zero. */
export function writeSparseFile(path: string, content: Buffer): void {
  rmSync(path, { force: true })
  const file = ImageFile.open(path, 'create')
  file.resize(content.length)
  file.writeSparse(0, content)
  file.close()
}

/** Keeps a file's present content and answers what brings it back. */
export function keepFile(path: string): () => void {
  const content = readFileSync(path)
  return () => writeSparseFile(path, content)
}
