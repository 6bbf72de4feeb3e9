import { describe, expect, it } from 'vitest'
import { FIRST_VIEW, fromCustomize, isConsoleView, toCustomize } from './consolePreference.ts'

describe('console view', () => {
  it('goes through the Customize View box and back', () => {
    expect(fromCustomize(FIRST_VIEW, toCustomize(FIRST_VIEW))).toEqual(FIRST_VIEW)
    const changed = fromCustomize(FIRST_VIEW, { ...toCustomize(FIRST_VIEW), actionPane: false, descriptionBar: true })
    expect([changed.layout.actionsVisible, changed.layout.treeVisible, changed.descriptionBar]).toEqual([false, true, true])
  })

  it('refuses damaged preferences', () => {
    expect(isConsoleView(JSON.parse(JSON.stringify(FIRST_VIEW)))).toBe(true)
    const damaged = [null, {}, { ...FIRST_VIEW, layout: { ...FIRST_VIEW.layout, treeWidth: '196' } }, { ...FIRST_VIEW, descriptionBar: 1 }]
    expect(damaged.map(isConsoleView)).toEqual([false, false, false, false])
  })
})
