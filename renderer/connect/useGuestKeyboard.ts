import { type CompositionEvent, type FormEvent, type KeyboardEvent, type RefObject, useEffect, useMemo, useReducer, useRef } from 'react'
import { useClient } from '../client/lab-context.tsx'
import { captureReducer, isCaptured, NO_CAPTURE, wantsKeyboard } from './capture.ts'
import { createKeySender } from './key-sender.ts'
import { meaningOf, type Stroke, textStroke } from './keystrokes.ts'

export interface GuestKeyboardOptions {
  readonly vmId: string
  readonly interactive: boolean
  /** Takes the focus when the guest gives the keyboard back. */
  readonly frame: RefObject<HTMLElement | null>
  readonly onFullScreen: () => void
}

export interface GuestKeyboard {
  /** Keys go to the guest. */
  readonly captured: boolean
  /** The field that has the focus while keys go to the guest; it also takes compositions. */
  readonly field: RefObject<HTMLTextAreaElement | null>
  readonly fieldProps: {
    readonly onKeyDown: (event: KeyboardEvent<HTMLTextAreaElement>) => void
    readonly onKeyUp: (event: KeyboardEvent<HTMLTextAreaElement>) => void
    readonly onInput: (event: FormEvent<HTMLTextAreaElement>) => void
    readonly onCompositionEnd: (event: CompositionEvent<HTMLTextAreaElement>) => void
    readonly onFocus: () => void
    readonly onBlur: () => void
  }
  readonly send: (stroke: Stroke) => void
  /** Gives the keyboard to the guest. */
  readonly take: () => void
}

/** The keyboard between the window and the guest. */
export function useGuestKeyboard({ vmId, interactive, frame, onFullScreen }: GuestKeyboardOptions): GuestKeyboard {
  const client = useClient()
  const field = useRef<HTMLTextAreaElement>(null)
  const [state, dispatch] = useReducer(captureReducer, NO_CAPTURE)
  const sender = useMemo(
    () => createKeySender(async ({ keys, text }) => (await client.console.sendKeys({ vmId, keys: [...keys], text })).ok),
    [client, vmId],
  )
  useEffect(() => dispatch({ type: 'interactive', on: interactive }), [interactive])
  const wants = wantsKeyboard(state)
  useEffect(() => {
    const focused = document.activeElement
    if (wants && (focused === null || focused === document.body || focused === frame.current)) field.current?.focus({ preventScroll: true })
  }, [wants, frame])

  const release = (): void => {
    dispatch({ type: 'release' })
    frame.current?.focus({ preventScroll: true })
  }
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    const { isComposing } = event.nativeEvent
    const { key, code, ctrlKey, altKey, shiftKey, metaKey } = event
    const meaning = meaningOf({
      key,
      code,
      ctrlKey,
      altKey,
      shiftKey,
      metaKey,
      isComposing,
      altGraph: event.getModifierState('AltGraph'),
    })
    if (meaning.kind === 'leave') return
    // The window's own keys, such as Alt for its menus, sleep meanwhile.
    event.stopPropagation()
    if (meaning.kind === 'compose') return
    event.preventDefault()
    if (meaning.kind === 'send') sender.push(meaning.stroke)
    else if (meaning.kind === 'release') release()
    else if (meaning.kind === 'full-screen') onFullScreen()
  }
  /** Text that came without a key: from an input method, an emoji panel or a paste. */
  const takeText = (target: HTMLTextAreaElement): void => {
    const { value } = target
    target.value = ''
    if (value !== '') sender.push(textStroke(value))
  }
  return {
    captured: isCaptured(state),
    field,
    fieldProps: {
      onKeyDown,
      onKeyUp: (event) => event.stopPropagation(),
      onInput: (event) => {
        if (!(event.nativeEvent instanceof InputEvent && event.nativeEvent.isComposing)) takeText(event.currentTarget)
      },
      onCompositionEnd: (event) => takeText(event.currentTarget),
      onFocus: () => dispatch({ type: 'focus' }),
      onBlur: () => dispatch({ type: 'blur' }),
    },
    send: sender.push,
    take: () => field.current?.focus({ preventScroll: true }),
  }
}
