import { useCallback, useLayoutEffect, useRef } from 'react'

/** A function that never changes its identity and always does what the newest render's one does; for event handlers of memoised parts. */
export function useStable<Args extends readonly unknown[], Result>(handler: (...args: Args) => Result): (...args: Args) => Result {
  const latest = useRef(handler)
  useLayoutEffect(() => {
    latest.current = handler
  })
  return useCallback((...args: Args) => latest.current(...args), [])
}
