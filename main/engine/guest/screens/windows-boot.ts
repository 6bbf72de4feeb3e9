/** Windows while it starts, ends, installs or crashes. Own simplified drawings of each era's screens. */
import { STOP_CODES } from '../advance.ts'
import { Canvas } from '../screen.ts'
import { classicWindow, dotSpinner, drawMark } from './parts.ts'
import { percentOf, type SystemView, stepOf } from './view.ts'

/** The start of Windows, from the boot manager until services run. */
export function windowsStart(view: SystemView): Canvas {
  switch (view.product.theme.style) {
    case 'nt4':
      return nt4Start(view)
    case 'classic':
    case 'luna':
      return logoBar(view)
    case 'aero':
    case 'server-2008':
      return view.product.kernelVersion.startsWith('6.1') ? glowStart(view) : greenBar(view)
    default:
      return markStart(view)
  }
}

function screenOf(view: SystemView, background: string): Canvas {
  return new Canvas(view.product.screen.width, view.product.screen.height, background)
}

/** Blue text with one dot for each driver, as NT printed them. */
function nt4Start(view: SystemView): Canvas {
  const canvas = new Canvas(720, 400, '#0000a8')
  const { vm, product } = view
  const memory = `${vm.processorCount} System Processor [${vm.assignedMemoryMb} MB Memory]`
  const dots = view.phase === 'kernel' ? '.'.repeat(Math.floor(view.progress * 60)) : '.'.repeat(60)
  const lines = [`Microsoft (R) Windows NT (TM) Version ${product.kernelVersion.slice(0, 3)} (Build 1381: Service Pack 6)`, memory, dots]
  for (const [row, line] of lines.entries()) canvas.text(0, row * 16, line, { size: 16, color: '#ffffff', font: 'mono' })
  return canvas
}

/** 2000, XP and 2003: the name over a bar in which three blocks run. */
function logoBar(view: SystemView): Canvas {
  const canvas = new Canvas(640, 480, '#000000')
  const luna = view.product.theme.style === 'luna'
  const bars = luna ? ['#3c6fd8', '#5a8ae4', '#86aef0'] : ['#4a6ea5', '#6f8fbc', '#9ab2d4']
  for (const [index, color] of bars.entries()) canvas.fill(274 + index * 34, 180 - index * 26, 26, 30 + index * 26, color)
  canvas.text(320, 222, view.product.shortName, { size: 48, color: '#ffffff', font: 'sans-bold', align: 'center' })
  canvas.outline(256, 318, 128, 16, '#9a9a9a')
  const at = (stepOf(view) * 8) % 148
  for (let block = 0; block < 3; block++) {
    const x = 258 + at - block * 11
    const left = Math.max(259, x)
    const right = Math.min(382, x + 9)
    if (right > left) canvas.fill(left, 321, right - left, 10, luna ? '#3f6fd0' : '#8aa8d8')
  }
  return canvas
}

/** Vista and 2008: a green bar in which a light runs. */
function greenBar(view: SystemView): Canvas {
  const canvas = screenOf(view, '#000000')
  canvas.outline(412, 560, 200, 12, '#5a5a5a')
  const at = (stepOf(view) * 9) % 240
  const left = Math.max(414, 414 + at - 44)
  const right = Math.min(610, 414 + at)
  if (right > left) canvas.gradient(left, 562, right - left, 8, '#c8f08c', '#4c9a2a')
  canvas.text(512, 600, '(c) Microsoft Corporation', { size: 20, color: '#9a9a9a', font: 'sans', align: 'center' })
  return canvas
}

