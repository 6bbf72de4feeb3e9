/** A remembered value as component state: read once, shown at once, written a moment after the last change. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { useLab } from './lab-context.tsx'
import { readJson } from './preferences.ts'

/** Wait after the last change before a value is written: a dragged splitter changes it with every pixel. */
const WRITE_AFTER_MILLISECONDS = 300

/** The value of a JSON preference and its setter; a damaged or missing one is `fallback`. `check` and `fallback` count in the first render. */
export function useJsonPreference<T>(key: string, check: (value: unknown) => value is T, fallback: T): readonly [T, (value: T) => void] {
  const { preferences } = useLab()
  const [value, setValue] = useState(() => readJson(preferences, key, check, fallback))
  const pending = useRef<{ readonly timer: ReturnType<typeof setTimeout>; readonly write: () => void } | null>(null)
  const flush = useCallback(() => {
    if (pending.current === null) return
    clearTimeout(pending.current.timer)
    pending.current.write()
    pending.current = null
  }, [])
  useEffect(() => {
    window.addEventListener('pagehide', flush)
    return () => {
      window.removeEventListener('pagehide', flush)
      flush()
    }
  }, [flush])
  const set = useCallback(
    (next: T) => {
      setValue(next)
      if (pending.current !== null) clearTimeout(pending.current.timer)
      const write = (): void => preferences.set(key, JSON.stringify(next))
      pending.current = { write, timer: setTimeout(flush, WRITE_AFTER_MILLISECONDS) }
    },
    [preferences, key, flush],
  )
  return [value, set]
}
