/** Where the console tree's selection has been, for the Back and Forward buttons. */

export interface SelectionHistory {
  readonly past: readonly string[]
  readonly present: string | null
  readonly future: readonly string[]
}

export const EMPTY_HISTORY: SelectionHistory = { past: [], present: null, future: [] }

/** Steps that are remembered. */
const STEPS_MAX = 50

export type HistoryAction = { readonly type: 'select'; readonly nodeId: string } | { readonly type: 'back' } | { readonly type: 'forward' }

export function historyReducer(state: SelectionHistory, action: HistoryAction): SelectionHistory {
  const { past, present, future } = state
  switch (action.type) {
    case 'select':
      if (action.nodeId === present) return state
      return { past: present === null ? past : [...past, present].slice(-STEPS_MAX), present: action.nodeId, future: [] }
    case 'back': {
      const previous = past.at(-1)
      if (previous === undefined) return state
      return { past: past.slice(0, -1), present: previous, future: present === null ? future : [present, ...future] }
    }
    case 'forward': {
      const [next, ...rest] = future
      if (next === undefined) return state
      return { past: present === null ? past : [...past, present], present: next, future: rest }
    }
  }
}
