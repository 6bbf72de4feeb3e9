/** What of the console is shown, and how wide; kept by the owner. */
import type { SplitLimits } from '../Splitter/splitterModel.ts'

export interface ConsoleLayout {
  /** CSS pixels. */
  readonly treeWidth: number
  /** CSS pixels. */
  readonly actionsWidth: number
  readonly treeVisible: boolean
  readonly actionsVisible: boolean
  readonly menusVisible: boolean
  readonly toolbarVisible: boolean
  readonly statusBarVisible: boolean
}

/** The first layout: everything shown, columns as wide as the product's. */
export const defaultConsoleLayout: ConsoleLayout = {
  treeWidth: 196,
  actionsWidth: 214,
  treeVisible: true,
  actionsVisible: true,
  menusVisible: true,
  toolbarVisible: true,
  statusBarVisible: true,
}

const minSide = 80
const minCentre = 240

/** How far the side panes may be dragged in a window of the given width; the middle keeps at least 240 pixels. */
export function paneLimits(
  layout: ConsoleLayout,
  width: number,
): { readonly treeLimits: SplitLimits; readonly actionsLimits: SplitLimits } {
  const treeWidth = layout.treeVisible ? layout.treeWidth : 0
  const actionsWidth = layout.actionsVisible ? layout.actionsWidth : 0
  return {
    treeLimits: { min: minSide, max: Math.max(minSide, width - minCentre - actionsWidth) },
    actionsLimits: { min: minSide, max: Math.max(minSide, width - minCentre - treeWidth) },
  }
}
