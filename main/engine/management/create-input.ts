/** What is asked of a job that makes a virtual machine. */
import type { JobRow } from '../rows.ts'

export type DiskChoice =
  | { readonly kind: 'new'; readonly name: string; readonly folder: string; readonly sizeGb: number }
  | { readonly kind: 'existing'; readonly path: string }
  | { readonly kind: 'later' }

export type InstallChoice =
  | { readonly kind: 'later' }
  | { readonly kind: 'image'; readonly path: string }
  | { readonly kind: 'physical-drive'; readonly drive: string }
  | { readonly kind: 'floppy'; readonly path: string }
  | { readonly kind: 'network' }

export interface NewVm {
  readonly hostId: string
  readonly name: string
  readonly location: string | null
  readonly generation: 1 | 2
  readonly startupMemoryMb: number
  readonly dynamicMemory: boolean
  readonly switchId: string | null
  readonly disk: DiskChoice
  readonly install: InstallChoice
}

/** What a create job carries from its beginning to its end. */
export interface CreateInput {
  readonly vmId: string
  readonly wanted: NewVm
  /** Path of the disk that the job makes; null when it makes none. */
  readonly diskPath: string | null
}

export function inputOf(job: JobRow): CreateInput {
  return JSON.parse(job.input ?? '') as CreateInput
}

/** Whether the job makes a disk before the machine. */
export function makesDisk(job: JobRow): boolean {
  return inputOf(job).diskPath !== null
}
