/** Cuts a GPADL into its header and body messages (hypervisor reference 4.6): n pages of one range make 1 + ceil(max(0, n − 26) / 28) messages. */
import { type GpadlBodyMessage, type GpadlHeaderMessage, gpadlBodyWordsMax, gpadlHeaderWordsMax } from './messages.ts'
import { type GpaRange, rangesToWords } from './pages.ts'

/** Most range words of one GPADL: the header's byte count is a u16. */
export const gpadlWordsMax = 8191

/** The messages in the order in which they are posted. Too many words are a fault of the caller. */
export function gpadlMessages(channelId: number, gpadlId: number, ranges: readonly GpaRange[]): (GpadlHeaderMessage | GpadlBodyMessage)[] {
  const words = rangesToWords(ranges)
  if (words.length > gpadlWordsMax) throw new RangeError(`GPADL of ${words.length} words`)
  const messages: (GpadlHeaderMessage | GpadlBodyMessage)[] = [
    {
      kind: 'gpadlHeader',
      channelId,
      gpadlId,
      rangeBytes: words.length * 8,
      rangeCount: ranges.length,
      words: words.slice(0, gpadlHeaderWordsMax),
    },
  ]
  for (let at = gpadlHeaderWordsMax; at < words.length; at += gpadlBodyWordsMax) {
    messages.push({ kind: 'gpadlBody', messageIndex: messages.length, gpadlId, words: words.slice(at, at + gpadlBodyWordsMax) })
  }
  return messages
}

/** Number of messages for one range of `pages` pages. */
export function gpadlMessageCount(pages: number): number {
  return 1 + Math.ceil(Math.max(0, pages - (gpadlHeaderWordsMax - 1)) / gpadlBodyWordsMax)
}
