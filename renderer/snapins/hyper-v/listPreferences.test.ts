import { describe, expect, it } from 'vitest'
import type { ListColumn } from '../../mmc/index.ts'
import { isRememberedList, restoreList, withDisplayed } from './listPreferences.ts'

const column = (id: string, width: number): ListColumn<string> => ({ id, header: id, width, text: (row) => row })
const columns = [column('name', 170), column('state', 92), column('cpu', 82)]
const restore = (remembered: Parameters<typeof restoreList>[3]) => restoreList(columns, ['name', 'state'], 'name', remembered)

describe('isRememberedList', () => {
  it('accepts what the list writes', () => {
    expect(isRememberedList({ columns: [{ id: 'name', width: 100 }], sort: null })).toBe(true)
    expect(isRememberedList({ columns: [], sort: { columnId: 'name', direction: 'descending' } })).toBe(true)
  })

  it('refuses damaged values', () => {
    const damaged = [
      null,
      3,
      {},
      { columns: {} },
      { columns: [{ id: 'a' }], sort: null },
      { columns: [], sort: { columnId: 'a', direction: 'up' } },
    ]
    expect(damaged.map(isRememberedList)).toEqual(damaged.map(() => false))
    expect(isRememberedList({ columns: [{ id: 'a', width: Number.NaN }], sort: null })).toBe(false)
  })
})

describe('restoreList', () => {
  it('starts with the default columns, sorted by name', () => {
    const state = restore(null)
    expect(state.columns).toEqual([
      { id: 'name', width: 170 },
      { id: 'state', width: 92 },
    ])
    expect(state.sort).toEqual({ columnId: 'name', direction: 'ascending' })
  })

  it('takes order, widths and sort over', () => {
    const remembered = {
      columns: [
        { id: 'cpu', width: 60 },
        { id: 'name', width: 222.4 },
      ],
      sort: { columnId: 'cpu', direction: 'descending' as const },
    }
    const state = restore(remembered)
    expect(state.columns).toEqual([
      { id: 'cpu', width: 60 },
      { id: 'name', width: 222 },
    ])
    expect(state.sort).toEqual(remembered.sort)
  })

  it('leaves out unknown and repeated columns and unknown sorts, and bounds widths', () => {
    const state = restore({
      columns: [
        { id: 'name', width: 1e9 },
        { id: 'gone', width: 50 },
        { id: 'name', width: 10 },
        { id: 'state', width: -4 },
      ],
      sort: { columnId: 'gone', direction: 'ascending' },
    })
    expect(state.columns).toEqual([
      { id: 'name', width: 4000 },
      { id: 'state', width: 24 },
    ])
    expect(state.sort).toEqual({ columnId: 'name', direction: 'ascending' })
  })

  it('falls back to the defaults when the name is missing', () => {
    expect(restore({ columns: [{ id: 'cpu', width: 60 }], sort: null })).toEqual(restore(null))
  })
})

describe('withDisplayed', () => {
  it('keeps widths of columns that stay', () => {
    expect(withDisplayed(columns, [{ id: 'name', width: 300 }], ['cpu', 'name', 'gone'])).toEqual([
      { id: 'cpu', width: 82 },
      { id: 'name', width: 300 },
    ])
  })
})
