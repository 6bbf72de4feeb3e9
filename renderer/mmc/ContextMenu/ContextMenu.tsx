import { type ReactNode, useState } from 'react'
import { type Command, type MenuEntry, runCommand } from '../CommandModel/CommandModel.ts'
import { MenuSurface } from '../Menu/MenuSurface.tsx'
import type { Box, MenuPlacement, Point } from '../Menu/menuModel.ts'
import { useOutsidePress } from '../Menu/useOutsidePress.ts'

export interface ContextMenuProps {
  readonly entries: readonly MenuEntry[]
  /** Where it opens: a point in viewport pixels, or a box (flyout beside an entry). */
  readonly at: Point | Box
  /** Default `below`; `side` for flyouts. */
  readonly placement?: MenuPlacement
  /** Accessible name. Default `Context menu`. */
  readonly label?: string
  /** Opened by key: the first entry is highlighted and access keys are underlined. Default false. */
  readonly byKey?: boolean
  /** Asked to go away; the focus is back where it was, and a chosen command runs right after. */
  readonly onClose: () => void
}

/** A menu at a point, by right click, Shift+F10 or the menu key. */
export function ContextMenu({
  entries,
  at,
  placement = 'below',
  label = 'Context menu',
  byKey = false,
  onClose,
}: ContextMenuProps): ReactNode {
  // Taken in the first render: the surface moves the focus into itself as soon as it is mounted.
  const [before] = useState(() => document.activeElement)
  const close = (): void => {
    if (before instanceof HTMLElement) before.focus({ preventScroll: true })
    onClose()
  }
  useOutsidePress(true, onClose)
  const run = (command: Command): void => {
    close()
    runCommand(command)
  }
  const anchor = 'left' in at ? at : { left: at.x, top: at.y, right: at.x, bottom: at.y }
  return (
    <MenuSurface
      entries={entries}
      anchor={anchor}
      placement={placement}
      label={label}
      startAtFirst={byKey}
      showAccessKeys={byKey}
      onBack={close}
      onRun={run}
      onLeave={close}
    />
  )
}
