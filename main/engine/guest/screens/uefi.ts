/** Screens of the Generation 2 firmware: its logo, network boot and the summary of a boot that failed (hyper-v-manager 8.3). */
import { showsSummaryPage } from '../firmware.ts'
import { candidateAt } from '../row.ts'
import { Canvas } from '../screen.ts'
import { dotSpinner, drawMark } from './parts.ts'
import { drawLines } from './text.ts'
import { cursorShown, stepOf, type View } from './view.ts'

/** The firmware's own mark: two overlapping panes and the product's name. */
export function firmwareLogo(view: View): Canvas {
  const canvas = new Canvas(1024, 768, '#000000')
  drawMark(canvas, 512, 300)
  canvas.text(512, 372, 'Hyper-V', { size: 64, color: '#e8eef4', font: 'sans-light', align: 'center' })
  dotSpinner(canvas, 512, 590, stepOf(view))
  return canvas
}

/** A boot attempt: disks are tried behind the logo, network adapters with lines of their own. */
export function firmwareAttempt(view: View): Canvas {
  const candidate = candidateAt(view.world, view.vm, view.guest)
  if (candidate?.kind !== 'network') return firmwareLogo(view)
  const canvas = new Canvas(1024, 768, '#000000')
  const adapter = view.world.tables.network_adapter.get(candidate.id)
  const lines = showsSummaryPage(view.world, view.vm) ? [] : [...view.lines]
  lines.push('', '>>Start PXE over IPv4.')
  // A missing link is noticed at once, a missing server only after the last retry.
  if (adapter?.switchId === null && view.progress > 0.5) lines.push('  PXE-E12: Could not detect network connection.')
  else if (view.progress > 0.9) lines.push('  PXE-E16: No valid offer received.')
  drawLines(canvas, lines, '#c8c8c8')
  return canvas
}

/** Nothing started: the numbered page of hosts from 2016 on, or the older lines. */
export function firmwareBootFailed(view: View): Canvas {
  return showsSummaryPage(view.world, view.vm) ? summaryPage(view) : plainFailure(view)
}

function plainFailure(view: View): Canvas {
  const canvas = new Canvas(1024, 768, '#000000')
  drawLines(
    canvas,
    [...view.lines, '', `No Operating System was Loaded. Press a Key to Retry the Boot Sequence...${cursorShown(view) ? '_' : ''}`],
    '#c8c8c8',
  )
  return canvas
}

function summaryPage(view: View): Canvas {
  const canvas = new Canvas(1024, 768, '#000000')
  canvas.text(64, 48, 'Virtual Machine Boot Summary', { size: 40, color: '#ffffff', font: 'sans-light' })
  let y = 128
  const results = view.lines
  for (let index = 0; index + 1 < results.length && y < 560; index += 2) {
    canvas.text(64, y, `${index / 2 + 1}. ${results[index] ?? ''}`, { size: 24, color: '#ffffff', font: 'sans' })
    canvas.text(92, y + 28, results[index + 1] ?? '', { size: 22, color: '#b8c4d0', font: 'sans' })
    y += 68
  }
  if (results.length === 0) {
    canvas.text(64, y, 'No boot device is attached to the virtual machine.', { size: 24, color: '#ffffff', font: 'sans' })
    y += 48
  }
  canvas.text(64, y + 12, 'No operating system was loaded. Your virtual machine may be configured incorrectly. Exit and', {
    size: 22,
    color: '#b8c4d0',
    font: 'sans',
  })
  canvas.text(64, y + 40, 're-configure your VM or click restart to retry the current boot sequence again.', {
    size: 22,
    color: '#b8c4d0',
    font: 'sans',
  })
  canvas.fill(64, 690, 140, 36, '#0067c0')
  canvas.text(134, 697, 'Restart now', { size: 22, color: '#ffffff', font: 'sans', align: 'center' })
  return canvas
}
