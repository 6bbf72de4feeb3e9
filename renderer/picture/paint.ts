/** Draws the display list of a console picture. What comes later lies on top. */
import type { DrawOperation, Frame } from '../../preload/contract/index.ts'
import { type PicturePlace, placeBox } from './geometry.ts'

type TextOperation = Extract<DrawOperation, { op: 'text' }>
export type PictureFont = TextOperation['font']

/** Font families of the theme, as CSS values. */
export interface PictureFonts {
  readonly sans: string
  readonly mono: string
  readonly serif: string
}

const SERIF = 'Georgia, "Noto Serif", "DejaVu Serif", serif'
const WEIGHTS: Readonly<Record<PictureFont, number>> = { sans: 400, 'sans-light': 300, 'sans-bold': 600, mono: 400, serif: 400 }

/** Height of a letter's em for a line of height 1: what Segoe UI needs. */
const SANS_EM = 0.75
/** Width of a character cell of a text screen, in lines: 9 by 16 dots, as a VGA adapter's. */
const CELL_WIDTH = 9 / 16
/** Largest em of a monospace font, in lines; with more, the lines would touch. */
const MONO_EM_MAX = 0.9375
const PROBE_PIXELS = 100

/** The theme's font families. */
export function themeFonts(element: Element): PictureFonts {
  const style = getComputedStyle(element)
  const family = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise
  return { sans: family('--font-ui', 'sans-serif'), mono: family('--font-mono', 'monospace'), serif: family('--font-serif', SERIF) }
}

/** Paints a frame over black. `place` is in pixels of the canvas. */
export function paintFrame(context: CanvasRenderingContext2D, frame: Frame | null, place: PicturePlace | null, fonts: PictureFonts): void {
  const { width, height } = context.canvas
  context.fillStyle = '#000000'
  context.fillRect(0, 0, width, height)
  if (frame === null || place === null) return
  context.save()
  context.beginPath()
  const edge = placeBox(place, { x: 0, y: 0, width: frame.width, height: frame.height })
  context.rect(edge.x, edge.y, edge.width, edge.height)
  context.clip()
  const cells = new Map<string, number>()
  for (const operation of frame.operations) paintOperation(context, operation, place, fonts, cells)
  context.restore()
}

function paintOperation(
  context: CanvasRenderingContext2D,
  operation: DrawOperation,
  place: PicturePlace,
  fonts: PictureFonts,
  cells: Map<string, number>,
): void {
  switch (operation.op) {
    case 'fill': {
      const box = placeBox(place, operation)
      context.fillStyle = operation.color
      context.fillRect(box.x, box.y, box.width, box.height)
      return
    }
    case 'gradient': {
      const box = placeBox(place, operation)
      const gradient = context.createLinearGradient(0, box.y, 0, box.y + box.height)
      gradient.addColorStop(0, operation.from)
      gradient.addColorStop(1, operation.to)
      context.fillStyle = gradient
      context.fillRect(box.x, box.y, box.width, box.height)
      return
    }
    case 'circle': {
      const { scaleX, scaleY } = place
      context.fillStyle = operation.color
      context.beginPath()
      context.ellipse(
        place.x + operation.x * scaleX,
        place.y + operation.y * scaleY,
        operation.radius * scaleX,
        operation.radius * scaleY,
        0,
        0,
        2 * Math.PI,
      )
      context.fill()
      return
    }
    case 'text':
      paintText(context, operation, place, fonts, cells)
  }
}

/** One line of text, on whole pixels. A picture that is stretched in one direction stretches its letters. */
function paintText(
  context: CanvasRenderingContext2D,
  operation: TextOperation,
  place: PicturePlace,
  fonts: PictureFonts,
  cells: Map<string, number>,
): void {
  const { font, align, text, color } = operation
  const line = operation.size * place.scaleY
  const family = font === 'mono' ? fonts.mono : font === 'serif' ? fonts.serif : fonts.sans
  const advance = font === 'mono' ? cellAdvance(context, family, cells) : 0
  const em = line * (font === 'mono' ? Math.min(MONO_EM_MAX, CELL_WIDTH / advance) : SANS_EM)
  context.font = `${WEIGHTS[font]} ${em}px ${family}`
  context.letterSpacing = font === 'mono' ? `${line * CELL_WIDTH - em * advance}px` : '0px'
  context.fillStyle = color
  context.textAlign = align
  context.textBaseline = 'alphabetic'
  const { fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } = context.measureText('x')
  const x = Math.round(place.x + operation.x * place.scaleX)
  const baseline = Math.round(place.y + operation.y * place.scaleY + (line - ascent - descent) / 2 + ascent)
  const stretch = place.scaleX / place.scaleY
  if (Math.abs(stretch - 1) < 0.001) {
    context.fillText(text, x, baseline)
    return
  }
  context.save()
  context.translate(x, baseline)
  context.scale(stretch, 1)
  context.fillText(text, 0, 0)
  context.restore()
}

/** Width of a monospace font's characters, in ems. */
function cellAdvance(context: CanvasRenderingContext2D, family: string, cells: Map<string, number>): number {
  const known = cells.get(family)
  if (known !== undefined) return known
  context.font = `${PROBE_PIXELS}px ${family}`
  context.letterSpacing = '0px'
  const advance = context.measureText('0').width / PROBE_PIXELS || CELL_WIDTH
  cells.set(family, advance)
  return advance
}

/** The picture in its own size, as a `data:` address of a PNG file. */
export function framePng(frame: Frame): string {
  const canvas = document.createElement('canvas')
  canvas.width = frame.width
  canvas.height = frame.height
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('This browser cannot draw the picture.')
  paintFrame(context, frame, { x: 0, y: 0, scaleX: 1, scaleY: 1 }, themeFonts(document.documentElement))
  return canvas.toDataURL('image/png')
}

/** The words on a picture from top to bottom, one line each, for screen readers. */
export function frameText(frame: Frame): string {
  const lines = new Map<number, TextOperation[]>()
  for (const operation of frame.operations) {
    if (operation.op === 'text' && operation.text.trim() !== '') lines.set(operation.y, [...(lines.get(operation.y) ?? []), operation])
  }
  return [...lines.entries()]
    .sort(([above], [below]) => above - below)
    .map(([, words]) =>
      words
        .sort((left, right) => left.x - right.x)
        .map(({ text }) => text.trim())
        .join(' '),
    )
    .join('\n')
}
