/** The one definition of commands that menu bar, context menu, Actions pane, toolbar and keyboard share. */
import type { IconName } from '../../theme/icons/Icon.tsx'

export interface Command {
  /** Unique among the commands shown together; also the key of the entry. */
  readonly id: string
  /** Text with `&` before the access key, e.g. `&Turn Off...`; `&&` is a plain ampersand. */
  readonly label: string
  readonly icon?: IconName | undefined
  /** Greyed and without effect when false. Default true. Entries that do not apply at all are left out by the giver. */
  readonly enabled?: boolean | undefined
  /** Defined = the entry is a toggle, shown with a check mark (menus) or pressed (toolbar). */
  readonly checked?: boolean | undefined
  /** Key as shown at the right of a menu entry, e.g. `Ctrl+Alt+End`, `F5`, `Del`; also matched by the keyboard. */
  readonly shortcut?: string | undefined
  /** Shown in bold in context menus: what a double click does. Default false. */
  readonly isDefault?: boolean | undefined
  /** What it does. Submenus need none. */
  readonly run?: (() => void) | undefined
  /** Entries of a submenu (flyout in the Actions pane). */
  readonly children?: readonly MenuEntry[] | undefined
}

export type MenuEntry = Command | 'separator'

/** A menu of the menu bar. */
export interface MenuDefinition {
  readonly id: string
  /** Text with `&` before the access key. */
  readonly label: string
  readonly entries: readonly MenuEntry[]
}

/** A label taken apart. */
export interface ParsedLabel {
  /** The text without markers. */
  readonly text: string
  /** Index of the underlined character in `text`, or -1. */
  readonly accessIndex: number
  /** The access key in lower case, or null. */
  readonly accessKey: string | null
}

/** Takes `&` markers out of a label; the first single `&` before a character marks the access key. */
export function parseLabel(label: string): ParsedLabel {
  let text = ''
  let accessIndex = -1
  for (let index = 0; index < label.length; index += 1) {
    const character = label.charAt(index)
    if (character !== '&') {
      text += character
      continue
    }
    const next = label.charAt(index + 1)
    if (next === '&') {
      text += '&'
      index += 1
    } else if (next !== '' && accessIndex < 0) accessIndex = text.length
  }
  return { text, accessIndex, accessKey: accessIndex < 0 ? null : text.charAt(accessIndex).toLowerCase() }
}

/** The label as plain text, for accessible names and tooltips. */
export function plainLabel(label: string): string {
  return parseLabel(label).text
}

export function isEnabled(command: Command): boolean {
  return command.enabled !== false
}

/** Runs an enabled command without children; returns whether it ran. */
export function runCommand(command: Command): boolean {
  if (!isEnabled(command) || command.children !== undefined || command.run === undefined) return false
  command.run()
  return true
}

/** All commands of a list of entries, submenus included, in the order shown. */
export function flattenCommands(entries: readonly MenuEntry[]): readonly Command[] {
  return entries.flatMap((entry) =>
    entry === 'separator' ? [] : entry.children === undefined ? [entry] : [entry, ...flattenCommands(entry.children)],
  )
}

/** Drops separators at the ends and repeated ones, so that callers may leave out entries freely. */
export function tidySeparators(entries: readonly MenuEntry[]): readonly MenuEntry[] {
  const kept: MenuEntry[] = []
  for (const entry of entries) if (entry !== 'separator' || (kept.length > 0 && kept[kept.length - 1] !== 'separator')) kept.push(entry)
  if (kept[kept.length - 1] === 'separator') kept.pop()
  return kept
}