/** 7 and 2008 R2: four lights that come together and glow. */
function glowStart(view: SystemView): Canvas {
  const canvas = screenOf(view, '#000000')
  const step = stepOf(view)
  const apart = Math.max(0, 60 - step * 2)
  const glow = 9 + Math.round(2 * Math.sin(step / 4))
  const lights: readonly (readonly [number, number, string])[] = [
    [-1, -1, '#e0643c'],
    [1, -1, '#8cc43c'],
    [-1, 1, '#3c8cd8'],
    [1, 1, '#e8c43c'],
  ]
  for (const [dx, dy, color] of lights) canvas.circle(512 + dx * (18 + apart), 360 + dy * (18 + apart), glow, color)
  canvas.text(512, 520, 'Starting Windows', { size: 30, color: '#ffffff', font: 'sans', align: 'center' })
  canvas.text(512, 620, '(c) Microsoft Corporation', { size: 20, color: '#8a8a8a', font: 'sans', align: 'center' })
  return canvas
}

/** 8 and later: the firmware's mark and a ring of dots; servers say what they do. */
function markStart(view: SystemView): Canvas {
  const canvas = screenOf(view, '#000000')
  drawMark(canvas, 512, 300)
  if (view.vm.generation === 2) canvas.text(512, 372, 'Hyper-V', { size: 64, color: '#e8eef4', font: 'sans-light', align: 'center' })
  dotSpinner(canvas, 512, 590, stepOf(view))
  if (view.phase === 'services' && view.product.server) {
    canvas.text(512, 648, 'Getting ready', { size: 28, color: '#ffffff', font: 'sans', align: 'center' })
  }
  return canvas
}

/** The end of Windows, in the words of its era. */
export function windowsEnd(view: SystemView): Canvas {
  const { theme } = view.product
  const words = endWords(view)
  if (theme.style === 'nt4' || theme.style === 'classic') return dialogEnd(view, words)
  const canvas = screenOf(view, theme.background)
  canvas.gradient(0, 0, canvas.width, canvas.height, theme.background, theme.backgroundTo)
  const middle = canvas.width / 2
  if (theme.style === 'luna') {
    canvas.fill(0, 0, canvas.width, 76, '#00309c')
    canvas.fill(0, canvas.height - 76, canvas.width, 76, '#00309c')
    canvas.text(middle, canvas.height / 2 - 18, words, { size: 34, color: '#ffffff', font: 'sans-bold', align: 'center' })
    return canvas
  }
  dotSpinner(canvas, middle, canvas.height / 2 - 40, stepOf(view))
  canvas.text(middle, canvas.height / 2 + 10, words, { size: 34, color: '#ffffff', font: 'sans-light', align: 'center' })
  return canvas
}

function endWords(view: SystemView): string {
  const luna = ['luna', 'classic', 'nt4'].includes(view.product.theme.style)
  switch (view.phase) {
    case 'restarting':
      return luna ? 'Windows is restarting...' : 'Restarting'
    case 'hibernating':
      return luna ? 'Preparing to hibernate...' : 'Hibernating'
    case 'signing-out':
      return luna ? 'Logging off...' : 'Signing out'
    case 'signing-in':
      return luna ? 'Loading your personal settings...' : 'Welcome'
    default:
      return luna ? 'Windows is shutting down...' : 'Shutting down'
  }
}

function dialogEnd(view: SystemView, words: string): Canvas {
  const { theme } = view.product
  const canvas = screenOf(view, theme.desktop)
  const x = canvas.width / 2 - 170
  const y = canvas.height / 2 - 55
  classicWindow(canvas, x, y, 340, 110, view.product.shortName, theme.accent)
  canvas.text(x + 24, y + 52, words, { size: 20, color: '#000000', font: 'sans' })
  return canvas
}

/** NT 4 after its end: it cannot switch the power off. */
export function windowsHalted(view: SystemView): Canvas {
  const canvas = screenOf(view, view.product.theme.desktop)
  const x = canvas.width / 2 - 190
  const y = canvas.height / 2 - 70
  classicWindow(canvas, x, y, 380, 140, 'Shutdown Computer', view.product.theme.accent)
  canvas.text(x + 24, y + 46, 'It is now safe to turn off your computer.', { size: 20, color: '#000000', font: 'sans' })
  canvas.fill(x + 140, y + 94, 100, 26, '#d4d0c8')
  canvas.outline(x + 140, y + 94, 100, 26, '#404040')
  canvas.text(x + 190, y + 97, 'Restart', { size: 18, color: '#000000', font: 'sans', align: 'center' })
  return canvas
}

