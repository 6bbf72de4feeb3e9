/** Shape of the remembered heights and collapsed panes. */
import type { StackedLayout } from '../../mmc/index.ts'

export function isStackedLayout(value: unknown): value is StackedLayout {
  if (typeof value !== 'object' || value === null || !('weights' in value) || !('collapsedIds' in value)) return false
  const { weights, collapsedIds } = value
  if (typeof weights !== 'object' || weights === null || !Array.isArray(collapsedIds)) return false
  return (
    Object.values(weights).every((weight) => typeof weight === 'number' && Number.isFinite(weight) && weight > 0) &&
    collapsedIds.every((id) => typeof id === 'string')
  )
}
