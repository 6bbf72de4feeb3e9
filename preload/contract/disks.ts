/** Procedures of the disk wizards: New, Edit and Inspect Disk, and new floppy disks (hyper-v-manager 2.1, 2.7, 2.8, 4.2). */
import { oc } from '@orpc/contract'
import { z } from 'zod'
import { refusalSchema } from './refusals.ts'

const hostId = z.string().min(1).max(64)
const path = z.string().max(1024)
const name = z.string().max(255)
/** Whole GB; what is out of range is refused by the engine with the range. */
const sizeGb = z.int().min(0).max(1_000_000)

export const DISK_FORMATS = ['vhd', 'vhdx', 'vhds'] as const
const format = z.enum(DISK_FORMATS)
export type DiskFormat = z.infer<typeof format>

const type = z.enum(['fixed', 'dynamic', 'differencing'])
export type DiskType = z.infer<typeof type>

const newDiskSchema = z.object({
  hostId,
  format,
  type,
  name,
  folder: path,
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('blank'), sizeGb }),
    /** One of the host's physical disks, such as `\\.\PHYSICALDRIVE0`. */
    z.object({ kind: z.literal('physical'), name }),
    z.object({ kind: z.literal('virtual'), path }),
    /** The parent of a differencing disk. */
    z.object({ kind: z.literal('parent'), path }),
  ]),
})
export type NewDisk = z.infer<typeof newDiskSchema>

const newFile = { format, type: z.enum(['fixed', 'dynamic']), name, folder: path }
const editSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('compact') }),
  z.object({ kind: z.literal('convert'), ...newFile }),
  z.object({ kind: z.literal('expand'), sizeGb }),
  z.object({ kind: z.literal('shrink'), sizeGb }),
  z.object({ kind: z.literal('merge') }),
  z.object({ kind: z.literal('merge-new'), ...newFile }),
  z.object({ kind: z.literal('reconnect'), parentPath: path, ignoreIdMismatch: z.boolean() }),
])
export type DiskEdit = z.infer<typeof editSchema>

const edits = z.enum(['compact', 'convert', 'expand', 'shrink', 'merge', 'reconnect'])
export type EditKind = z.infer<typeof edits>

const refused = z.object({ ok: z.literal(false), refusal: refusalSchema })
const begun = z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), jobId: z.string(), path: z.string() }), refused])

/** What a real file says of itself. */
const inspectionSchema = z.object({
  path: z.string(),
  format,
  type,
  fileBytes: z.number(),
  capacityBytes: z.number(),
  /** 0 for a fixed VHD. */
  blockBytes: z.number(),
  logicalSectorBytes: z.number(),
  physicalSectorBytes: z.number(),
  identifier: z.string(),
  parentPath: z.string().nullable(),
  /** Why the parent cannot be used; null when it fits or there is none. */
  parentRefusal: refusalSchema.nullable(),
})
export type DiskInspection = z.infer<typeof inspectionSchema>

export const diskContract = {
  /** Formats, defaults and limits of a host's wizards, and its physical disks. */
  options: oc.input(z.object({ hostId })).output(
    z.object({
      formats: z.array(format),
      defaultFormat: format,
      defaultType: z.object({ vhd: type, vhdx: type, vhds: type }),
      sizeMaximumGb: z.object({ vhd: z.number(), vhdx: z.number(), vhds: z.number() }),
      physicalDisks: z.array(z.object({ name: z.string(), sizeBytes: z.number() })),
    }),
  ),
  /** Checks the choices without making anything. */
  checkNew: oc.input(newDiskSchema).output(z.object({ refusal: refusalSchema.nullable() })),
  create: oc.input(newDiskSchema).output(begun),
  inspect: oc
    .input(z.object({ hostId, path }))
    .output(z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), disk: inspectionSchema }), refused])),
  /** Opens a disk for the Edit wizard: what can be done with it, or why nothing can. */
  editable: oc.input(z.object({ hostId, path })).output(
    z.discriminatedUnion('ok', [
      z.object({
        ok: z.literal(true),
        disk: inspectionSchema,
        edits: z.array(edits),
        /** Smallest size that Shrink takes, GB; null when it is not offered. */
        shrinkMinimumGb: z.number().nullable(),
      }),
      refused,
    ]),
  ),
  checkEdit: oc.input(z.object({ hostId, path, edit: editSchema })).output(z.object({ refusal: refusalSchema.nullable() })),
  edit: oc.input(z.object({ hostId, path, edit: editSchema })).output(begun),
  createFloppy: oc
    .input(z.object({ hostId, path }))
    .output(z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), path: z.string() }), refused])),
}
