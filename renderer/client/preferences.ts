/**
 * Remembered choices of the console user: columns, widths, pane sizes, check boxes "Please don't ask me again".
 *
 * They are read once at the page's start and written as they change; they live in the lab, so that both shells and all windows share them.
 */
import type { Connection } from './connection.ts'

export interface Preferences {
  /** The remembered text, or undefined. The value of a JSON preference is read with `readJson`. */
  get(key: string): string | undefined
  /** null forgets the choice. */
  set(key: string, value: string | null): void
  subscribe(listener: () => void): () => void
}

export async function openPreferences(connection: Connection): Promise<Preferences> {
  const values = new Map(Object.entries(await connection.client.preference.all()))
  const listeners = new Set<() => void>()
  return {
    get: (key) => values.get(key),
    set(key, value) {
      if (value === (values.get(key) ?? null)) return
      if (value === null) values.delete(key)
      else values.set(key, value)
      for (const listener of [...listeners]) listener()
      // A choice that cannot be written is kept for this window; the connection reports its own loss.
      connection.client.preference.set({ key, value }).catch(() => undefined)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** The remembered JSON value that `check` accepts; `fallback` when there is none or it is damaged. */
export function readJson<T>(preferences: Preferences, key: string, check: (value: unknown) => value is T, fallback: T): T {
  const text = preferences.get(key)
  if (text === undefined) return fallback
  try {
    const value: unknown = JSON.parse(text)
    return check(value) ? value : fallback
  } catch {
    return fallback
  }
}
