import { describe, expect, it } from 'vitest'
import {
  firstRefusal,
  initialWizardState,
  type WizardAction,
  type WizardPage,
  type WizardState,
  wizardButtons,
  wizardReducer,
} from './wizardReducer.ts'

interface Draft {
  readonly name: string
  readonly extra: boolean
  readonly skip: boolean
}

const page = (id: string, more: Partial<WizardPage<Draft>> = {}): WizardPage<Draft> => ({ id, title: id, render: () => null, ...more })
const pagesFor = (draft: Draft): readonly WizardPage<Draft>[] => [
  page('start'),
  page('name', { isComplete: ({ name }) => name !== '', validate: ({ name }) => (name === 'bad' ? 'Not this name.' : null) }),
  ...(draft.extra ? [page('extra', { validate: async () => 'Extra refuses.' })] : []),
  page('install', { disabled: draft.skip, validate: () => (draft.skip ? 'Never asked.' : null) }),
  page('summary'),
]
const first: Draft = { name: 'x', extra: true, skip: false }
const reached = (draft: Draft, ...actions: readonly WizardAction<Draft>[]): WizardState<Draft> =>
  actions.reduce((state, action) => wizardReducer(state, action, pagesFor), initialWizardState(draft, pagesFor))
const next: WizardAction<Draft> = { type: 'next' }

describe('wizardReducer', () => {
  it('walks forwards and backwards and remembers where it was', () => {
    const state = reached(first, next, next, { type: 'previous' })
    expect([state.pageId, [...state.visitedIds]]).toEqual(['name', ['start', 'name', 'extra']])
  })
  it('stays at the ends', () => {
    expect(reached(first, { type: 'previous' }).pageId).toBe('start')
    expect(reached(first, next, next, next, next, next).pageId).toBe('summary')
  })
  it('goes back to the page before when the present one no longer exists', () => {
    const state = reached(first, next, next, { type: 'change', part: { extra: false } })
    expect([state.pageId, [...state.visitedIds]]).toEqual(['name', ['start', 'name']])
  })
  it('passes over skipped pages and never stands on one', () => {
    const draft = { ...first, extra: false, skip: true }
    expect(reached(draft, next, next).pageId).toBe('summary')
    expect(reached(draft, next, next, { type: 'previous' }).pageId).toBe('name')
    expect(reached(draft, { type: 'goTo', pageId: 'install' }).pageId).toBe('start')
    expect(reached({ ...first, extra: false }, next, next, { type: 'change', part: { skip: true } }).pageId).toBe('name')
  })
  it('shows a refusal on its page until something changes', () => {
    const refused = reached(first, next, { type: 'refuse', pageId: 'extra', message: 'No.' })
    expect([refused.pageId, refused.message]).toEqual(['extra', 'No.'])
    expect(wizardReducer(refused, { type: 'change', part: { name: 'y' } }, pagesFor).message).toBeNull()
  })
  it('answers nothing while busy, until it is refused or done', () => {
    const busy = reached(first, next, { type: 'setBusy', busy: true })
    expect(wizardReducer(busy, next, pagesFor)).toBe(busy)
    expect(wizardReducer(busy, { type: 'refuse', pageId: 'name', message: 'No.' }, pagesFor)).toMatchObject({ busy: false, message: 'No.' })
  })
  it('starts where asked', () => {
    expect(initialWizardState(first, pagesFor, 'summary').pageId).toBe('summary')
    expect(initialWizardState(first, pagesFor, 'unknown').pageId).toBe('start')
    expect(() => initialWizardState(first, () => [])).toThrow('at least one page')
  })
})

describe('wizardButtons', () => {
  const buttons = (state: WizardState<Draft>) => wizardButtons(state, pagesFor(state.draft))
  it('allows Finish from any page', () => {
    expect(buttons(reached(first))).toEqual({ previous: false, next: true, finish: true, cancel: true })
    expect(buttons(reached(first, next, next, next, next))).toEqual({ previous: true, next: false, finish: true, cancel: true })
  })
  it('greys Next and Finish while a page is incomplete', () => {
    expect(buttons(reached({ ...first, name: '' }, next))).toEqual({ previous: true, next: false, finish: false, cancel: true })
  })
  it('greys all while busy', () => {
    expect(buttons(reached(first, { type: 'setBusy', busy: true }))).toEqual({ previous: false, next: false, finish: false, cancel: false })
  })
})

describe('firstRefusal', () => {
  it('asks in order, waits for answers, and leaves skipped pages out', async () => {
    expect(await firstRefusal({ ...first, name: 'bad' }, pagesFor(first))).toEqual({ pageId: 'name', message: 'Not this name.' })
    expect(await firstRefusal(first, pagesFor(first))).toEqual({ pageId: 'extra', message: 'Extra refuses.' })
    const quiet = { name: 'x', extra: false, skip: true }
    expect(await firstRefusal(quiet, pagesFor(quiet))).toBeNull()
  })
})
