import { describe, expect, it } from 'vitest'
import { availableColumns, type ColumnsAction, type ColumnsState, columnsButtons, columnsReducer } from './columnsModel.ts'

const all = [
  { id: 'name', title: 'Name', fixed: true },
  { id: 'state', title: 'State' },
  { id: 'cpu', title: 'CPU Usage' },
  { id: 'demand', title: 'Memory Demand' },
]
const start: ColumnsState = { displayed: ['name', 'state'], availableId: null, displayedId: 'name' }
const reached = (...actions: readonly ColumnsAction[]): ColumnsState =>
  actions.reduce((state, action) => columnsReducer(all, state, action), start)

describe('Add/Remove Columns', () => {
  it('offers what is not displayed', () => {
    expect(availableColumns(all, start.displayed).map(({ id }) => id)).toEqual(['cpu', 'demand'])
  })
  it('adds below the chosen displayed column and picks the next available one', () => {
    expect(reached({ type: 'pickAvailable', id: 'cpu' }, { type: 'add' })).toEqual({
      displayed: ['name', 'cpu', 'state'],
      displayedId: 'cpu',
      availableId: 'demand',
    })
  })
  it('does not remove a fixed column', () => {
    expect(reached({ type: 'remove' })).toEqual(start)
    expect(columnsButtons(all, start)).toEqual({ add: false, remove: false, moveUp: false, moveDown: true })
  })
  it('removes, moves, and restores', () => {
    expect(reached({ type: 'pickDisplayed', id: 'state' }, { type: 'remove' })).toEqual({
      displayed: ['name'],
      displayedId: 'name',
      availableId: 'state',
    })
    expect(reached({ type: 'moveDown' }).displayed).toEqual(['state', 'name'])
    expect(reached({ type: 'moveUp' })).toEqual(start)
    expect(reached({ type: 'moveDown' }, { type: 'restore', defaults: ['name', 'cpu'] }).displayed).toEqual(['name', 'cpu'])
  })
})
