import { describe, expect, it } from 'vitest'
import type { DrawOperation, Frame } from '../../preload/contract/index.ts'
import { frameText, paintFrame } from './paint.ts'

const fonts = { sans: 'Sans', mono: 'Mono', serif: 'Serif' }
const still = { x: 0, y: 0, scaleX: 1, scaleY: 1 }

function frameOf(...operations: DrawOperation[]): Frame {
  return { version: 'v', width: 640, height: 480, operations }
}

/** Records what is drawn. Letters are 0.6 em wide, 0.9 em above and 0.3 em below the base line. */
function recorder() {
  const calls: string[] = []
  const state = { fillStyle: '', font: '', textAlign: '', textBaseline: '', letterSpacing: '', canvas: { width: 640, height: 480 } }
  const em = (): number => Number(/([\d.]+)px/.exec(state.font)?.[1] ?? 0)
  const context = {
    ...state,
    get fillStyle() {
      return state.fillStyle
    },
    set fillStyle(value: string) {
      state.fillStyle = value
    },
    get font() {
      return state.font
    },
    set font(value: string) {
      state.font = value
    },
    fillRect: (...box: number[]) => calls.push(`rect ${state.fillStyle} ${box.join(',')}`),
    fillText: (text: string, x: number, y: number) => calls.push(`text ${state.font} '${text}' ${x},${y}`),
    ellipse: (x: number, y: number, rx: number, ry: number) => calls.push(`ellipse ${x},${y} ${rx}x${ry}`),
    measureText: (text: string) => ({
      width: text.length * em() * 0.6,
      fontBoundingBoxAscent: em() * 0.9,
      fontBoundingBoxDescent: em() * 0.3,
    }),
    createLinearGradient: () => ({ addColorStop: (at: number, color: string) => calls.push(`stop ${at} ${color}`) }),
    scale: (x: number, y: number) => calls.push(`scale ${x},${y}`),
    translate: (x: number, y: number) => calls.push(`translate ${x},${y}`),
    save: () => undefined,
    restore: () => undefined,
    beginPath: () => undefined,
    rect: () => undefined,
    clip: () => undefined,
    fill: () => undefined,
  }
  return { calls, context: context as unknown as CanvasRenderingContext2D }
}

const line = { op: 'text', x: 10, y: 20, text: 'login:', size: 16, color: '#ffffff', align: 'left' } as const

describe('paintFrame', () => {
  it('is black without a picture', () => {
    const { calls, context } = recorder()
    paintFrame(context, null, null, fonts)
    expect(calls).toEqual(['rect #000000 0,0,640,480'])
  })

  it('draws in the order of the list', () => {
    const { calls, context } = recorder()
    const frame = frameOf(
      { op: 'fill', x: 0, y: 0, width: 640, height: 480, color: '#0000aa' },
      { op: 'circle', x: 5, y: 6, radius: 2, color: '#ff0000' },
    )
    paintFrame(context, frame, { x: 0, y: 0, scaleX: 0.5, scaleY: 0.5 }, fonts)
    expect(calls.slice(1)).toEqual(['rect #0000aa 0,0,320,240', 'ellipse 2.5,3 1x1'])
  })

  it('puts monospace characters into cells of 9 by 16', () => {
    const { calls, context } = recorder()
    paintFrame(context, frameOf({ ...line, font: 'mono' }), still, fonts)
    const size = Number(/400 ([\d.]+)px Mono/.exec(calls[1] ?? '')?.[1])
    expect(size * 0.6 + Number.parseFloat(context.letterSpacing)).toBeCloseTo(9, 6)
  })

  it('centres letters in the height of their line', () => {
    const { calls, context } = recorder()
    paintFrame(context, frameOf({ ...line, font: 'sans' }), still, fonts)
    // 12 px letters: (16 - 14.4) / 2 + 10.8 below y = 20, on a whole pixel.
    expect(calls[1]).toBe("text 400 12px Sans 'login:' 10,32")
  })

  it('stretches letters with the picture', () => {
    const { calls, context } = recorder()
    paintFrame(context, frameOf({ ...line, font: 'sans-bold' }), { x: 0, y: 0, scaleX: 2, scaleY: 1 }, fonts)
    expect(calls.slice(1)).toEqual(['translate 20,32', 'scale 2,1', "text 600 12px Sans 'login:' 0,0"])
  })
})

describe('frameText', () => {
  it('reads lines from top to bottom and words from left to right', () => {
    const frame = frameOf(
      { ...line, font: 'mono', x: 80, y: 40, text: 'world' },
      { ...line, font: 'mono', y: 40, text: 'hello ' },
      { ...line, font: 'mono', y: 8, text: 'top' },
      { ...line, font: 'mono', y: 60, text: ' ' },
    )
    expect(frameText(frame)).toBe('top\nhello world')
  })
})
