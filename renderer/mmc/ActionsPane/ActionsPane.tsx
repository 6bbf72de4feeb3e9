import { type KeyboardEvent, type ReactNode, type RefObject, useLayoutEffect, useRef, useState } from 'react'
import { Icon } from '../../theme/icons/Icon.tsx'
import { type Command, isEnabled, type MenuEntry, plainLabel, runCommand, tidySeparators } from '../CommandModel/CommandModel.ts'
import { ContextMenu } from '../ContextMenu/ContextMenu.tsx'
import type { Box } from '../Menu/menuModel.ts'
import { PaneHeader } from '../PaneHeader/PaneHeader.tsx'
import classes from './ActionsPane.module.css'

export interface ActionGroup {
  readonly id: string
  /** Text of the blue header: the name of the item the actions are for. */
  readonly title: string
  readonly entries: readonly MenuEntry[]
  /** The group of the focused item has the stronger header. Default false. */
  readonly active?: boolean
}

export interface ActionsPaneProps {
  /** Caption. Default `Actions`. */
  readonly title?: string
  readonly groups: readonly ActionGroup[]
  readonly collapsedIds: ReadonlySet<string>
  readonly onCollapsedChange: (collapsedIds: ReadonlySet<string>) => void
}

interface Flyout {
  readonly command: Command
  readonly at: Box
  readonly byKey: boolean
}

/** The right pane: groups of actions with blue headers. One tab stop; arrows move, Right opens a flyout, Left closes a group. */
export function ActionsPane({ title = 'Actions', groups, collapsedIds, onCollapsedChange }: ActionsPaneProps): ReactNode {
  const root = useRef<HTMLDivElement>(null)
  const [stop, setStop] = useState<string | null>(null)
  const [flyout, setFlyout] = useState<Flyout | null>(null)
  const keys = groups.flatMap((group) => [
    group.id,
    ...(collapsedIds.has(group.id) ? [] : commandsOf(group).map((command) => `${group.id}/${command.id}`)),
  ])
  const stopKey = stop !== null && keys.includes(stop) ? stop : keys[0]
  const ranByKey = useFocusOfGoneRow(root, keys)
  const toggle = (id: string): void => {
    const next = new Set(collapsedIds)
    if (!next.delete(id)) next.add(id)
    onCollapsedChange(next)
  }
  const choose = (command: Command, element: HTMLElement, byKey: boolean): void => {
    if (!isEnabled(command)) return
    ranByKey.current = byKey ? { key: element.dataset.key ?? '', index: keys.indexOf(element.dataset.key ?? '') } : null
    if (command.children === undefined) runCommand(command)
    else setFlyout({ command, at: element.getBoundingClientRect(), byKey })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const index = stopKey === undefined ? -1 : keys.indexOf(stopKey)
    const targets: Readonly<Record<string, number>> = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: keys.length - 1 }
    const wanted = targets[event.key]
    if (wanted === undefined) return
    event.preventDefault()
    const key = keys[Math.max(0, Math.min(keys.length - 1, wanted))]
    root.current?.querySelectorAll<HTMLElement>('[data-key]').forEach((element) => {
      if (element.dataset.key === key) element.focus()
    })
  }
  return (
    <div className={classes.pane}>
      <PaneHeader title={title} plain />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: only listens to the arrow keys of the buttons inside */}
      <div ref={root} className={classes.body} onKeyDown={onKeyDown}>
        {groups.map((group) => {
          const collapsed = collapsedIds.has(group.id)
          return (
            // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
            <div key={group.id} role="group" aria-label={group.title}>
              <button
                type="button"
                className={classes.group}
                data-key={group.id}
                data-active={group.active || undefined}
                tabIndex={stopKey === group.id ? 0 : -1}
                aria-expanded={!collapsed}
                onFocus={() => setStop(group.id)}
                onClick={() => toggle(group.id)}
                onKeyDown={(event) => {
                  if ((event.key === 'ArrowLeft' && !collapsed) || (event.key === 'ArrowRight' && collapsed)) toggle(group.id)
                }}
              >
                <span className={classes.groupTitle}>{group.title}</span>
                <Icon name={collapsed ? 'triangle-down' : 'triangle-up'} size={11} />
              </button>
              {!collapsed &&
                tidySeparators(group.entries).map((entry, index) =>
                  entry === 'separator' ? (
                    // biome-ignore lint/suspicious/noArrayIndexKey: separators have no identity but their place
                    <hr key={`separator-${index}`} className={classes.separator} />
                  ) : (
                    <ActionRow
                      key={entry.id}
                      command={entry}
                      rowKey={`${group.id}/${entry.id}`}
                      stop={stopKey === `${group.id}/${entry.id}`}
                      open={flyout?.command.id === entry.id}
                      onFocus={() => setStop(`${group.id}/${entry.id}`)}
                      onChoose={(element, byKey) => choose(entry, element, byKey)}
                    />
                  ),
                )}
            </div>
          )
        })}
      </div>
      {flyout !== null && (
        <ContextMenu
          entries={flyout.command.children ?? []}
          at={flyout.at}
          placement="side"
          byKey={flyout.byKey}
          label={plainLabel(flyout.command.label)}
          onClose={() => setFlyout(null)}
        />
      )}
    </div>
  )
}

interface RanRow {
  readonly key: string
  /** Place among the pane's rows when it was run. */
  readonly index: number
}

/**
 * An action often does not apply any more once it ran, and its row goes away with the focus. Who works with the keys goes on from the row that took
 * its place; after a click the focus is left to the console, so that keys reach the list again.
 */
function useFocusOfGoneRow(root: RefObject<HTMLElement | null>, keys: readonly string[]): RefObject<RanRow | null> {
  const ran = useRef<RanRow | null>(null)
  useLayoutEffect(() => {
    if (ran.current === null) return
    const { key, index } = ran.current
    if (keys.includes(key)) return
    ran.current = null
    if (document.activeElement !== document.body) return
    const nearest = keys[Math.max(0, Math.min(keys.length - 1, index))]
    root.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(nearest ?? '')}"]`)?.focus()
  })
  return ran
}

function commandsOf(group: ActionGroup): readonly Command[] {
  return group.entries.flatMap((entry) => (entry === 'separator' ? [] : [entry]))
}

interface ActionRowProps {
  readonly command: Command
  readonly rowKey: string
  readonly stop: boolean
  readonly open: boolean
  readonly onFocus: () => void
  readonly onChoose: (element: HTMLElement, byKey: boolean) => void
}

function ActionRow({ command, rowKey, stop, open, onFocus, onChoose }: ActionRowProps): ReactNode {
  const submenu = command.children !== undefined
  const enabled = isEnabled(command)
  return (
    <button
      type="button"
      className={classes.row}
      data-key={rowKey}
      data-menu-owner={submenu ? '' : undefined}
      tabIndex={stop ? 0 : -1}
      aria-disabled={!enabled || undefined}
      aria-pressed={command.checked}
      aria-haspopup={submenu ? 'menu' : undefined}
      aria-expanded={submenu ? open : undefined}
      onFocus={onFocus}
      onClick={(event) => {
        // The second click of a double click comes too early to know that the first one has changed the state.
        if (event.detail <= 1) onChoose(event.currentTarget, event.detail === 0)
      }}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowRight' || !submenu) return
        event.preventDefault()
        onChoose(event.currentTarget, true)
      }}
    >
      <span className={classes.icon}>{command.icon !== undefined && <Icon name={command.icon} dimmed={!enabled} />}</span>
      <span className={classes.label}>{plainLabel(command.label)}</span>
      {submenu && <Icon name="triangle-right" size={11} />}
    </button>
  )
}
