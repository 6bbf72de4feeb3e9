/** A remembered value as component state: read once, shown at once, written at once unless it changes many times in a row. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { useLab } from './lab-context.tsx'
import { readJson } from './preferences.ts'

/** Least time between two writes: a dragged splitter changes its value with every pixel. A single change must not wait, the window may close. */
const WRITE_EVERY_MILLISECONDS = 100

/** The value of a JSON preference and its setter; a damaged or missing one is `fallback`. `check` and `fallback` count in the first render. */
export function useJsonPreference<T>(key: string, check: (value: unknown) => value is T, fallback: T): readonly [T, (value: T) => void] {
  const { preferences } = useLab()
  const [value, setValue] = useState(() => readJson(preferences, key, check, fallback))
  const pending = useRef<{ readonly timer: ReturnType<typeof setTimeout>; readonly write: () => void } | null>(null)
  const writtenMs = useRef(Number.NEGATIVE_INFINITY)
  const flush = useCallback(() => {
    if (pending.current === null) return
    clearTimeout(pending.current.timer)
    pending.current.write()
    pending.current = null
    writtenMs.current = performance.now()
  }, [])
  useEffect(() => {
    // A window that is taken off the screen may be on its way out.
    const hidden = (): void => {
      if (document.visibilityState === 'hidden') flush()
    }
    window.addEventListener('pagehide', flush)
    document.addEventListener('visibilitychange', hidden)
    return () => {
      window.removeEventListener('pagehide', flush)
      document.removeEventListener('visibilitychange', hidden)
      flush()
    }
  }, [flush])
  const set = useCallback(
    (next: T) => {
      setValue(next)
      if (pending.current !== null) clearTimeout(pending.current.timer)
      const write = (): void => preferences.set(key, JSON.stringify(next))
      const waitMs = Math.max(0, writtenMs.current + WRITE_EVERY_MILLISECONDS - performance.now())
      pending.current = { write, timer: setTimeout(flush, waitMs) }
      if (waitMs === 0) flush()
    },
    [preferences, key, flush],
  )
  return [value, set]
}
