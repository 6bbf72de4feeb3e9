import { useCallback } from 'react'
import type { Frame, ShellAbilities } from '../../preload/contract/index.ts'
import { useAnnounce, useMessageBox } from '../mmc/index.ts'
import { framePng } from '../picture/index.ts'
import { errorBox } from '../vm-actions/index.ts'
import { type Stroke, textStroke } from './keystrokes.ts'

/** Longest text that is typed for the user; at a typist's speed already more than an hour. */
export const TYPED_CHARACTERS_MAX = 32_768

export interface Clipboard {
  readonly typeText: () => void
  readonly captureScreen: (frame: Frame) => void
}

/** The entries of the Clipboard menu. */
export function useClipboard(shell: Pick<ShellAbilities, 'readText' | 'copyImage'>, send: (stroke: Stroke) => void): Clipboard {
  const showMessage = useMessageBox()
  const announce = useAnnounce()
  const fail = useCallback(
    (headline: string, reason: unknown) =>
      void showMessage(errorBox(headline, reason instanceof Error ? reason.message : String(reason), 'connection')),
    [showMessage],
  )
  return {
    typeText: () => {
      const type = async (): Promise<void> => {
        const text = await shell.readText()
        if (text.length > TYPED_CHARACTERS_MAX) {
          throw new Error(`The text has ${text.length} characters. No more than ${TYPED_CHARACTERS_MAX} can be typed at a time.`)
        }
        if (text !== '') send(textStroke(text))
      }
      type().catch((reason: unknown) => fail('The clipboard text could not be typed.', reason))
    },
    captureScreen: (frame) => {
      const copy = async (): Promise<void> => {
        await shell.copyImage(framePng(frame))
        announce('The screen was copied to the clipboard.')
      }
      copy().catch((reason: unknown) => fail('The screen could not be captured.', reason))
    },
  }
}
