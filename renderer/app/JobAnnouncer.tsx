import { type ReactNode, useEffect, useRef } from 'react'
import { useLabState } from '../client/lab-context.tsx'
import { useAnnounce } from '../mmc/index.ts'
import { endedJobs } from './jobTexts.ts'

/** Tells screen readers of jobs that ended; draws nothing. */
export function JobAnnouncer(): ReactNode {
  const announce = useAnnounce()
  const jobs = useLabState((state) => state.jobs)
  const machines = useLabState((state) => state.virtualMachines)
  const before = useRef({ jobs, machines })
  useEffect(() => {
    const known = before.current
    before.current = { jobs, machines }
    if (known.jobs === jobs) return
    // A deleted machine is named by what was known of it before.
    const nameOf = (vmId: string | null): string =>
      vmId === null ? '' : (machines.get(vmId)?.name ?? known.machines.get(vmId)?.name ?? 'The virtual machine')
    const text = endedJobs(known.jobs, jobs, nameOf)
    if (text !== '') announce(text)
  }, [jobs, machines, announce])
  return null
}
