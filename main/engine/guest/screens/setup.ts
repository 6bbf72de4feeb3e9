/** Installers: what they show from loading to the first start. Own simplified drawings. */
import { Canvas } from '../screen.ts'
import { classicWindow, dotSpinner } from './parts.ts'
import { drawLines } from './text.ts'
import { percentOf, type SystemView, stepOf } from './view.ts'

const WHITE = '#ffffff'

/** A phase of an installation, or of the first start after it. */
export function setupScreen(view: SystemView): Canvas {
  if (view.product.family !== 'windows') return textSetup(view)
  switch (view.product.theme.style) {
    case 'nt4':
    case 'classic':
    case 'luna':
      return blueSetup(view)
    default:
      return windowSetup(view)
  }
}

const STEPS = [
  'Copying Windows files',
  'Getting files ready for installation',
  'Installing features',
  'Installing updates',
  'Finishing up',
] as const

/** Vista and later: a window with a list of steps, the running one with its per cent. */
function windowSetup(view: SystemView): Canvas {
  const { theme, screen } = view.product
  if (view.phase === 'setup-loading') return loadingFiles(view)
  if (view.phase === 'first-boot' || view.phase === 'oobe') return gettingReady(view)
  const canvas = new Canvas(screen.width, screen.height, '#1d0b4e')
  canvas.gradient(
    0,
    0,
    screen.width,
    screen.height,
    theme.background,
    theme.backgroundTo === theme.background ? '#2a1a6a' : theme.backgroundTo,
  )
  const [x, y, width, height] = [192, 144, 640, 480]
  canvas.fill(x, y, width, height, WHITE)
  canvas.fill(x, y, width, 34, '#f0f0f0')
  canvas.text(x + 14, y + 6, 'Windows Setup', { size: 20, color: '#202020', font: 'sans' })
  canvas.text(x + 40, y + 64, view.phase === 'setup-restarting' ? 'Windows needs to restart to continue' : 'Installing Windows', {
    size: 32,
    color: '#1a3a6a',
    font: 'sans',
  })
  if (view.phase === 'setup-restarting') return restartingIn(canvas, view, x, y)
  canvas.text(x + 40, y + 116, 'Your computer will restart several times. This might take a while.', {
    size: 20,
    color: '#303030',
    font: 'sans',
  })
  const { running, percent } = setupStep(view)
  for (const [index, step] of STEPS.entries()) {
    const top = y + 168 + index * 34
    if (index < running) canvas.text(x + 40, top, '\u2713', { size: 24, color: '#2f8f3f', font: 'sans' })
    const text = index === running ? `${step} (${percent}%)` : step
    canvas.text(x + 68, top, text, { size: 22, color: '#202020', font: index === running ? 'sans-bold' : 'sans' })
  }
  progressBar(canvas, x + 40, y + 400, width - 80, (running + percent / 100) / STEPS.length, theme.accent)
  return canvas
}

/** Which step of the list runs, and how far it is. */
function setupStep(view: SystemView): { running: number; percent: number } {
  if (view.phase === 'setup-copying') {
    // The first tenth copies the image; the rest expands it.
    const copying = view.progress < 0.1
    return copying
      ? { running: 0, percent: Math.floor(view.progress * 1_000) }
      : { running: 1, percent: Math.floor(((view.progress - 0.1) / 0.9) * 100) }
  }
  const thirds = view.progress * 3
  const running = Math.min(2, Math.floor(thirds))
  return { running: 2 + running, percent: Math.min(100, Math.floor((thirds - running) * 100)) }
}

function restartingIn(canvas: Canvas, view: SystemView, x: number, y: number): Canvas {
  const left = Math.max(0, 10 - Math.floor(view.progress * 10))
  canvas.text(x + 40, y + 128, `Restarting in ${left} second${left === 1 ? '' : 's'}`, { size: 24, color: '#303030', font: 'sans' })
  progressBar(canvas, x + 40, y + 180, 560, view.progress, view.product.theme.accent)
  return canvas
}

function progressBar(canvas: Canvas, x: number, y: number, width: number, part: number, color: string): void {
  canvas.fill(x, y, width, 8, '#d0d4d8')
  canvas.fill(x, y, Math.floor(width * Math.min(1, part)), 8, color)
}

function loadingFiles(view: SystemView): Canvas {
  const canvas = new Canvas(1024, 768, '#000000')
  canvas.text(512, 420, 'Windows is loading files...', { size: 26, color: WHITE, font: 'sans', align: 'center' })
  canvas.outline(312, 470, 400, 16, '#808080')
  canvas.fill(314, 472, Math.floor(396 * view.progress), 12, '#d0d0d0')
  return canvas
}

