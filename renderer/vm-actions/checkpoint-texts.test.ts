import { describe, expect, it } from 'vitest'
import type { JobView } from '../../preload/contract/index.ts'
import { applyBox, deleteBox, madeBox } from './checkpoint-texts.ts'
import { watchEnds } from './job-watch.ts'
import { promptBox } from './prompts.ts'

const keysOf = (buttons: readonly { readonly label: string }[]): readonly string[] =>
  buttons.map(({ label }) => label.charAt(label.indexOf('&') + 1).toLowerCase())

describe('questions about checkpoints', () => {
  it.each(['Checkpoint', 'Snapshot'] as const)('say %s throughout, with different access keys and the safe default', (word) => {
    const other = word === 'Checkpoint' ? /snapshot/i : /checkpoint/i
    for (const box of [applyBox(word), deleteBox(word, false), deleteBox(word, true), promptBox('revert', 1, word)]) {
      expect(`${box.title} ${box.headline} ${box.buttons.map(({ label }) => label).join()}`).not.toMatch(other)
      expect(new Set(keysOf(box.buttons)).size).toBe(box.buttons.length)
      expect(['cancel', 'do-not']).toContain(box.defaultButton)
      expect(box.verification).toBe("Please don't ask me again")
    }
  })

  it('tell what kind was made', () => {
    expect(madeBox('production')).toMatchObject({
      headline: 'Production checkpoint created.',
      verification: "Please don't show me this again",
    })
    expect(madeBox('standard').headline).toBe('Standard checkpoint created.')
  })
})

describe('watchEnds', () => {
  it('waits for the last of the jobs, also for those not shown yet, and then listens no longer', () => {
    const job = (id: string, status: JobView['status'], checkpointMade: JobView['checkpointMade'] = null): JobView => {
      return { id, kind: 'checkpoint', vmId: 'vm', status, percent: 0, stepText: '', refusal: null, checkpointMade }
    }
    let jobs: ReadonlyMap<string, JobView> = new Map([['a', job('a', 'running')]])
    const listeners = new Set<() => void>()
    const told: string[][] = []
    const source = {
      get: () => ({ jobs }),
      subscribe: (listener: () => void) => {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    }
    watchEnds(source, ['a', 'b'], (ended) => told.push(ended.map(({ id, checkpointMade }) => `${id} ${checkpointMade}`)))
    const show = (...rows: readonly JobView[]): void => {
      jobs = new Map(rows.map((row) => [row.id, row]))
      for (const listener of [...listeners]) listener()
    }
    show(job('a', 'completed', 'production'))
    expect(told).toEqual([])
    show(job('a', 'completed', 'production'), job('b', 'running'))
    show(job('b', 'failed'))
    expect([told, listeners.size]).toEqual([[['a production', 'b null']], 0])
  })
})
