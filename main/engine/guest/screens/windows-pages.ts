/** Windows pages for a user who is not in yet, and the page behind Ctrl+Alt+Delete. Own simplified drawings. */
import { clockText, longDateText } from '../calendar.ts'
import { Canvas } from '../screen.ts'
import { classicWindow, drawNetworkMark } from './parts.ts'
import { cursorShown, type SystemView } from './view.ts'

const WHITE = '#ffffff'

function backdrop(view: SystemView): Canvas {
  const { theme, screen } = view.product
  const canvas = new Canvas(screen.width, screen.height, theme.background)
  canvas.gradient(0, 0, screen.width, screen.height, theme.background, theme.backgroundTo)
  return canvas
}

function isClassic(view: SystemView): boolean {
  return view.product.theme.style === 'nt4' || view.product.theme.style === 'classic'
}

function isVistaEra(view: SystemView): boolean {
  return view.product.theme.style === 'aero' || view.product.theme.style === 'server-2008'
}

/** The page that waits for a user: the clock, or a request for Ctrl+Alt+Delete, or both. */
export function lockScreen(view: SystemView): Canvas {
  if (isClassic(view)) return classicWelcome(view)
  const canvas = backdrop(view)
  if (isVistaEra(view)) {
    canvas.text(512, 372, 'Press CTRL + ALT + DELETE to log on', { size: 28, color: WHITE, font: 'sans', align: 'center' })
    canvas.text(512, 706, view.product.shortName, { size: 30, color: WHITE, font: 'sans-light', align: 'center' })
    return canvas
  }
  if (view.product.signIn === 'ctrl-alt-delete') {
    canvas.text(512, 88, 'Press Ctrl+Alt+Delete to unlock.', { size: 28, color: WHITE, font: 'sans', align: 'center' })
  }
  drawClock(canvas, view)
  drawNetworkMark(canvas, canvas.width - 56, canvas.height - 52)
  return canvas
}

/** Large clock at the lower left; centred at the top on Windows 11 and Server 2025, whose taskbars are light. */
function drawClock(canvas: Canvas, view: SystemView): void {
  const centred = hasLightTaskbar(view) && view.product.signIn === 'lock-screen'
  const x = centred ? 512 : 44
  const y = centred ? 110 : 520
  const align = centred ? 'center' : 'left'
  canvas.text(x, y, clockText(view.clock), { size: 132, color: WHITE, font: 'sans-light', align })
  canvas.text(x, y + 134, longDateText(view.clock), { size: 54, color: WHITE, font: 'sans-light', align })
}

/** True for the systems whose catalogue theme has a light taskbar. */
export function hasLightTaskbar(view: SystemView): boolean {
  return Number.parseInt(view.product.theme.taskbar.slice(1, 3), 16) > 0x80
}

function classicWelcome(view: SystemView): Canvas {
  const canvas = backdrop(view)
  const x = canvas.width / 2 - 200
  const y = canvas.height / 2 - 80
  classicWindow(canvas, x, y, 400, 150, `Welcome to ${view.product.shortName}`, view.product.theme.accent)
  canvas.fill(x + 24, y + 50, 64, 46, '#808080')
  canvas.fill(x + 28, y + 54, 56, 38, '#c8d8f0')
  canvas.text(x + 108, y + 48, 'Press Ctrl-Alt-Delete to begin.', { size: 20, color: '#000000', font: 'sans-bold' })
  canvas.text(x + 108, y + 78, 'Requiring this key combination at startup helps', { size: 16, color: '#000000', font: 'sans' })
  canvas.text(x + 108, y + 98, 'keep your computer secure.', { size: 16, color: '#000000', font: 'sans' })
  return canvas
}

/** The page with the password field. */
export function signInPage(view: SystemView): Canvas {
  if (isClassic(view)) return classicLogon(view)
  return view.product.theme.style === 'luna' ? lunaWelcome(view) : accountPage(view)
}

/** What is shown of a password: one disc for each character. */
function hidden(view: SystemView, limit: number): string {
  return '\u25cf'.repeat(Math.min(limit, view.guest.input.length))
}

function accountPage(view: SystemView): Canvas {
  const canvas = backdrop(view)
  const server = view.product.server
  const old = isVistaEra(view)
  drawPerson(canvas, 512, old ? 270 : 260, old)
  canvas.text(512, 372, view.product.user, { size: 46, color: WHITE, font: 'sans-light', align: 'center' })
  canvas.fill(372, 446, 244, 36, WHITE)
  canvas.fill(616, 446, 36, 36, view.product.theme.accent)
  canvas.text(634, 449, '\u2192', { size: 28, color: WHITE, font: 'sans', align: 'center' })
  const caret = cursorShown(view) ? '|' : ''
  const typed = hidden(view, 18)
  canvas.text(382, 450, typed === '' && !cursorShown(view) ? 'Password' : typed + caret, {
    size: 26,
    color: typed === '' && caret === '' ? '#767676' : '#101010',
    font: 'sans',
  })
  if (old) canvas.text(512, 706, view.product.shortName, { size: 30, color: WHITE, font: 'sans-light', align: 'center' })
  else if (server) canvas.text(512, 500, 'Sign-in options', { size: 20, color: '#c8d4e4', font: 'sans', align: 'center' })
  drawNetworkMark(canvas, canvas.width - 56, canvas.height - 52)
  return canvas
}

