import { createContext, type ReactNode, use, useCallback, useMemo, useRef, useState } from 'react'
import { Announcer } from '../Announcer/Announcer.tsx'
import { MessageBox, type MessageBoxAnswer, type MessageBoxOptions } from '../MessageBox/MessageBox.tsx'
import classes from './DialogHost.module.css'
import { type DialogStack, dropped, pushed } from './dialogModel.ts'

/** Draws an opened window; `close` ends it and settles the promise of `open`. */
export type DialogRenderer<Result> = (close: (result: Result) => void) => ReactNode

export interface DialogHostContext {
  /** Ids of the open windows, the uppermost last. */
  readonly stack: DialogStack
  /** The element that holds the windows; null before the first paint. */
  readonly layer: HTMLElement | null
  readonly push: (id: string) => void
  readonly drop: (id: string) => void
  /** Opens a window and answers with what it was closed with. */
  readonly open: <Result>(render: DialogRenderer<Result>) => Promise<Result>
  /** Asks or tells something in a task dialog. */
  readonly showMessage: <Id extends string>(options: MessageBoxOptions<Id>) => Promise<MessageBoxAnswer<Id>>
}

const Context = createContext<DialogHostContext | null>(null)

export interface DialogHostProps {
  /** The page: cannot be reached while a window is open. */
  readonly children: ReactNode
}

interface OpenDialog {
  readonly key: number
  readonly node: ReactNode
}

/** Wraps a page and holds its in-page windows, message boxes and live region. One per page. */
export function DialogHost({ children }: DialogHostProps): ReactNode {
  const [stack, setStack] = useState<DialogStack>([])
  const [dialogs, setDialogs] = useState<readonly OpenDialog[]>([])
  const [layer, setLayer] = useState<HTMLElement | null>(null)
  const counter = useRef(0)
  const push = useCallback((id: string) => setStack((present) => pushed(present, id)), [])
  const drop = useCallback((id: string) => setStack((present) => dropped(present, id)), [])
  const open = useCallback(
    <Result,>(render: DialogRenderer<Result>): Promise<Result> =>
      new Promise((resolve) => {
        counter.current += 1
        const key = counter.current
        const close = (result: Result): void => {
          setDialogs((present) => present.filter((dialog) => dialog.key !== key))
          resolve(result)
        }
        const node = render(close)
        setDialogs((present) => [...present, { key, node }])
      }),
    [],
  )
  const showMessage = useCallback(
    <Id extends string>(options: MessageBoxOptions<Id>): Promise<MessageBoxAnswer<Id>> =>
      open<MessageBoxAnswer<Id>>((close) => <MessageBox {...options} onClose={close} />),
    [open],
  )
  const value = useMemo(() => ({ stack, layer, push, drop, open, showMessage }), [stack, layer, push, drop, open, showMessage])
  return (
    <Context value={value}>
      <Announcer>
        <div className={classes.page} inert={stack.length > 0}>
          {children}
        </div>
        <div ref={setLayer} className={classes.layer} data-dialog-layer="" />
        {dialogs.map((dialog) => (
          <DialogSlot key={dialog.key}>{dialog.node}</DialogSlot>
        ))}
      </Announcer>
    </Context>
  )
}

function DialogSlot({ children }: { readonly children: ReactNode }): ReactNode {
  return children
}

/** The host of the page's windows; throws outside a `DialogHost`. */
export function useDialogHost(): DialogHostContext {
  const host = use(Context)
  if (host === null) throw new Error('Windows need a DialogHost around the page.')
  return host
}

/** Shows a task dialog and answers with the pressed button and the check box. */
export function useMessageBox(): DialogHostContext['showMessage'] {
  return useDialogHost().showMessage
}
