/** Pure state of a wizard: its draft, which pages exist for that draft, where the user is and where he was. */
import type { ReactNode } from 'react'

export interface WizardPageProps<D> {
  readonly draft: D
  /** Changes parts of the draft; the list of pages follows. */
  readonly change: (part: Partial<D>) => void
  /** The message of a refused Next or Finish on this page, already shown by the frame at the page's foot. */
  readonly message: string | null
  /** The wizard is working after Finish: fields should not answer. */
  readonly busy: boolean
  /** Jump to another visited or later page, e.g. from a summary. */
  readonly goTo: (pageId: string) => void
}

export interface WizardPage<D> {
  readonly id: string
  /** Text in the step list. */
  readonly title: string
  /** Headline in the header. Default: `title`. */
  readonly headline?: string
  /** Indented in the step list: a page that depends on an earlier choice. Default false. */
  readonly indented?: boolean
  /** Shown greyed in the step list and passed over, because an earlier choice makes it needless. Default false. */
  readonly disabled?: boolean
  /** Content of the page. */
  readonly render: (props: WizardPageProps<D>) => ReactNode
  /** False greys Next and Finish, e.g. while a name is empty. Default: complete. */
  readonly isComplete?: (draft: D) => boolean
  /** Called when the page is left forwards or the wizard finishes; a text refuses and is shown on the page. */
  readonly validate?: (draft: D) => string | null | Promise<string | null>
}

export interface WizardState<D> {
  readonly draft: D
  readonly pageId: string
  readonly visitedIds: ReadonlySet<string>
  /** Why Next or Finish was refused; null when nothing was. */
  readonly message: string | null
  readonly busy: boolean
}

export type WizardAction<D> =
  | { readonly type: 'change'; readonly part: Partial<D> }
  | { readonly type: 'next' }
  | { readonly type: 'previous' }
  | { readonly type: 'goTo'; readonly pageId: string }
  | { readonly type: 'refuse'; readonly pageId: string; readonly message: string }
  | { readonly type: 'setBusy'; readonly busy: boolean }

/** The pages that exist for a draft, in order; never empty. */
export type PagesFor<D> = (draft: D) => readonly WizardPage<D>[]

export function initialWizardState<D>(draft: D, pagesFor: PagesFor<D>, startPageId?: string): WizardState<D> {
  const pages = pagesFor(draft)
  const first = pages.find((page) => page.id === startPageId) ?? pages[0]
  if (first === undefined) throw new Error('A wizard needs at least one page.')
  return { draft, pageId: first.id, visitedIds: new Set([first.id]), message: null, busy: false }
}

/** The nearest page before (-1) or after (1) a place that is not passed over. */
export function neighbour<D>(pages: readonly WizardPage<D>[], index: number, direction: 1 | -1): WizardPage<D> | undefined {
  for (let at = index + direction; at >= 0 && at < pages.length; at += direction) {
    const page = pages[at]
    if (page?.disabled !== true) return page
  }
  return undefined
}

function visit<D>(state: WizardState<D>, pageId: string | undefined): WizardState<D> {
  if (pageId === undefined || pageId === state.pageId) return state
  return { ...state, pageId, visitedIds: new Set([...state.visitedIds, pageId]), message: null }
}

/** Where to stand when the present page no longer exists: the last page before it that still does. */
function survivor<D>(before: readonly WizardPage<D>[], after: readonly WizardPage<D>[], pageId: string): string {
  const kept = new Set(after.filter((page) => page.disabled !== true).map((page) => page.id))
  if (kept.has(pageId)) return pageId
  const index = before.findIndex((page) => page.id === pageId)
  const previous = before
    .slice(0, Math.max(0, index))
    .reverse()
    .find((page) => kept.has(page.id))
  return previous?.id ?? after[0]?.id ?? pageId
}

/** Next state; the pages are always those of the draft, so that no state can stand on a page that does not exist. */
export function wizardReducer<D>(state: WizardState<D>, action: WizardAction<D>, pagesFor: PagesFor<D>): WizardState<D> {
  if (state.busy && action.type !== 'setBusy' && action.type !== 'refuse') return state
  const pages = pagesFor(state.draft)
  const index = pages.findIndex((page) => page.id === state.pageId)
  switch (action.type) {
    case 'change': {
      const draft = { ...state.draft, ...action.part }
      const after = pagesFor(draft)
      const pageId = survivor(pages, after, state.pageId)
      const kept = new Set(after.map((page) => page.id))
      return { ...state, draft, pageId, visitedIds: new Set([...state.visitedIds].filter((id) => kept.has(id))), message: null }
    }
    case 'next':
      return visit(state, neighbour(pages, index, 1)?.id)
    case 'previous':
      return visit(state, neighbour(pages, index, -1)?.id)
    case 'goTo':
      return visit(state, pages.find((page) => page.id === action.pageId && page.disabled !== true)?.id)
    case 'refuse': {
      const there = pages.some((page) => page.id === action.pageId) ? visit(state, action.pageId) : state
      return { ...there, message: action.message, busy: false }
    }
    case 'setBusy':
      return { ...state, busy: action.busy, message: null }
  }
}

/** Which buttons of the bar answer. */
export interface WizardButtons {
  readonly previous: boolean
  readonly next: boolean
  readonly finish: boolean
  readonly cancel: boolean
}

export function wizardButtons<D>(state: WizardState<D>, pages: readonly WizardPage<D>[]): WizardButtons {
  const index = pages.findIndex((page) => page.id === state.pageId)
  const isComplete = (page: WizardPage<D> | undefined): boolean => page?.disabled === true || (page?.isComplete?.(state.draft) ?? true)
  return {
    previous: !state.busy && neighbour(pages, index, -1) !== undefined,
    next: !state.busy && neighbour(pages, index, 1) !== undefined && isComplete(pages[index]),
    finish: !state.busy && pages.every(isComplete),
    cancel: !state.busy,
  }
}

/**
 * First refusal among pages, asked in order; null when all agree.
 *
 * Next asks the current page alone. Finish, allowed from any page, asks all, so that untouched later pages are checked with their defaults.
 */
export async function firstRefusal<D>(
  draft: D,
  pages: readonly WizardPage<D>[],
): Promise<{ readonly pageId: string; readonly message: string } | null> {
  for (const page of pages) {
    const message = page.disabled === true ? null : ((await page.validate?.(draft)) ?? null)
    if (message !== null) return { pageId: page.id, message }
  }
  return null
}