/** A round picture of a person; square with a frame in the Vista era. */
function drawPerson(canvas: Canvas, x: number, y: number, framed: boolean): void {
  if (framed) {
    canvas.fill(x - 68, y - 68, 136, 136, '#d6e6f2')
    canvas.gradient(x - 60, y - 60, 120, 120, '#7fb2d8', '#2f6ea0')
    canvas.circle(x, y - 14, 22, '#eaf2f8')
    canvas.fill(x - 34, y + 16, 68, 44, '#eaf2f8')
    return
  }
  canvas.circle(x, y, 92, '#c9ced6')
  canvas.circle(x, y - 24, 30, '#6d7886')
  canvas.circle(x, y + 44, 40, '#6d7886')
}

/** XP: the welcome page with a list of users at the right. */
function lunaWelcome(view: SystemView): Canvas {
  const canvas = backdrop(view)
  canvas.fill(0, 0, 800, 70, '#00309c')
  canvas.fill(0, 70, 800, 2, '#c8d8ff')
  canvas.fill(0, 528, 800, 2, '#e88830')
  canvas.fill(0, 530, 800, 70, '#00309c')
  canvas.gradient(400, 120, 1, 360, '#5a7edc', '#dce8ff')
  canvas.text(370, 240, view.product.shortName, { size: 40, color: WHITE, font: 'sans-bold', align: 'right' })
  canvas.text(370, 298, 'To begin, click your user name', { size: 24, color: '#dce8ff', font: 'sans', align: 'right' })
  canvas.fill(430, 236, 56, 56, '#e8c860')
  canvas.fill(434, 240, 48, 48, '#5fa04a')
  canvas.circle(458, 264, 16, '#f0e8a0')
  canvas.text(502, 234, view.product.user, { size: 26, color: WHITE, font: 'sans' })
  canvas.text(502, 262, 'Type your password', { size: 18, color: '#dce8ff', font: 'sans' })
  canvas.fill(502, 284, 170, 26, WHITE)
  canvas.text(508, 287, hidden(view, 14) + (cursorShown(view) ? '|' : ''), { size: 20, color: '#101010', font: 'sans' })
  canvas.fill(678, 284, 26, 26, '#4a9a3a')
  canvas.text(691, 286, '\u2192', { size: 22, color: WHITE, font: 'sans-bold', align: 'center' })
  canvas.fill(40, 552, 24, 24, '#d8502c')
  canvas.text(72, 552, 'Turn off computer', { size: 22, color: WHITE, font: 'sans' })
  return canvas
}

/** NT 4, 2000 and 2003: a dialog with name and password. */
function classicLogon(view: SystemView): Canvas {
  const canvas = backdrop(view)
  const x = canvas.width / 2 - 200
  const y = canvas.height / 2 - 100
  classicWindow(canvas, x, y, 400, 190, `Log On to ${view.product.family === 'windows' ? 'Windows' : ''}`, view.product.theme.accent)
  canvas.text(x + 24, y + 36, view.product.shortName, { size: 24, color: '#203060', font: 'sans-bold' })
  const fields: readonly (readonly [string, string])[] = [
    ['User name:', view.product.user],
    ['Password:', hidden(view, 16) + (cursorShown(view) ? '|' : '')],
  ]
  for (const [index, [label, value]] of fields.entries()) {
    const top = y + 76 + index * 32
    canvas.text(x + 24, top + 3, label, { size: 18, color: '#000000', font: 'sans' })
    canvas.fill(x + 130, top, 230, 24, WHITE)
    canvas.outline(x + 130, top, 230, 24, '#808080')
    canvas.text(x + 136, top + 3, value, { size: 18, color: '#000000', font: 'sans' })
  }
  for (const [index, label] of ['OK', 'Cancel'].entries()) {
    canvas.fill(x + 190 + index * 90, y + 152, 80, 24, '#d4d0c8')
    canvas.outline(x + 190 + index * 90, y + 152, 80, 24, '#404040')
    canvas.text(x + 230 + index * 90, y + 155, label, { size: 18, color: '#000000', font: 'sans', align: 'center' })
  }
  return canvas
}

/** The page behind Ctrl+Alt+Delete. */
export function securityOptions(view: SystemView): Canvas {
  if (isClassic(view) || view.product.theme.style === 'luna') return classicSecurity(view)
  const canvas = backdrop(view)
  const entries = ['Lock', 'Switch user', 'Sign out', 'Change a password', 'Task Manager']
  const light = isVistaEra(view) ? 'sans' : 'sans-light'
  for (const [index, entry] of entries.entries()) canvas.text(400, 220 + index * 54, entry, { size: 32, color: WHITE, font: light })
  canvas.outline(400, 520, 120, 38, WHITE)
  canvas.text(460, 526, 'Cancel', { size: 24, color: WHITE, font: 'sans', align: 'center' })
  return canvas
}

function classicSecurity(view: SystemView): Canvas {
  const canvas = backdrop(view)
  const x = canvas.width / 2 - 200
  const y = canvas.height / 2 - 100
  classicWindow(canvas, x, y, 400, 190, 'Windows Security', view.product.theme.accent)
  canvas.text(x + 24, y + 40, `You are logged on as ${view.guest.user ?? view.product.user}.`, { size: 18, color: '#000000', font: 'sans' })
  for (const [index, label] of ['Lock Computer', 'Log Off...', 'Shut Down...', 'Change Password...', 'Task Manager', 'Cancel'].entries()) {
    const left = x + 20 + (index % 3) * 122
    const top = y + 86 + Math.floor(index / 3) * 40
    canvas.fill(left, top, 116, 28, '#d4d0c8')
    canvas.outline(left, top, 116, 28, '#404040')
    canvas.text(left + 58, top + 5, label, { size: 17, color: '#000000', font: 'sans', align: 'center' })
  }
  return canvas
}
