import { useEffect, useMemo, useRef } from 'react'
import type { JobView } from '../../preload/contract/index.ts'
import { type JobSource, watchEnds, watchJobs } from './job-watch.ts'

export interface JobWatches {
  /** `onFailed` is told of those that failed. */
  readonly begin: (store: JobSource, jobIds: readonly string[], onFailed: (jobs: readonly JobView[]) => void) => void
  /** `onEnded` is told of all once the last has ended. */
  readonly beginEnded: (store: JobSource, jobIds: readonly string[], onEnded: (jobs: readonly JobView[]) => void) => void
}

/** Watches over jobs that end with the component. */
export function useJobWatches(): JobWatches {
  const shown = useRef(false)
  const stops = useRef(new Set<() => void>())
  useEffect(() => {
    shown.current = true
    const present = stops.current
    return () => {
      shown.current = false
      for (const stop of present) stop()
      present.clear()
    }
  }, [])
  return useMemo(
    () => ({
      begin: (store, jobIds, onFailed) => {
        if (shown.current && jobIds.length > 0) stops.current.add(watchJobs(store, jobIds, onFailed, later))
      },
      beginEnded: (store, jobIds, onEnded) => {
        if (shown.current && jobIds.length > 0) stops.current.add(watchEnds(store, jobIds, onEnded))
      },
    }),
    [],
  )
}

function later(act: () => void, milliseconds: number): () => void {
  const timer = setTimeout(act, milliseconds)
  return () => clearTimeout(timer)
}
