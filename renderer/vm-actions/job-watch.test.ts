import { describe, expect, it } from 'vitest'
import type { JobView } from '../../preload/contract/index.ts'
import { watchJobs } from './job-watch.ts'

function job(id: string, status: JobView['status']): JobView {
  return { id, kind: 'start', vmId: 'vm', status, percent: 0, stepText: '', refusal: null, checkpointMade: null }
}

function harness(...ids: string[]) {
  let jobs: ReadonlyMap<string, JobView> = new Map()
  const listeners = new Set<() => void>()
  const timers = new Set<() => void>()
  const told: string[][] = []
  const stop = watchJobs(
    {
      get: () => ({ jobs }),
      subscribe: (listener) => {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    ids,
    (failed) => told.push(failed.map(({ id }) => id)),
    (act) => {
      timers.add(act)
      return () => void timers.delete(act)
    },
  )
  return {
    told,
    stop,
    listeners,
    timers,
    show(...rows: JobView[]) {
      jobs = new Map(rows.map((row) => [row.id, row]))
      for (const listener of [...listeners]) listener()
    },
    passTime() {
      for (const act of [...timers]) {
        timers.delete(act)
        act()
      }
    },
  }
}

describe('watchJobs', () => {
  it('tells of jobs that fail in the same moment at once, and then listens no longer', () => {
    const watch = harness('a', 'b', 'c')
    watch.show(job('a', 'running'), job('b', 'running'), job('c', 'running'))
    watch.show(job('a', 'failed'), job('b', 'running'), job('c', 'completed'))
    watch.show(job('a', 'failed'), job('b', 'failed'), job('c', 'completed'))
    expect(watch.told).toEqual([])
    watch.passTime()
    expect(watch.told).toEqual([['a', 'b']])
    expect(watch.listeners.size).toBe(0)
  })

  it('says nothing of cancelled jobs and of jobs that vanished', () => {
    const watch = harness('a', 'b')
    watch.show(job('a', 'running'), job('b', 'running'))
    watch.show(job('a', 'cancelled'))
    watch.passTime()
    expect(watch.told).toEqual([])
    expect(watch.listeners.size).toBe(0)
  })

  it('waits for a job that has not been shown yet', () => {
    const watch = harness('a')
    watch.show()
    expect(watch.listeners.size).toBe(1)
    watch.show(job('a', 'failed'))
    watch.passTime()
    expect(watch.told).toEqual([['a']])
  })

  it('can be stopped', () => {
    const watch = harness('a')
    watch.show(job('a', 'failed'))
    watch.stop()
    watch.passTime()
    expect(watch.told).toEqual([])
    expect(watch.listeners.size + watch.timers.size).toBe(0)
  })

  it('listens to nothing when no job began', () => {
    expect(harness().listeners.size).toBe(0)
  })
})
