import { type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react'
import { PaneHeader } from '../PaneHeader/PaneHeader.tsx'
import { Splitter } from '../Splitter/Splitter.tsx'
import { moveBorder, shareHeights } from '../Splitter/splitterModel.ts'
import classes from './StackedPanes.module.css'

export interface StackedPane {
  readonly id: string
  /** Caption of the pane's header. */
  readonly title: string
  readonly content: ReactNode
  /** Has the round chevron button. Default false. */
  readonly collapsible?: boolean
  /** Share of the height relative to the other panes, any unit. */
  readonly weight: number
}

export interface StackedLayout {
  /** Shares by pane id; panes not named use their own `weight`. */
  readonly weights: Readonly<Record<string, number>>
  readonly collapsedIds: readonly string[]
}

export interface StackedPanesProps {
  readonly panes: readonly StackedPane[]
  readonly layout: StackedLayout
  readonly onLayoutChange: (layout: StackedLayout) => void
}

/** Height of a header with its line and the pane's two borders. */
const collapsedHeight = 25
const barHeight = 3
const minHeight = 60

/** Panes one below the other with splitters between them. */
export function StackedPanes({ panes, layout, onLayoutChange }: StackedPanesProps): ReactNode {
  const root = useRef<HTMLDivElement>(null)
  const prefix = useId()
  const [height, setHeight] = useState(0)
  useLayoutEffect(() => {
    const element = root.current
    if (element === null) return
    const observer = new ResizeObserver(() => setHeight(element.clientHeight))
    observer.observe(element)
    setHeight(element.clientHeight)
    return () => observer.disconnect()
  }, [])
  const isCollapsed = (pane: StackedPane): boolean => pane.collapsible === true && layout.collapsedIds.includes(pane.id)
  const closed = panes.filter(isCollapsed).length
  const available = height - closed * collapsedHeight - Math.max(0, panes.length - 1) * barHeight
  const heights = shareHeights(
    panes.map((pane) => (isCollapsed(pane) ? null : (layout.weights[pane.id] ?? pane.weight))),
    available,
    minHeight,
  )
  const resize = (index: number, size: number): void => {
    const moved = moveBorder(heights, index, size - (heights[index] ?? size), minHeight)
    const weights = Object.fromEntries(panes.map((pane, at) => [pane.id, moved[at] ?? layout.weights[pane.id] ?? pane.weight]))
    onLayoutChange({ ...layout, weights })
  }
  const toggle = (pane: StackedPane): void => {
    const others = layout.collapsedIds.filter((id) => id !== pane.id)
    const weights = Object.fromEntries(panes.map((each, at) => [each.id, heights[at] ?? layout.weights[each.id] ?? each.weight]))
    onLayoutChange({ weights, collapsedIds: isCollapsed(pane) ? others : [...others, pane.id] })
  }
  return (
    <div ref={root} className={classes.stack}>
      {panes.map((pane, index) => {
        const collapsed = isCollapsed(pane)
        const own = heights[index] ?? null
        const lower = heights.find((each, at) => at > index && each !== null) ?? null
        return (
          <PaneWithBar
            key={pane.id}
            bar={
              index < panes.length - 1 && (
                <Splitter
                  orientation="horizontal"
                  size={own ?? collapsedHeight}
                  limits={
                    own === null || lower === null ? { min: own ?? 0, max: own ?? 0 } : { min: minHeight, max: own + lower - minHeight }
                  }
                  label={`Resize ${pane.title}`}
                  controls={`${prefix}-${pane.id}`}
                  onResize={(size) => resize(index, size)}
                />
              )
            }
          >
            <section
              id={`${prefix}-${pane.id}`}
              className={classes.pane}
              style={{ height: collapsed ? collapsedHeight : Math.max(0, own ?? 0) }}
              aria-labelledby={`${prefix}-${pane.id}-title`}
              data-pane=""
            >
              <PaneHeader
                id={`${prefix}-${pane.id}-title`}
                title={pane.title}
                collapsed={pane.collapsible === true ? collapsed : undefined}
                onToggle={() => toggle(pane)}
              />
              {!collapsed && <div className={classes.content}>{pane.content}</div>}
            </section>
          </PaneWithBar>
        )
      })}
    </div>
  )
}

function PaneWithBar({ children, bar }: { readonly children: ReactNode; readonly bar: ReactNode }): ReactNode {
  return (
    <>
      {children}
      {bar}
    </>
  )
}
