import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { Icon, type IconName } from '../../theme/icons/Icon.tsx'
import { useStable } from '../useStable.ts'
import { useDialogHost } from './DialogHost.tsx'
import classes from './DialogWindow.module.css'
import { type Area, centred, type DialogBox, keepInside, type ResizeEdge, resized } from './dialogModel.ts'
import { useDialogFocus } from './useDialogFocus.ts'

export interface DialogWindowProps {
  /** Text of the caption bar. */
  readonly title: string
  readonly icon?: IconName | undefined
  /** CSS pixels. */
  readonly width: number
  /** CSS pixels with the caption; as high as its content when left out. */
  readonly height?: number | undefined
  /** Edges can be dragged. Default false. */
  readonly resizable?: boolean
  /** Least size when resizable. Default 320x200. */
  readonly minSize?: Area
  /** `alertdialog` for message boxes. Default `dialog`. */
  readonly role?: 'dialog' | 'alertdialog'
  /** Id of the element that says what the window is about. */
  readonly describedBy?: string | undefined
  /** False greys the close button and takes Escape away. Default true. */
  readonly closable?: boolean
  /** Buttons minimise and maximise are drawn greyed, where the product has them. Default false. */
  readonly showWindowButtons?: boolean
  /** Escape or the close button. */
  readonly onClose: () => void
  readonly children: ReactNode
}

function pageArea(): Area {
  return { width: window.innerWidth, height: window.innerHeight }
}

/** Position of a window: centred first, moved by its caption, pushed inside when the page shrinks. */
function useDialogBox(props: DialogWindowProps, depth: number, element: React.RefObject<HTMLElement | null>, ready: boolean) {
  const { width, height } = props
  const [box, setBox] = useState<DialogBox | null>(null)
  const placed = box !== null
  useLayoutEffect(() => {
    if (!ready || placed) return
    setBox(centred({ width, height: height ?? element.current?.offsetHeight ?? 0 }, pageArea(), depth))
  }, [ready, placed, width, height, depth, element])
  useEffect(() => {
    const onResize = (): void => setBox((present) => (present === null ? null : keepInside(present, pageArea())))
    window.addEventListener('resize', onResize)
    return () => window.removeEventListener('resize', onResize)
  }, [])
  return [box, setBox] as const
}

/** Presses the button of an Alt+letter inside the window; returns whether there was one. */
function pressAccessKey(root: HTMLElement | null, character: string): boolean {
  const target = root?.querySelector<HTMLElement>(`[data-access-key="${CSS.escape(character.toLowerCase())}"]:not(:disabled)`)
  target?.focus()
  target?.click()
  return target !== null && target !== undefined
}

/** Keys typed after the focus was lost, because the focused button became disabled, still belong to the uppermost window. */
function useRescuedKeys(top: boolean, root: React.RefObject<HTMLElement | null>, onClose: (() => void) | undefined): void {
  const rescue = useStable((event: globalThis.KeyboardEvent): void => {
    if (event.target !== document.body) return
    root.current?.focus()
    if (event.key === 'Escape') onClose?.()
  })
  useEffect(() => {
    if (!top) return
    document.addEventListener('keydown', rescue)
    return () => document.removeEventListener('keydown', rescue)
  }, [top, rescue])
}

/** A window inside the page: movable, modal, Escape closes, the focus goes back where it was. */
export function DialogWindow(props: DialogWindowProps): ReactNode {
  const {
    title,
    icon,
    resizable = false,
    minSize = { width: 320, height: 200 },
    role = 'dialog',
    closable = true,
    onClose,
    children,
  } = props
  const { stack, layer, push, drop } = useDialogHost()
  const id = useId()
  const root = useRef<HTMLDivElement>(null)
  const index = stack.indexOf(id)
  const [depth] = useState(stack.length)
  const top = index === stack.length - 1
  const [box, setBox] = useDialogBox(props, depth, root, layer !== null)
  const keepTab = useDialogFocus(root, layer !== null && box !== null)
  const [showKeys, setShowKeys] = useState(false)
  const listWasOpen = useRef(false)
  useRescuedKeys(top && index >= 0, root, closable ? onClose : undefined)
  useLayoutEffect(() => {
    push(id)
    return () => drop(id)
  }, [id, push, drop])
  if (layer === null) return null

  const onKeyDown = (event: KeyboardEvent): void => {
    keepTab(event)
    if (event.key === 'Alt') setShowKeys(true)
    if (event.key === 'Escape' && !event.defaultPrevented) {
      // The first Escape closes an open drop-down list, and only the next one the window.
      if (closable && !listWasOpen.current) onClose()
    } else if (event.altKey && event.key === 'F4') {
      if (closable) onClose()
    } else if (event.altKey && event.key.length === 1 && pressAccessKey(root.current, event.key)) event.preventDefault()
    else if (event.key === 'Enter' && !event.defaultPrevented) pressDefault(event, root.current)
    event.stopPropagation()
  }
  const style =
    box === null
      ? { width: props.width, height: props.height }
      : { left: box.x, top: box.y, width: box.width, height: props.height === undefined && !resizable ? undefined : box.height }
  return createPortal(
    // biome-ignore lint/a11y/noStaticElementInteractions: keeps the browser's own menu away
    <div
      className={classes.overlay}
      style={{ zIndex: `calc(var(--layer-dialog) + ${depth * 10})` }}
      inert={!top && index >= 0}
      onContextMenu={(event) => event.preventDefault()}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: its role is dialog or alertdialog */}
      {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles know aria-modal */}
      <div
        ref={root}
        className={classes.window}
        style={style}
        role={role}
        aria-modal="true"
        aria-labelledby={`${id}-title`}
        aria-describedby={props.describedBy}
        tabIndex={-1}
        data-placed={box !== null || undefined}
        data-show-keys={showKeys || undefined}
        onKeyDownCapture={(event) => {
          listWasOpen.current = event.target instanceof Element && event.target.matches('[aria-haspopup="listbox"][aria-expanded="true"]')
          pressDefaultFromClosedList(event, root.current)
        }}
        onKeyDown={onKeyDown}
      >
        <Caption {...props} titleId={`${id}-title`} title={title} icon={icon} idle={!top} box={box} setBox={setBox} />
        <div className={classes.content} data-dialog-content="">
          {children}
        </div>
        {resizable &&
          box !== null &&
          (['right', 'bottom', 'corner'] as const).map((edge) => <Edge key={edge} edge={edge} box={box} min={minSize} setBox={setBox} />)}
      </div>
    </div>,
    layer,
  )
}

