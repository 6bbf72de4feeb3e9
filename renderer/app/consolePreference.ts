/** What the console remembers of its own looks, and how the Customize View box shows it. */
import { type ConsoleLayout, type CustomizeViewState, defaultConsoleLayout } from '../mmc/index.ts'

export interface ConsoleView {
  readonly layout: ConsoleLayout
  /** A line above the middle pane that names the selected node. */
  readonly descriptionBar: boolean
}

export const FIRST_VIEW: ConsoleView = {
  layout: defaultConsoleLayout,
  descriptionBar: false,
}

function hasShapeOf(value: unknown, pattern: object): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(pattern).every(([key, sample]: readonly [string, unknown]) => {
    const part: unknown = Reflect.get(value, key)
    if (typeof sample === 'object' && sample !== null) return hasShapeOf(part, sample)
    return typeof part === typeof sample && (typeof part !== 'number' || Number.isFinite(part))
  })
}

/** Whether a parsed preference is a complete view. */
export function isConsoleView(value: unknown): value is ConsoleView {
  return hasShapeOf(value, FIRST_VIEW)
}

export function toCustomize({ layout, descriptionBar }: ConsoleView): CustomizeViewState {
  return {
    consoleTree: layout.treeVisible,
    standardMenus: layout.menusVisible,
    standardToolbar: layout.toolbarVisible,
    statusBar: layout.statusBarVisible,
    actionPane: layout.actionsVisible,
    descriptionBar,
  }
}

export function fromCustomize(view: ConsoleView, state: CustomizeViewState): ConsoleView {
  const layout: ConsoleLayout = {
    ...view.layout,
    treeVisible: state.consoleTree,
    menusVisible: state.standardMenus,
    toolbarVisible: state.standardToolbar,
    statusBarVisible: state.statusBar,
    actionsVisible: state.actionPane,
  }
  return { layout, descriptionBar: state.descriptionBar }
}
