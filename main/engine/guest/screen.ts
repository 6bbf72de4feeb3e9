/**
 * Console pictures as display lists. The types are structurally those of the contract's `frameSchema` and `drawOperationSchema`; the engine
 * does not import the contract.
 */
import { hashText } from '../kernel/random.ts'

export type ScreenFont = 'sans' | 'sans-light' | 'sans-bold' | 'mono' | 'serif'
export type ScreenAlign = 'left' | 'center' | 'right'

/** One drawing operation, in guest pixels from the top left. Colours are `#rrggbb`. */
export type DrawOperation =
  | {
      readonly op: 'fill'
      readonly x: number
      readonly y: number
      readonly width: number
      readonly height: number
      readonly color: string
    }
  | {
      /** From top (`from`) to bottom (`to`). */
      readonly op: 'gradient'
      readonly x: number
      readonly y: number
      readonly width: number
      readonly height: number
      readonly from: string
      readonly to: string
    }
  | { readonly op: 'circle'; readonly x: number; readonly y: number; readonly radius: number; readonly color: string }
  | {
      /** `x` is the left end, middle or right end by `align`; `y` is the top of the line, `size` its height. */
      readonly op: 'text'
      readonly x: number
      readonly y: number
      readonly text: string
      readonly size: number
      readonly color: string
      readonly font: ScreenFont
      readonly align: ScreenAlign
    }

/** A console picture. `version` is equal for equal pictures. */
export interface Frame {
  readonly version: string
  readonly width: number
  readonly height: number
  readonly operations: readonly DrawOperation[]
}

/** A picture under construction: what is drawn later lies on top. */
export class Canvas {
  readonly width: number
  readonly height: number
  readonly #operations: DrawOperation[] = []

  constructor(width: number, height: number, background: string) {
    this.width = width
    this.height = height
    this.fill(0, 0, width, height, background)
  }

  /** A rectangle, cut to the picture. */
  fill(x: number, y: number, width: number, height: number, color: string): void {
    const box = this.#cut(x, y, width, height)
    if (box !== undefined) this.#operations.push({ op: 'fill', ...box, color })
  }

  /** A rectangle that runs from one colour at the top to another at the bottom, cut to the picture. */
  gradient(x: number, y: number, width: number, height: number, from: string, to: string): void {
    const box = this.#cut(x, y, width, height)
    if (box !== undefined) this.#operations.push({ op: 'gradient', ...box, from, to })
  }

  /** The outline of a rectangle, one pixel wide. */
  outline(x: number, y: number, width: number, height: number, color: string): void {
    this.fill(x, y, width, 1, color)
    this.fill(x, y + height - 1, width, 1, color)
    this.fill(x, y + 1, 1, height - 2, color)
    this.fill(x + width - 1, y + 1, 1, height - 2, color)
  }

  /** A disc; left out when it does not lie within the picture. */
  circle(x: number, y: number, radius: number, color: string): void {
    const inside = x - radius >= 0 && y - radius >= 0 && x + radius <= this.width && y + radius <= this.height
    if (inside) this.#operations.push({ op: 'circle', x: Math.round(x), y: Math.round(y), radius, color })
  }

  /** A line of text; left out when it is empty or begins outside the picture. */
  text(x: number, y: number, text: string, style: { size: number; color: string; font?: ScreenFont; align?: ScreenAlign }): void {
    const { size, color, font = 'sans', align = 'left' } = style
    if (text === '' || x < 0 || x > this.width || y < 0 || y + size > this.height) return
    this.#operations.push({ op: 'text', x: Math.round(x), y: Math.round(y), text, size, color, font, align })
  }

  /** The finished picture. */
  frame(): Frame {
    const { width, height } = this
    const content = JSON.stringify([width, height, this.#operations])
    const version = `${hashText(content).toString(16)}-${hashText(`second ${content}`).toString(16)}-${content.length}`
    return { version, width, height, operations: this.#operations }
  }

  #cut(x: number, y: number, width: number, height: number) {
    const left = Math.max(0, Math.round(x))
    const top = Math.max(0, Math.round(y))
    const right = Math.min(this.width, Math.round(x + width))
    const bottom = Math.min(this.height, Math.round(y + height))
    return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : undefined
  }
}
