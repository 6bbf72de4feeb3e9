import { useEffect, useReducer, useRef } from 'react'
import {
  firstRefusal,
  initialWizardState,
  neighbour,
  type PagesFor,
  type WizardAction,
  type WizardButtons,
  type WizardPage,
  type WizardState,
  wizardButtons,
  wizardReducer,
} from './wizardReducer.ts'

export interface WizardController<D> {
  readonly state: WizardState<D>
  readonly pages: readonly WizardPage<D>[]
  readonly page: WizardPage<D>
  readonly buttons: WizardButtons
  readonly change: (part: Partial<D>) => void
  readonly next: () => void
  readonly previous: () => void
  readonly goTo: (pageId: string) => void
  readonly finish: () => void
}

/** Behaviour of a wizard; `onFinish` answers with null when all is done, or with the reason why not. */
export function useWizard<D>(
  initialDraft: D,
  pagesFor: PagesFor<D>,
  onFinish: (draft: D) => Promise<string | null> | string | null,
  onDone: () => void,
  startPageId?: string,
): WizardController<D> {
  const [state, dispatch] = useReducer(
    (present: WizardState<D>, action: WizardAction<D>) => wizardReducer(present, action, pagesFor),
    undefined,
    () => initialWizardState(initialDraft, pagesFor, startPageId),
  )
  const alive = useRef(true)
  useEffect(() => {
    alive.current = true
    return () => {
      alive.current = false
    }
  }, [])
  const pages = pagesFor(state.draft)
  const index = Math.max(
    0,
    pages.findIndex((each) => each.id === state.pageId),
  )
  const page = pages[index]
  if (page === undefined) throw new Error('A wizard needs at least one page.')
  const leaveTo = async (pageId: string): Promise<void> => {
    const target = pages.findIndex((each) => each.id === pageId)
    const refusal = target > index ? await firstRefusal(state.draft, pages.slice(index, target)) : null
    if (!alive.current) return
    dispatch(refusal === null ? { type: 'goTo', pageId } : { type: 'refuse', ...refusal })
  }
  const finish = async (): Promise<void> => {
    const refusal = await firstRefusal(state.draft, pages)
    if (refusal !== null) {
      if (alive.current) dispatch({ type: 'refuse', ...refusal })
      return
    }
    dispatch({ type: 'setBusy', busy: true })
    const message = await onFinish(state.draft)
    if (!alive.current) return
    if (message === null) onDone()
    else dispatch({ type: 'refuse', pageId: state.pageId, message })
  }
  return {
    state,
    pages,
    page,
    buttons: wizardButtons(state, pages),
    change: (part) => dispatch({ type: 'change', part }),
    next: () => void leaveTo(neighbour(pages, index, 1)?.id ?? page.id),
    previous: () => dispatch({ type: 'previous' }),
    goTo: (pageId) => void leaveTo(pageId),
    finish: () => void finish(),
  }
}
