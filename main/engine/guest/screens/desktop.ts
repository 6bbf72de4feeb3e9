/** The desktop of a signed-in user, one drawing per era. Own simplified drawings. */
import { clockTextWithHalf, shortDateText } from '../calendar.ts'
import { Canvas } from '../screen.ts'
import { drawNetworkMark } from './parts.ts'
import type { SystemView } from './view.ts'
import { hasLightTaskbar } from './windows-pages.ts'

const WHITE = '#ffffff'

/** The desktop with its taskbar; servers since 2008 show their management window. */
export function desktop(view: SystemView): Canvas {
  const { theme, screen } = view.product
  const canvas = new Canvas(screen.width, screen.height, theme.desktop)
  canvas.gradient(0, 0, screen.width, screen.height, theme.desktop, theme.desktopTo)
  switch (theme.style) {
    case 'nt4':
    case 'classic':
      classicDesktop(canvas, view)
      break
    case 'luna':
      lunaDesktop(canvas, view)
      break
    case 'aero':
    case 'server-2008':
      aeroDesktop(canvas, view)
      break
    default:
      modernDesktop(canvas, view)
  }
  return canvas
}

function icon(canvas: Canvas, y: number, label: string, color: string, dark = false): void {
  canvas.fill(30, y, 36, 36, color)
  canvas.fill(36, y + 6, 24, 24, '#e8eef4')
  canvas.text(48, y + 40, label, { size: 18, color: dark ? '#101010' : WHITE, font: 'sans', align: 'center' })
}

function classicDesktop(canvas: Canvas, view: SystemView): void {
  const { width, height } = canvas
  icon(canvas, 20, 'Computer', '#808080')
  icon(canvas, 94, 'Network', '#4a6ea5')
  icon(canvas, 168, 'Recycle Bin', '#6f8f6f')
  canvas.fill(0, height - 28, width, 28, view.product.theme.taskbar)
  canvas.fill(0, height - 28, width, 1, WHITE)
  canvas.fill(3, height - 24, 58, 21, '#d4d0c8')
  canvas.outline(3, height - 24, 58, 21, '#404040')
  canvas.text(32, height - 23, 'Start', { size: 19, color: '#000000', font: 'sans-bold', align: 'center' })
  canvas.outline(width - 82, height - 24, 79, 21, '#808080')
  canvas.text(width - 10, height - 22, clockTextWithHalf(view.clock), { size: 18, color: '#000000', font: 'sans', align: 'right' })
}

function lunaDesktop(canvas: Canvas, view: SystemView): void {
  const { width, height } = canvas
  // A hill in steps: each strip begins a little lower than the one before.
  for (let strip = 0; strip < 40; strip++) {
    const top = Math.round(400 - 70 * Math.sin(((strip + 4) / 46) * Math.PI))
    canvas.gradient(strip * 20, top, 20, height - top, '#7cb342', '#3f7a26')
  }
  icon(canvas, 24, 'My Computer', '#4a6ea5')
  canvas.fill(width - 90, 470, 44, 50, '#dce6ee')
  canvas.fill(width - 84, 478, 32, 38, '#9fb4c4')
  canvas.text(width - 68, 524, 'Recycle Bin', { size: 18, color: WHITE, font: 'sans', align: 'center' })
  canvas.gradient(0, height - 32, width, 32, '#3f84e8', '#1c4fc0')
  canvas.gradient(0, height - 32, 100, 32, '#5cb048', '#2f7d22')
  canvas.text(52, height - 29, 'start', { size: 28, color: WHITE, font: 'sans-bold', align: 'center' })
  canvas.gradient(width - 110, height - 32, 110, 32, '#1f9ae8', '#0f76c8')
  canvas.text(width - 12, height - 26, clockTextWithHalf(view.clock), { size: 20, color: WHITE, font: 'sans', align: 'right' })
}

function aeroDesktop(canvas: Canvas, view: SystemView): void {
  const { width, height } = canvas
  icon(canvas, 20, 'Recycle Bin', '#8fb4cc')
  if (view.product.server)
    managementWindow(canvas, 'Server Manager', ['Roles', 'Features', 'Diagnostics', 'Configuration', 'Storage'], view)
  canvas.gradient(0, height - 40, width, 40, '#3a4c5e', view.product.theme.taskbar)
  canvas.circle(28, height - 20, 17, '#1e5a96')
  canvas.circle(28, height - 20, 12, '#6fb8ec')
  for (const [index, color] of ['#4a90d0', '#e0c050', '#5aa85a'].entries()) canvas.fill(70 + index * 48, height - 32, 26, 24, color)
  trayClock(canvas, view, WHITE)
}

function modernDesktop(canvas: Canvas, view: SystemView): void {
  const { width, height } = canvas
  const light = hasLightTaskbar(view)
  const ink = light ? '#1a1a1a' : WHITE
  icon(canvas, 20, 'Recycle Bin', '#5f8fb4', light && !view.product.server)
  if (view.product.server)
    managementWindow(canvas, 'Server Manager', ['Dashboard', 'Local Server', 'All Servers', 'File and Storage'], view)
  else lightBeams(canvas, light)
  canvas.fill(0, height - 40, width, 40, view.product.theme.taskbar)
  const centred = light && !view.product.server
  const left = centred ? width / 2 - 110 : 0
  startMark(canvas, left + 14, height - 30, light ? view.product.theme.accent : WHITE)
  if (centred) canvas.fill(left + 50, height - 31, 22, 22, '#c2ccd8')
  else if (view.product.theme.style !== 'metro' && view.product.theme.style !== 'server-metro') {
    canvas.fill(48, height - 36, 200, 32, light ? WHITE : '#24303c')
    canvas.text(60, height - 31, 'Type here to search', { size: 20, color: light ? '#5a5a5a' : '#a8b4c0', font: 'sans' })
  }
  const icons = iconsLeft(view, centred ? left + 86 : null)
  for (const [index, color] of ['#e0b040', '#2f86d8', '#4aa0a8', '#7a6ad0'].entries())
    canvas.fill(icons + index * 36, height - 30, 20, 20, color)
  drawNetworkMark(canvas, width - 130, height - 30, ink)
  trayClock(canvas, view, ink)
}

