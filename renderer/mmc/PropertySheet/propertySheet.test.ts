import { describe, expect, it } from 'vitest'
import { startHistory, stepHistory, visitPage } from './pageHistory.ts'
import { foldableIds, itemsById, type SheetSection, sheetNodes } from './sheetModel.ts'

const any = (): boolean => true
const present = (history: { readonly pageIds: readonly string[]; readonly index: number } | null) => history?.pageIds[history.index]

describe('page history', () => {
  it('goes back and forward, and forgets what lay ahead after a new visit', () => {
    const three = visitPage(visitPage(startHistory('a'), 'b'), 'c')
    const back = stepHistory(three, -1, any)
    expect(present(back)).toBe('b')
    expect(back === null ? null : present(stepHistory(back, 1, any))).toBe('c')
    expect(back === null ? null : visitPage(back, 'd').pageIds).toEqual(['a', 'b', 'd'])
  })
  it('does not note the same page twice and ends at the ends', () => {
    const one = startHistory('a')
    expect(visitPage(one, 'a')).toBe(one)
    expect(stepHistory(one, -1, any)).toBeNull()
    expect(stepHistory(one, 1, any)).toBeNull()
  })
  it('steps over pages that are gone', () => {
    const three = visitPage(visitPage(startHistory('a'), 'gone'), 'c')
    expect(present(stepHistory(three, -1, (id) => id !== 'gone'))).toBe('a')
  })
})

describe('sheet tree', () => {
  const sections: readonly SheetSection[] = [
    {
      id: 'hardware',
      title: 'Hardware',
      items: [
        { id: 'scsi', icon: 'disk-controller', title: 'SCSI Controller', children: [{ id: 'disk', icon: 'disk', title: 'Hard Drive' }] },
      ],
    },
  ]
  it('finds nested items', () => {
    expect([...itemsById(sections).keys()]).toEqual(['scsi', 'disk'])
  })
  it('folds sections and items with children', () => {
    expect(foldableIds(sheetNodes(sections))).toEqual(['section:hardware', 'scsi'])
  })
})