/** A stop error. */
export function windowsCrash(view: SystemView): Canvas {
  const old = ['nt4', 'classic', 'luna', 'aero', 'server-2008'].includes(view.product.theme.style)
  return old ? textStop(view) : sadStop(view)
}

function textStop(view: SystemView): Canvas {
  const canvas = new Canvas(640, 480, '#0000a8')
  const name = view.guest.stopCode ?? 'CRITICAL_PROCESS_DIED'
  const lines = [
    'A problem has been detected and Windows has been shut down to prevent',
    'damage to your computer.',
    '',
    name,
    '',
    'If this is the first time you have seen this Stop error screen, restart',
    'your computer. If this screen appears again, follow these steps:',
    '',
    'Check to make sure any new hardware or software is properly installed.',
    'If this is a new installation, ask your hardware or software manufacturer',
    'for any Windows updates you might need.',
    '',
    'Technical information:',
    '',
    `*** STOP: ${STOP_CODES[name] ?? '0x00000000'} (0x00000000,0x00000000,0x00000000,0x00000000)`,
    '',
    'Beginning dump of physical memory',
    `Dumping physical memory to disk:  ${percentOf(view)}`,
  ]
  for (const [row, line] of lines.entries()) canvas.text(8, 16 + row * 14, line, { size: 14, color: '#ffffff', font: 'mono' })
  return canvas
}

/** 8 and later: a sad face, the per cent of the dump, a block that stands for the QR code, and the stop code. */
function sadStop(view: SystemView): Canvas {
  const canvas = screenOf(view, '#0a6ebd')
  const white = '#ffffff'
  canvas.text(96, 110, ':(', { size: 150, color: white, font: 'sans-light' })
  canvas.text(96, 300, 'Your device ran into a problem and needs to restart.', { size: 30, color: white, font: 'sans-light' })
  canvas.text(96, 340, "We're just collecting some error info, and then we'll restart for you.", {
    size: 30,
    color: white,
    font: 'sans-light',
  })
  canvas.text(96, 404, `${percentOf(view)}% complete`, { size: 30, color: white, font: 'sans-light' })
  drawBlockCode(canvas, 96, 480)
  canvas.text(236, 490, 'For more information about this issue and possible fixes, read the event log.', {
    size: 20,
    color: white,
    font: 'sans',
  })
  canvas.text(236, 540, 'If you call a support person, give them this info:', { size: 18, color: white, font: 'sans' })
  canvas.text(236, 564, `Stop code: ${view.guest.stopCode ?? 'CRITICAL_PROCESS_DIED'}`, { size: 18, color: white, font: 'sans' })
  return canvas
}

/** A square of cells that looks like a QR code and carries nothing. */
function drawBlockCode(canvas: Canvas, x: number, y: number): void {
  canvas.fill(x, y, 116, 116, '#ffffff')
  for (const [cx, cy] of [
    [0, 0],
    [14, 0],
    [0, 14],
  ] as const) {
    canvas.fill(x + 6 + cx * 5, y + 6 + cy * 5, 35, 35, '#0a6ebd')
    canvas.fill(x + 11 + cx * 5, y + 11 + cy * 5, 25, 25, '#ffffff')
    canvas.fill(x + 16 + cx * 5, y + 16 + cy * 5, 15, 15, '#0a6ebd')
  }
  for (let cell = 0; cell < 441; cell++) {
    const column = cell % 21
    const row = Math.floor(cell / 21)
    const inFinder = (column < 8 && row < 8) || (column > 12 && row < 8) || (column < 8 && row > 12)
    if (!inFinder && (column * 7 + row * 11 + ((column * row) % 5)) % 3 === 0)
      canvas.fill(x + 6 + column * 5, y + 6 + row * 5, 5, 5, '#0a6ebd')
  }
}
