/** Pure rules of in-page windows: where they may stand, and the order in which they lie. */

export interface DialogBox {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Area {
  readonly width: number
  readonly height: number
}

/** Keeps a window inside the page; one that is larger than the page keeps its caption in reach. */
export function keepInside(box: DialogBox, page: Area): DialogBox {
  const width = Math.min(box.width, page.width)
  const height = Math.min(box.height, page.height)
  return {
    x: Math.round(Math.max(0, Math.min(box.x, page.width - width))),
    y: Math.round(Math.max(0, Math.min(box.y, page.height - height))),
    width,
    height,
  }
}

/** A window in the middle of the page, lower and to the right by 24 pixels per window below it. */
export function centred(size: Area, page: Area, depth: number): DialogBox {
  const shift = depth * 24
  const x = (page.width - size.width) / 2 + shift
  const y = (page.height - size.height) / 2 + shift
  return keepInside({ x, y, ...size }, page)
}

export type ResizeEdge = 'right' | 'bottom' | 'corner'

/** A window after dragging an edge by (dx, dy). */
export function resized(box: DialogBox, edge: ResizeEdge, dx: number, dy: number, min: Area, page: Area): DialogBox {
  const width = edge === 'bottom' ? box.width : Math.max(min.width, Math.min(box.width + dx, page.width - box.x))
  const height = edge === 'right' ? box.height : Math.max(min.height, Math.min(box.height + dy, page.height - box.y))
  return { ...box, width, height }
}

/** The stack of open windows, the uppermost last. */
export type DialogStack = readonly string[]

export function pushed(stack: DialogStack, id: string): DialogStack {
  return [...stack.filter((each) => each !== id), id]
}

export function dropped(stack: DialogStack, id: string): DialogStack {
  return stack.includes(id) ? stack.filter((each) => each !== id) : stack
}

/** Where Tab leads among `count` stops: wraps around; from outside (-1) to the first or last. */
export function nextStop(index: number, count: number, backwards: boolean): number {
  if (count === 0) return -1
  if (index < 0) return backwards ? count - 1 : 0
  return (index + (backwards ? -1 : 1) + count) % count
}