/** Where the taskbar's icons begin: behind the search field, or next to the start mark where there is none. */
function iconsLeft(view: SystemView, centred: number | null): number {
  if (centred !== null) return centred
  return view.product.theme.style === 'metro' || view.product.theme.style === 'server-metro' ? 56 : 262
}

/** Rings behind the desktop of a client. */
function lightBeams(canvas: Canvas, light: boolean): void {
  const tones = light ? ['#8fb8ea', '#7aa9e4', '#6598dc', '#5088d4'] : ['#0d3a68', '#124a84', '#185a9e', '#1f6cb8']
  for (const [index, tone] of tones.entries()) canvas.circle(640, 360, 250 - index * 52, tone)
}

/** The start mark: one pane before another, as the firmware's mark. */
function startMark(canvas: Canvas, x: number, y: number, color: string): void {
  canvas.outline(x, y, 13, 13, color)
  canvas.fill(x + 6, y + 6, 14, 14, color)
}

function trayClock(canvas: Canvas, view: SystemView, ink: string): void {
  const { width, height } = canvas
  canvas.text(width - 14, height - 38, clockTextWithHalf(view.clock), { size: 18, color: ink, font: 'sans', align: 'right' })
  canvas.text(width - 14, height - 20, shortDateText(view.clock), { size: 18, color: ink, font: 'sans', align: 'right' })
}

/** The management window that a server opens by itself: outline, navigation, welcome tile and role tiles. */
function managementWindow(canvas: Canvas, title: string, entries: readonly string[], view: SystemView): void {
  const [x, y, width, height] = [110, 54, 860, 620]
  const accent = view.product.theme.accent
  canvas.fill(x - 1, y - 1, width + 2, height + 2, '#3a4a5a')
  canvas.fill(x, y, width, 32, '#ffffff')
  canvas.fill(x + 10, y + 9, 14, 14, accent)
  canvas.text(x + 32, y + 5, title, { size: 20, color: '#202020', font: 'sans' })
  for (const [index, mark] of ['\u2013', '\u25a1', '\u00d7'].entries()) {
    canvas.text(x + width - 118 + index * 44, y + 3, mark, { size: 24, color: '#303030', font: 'sans', align: 'center' })
  }
  canvas.fill(x, y + 32, width, 50, '#2b4a6b')
  canvas.text(x + 20, y + 40, `${title} \u203a ${entries[0] ?? ''}`, { size: 32, color: WHITE, font: 'sans-light' })
  canvas.fill(x, y + 82, 190, height - 82, '#e9edf1')
  canvas.fill(x, y + 96, 190, 32, accent)
  for (const [index, entry] of entries.entries()) {
    canvas.text(x + 20, y + 101 + index * 34, entry, { size: 20, color: index === 0 ? WHITE : '#202020', font: 'sans' })
  }
  canvas.fill(x + 190, y + 82, width - 190, height - 82, WHITE)
  canvas.text(x + 214, y + 98, 'WELCOME TO SERVER MANAGER', { size: 22, color: '#404040', font: 'sans' })
  canvas.fill(x + 214, y + 132, 130, 170, accent)
  canvas.text(x + 228, y + 142, 'QUICK START', { size: 20, color: WHITE, font: 'sans' })
  const steps = ['Configure this local server', 'Add roles and features', 'Add other servers to manage', 'Create a server group']
  for (const [index, step] of steps.entries()) {
    canvas.text(x + 370, y + 138 + index * 40, `${index + 1}`, { size: 26, color: accent, font: 'sans' })
    canvas.text(x + 400, y + 140 + index * 40, step, { size: 24, color: '#1a5a9a', font: 'sans' })
  }
  canvas.text(x + 214, y + 330, 'ROLES AND SERVER GROUPS', { size: 22, color: '#404040', font: 'sans' })
  for (const [index, tile] of ['File and Storage', 'Local Server', 'All Servers'].entries())
    roleTile(canvas, x + 214 + index * 212, y + 364, tile)
}

function roleTile(canvas: Canvas, x: number, y: number, title: string): void {
  canvas.fill(x, y, 196, 200, '#f4f6f8')
  canvas.outline(x, y, 196, 200, '#c4ccd4')
  canvas.fill(x, y, 196, 34, '#3f8f4f')
  canvas.text(x + 10, y + 6, title, { size: 20, color: WHITE, font: 'sans' })
  for (const [index, row] of ['Manageability', 'Events', 'Services', 'Performance', 'BPA results'].entries()) {
    canvas.circle(x + 18, y + 57 + index * 28, 5, '#3f8f4f')
    canvas.text(x + 34, y + 46 + index * 28, row, { size: 20, color: '#303030', font: 'sans' })
  }
}
