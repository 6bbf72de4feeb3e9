/** Visited pages of a property sheet, for its back and forward arrows. */
export interface PageHistory {
  readonly pageIds: readonly string[]
  readonly index: number
}

/** Greatest number of remembered pages. */
const limit = 100

export function startHistory(pageId: string): PageHistory {
  return { pageIds: [pageId], index: 0 }
}

/** Notes a page; what lay ahead is forgotten. The present page again changes nothing. */
export function visitPage(history: PageHistory, pageId: string): PageHistory {
  if (history.pageIds[history.index] === pageId) return history
  const pageIds = [...history.pageIds.slice(0, history.index + 1), pageId].slice(-limit)
  return { pageIds, index: pageIds.length - 1 }
}

/** Steps over pages that no longer exist; null when there is nothing that way. */
export function stepHistory(history: PageHistory, direction: 1 | -1, exists: (pageId: string) => boolean): PageHistory | null {
  for (let index = history.index + direction; index >= 0 && index < history.pageIds.length; index += direction) {
    const pageId = history.pageIds[index]
    if (pageId !== undefined && exists(pageId) && pageId !== history.pageIds[history.index]) return { ...history, index }
  }
  return null
}
