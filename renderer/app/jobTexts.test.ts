import { describe, expect, it } from 'vitest'
import type { JobView } from '../../preload/contract/index.ts'
import { endedJobs, jobText } from './jobTexts.ts'

const job = (id: string, changes: Partial<JobView> = {}): JobView => ({
  id,
  kind: 'start',
  vmId: 'vm',
  status: 'completed',
  percent: 100,
  stepText: '',
  refusal: null,
  checkpointMade: null,
  ...changes,
})
const map = (...jobs: readonly JobView[]): ReadonlyMap<string, JobView> => new Map(jobs.map((each) => [each.id, each]))
const running = (id: string): JobView => job(id, { status: 'running' })

describe('jobText', () => {
  it('tells results, and the reason of a failure', () => {
    expect(jobText(job('1'), 'APP01')).toBe('APP01 was started.')
    expect(jobText(job('1', { kind: 'stop-service', vmId: null }), '')).toBe('The Virtual Machine Management service was stopped.')
    const refusal = { code: 'not-enough-memory', values: { name: 'APP01' } } as const
    expect(jobText(job('1', { status: 'failed', refusal }), 'APP01')).toBe(
      'Not enough memory in the system to start the virtual machine APP01.',
    )
    expect(jobText(running('1'), 'APP01')).toBeNull()
  })
})

describe('endedJobs', () => {
  const nameOf = (vmId: string | null): string => (vmId === null ? '' : 'APP01')

  it('tells of jobs that were running before', () => {
    expect(endedJobs(map(running('1'), running('2')), map(job('1'), running('2')), nameOf)).toBe('APP01 was started.')
  })

  it('is silent about old news', () => {
    expect(endedJobs(map(), map(job('1')), nameOf)).toBe('')
    expect(endedJobs(map(job('1')), map(job('1')), nameOf)).toBe('')
  })

  it('counts many instead of reading them all', () => {
    const ids = ['1', '2', '3', '4', '5']
    expect(endedJobs(map(...ids.map(running)), map(...ids.map((id) => job(id))), nameOf)).toBe(
      'APP01 was started. APP01 was started. APP01 was started. 2 more operations ended.',
    )
  })
})
