import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue, type PendingEventRow } from './events.ts'
import { hashText, Random, randomBits } from './random.ts'
import { type ChangeLog, Table } from './table.ts'

function eventTable(): Table<PendingEventRow> {
  const changed = new Set<string>()
  return new Table<PendingEventRow>('pending_event', () => changed)
}

describe('event queue', () => {
  it('gives events by due tick, equal ticks in the order in which they were scheduled, without the cancelled ones', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ due: fc.integer({ min: 0, max: 20 }), cancel: fc.boolean() }), { maxLength: 80 }), (plan) => {
        const queue = new EventQueue(eventTable())
        const ids = plan.map(({ due }, index) => queue.schedule('test.x', due, `t${index}`, index))
        plan.forEach(({ cancel }, index) => {
          if (cancel) expect(queue.cancel(ids[index] ?? '')).toBe(true)
        })
        const expected = plan
          .map(({ due, cancel }, index) => ({ due, cancel, index }))
          .filter(({ cancel }) => !cancel)
          .sort((a, b) => a.due - b.due || a.index - b.index)
          .map(({ index }) => index)
        const taken: number[] = []
        for (let event = queue.take(100); event; event = queue.take(100)) taken.push(event.argument)
        expect(taken).toEqual(expected)
        expect(queue.nextDue()).toBeUndefined()
      }),
    )
  })

  it('is rebuilt from its rows and never gives a number twice', () => {
    const table = eventTable()
    const queue = new EventQueue(table)
    queue.schedule('test.a', 5, 'x')
    const gone = queue.schedule('test.b', 1, 'x')
    queue.cancel(gone)
    const again = new EventQueue(table)
    again.reserveSequence(queue.nextSequence)
    expect(again.nextDue()).toBe(5)
    expect(again.schedule('test.c', 9, 'x')).toBe('3')
  })

  it('takes nothing before it is due', () => {
    const queue = new EventQueue(eventTable())
    queue.schedule('test.a', 10, 'x')
    expect(queue.take(9)).toBeUndefined()
    expect(queue.take(10)?.kind).toBe('test.a')
  })

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses an event due at %s', (due) => {
    expect(() => new EventQueue(eventTable()).schedule('test.a', due, 'x')).toThrow('invariant')
  })
})

describe('random streams', () => {
  const positions = () => {
    const taken = new Map<string, number>()
    return {
      take(stream: string) {
        const position = taken.get(stream) ?? 0
        taken.set(stream, position + 1)
        return position
      },
    }
  }

  it('do not move one another', () => {
    const alone = new Random(7, positions())
    const mixed = new Random(7, positions())
    const first = [alone.bits('a'), alone.bits('a'), alone.bits('a')]
    const second = [mixed.bits('a'), mixed.bits('b'), mixed.bits('a'), mixed.bits('c'), mixed.bits('a')]
    expect([second[0], second[2], second[4]]).toEqual(first)
  })

  // These values are part of every lab that exists: they may never change.
  it('mean the same for ever', () => {
    const random = new Random(7, positions())
    expect([randomBits(7, hashText('a'), 0), randomBits(7, hashText('a'), 1), randomBits(8, hashText('a'), 0)]).toMatchInlineSnapshot(`
      [
        3191789056,
        1184731611,
        3718376857,
      ]
    `)
    expect(random.guid('g')).toMatchInlineSnapshot(`"6A2D42CB-AD5A-4559-B2CB-0EA7700B7A01"`)
  })

  it('are even: each of 64 bins of 64,000 values holds 1,000 ± 15 %', () => {
    const bins = new Array<number>(64).fill(0)
    for (let i = 0; i < 64_000; i++) {
      const bin = randomBits(1, hashText('even'), i) >>> 26
      bins[bin] = (bins[bin] ?? 0) + 1
    }
    for (const count of bins) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })

  it('stay between their bounds', () => {
    const random = new Random(1, positions())
    const seen = new Set<number>()
    for (let i = 0; i < 500; i++) seen.add(random.between('s', 3, 6))
    expect([...seen].sort()).toEqual([3, 4, 5, 6])
  })
})

describe('tables', () => {
  it('tell what changed and keep their indexes', () => {
    const log: ChangeLog = new Map()
    const changed = new Set<string>()
    log.set('t', changed)
    const table = new Table<{ id: string; group: string }>('t', () => changed)
    const byGroup = table.index((row) => row.group)
    table.put({ id: '1', group: 'a' })
    table.put({ id: '2', group: 'a' })
    table.patch('1', { group: 'b' })
    table.delete('2')
    expect([...changed]).toEqual(['1', '2'])
    expect([byGroup.count('a'), byGroup.of('b').map((row) => row.id)]).toEqual([0, ['1']])
    expect(() => table.patch('2', { group: 'c' })).toThrow('no row 2')
  })
})
