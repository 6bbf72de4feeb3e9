/** Converting between formats and types: always into a new file (formats reference 3.1). */
import type { ImageOperation } from '../types.ts'
import { type CreateCopyOptions, type CreatedDisk, createCopy } from './create.ts'

export type ConvertOptions = CreateCopyOptions

/**
 * Writes the disk with all its parents into a new fixed or dynamic file of the given format. The source is kept; deleting it afterwards is the
 * caller's choice. Refuses more than 2,040 GiB, or sectors of 4096 bytes, as a VHD.
 */
export function convert(options: ConvertOptions): ImageOperation<CreatedDisk> {
  return createCopy(options)
}
