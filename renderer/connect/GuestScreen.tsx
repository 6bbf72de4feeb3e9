import { type ReactNode, useId } from 'react'
import type { Frame } from '../../preload/contract/index.ts'
import { ClassicButton } from '../mmc/index.ts'
import { ConsolePicture, frameText } from '../picture/index.ts'
import classes from './connect.module.css'
import type { GuestKeyboard } from './useGuestKeyboard.ts'
import { type MessagePage, RELEASE_HINT, type ZoomLevel, zoomed } from './view-model.ts'

export interface GuestScreenProps {
  readonly name: string
  readonly frame: Frame | null
  readonly page: MessagePage | null
  readonly zoom: ZoomLevel
  readonly interactive: boolean
  readonly keyboard: GuestKeyboard
  readonly onButton: (button: MessagePage['buttons'][number]) => void
}

const BUTTON_LABELS: Readonly<Record<MessagePage['buttons'][number], string>> = { start: 'Start', connect: 'Connect', exit: 'Exit' }

/** The client area: the guest's picture in the middle of black, and over it, dimming it, the product's message. */
export function GuestScreen({ name, frame, page, zoom, interactive, keyboard, onButton }: GuestScreenProps): ReactNode {
  const hintId = useId()
  return (
    <main className={classes.client} aria-label="Console">
      <div className={classes.scroll}>
        {frame !== null && (
          // biome-ignore lint/a11y/noStaticElementInteractions: a click leads to the keyboard field, which keys reach by themselves
          <div
            className={classes.picture}
            onMouseDown={(event) => {
              event.preventDefault()
              keyboard.take()
            }}
            onContextMenu={(event) => event.preventDefault()}
          >
            <ConsolePicture
              frame={frame}
              width={zoomed(frame.width, zoom)}
              height={zoomed(frame.height, zoom)}
              label={`Screen of ${name}`}
              fit="exact"
            />
          </div>
        )}
        {interactive && (
          <>
            <textarea
              ref={keyboard.field}
              className={classes.keyboard}
              aria-label={`Keyboard of ${name}`}
              aria-describedby={hintId}
              autoCapitalize="off"
              autoComplete="off"
              autoCorrect="off"
              spellCheck={false}
              {...keyboard.fieldProps}
            />
            <span id={hintId} className={classes.spoken}>
              {RELEASE_HINT}
            </span>
          </>
        )}
      </div>
      {frame !== null && (
        <pre className={classes.spoken} data-screen-text="">
          {frameText(frame)}
        </pre>
      )}
      {page !== null && (
        <div className={classes.message} data-over-picture={frame !== null || undefined}>
          <div role="status">
            <p className={classes.headline}>{page.headline}</p>
            {page.hint !== null && <p className={classes.hint}>{page.hint}</p>}
          </div>
          {page.buttons.length > 0 && (
            <div className={classes.buttons}>
              {page.buttons.map((button) => (
                <ClassicButton key={button} label={BUTTON_LABELS[button]} onClick={() => onButton(button)} />
              ))}
            </div>
          )}
        </div>
      )}
    </main>
  )
}
