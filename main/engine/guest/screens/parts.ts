/** Parts that several screens draw. */
import type { Canvas } from '../screen.ts'

const DOTS = 6
/** Steps of one round of the ring of dots: four seconds. */
const ROUND_STEPS = 40

/** A ring of dots that chase each other: slow at the bottom, quick at the top. */
export function dotSpinner(canvas: Canvas, x: number, y: number, step: number, color = '#ffffff', radius = 22): void {
  for (let dot = 0; dot < DOTS; dot++) {
    const at = ((((step - dot * 2) % ROUND_STEPS) + ROUND_STEPS) % ROUND_STEPS) / ROUND_STEPS
    // Each dot shows for four fifths of the round, so that the ring opens and closes.
    if (at > 0.8) continue
    const part = at / 0.8
    const eased = part + 0.09 * Math.sin(part * 4 * Math.PI)
    const angle = Math.PI / 2 + eased * 4 * Math.PI
    canvas.circle(x + radius * Math.cos(angle), y + radius * Math.sin(angle), 3, color)
  }
}

/** Two panes, one before the other. */
export function drawMark(canvas: Canvas, x: number, y: number): void {
  canvas.fill(x - 46, y - 44, 60, 60, '#1f6fb2')
  canvas.fill(x - 40, y - 38, 48, 48, '#0b2f4f')
  canvas.fill(x - 14, y - 16, 60, 60, '#4fb0e8')
  canvas.fill(x - 8, y - 10, 48, 48, '#14507e')
}

/** A raised grey window with a title bar. */
export function classicWindow(canvas: Canvas, x: number, y: number, width: number, height: number, title: string, accent: string): void {
  canvas.fill(x, y, width, height, '#d4d0c8')
  canvas.outline(x, y, width, height, '#404040')
  canvas.fill(x + 1, y + 1, width - 2, 1, '#ffffff')
  canvas.fill(x + 1, y + 1, 1, height - 2, '#ffffff')
  canvas.fill(x + 3, y + 3, width - 6, 20, accent)
  canvas.text(x + 8, y + 4, title, { size: 18, color: '#ffffff', font: 'sans-bold' })
}

/** A small screen on a stand: connected to a network. */
export function drawNetworkMark(canvas: Canvas, x: number, y: number, color = '#ffffff'): void {
  canvas.outline(x, y, 20, 14, color)
  canvas.fill(x + 8, y + 14, 4, 3, color)
  canvas.fill(x + 4, y + 17, 12, 1, color)
}
