/**
 * Which new files belong to a work that has begun. After a kill the same work is asked for again: a file under its target's name is then its own
 * and is made anew; without a note it is somebody else's and is left alone.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export class WorkJournal {
  readonly #folder: string

  constructor(disksFolder: string) {
    this.#folder = join(disksFolder, '.work')
  }

  /** True when the work had begun before. From now on it has. Notes of other works, which are all over, are dropped. */
  begin(id: string): boolean {
    mkdirSync(this.#folder, { recursive: true })
    for (const name of readdirSync(this.#folder)) if (name !== id) rmSync(join(this.#folder, name), { force: true })
    const note = join(this.#folder, id)
    if (existsSync(note)) return true
    const file = openSync(note, 'w')
    fsyncSync(file)
    closeSync(file)
    return false
  }
}
