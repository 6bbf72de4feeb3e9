/** A disk job that a wizard has begun: its progress, its end, and breaking it off. */
import { useCallback, useRef, useState } from 'react'
import { type RefusalView, refusalText } from '../../../../preload/contract/index.ts'
import { useLab, useLabState } from '../../../client/lab-context.tsx'
import type { WizardProgress } from '../../../mmc/index.ts'
import { jobEnd } from '../jobEnd.ts'

export type Begun =
  | { readonly ok: true; readonly jobId: string; readonly path: string }
  | { readonly ok: false; readonly refusal: RefusalView }

export type DiskJobEnd = { readonly path: string } | { readonly message: string }

export interface DiskJob {
  readonly progress: WizardProgress | null
  /** Begins, and waits for the end; `failed` is the headline of what could not be done. */
  readonly run: (begin: () => Promise<Begun>, failed: string) => Promise<DiskJobEnd>
  readonly cancel: () => void
}

export function useDiskJob(): DiskJob {
  const lab = useLab()
  const { client } = lab.connection
  const [jobId, setJobId] = useState<string | null>(null)
  const running = useRef<string | null>(null)
  const job = useLabState((state) => (jobId === null ? undefined : state.jobs.get(jobId)))
  const run = useCallback(
    async (begin: () => Promise<Begun>, failed: string): Promise<DiskJobEnd> => {
      const begun = await begin().catch(() => null)
      if (begun === null) return { message: `${failed} The connection to the server was lost.` }
      if (!begun.ok) return { message: `${failed} ${refusalText(begun.refusal).body}` }
      running.current = begun.jobId
      setJobId(begun.jobId)
      const ended = await jobEnd(lab, begun.jobId)
      running.current = null
      if (ended === null || ended.status === 'completed') return { path: begun.path }
      if (ended.status === 'cancelled') return { message: 'The operation was cancelled.' }
      return { message: `${failed} ${ended.refusal ? refusalText(ended.refusal).body : ''}`.trim() }
    },
    [lab],
  )
  const cancel = useCallback(() => {
    // Without a connection nothing can be cancelled; the bar above the console says so.
    if (running.current !== null) client.job.cancel({ jobId: running.current }).catch(() => undefined)
  }, [client])
  const progress = job?.status === 'running' ? { text: job.stepText, percent: job.percent } : null
  return { progress, run, cancel }
}
