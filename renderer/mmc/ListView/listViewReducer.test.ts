import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { initialListViewState, listViewReducer } from './listViewReducer.ts'
import type { ListColumn, ListMove, ListViewAction, ListViewState } from './listViewTypes.ts'

const columns: readonly ListColumn<string>[] = ['name', 'state', 'cpu'].map((id) => ({ id, header: id, width: 100, text: (row) => row }))
const ids = ['a', 'b', 'c', 'd', 'e']
const start = initialListViewState(columns, { columnId: 'name', direction: 'ascending' })
const reached = (...actions: readonly ListViewAction[]): ListViewState => actions.reduce(listViewReducer, start)
const press = (id: string, keys: { readonly ctrl?: boolean; readonly shift?: boolean } = {}): ListViewAction => ({
  type: 'press',
  id,
  ctrl: keys.ctrl ?? false,
  shift: keys.shift ?? false,
  ids,
})
const move = (to: ListMove, keys: { readonly ctrl?: boolean; readonly shift?: boolean } = {}): ListViewAction => ({
  type: 'move',
  move: to,
  ctrl: keys.ctrl ?? false,
  shift: keys.shift ?? false,
  pageSize: 3,
  ids,
})
const shown = (state: ListViewState) => ({ selected: [...state.selectedIds].sort(), focused: state.focusedId, anchor: state.anchorId })

describe('selection', () => {
  it('a click selects one row', () => {
    expect(shown(reached(press('b'), press('d')))).toEqual({ selected: ['d'], focused: 'd', anchor: 'd' })
  })
  it('Ctrl+click toggles', () => {
    expect(shown(reached(press('b'), press('d', { ctrl: true }), press('b', { ctrl: true })))).toEqual({
      selected: ['d'],
      focused: 'b',
      anchor: 'b',
    })
  })
  it('Shift+click extends from the anchor, again and again', () => {
    expect(shown(reached(press('c'), press('e', { shift: true }), press('a', { shift: true })))).toEqual({
      selected: ['a', 'b', 'c'],
      focused: 'a',
      anchor: 'c',
    })
  })
  it('Ctrl+Shift+click adds a span', () => {
    const state = reached(press('a'), press('c', { ctrl: true }), press('e', { ctrl: true, shift: true }))
    expect(shown(state).selected).toEqual(['a', 'c', 'd', 'e'])
  })
  it('the right button keeps a selection that holds the row', () => {
    const two = reached(press('a'), press('b', { ctrl: true }))
    expect(shown(listViewReducer(two, { type: 'pressForMenu', id: 'a' })).selected).toEqual(['a', 'b'])
    expect(shown(listViewReducer(two, { type: 'pressForMenu', id: 'e' })).selected).toEqual(['e'])
  })
  it('arrows move, Shift extends, Ctrl moves the focus alone, Ctrl+Space toggles', () => {
    expect(shown(reached(press('b'), move('down')))).toEqual({ selected: ['c'], focused: 'c', anchor: 'c' })
    expect(shown(reached(press('b'), move('down', { shift: true }), move('down', { shift: true }))).selected).toEqual(['b', 'c', 'd'])
    const moved = reached(press('b'), move('end', { ctrl: true }))
    expect(shown(moved)).toEqual({ selected: ['b'], focused: 'e', anchor: 'b' })
    expect(shown(listViewReducer(moved, { type: 'toggleFocused' }))).toEqual({ selected: ['b', 'e'], focused: 'e', anchor: 'e' })
  })
  it('stops at the ends and pages', () => {
    expect(reached(press('a'), move('up')).focusedId).toBe('a')
    expect(reached(press('a'), move('pageDown')).focusedId).toBe('d')
    expect(reached(press('a'), move('pageDown'), move('pageDown')).focusedId).toBe('e')
    expect(reached(move('down')).focusedId).toBe('a')
  })
  it('does nothing in an empty list', () => {
    const action: ListViewAction = { type: 'move', move: 'down', ctrl: false, shift: false, pageSize: 1, ids: [] }
    expect(listViewReducer(start, action)).toBe(start)
  })
  it('forgets rows that went and keeps its identity when none did', () => {
    const state = reached(press('a'), press('b', { ctrl: true }))
    expect(listViewReducer(state, { type: 'retain', ids: new Set(ids) })).toBe(state)
    expect(shown(listViewReducer(state, { type: 'retain', ids: new Set(['a']) }))).toEqual({ selected: ['a'], focused: null, anchor: null })
  })
  it('never selects or focuses what is not in the list', () => {
    const anyAction = fc.oneof(
      fc
        .record({ id: fc.constantFrom(...ids), ctrl: fc.boolean(), shift: fc.boolean() })
        .map(({ id, ctrl, shift }) => press(id, { ctrl, shift })),
      fc
        .record({
          to: fc.constantFrom<ListMove>('up', 'down', 'home', 'end', 'pageUp', 'pageDown'),
          ctrl: fc.boolean(),
          shift: fc.boolean(),
        })
        .map(({ to, ctrl, shift }) => move(to, { ctrl, shift })),
      fc.constant<ListViewAction>({ type: 'toggleFocused' }),
      fc.constant<ListViewAction>({ type: 'selectAll', ids }),
      fc.subarray(ids).map((kept): ListViewAction => ({ type: 'retain', ids: new Set(kept) })),
    )
    fc.assert(
      fc.property(fc.array(anyAction, { maxLength: 30 }), fc.subarray(ids), (actions, kept) => {
        const state = listViewReducer(reached(...actions), { type: 'retain', ids: new Set(kept) })
        const all = [...state.selectedIds, ...(state.focusedId === null ? [] : [state.focusedId])]
        expect(all.filter((id) => !kept.includes(id))).toEqual([])
      }),
    )
  })
})

describe('sort and columns', () => {
  it('sorts ascending first, then the other way', () => {
    const once = reached({ type: 'sortBy', columnId: 'cpu' })
    expect(once.sort).toEqual({ columnId: 'cpu', direction: 'ascending' })
    expect(listViewReducer(once, { type: 'sortBy', columnId: 'cpu' }).sort).toEqual({ columnId: 'cpu', direction: 'descending' })
    expect(reached({ type: 'sortBy', columnId: 'name' }).sort?.direction).toBe('descending')
  })
  it('keeps the least width', () => {
    expect(reached({ type: 'resizeColumn', columnId: 'state', width: 3, minWidth: 24 }).columns).toEqual([
      { id: 'name', width: 100 },
      { id: 'state', width: 24 },
      { id: 'cpu', width: 100 },
    ])
  })
  it.each([
    ['name', 3, 'state cpu name'],
    ['name', 2, 'state name cpu'],
    ['name', 1, 'name state cpu'],
    ['cpu', 0, 'cpu name state'],
    ['nothing', 0, 'name state cpu'],
  ])('moves %s to gap %i', (columnId, toIndex, order) => {
    const state = reached({ type: 'moveColumn', columnId, toIndex })
    expect(state.columns.map(({ id }) => id).join(' ')).toBe(order)
  })
  it('starts with the wanted columns in the wanted order', () => {
    expect(initialListViewState(columns, null, ['cpu', 'name', 'unknown']).columns.map(({ id }) => id)).toEqual(['cpu', 'name'])
  })
})