function gettingReady(view: SystemView): Canvas {
  const { theme, screen } = view.product
  const canvas = new Canvas(screen.width, screen.height, '#000000')
  if (view.phase === 'oobe') {
    canvas.gradient(0, 0, screen.width, screen.height, theme.background, theme.accent)
    const words = ['Hi', "We're setting things up for you", 'Almost ready']
    canvas.text(512, 340, words[Math.min(2, Math.floor(view.progress * 3))] ?? '', {
      size: 56,
      color: WHITE,
      font: 'sans-light',
      align: 'center',
    })
    return canvas
  }
  dotSpinner(canvas, 512, 420, stepOf(view))
  const words = view.progress < 0.85 ? `Getting devices ready ${percentOf(view)}%` : 'Getting ready'
  canvas.text(512, 490, words, { size: 30, color: WHITE, font: 'sans-light', align: 'center' })
  return canvas
}

/** NT 4 to 2003: blue text while files are copied, then a grey window. */
function blueSetup(view: SystemView): Canvas {
  if (view.phase !== 'setup-loading' && view.phase !== 'setup-copying') return greySetup(view)
  const canvas = new Canvas(720, 400, '#0000a8')
  const mono = { size: 16, color: WHITE, font: 'mono' } as const
  canvas.text(18, 16, `${view.product.shortName} Setup`, mono)
  canvas.text(18, 32, '='.repeat(view.product.shortName.length + 8), mono)
  if (view.phase === 'setup-loading') {
    canvas.fill(0, 384, 720, 16, '#a8a8a8')
    canvas.text(9, 384, 'Setup is loading files...', { ...mono, color: '#000000' })
    return canvas
  }
  canvas.text(360, 96, 'Please wait while Setup copies files', { ...mono, align: 'center' })
  canvas.text(360, 112, 'to the Windows installation folders.', { ...mono, align: 'center' })
  canvas.outline(90, 208, 540, 64, WHITE)
  canvas.text(360, 216, `${percentOf(view)}%`, { ...mono, align: 'center' })
  canvas.outline(108, 240, 504, 20, WHITE)
  canvas.fill(110, 242, Math.floor(500 * view.progress), 16, '#e8e800')
  canvas.fill(0, 384, 720, 16, '#a8a8a8')
  return canvas
}

function greySetup(view: SystemView): Canvas {
  const { theme, screen, shortName } = view.product
  const canvas = new Canvas(screen.width, screen.height, theme.desktop)
  canvas.gradient(0, 0, screen.width, screen.height, '#1a3a8a', theme.desktop)
  canvas.text(24, 20, shortName, { size: 36, color: WHITE, font: 'sans-bold' })
  const width = Math.min(460, screen.width - 120)
  const x = (screen.width - width) / 2
  const y = screen.height / 2 - 70
  classicWindow(canvas, x, y, width, 150, `${shortName} Setup`, theme.accent)
  const words = {
    'setup-features': 'Installing devices and components',
    'setup-restarting': 'The computer restarts now',
    'first-boot': 'Preparing network connections',
  }
  const text = view.phase in words ? words[view.phase as keyof typeof words] : 'Applying settings'
  canvas.text(x + 24, y + 44, `${text}...`, { size: 20, color: '#000000', font: 'sans' })
  canvas.outline(x + 24, y + 88, width - 48, 20, '#606060')
  // Blocks as the old progress bar had them.
  for (let block = 0; block < Math.floor(((width - 52) / 12) * view.progress); block++)
    canvas.fill(x + 27 + block * 12, y + 91, 9, 14, theme.accent)
  return canvas
}

/** Text installers: a box with a bar over the distribution's name. */
function textSetup(view: SystemView): Canvas {
  if (view.phase === 'setup-loading') {
    const canvas = new Canvas(720, 400, '#000000')
    const dots = '.'.repeat(Math.floor(view.progress * 40))
    drawLines(
      canvas,
      view.product.family === 'dos'
        ? ['Please wait.', '', 'Setup is determining your system configuration.', dots]
        : [`Loading ${view.product.name} installer`, dots],
      '#c0c0c0',
    )
    return canvas
  }
  const dos = view.product.family === 'dos'
  const canvas = new Canvas(720, 400, dos ? '#0000a8' : '#300a24')
  const mono = { size: 16, color: WHITE, font: 'mono' } as const
  canvas.fill(0, 0, 720, 16, dos ? '#00a8a8' : '#e95420')
  canvas.text(9, 0, dos ? 'Microsoft MS-DOS 6.22 Setup' : `Install ${view.product.name}`, { ...mono, color: dos ? '#000000' : WHITE })
  canvas.text(360, 112, textSetupStep(view), { ...mono, align: 'center' })
  canvas.outline(90, 160, 540, 28, WHITE)
  canvas.fill(93, 163, Math.floor(534 * view.progress), 22, dos ? '#e8e800' : '#e95420')
  canvas.text(360, 200, `${percentOf(view)}%`, { ...mono, align: 'center' })
  return canvas
}

function textSetupStep(view: SystemView): string {
  switch (view.phase) {
    case 'setup-copying':
      return `Copying files (${percentOf(view)}%)`
    case 'setup-features':
      return 'Configuring packages'
    case 'setup-restarting':
      return 'Installation complete. The installation medium is ejected; restarting.'
    default:
      return 'Preparing the system for its first start'
  }
}