/** Enter presses the default button, unless the focus is where Enter has a meaning of its own. */
function pressDefault(event: KeyboardEvent, root: HTMLElement | null): void {
  if (
    event.target instanceof HTMLElement &&
    event.target.matches('button, a, textarea, [role="tree"], [role="grid"], [aria-expanded="true"]')
  )
    return
  const button = root?.querySelector<HTMLButtonElement>('button[data-default]:not(:disabled)')
  if (button === null || button === undefined) return
  event.preventDefault()
  button.click()
}

/** Enter in a closed drop-down list belongs to the default button, as on Windows; the list itself would open. */
function pressDefaultFromClosedList(event: KeyboardEvent, root: HTMLElement | null): void {
  if (event.key !== 'Enter' || event.altKey || !(event.target instanceof HTMLElement) || !root?.contains(event.target)) return
  if (!event.target.matches('[aria-haspopup="listbox"][aria-expanded="false"]')) return
  event.stopPropagation()
  pressDefault(event, root)
}

interface CaptionProps extends DialogWindowProps {
  readonly titleId: string
  readonly idle: boolean
  readonly box: DialogBox | null
  readonly setBox: (box: DialogBox) => void
}

function Caption({
  title,
  titleId,
  icon,
  idle,
  closable = true,
  showWindowButtons = false,
  box,
  setBox,
  onClose,
}: CaptionProps): ReactNode {
  const drag = useRef<{ readonly x: number; readonly y: number; readonly box: DialogBox } | null>(null)
  const onPointerDown = (event: PointerEvent<HTMLElement>): void => {
    if (event.button !== 0 || box === null || (event.target instanceof Element && event.target.closest('button') !== null)) return
    event.currentTarget.setPointerCapture(event.pointerId)
    const height = event.currentTarget.parentElement?.offsetHeight ?? box.height
    drag.current = { x: event.clientX, y: event.clientY, box: { ...box, height } }
  }
  const onPointerMove = (event: PointerEvent): void => {
    if (drag.current === null) return
    const { x, y, box: from } = drag.current
    setBox(keepInside({ ...from, x: from.x + event.clientX - x, y: from.y + event.clientY - y }, pageArea()))
  }
  const end = (): void => {
    drag.current = null
  }
  return (
    <div
      className={classes.caption}
      data-idle={idle || undefined}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={end}
      onPointerCancel={end}
    >
      {icon !== undefined && <Icon name={icon} className={classes.captionIcon} />}
      <h1 id={titleId} className={classes.title}>
        {title}
      </h1>
      {showWindowButtons && (
        <>
          <span className={classes.deadButton} aria-hidden="true">
            <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
              <path d="M0 5.5h10" stroke="currentColor" />
            </svg>
          </span>
          <span className={classes.deadButton} aria-hidden="true">
            <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
              <rect x=".5" y=".5" width="9" height="9" fill="none" stroke="currentColor" />
            </svg>
          </span>
        </>
      )}
      <button type="button" className={classes.close} tabIndex={-1} aria-label="Close" disabled={!closable} onClick={onClose}>
        <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
          <path d="M0 0l10 10M10 0L0 10" stroke="currentColor" />
        </svg>
      </button>
    </div>
  )
}

interface EdgeProps {
  readonly edge: ResizeEdge
  readonly box: DialogBox
  readonly min: Area
  readonly setBox: (box: DialogBox) => void
}

function Edge({ edge, box, min, setBox }: EdgeProps): ReactNode {
  const drag = useRef<{ readonly x: number; readonly y: number; readonly box: DialogBox } | null>(null)
  return (
    <div
      className={classes.edge}
      data-edge={edge}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        drag.current = { x: event.clientX, y: event.clientY, box }
      }}
      onPointerMove={(event) => {
        if (drag.current === null) return
        const { x, y, box: from } = drag.current
        setBox(resized(from, edge, event.clientX - x, event.clientY - y, min, pageArea()))
      }}
      onPointerUp={() => {
        drag.current = null
      }}
    />
  )
}
