/** Virtual floppy disks: 1.44 MB of sectors and nothing else (formats reference 5). */
import { ImageFile } from './image-file.ts'
import { UnfinishedFile } from './operations/steps.ts'
import { attempt, refuse } from './refusals.ts'
import type { Outcome } from './types.ts'

/** 80 cylinders, 2 heads, 18 sectors of 512 bytes. */
export const FLOPPY_BYTES = 1_474_560

export interface InspectedFloppy {
  readonly size: number
  /** Label of a FAT file system; null when the floppy is not formatted or has none. */
  readonly label: string | null
  readonly formatted: boolean
}

/** Makes a blank, unformatted floppy, as the product's New ▸ Floppy Disk does. */
export function createFloppy(path: string): Outcome<void> {
  return attempt(path, () => {
    const unfinished = new UnfinishedFile(path, false)
    try {
      const file = ImageFile.open(unfinished.path, 'create')
      try {
        file.resize(FLOPPY_BYTES)
        file.sync()
      } finally {
        file.close()
      }
      unfinished.finish()
    } finally {
      unfinished.discard()
    }
  })
}

/** Checks that a file is a floppy, and reads its label. */
export function inspectFloppy(path: string): Outcome<InspectedFloppy> {
  return attempt(path, () => {
    const file = ImageFile.open(path, 'read')
    try {
      if (file.size !== FLOPPY_BYTES) refuse('floppy-invalid', path, { size: file.size })
      const boot = file.read(0, 512)
      const formatted = boot.readUInt16LE(510) === 0xaa55 && boot.toString('latin1', 54, 59) === 'FAT12'
      const label = formatted ? boot.toString('latin1', 43, 54).trimEnd() : ''
      return { size: file.size, label: label === '' || label === 'NO NAME' ? null : label, formatted }
    } finally {
      file.close()
    }
  })
}
