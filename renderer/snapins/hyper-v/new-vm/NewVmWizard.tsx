/** The New Virtual Machine Wizard: makes a virtual machine on a host, page by page or at once with the defaults. */
import { type ReactNode, useCallback, useMemo, useRef, useState } from 'react'
import { type HostView, refusalText } from '../../../../preload/contract/index.ts'
import type { Client } from '../../../client/connection.ts'
import { type LabContextValue, useLab, useLabState, usePreference } from '../../../client/lab-context.tsx'
import { Wizard, type WizardProgress } from '../../../mmc/index.ts'
import { jobEnd } from '../jobEnd.ts'
import { type Draft, initialDraft, newVmOf } from './draft.ts'
import { pagesFor } from './pages.tsx'

export interface NewVmWizardProps {
  readonly host: HostView
  readonly onClose: () => void
}

/** Preference of the check box on the first page. */
const SKIP_FIRST_PAGE = 'wizard.new-vm.skip-first-page'

export function NewVmWizard({ host, onClose }: NewVmWizardProps): ReactNode {
  const lab = useLab()
  const { client } = lab.connection
  const [skip] = usePreference(SKIP_FIRST_PAGE)
  const [jobId, setJobId] = useState<string | null>(null)
  const running = useRef<string | null>(null)
  const job = useLabState((state) => (jobId === null ? undefined : state.jobs.get(jobId)))
  const first = useMemo(() => initialDraft(host), [host])
  const pages = useMemo(() => pagesFor({ client, hostId: host.id, skipPreference: SKIP_FIRST_PAGE }), [client, host.id])
  const finish = useCallback(
    (draft: Draft) =>
      createAndWait(lab, client, draft, (id) => {
        running.current = id
        setJobId(id)
      }),
    [lab, client],
  )
  const cancelWork = useCallback(() => {
    // Without a connection nothing can be cancelled; the bar above the console says so.
    if (running.current !== null) client.job.cancel({ jobId: running.current }).catch(() => undefined)
  }, [client])
  const progress: WizardProgress | null = job?.status === 'running' ? { text: job.stepText, percent: job.percent } : null
  return (
    <Wizard
      title="New Virtual Machine Wizard"
      icon="vm-running"
      initialDraft={first}
      pagesFor={pages}
      startPageId={skip === 'true' ? 'name' : 'begin'}
      onFinish={finish}
      progress={progress}
      onCancelWork={cancelWork}
      onClose={onClose}
    />
  )
}

/** Hands the choices over and waits until the job has ended; a text says why nothing was made. */
async function createAndWait(lab: LabContextValue, client: Client, draft: Draft, started: (jobId: string) => void): Promise<string | null> {
  let made: Awaited<ReturnType<Client['vm']['create']>>
  try {
    made = await client.vm.create(newVmOf(draft))
  } catch {
    return `The server encountered an error while creating ${draft.name.trim()}. The connection to the server was lost.`
  }
  if (!made.ok) return `The server encountered an error while creating ${draft.name.trim()}. ${refusalText(made.refusal).body}`
  started(made.jobId)
  const job = await jobEnd(lab, made.jobId)
  if (job === null || job.status === 'completed') return null
  if (job.status === 'cancelled') return 'The virtual machine was not created because the operation was cancelled.'
  return `The server encountered an error while creating ${draft.name.trim()}. ${job.refusal ? refusalText(job.refusal).body : ''}`.trim()
}
