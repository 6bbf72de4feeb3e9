/** Where the console window was: read with suspicion, since a file can hold anything and a display can be gone. */

export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface WindowBounds extends Rectangle {
  readonly maximized: boolean
}

/** Sizes of the console window, in device-independent pixels. */
export const CONSOLE_SIZE = { width: 1280, height: 800, widthMin: 800, heightMin: 500 } as const

/** So much of a window must lie on a display that its caption can be caught. */
const VISIBLE = { width: 120, height: 40 }
const COORDINATE_MAX = 100_000

function coordinate(value: unknown, min: number): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= COORDINATE_MAX ? value : null
}

/** Remembered bounds from a file's text; null when it does not hold any that make sense on these displays' work areas. */
export function parseBounds(text: string, workAreas: readonly Rectangle[]): WindowBounds | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof parsed !== 'object' || parsed === null) return null
  const fields: Readonly<Record<string, unknown>> = { ...parsed }
  const x = coordinate(fields.x, -COORDINATE_MAX)
  const y = coordinate(fields.y, -COORDINATE_MAX)
  const width = coordinate(fields.width, CONSOLE_SIZE.widthMin)
  const height = coordinate(fields.height, CONSOLE_SIZE.heightMin)
  if (x === null || y === null || width === null || height === null) return null
  const bounds = { x, y, width, height, maximized: fields.maximized === true }
  return workAreas.some((area) => isReachable(bounds, area)) ? bounds : null
}

function isReachable(bounds: Rectangle, area: Rectangle): boolean {
  const width = Math.min(bounds.x + bounds.width, area.x + area.width) - Math.max(bounds.x, area.x)
  const captionInside = bounds.y >= area.y && bounds.y + VISIBLE.height <= area.y + area.height
  return width >= VISIBLE.width && captionInside
}
