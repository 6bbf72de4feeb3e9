/**
 * Lets the keeper of the real files carry out what rows order, one work after another, and hands its answers to the engine as inputs. Beside
 * that, disks of a small lab that have no real file yet are given one while nothing else is to be done.
 */
import { finishFileWork } from '../engine/management/disks/disk-jobs.ts'
import type { FileAnswer, FilePort, FileRequest } from '../engine/management/disks/file-port.ts'
import { layRequest, nextRequest, noteMade, unmadeCount } from '../engine/management/disks/file-work.ts'
import type { HostFileRow } from '../engine/rows.ts'
import type { World } from '../engine/world.ts'

/** Labs with more disks than this get their files when they are touched: a start must not cost thousands of files. */
export const LAID_MAX = 256

export class FileWorks {
  readonly #port: FilePort
  readonly #world: World
  readonly #input: (apply: (world: World) => void) => void
  #running: string | null = null
  #unmade: Iterator<HostFileRow> | null
  #idle: (() => void)[] = []
  #closed = false

  /** `input` runs a change of the world as a command does: committed, then published. */
  constructor(world: World, port: FilePort, input: (apply: (world: World) => void) => void) {
    this.#world = world
    this.#port = port
    this.#input = input
    this.#unmade = unmadeCount(world, LAID_MAX + 1) > LAID_MAX ? null : world.tables.host_file.values()
  }

  /** Whether work is ordered that is not done. */
  get outstanding(): boolean {
    return this.#world.tables.file_work.size > 0
  }

  /** Looks for work; called after each commit. */
  pump(): void {
    if (this.#closed) return
    if (this.#running !== null) {
      // Its order was taken back: the job was cancelled.
      if (this.#running.startsWith('work-') && !this.#world.tables.file_work.has(this.#running)) this.#port.abort(this.#running)
      return
    }
    const request = nextRequest(this.#world)
    if (request !== undefined) return this.#run(request)
    for (const settled of this.#idle.splice(0)) settled()
    const lay = this.#unmade === null ? undefined : layRequest(this.#world, this.#unmade)
    if (lay === undefined) this.#unmade = null
    else this.#run(lay)
  }

  /** Settles when all ordered work is done. */
  settled(): Promise<void> {
    if (!this.outstanding || this.#closed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle.push(resolve)
      this.pump()
    })
  }

  /** Asks something of a disk's real file; what had to be made for it is noted. */
  async ask(request: FileRequest): Promise<FileAnswer> {
    const answer = await this.#port.run(request)
    if (!this.#closed && answer.made.length > 0) this.#input((world) => noteMade(world, answer.made))
    return answer
  }

  /** Answers that come later are left: the rows still order the work. */
  close(): void {
    this.#closed = true
    for (const settled of this.#idle.splice(0)) settled()
  }

  #run(request: FileRequest): void {
    this.#running = request.id
    void this.#port.run(request).then((answer) => {
      this.#running = null
      if (this.#closed) return
      this.#input((world) => finishFileWork(world, request.id, answer))
      this.pump()
    })
  }
}
