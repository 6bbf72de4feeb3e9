/** Chance, clock and maker's mark of new files: the same work on the same lab makes the same identifiers. */
import { createHash } from 'node:crypto'
import type { FileRequest } from '../../engine/management/disks/file-port.ts'
import type { ImageEnvironment } from '../images/types.ts'

export function environmentOf(request: FileRequest, subject: string): ImageEnvironment {
  let count = 0
  return {
    newId: () => guidOf(`${request.seed}|${subject}|${count++}`),
    nowMs: () => request.nowMs,
    // Children of a VHD record when it was changed; in the simulated world real times of files mean nothing.
    modifiedMsOf: () => request.nowMs,
    creator: { application: 'win ', ...request.creator },
  }
}

/** A GUID of version 4 out of any text. */
function guidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
