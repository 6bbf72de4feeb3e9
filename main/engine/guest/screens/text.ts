/** Text screens: the PC firmware, boot sectors and loaders, and the consoles of DOS, Linux and FreeBSD. */
import { Canvas } from '../screen.ts'
import { hostNameOf, promptOf } from '../shell.ts'
import { kernelMessages } from './unix-boot.ts'
import { CELL_WIDTH_PER_SIZE, cursorShown, type SystemView, stepOf, type View } from './view.ts'

const SIZE = 16
const CELL = SIZE * CELL_WIDTH_PER_SIZE
const GREY = '#aaaaaa'
const WHITE = '#ffffff'

/** A black picture of 80 x 25 cells. */
export function textCanvas(): Canvas {
  return new Canvas(720, 400, '#000000')
}

/** Lines as a terminal of this picture shows them: cut into rows of its width, the last rows when there are too many. */
function terminalRows(canvas: Canvas, lines: readonly string[]): string[] {
  const columns = Math.floor(canvas.width / CELL)
  const rows = lines.flatMap((line) => {
    const parts = [line.slice(0, columns)]
    for (let at = columns; at < line.length; at += columns) parts.push(line.slice(at, at + columns))
    return parts
  })
  return rows.slice(-Math.floor(canvas.height / SIZE))
}

/** Lines from the top left; those that do not fit have scrolled away. */
export function drawLines(canvas: Canvas, lines: readonly string[], color = GREY): void {
  for (const [row, line] of terminalRows(canvas, lines).entries()) canvas.text(0, row * SIZE, line, { size: SIZE, color, font: 'mono' })
}

/** POST of the PC firmware (devices 8.1: American Megatrends BIOS). */
export function biosPost(view: View): Canvas {
  const canvas = textCanvas()
  const totalKb = Math.max(view.vm.assignedMemoryMb, view.vm.startupMemoryMb) * 1024
  // The count runs through the memory in the first half of the test.
  const testedKb = Math.min(totalKb, Math.floor((totalKb * Math.min(1, view.progress * 2)) / 1024) * 1024)
  const lines = [
    'AMIBIOS(C) American Megatrends, Inc.',
    'BIOS Date: 05/23/12 17:15:53  Ver: 09.00.06',
    '',
    'Press DEL to run Setup',
    '',
    `Processor(s): ${view.vm.processorCount}`,
    `Memory Test : ${testedKb}KB ${testedKb === totalKb ? 'OK' : ''}`,
  ]
  if (view.progress > 0.6) lines.push('', ...driveLines(view))
  drawLines(canvas, lines, WHITE)
  return canvas
}

/** Drives as the BIOS detects them on its two IDE channels. */
function driveLines(view: View): string[] {
  const drives = view.world.by.drivesOfVm.of(view.vm.id).filter((drive) => drive.controller === 'ide')
  const channels = ['Primary', 'Secondary']
  return drives
    .sort((a, b) => a.controllerNumber - b.controllerNumber || a.location - b.location)
    .map((drive) => {
      const place = `${channels[drive.controllerNumber] ?? 'Primary'} IDE ${drive.location === 0 ? 'Master' : 'Slave'}`
      return `${place.padEnd(21, ' ')}: ${drive.kind === 'dvd' ? 'Virtual CD' : 'Virtual HD'}`
    })
}

/** The boot ROM of the emulated network adapter, and what drives before it left. */
export function biosAttempt(view: View): Canvas {
  const canvas = textCanvas()
  const adapter = view.guest.bootSource === null ? undefined : view.world.tables.network_adapter.get(view.guest.bootSource)
  if (adapter === undefined) {
    drawLines(canvas, [...view.lines, cursorShown(view) ? '_' : ''])
    return canvas
  }
  const dots = ['|', '/', '-', '\\'][stepOf(view) % 4] ?? '|'
  drawLines(canvas, [
    ...view.lines,
    ...pxeBanner(view, adapter.macAddress),
    `DHCP.${'.'.repeat(Math.min(30, Math.floor(stepOf(view) / 10)))}${dots}`,
  ])
  return canvas
}

function pxeBanner(view: View, mac: string): string[] {
  const spaced = mac.replaceAll(/(..)(?!$)/g, '$1 ')
  return [
    '',
    'Hyper-V',
    'PXE Network Boot 09.14.2011',
    '(C) Copyright 2011 Microsoft Corporation, All Rights Reserved.',
    '',
    `CLIENT MAC ADDR: ${spaced}  GUID: ${view.vm.id}`,
  ]
}

/** What the PC firmware says when no device started a system (hyper-v-manager 8.3). */
export function biosBootFailed(view: View): Canvas {
  const canvas = textCanvas()
  drawLines(canvas, [
    ...view.lines,
    'Boot failure. Reboot and Select proper Boot device',
    `or Insert Boot Media in selected Boot device${cursorShown(view) ? '_' : ''}`,
  ])
  return canvas
}

/** The prompt of an installation disc; a dot is added each second (hyper-v-manager 8.3). */
export function bootPrompt(view: View): Canvas {
  const canvas = view.vm.generation === 1 ? textCanvas() : new Canvas(1024, 768, '#000000')
  drawLines(
    canvas,
    [`Press any key to boot from CD or DVD.${'.'.repeat(Math.min(5, Math.floor(stepOf(view) / 10) + 1))}`],
    view.vm.generation === 1 ? GREY : WHITE,
  )
  return canvas
}

/** A loader that cannot go on: the boot manager's blue-grey page, or plain lines. */
export function bootError(view: SystemView): Canvas {
  if (view.product.family !== 'windows') {
    const canvas = view.vm.generation === 1 ? textCanvas() : new Canvas(1024, 768, '#000000')
    drawLines(canvas, view.lines, WHITE)
    return canvas
  }
  const canvas = textCanvas()
  canvas.fill(0, 0, 720, SIZE, GREY)
  canvas.text(360, 0, 'Windows Boot Manager', { size: SIZE, color: '#000000', font: 'mono', align: 'center' })
  const lines = [
    '',
    '',
    'Windows failed to start.',
    '',
    'To fix the problem:',
    '',
    '  1. Turn off the computer and change its settings.',
    '  2. Start it again, or press Enter to try again.',
    '',
    ...view.lines.map((line) => `    ${line}`),
  ]
  drawLines(canvas, lines, WHITE)
  canvas.fill(0, 384, 720, SIZE, GREY)
  canvas.text(0, 384, ' ENTER=Try again', { size: SIZE, color: '#000000', font: 'mono' })
  return canvas
}

/** GRUB, the FreeBSD loader, NTLDR and the first lines of DOS. */
export function textLoader(view: SystemView): Canvas {
  const canvas = view.product.family === 'linux' && view.vm.generation === 2 ? new Canvas(1024, 768, '#000000') : textCanvas()
  switch (view.product.family) {
    case 'dos':
      drawLines(canvas, ['Starting MS-DOS...', ''])
      break
    case 'windows':
      drawLines(
        canvas,
        view.product.theme.style === 'nt4'
          ? ['OS Loader V4.01', '', 'NTDETECT V4.0 Checking Hardware ...']
          : ['', '', '', 'Starting Windows...'],
      )
      break
    case 'freebsd':
      freeBsdLoader(canvas, view)
      break
    default:
      grub(canvas, view)
  }
  return canvas
}

function grub(canvas: Canvas, view: SystemView): void {
  const middle = canvas.width / 2
  const box = { x: 36, y: 48, width: canvas.width - 72, height: 176 }
  const entry = view.product.shortName.startsWith('Ubuntu') ? 'Ubuntu' : view.product.name
  const setup = view.guest.stage === 'setup'
  const entries = setup
    ? [`Install ${entry}`, 'Test memory']
    : [entry, `Advanced options for ${entry}`, ...(view.vm.generation === 2 ? ['UEFI Firmware Settings'] : [])]
  canvas.text(middle, 16, 'GNU GRUB  version 2.06', { size: SIZE, color: GREY, font: 'mono', align: 'center' })
  canvas.outline(box.x, box.y, box.width, box.height, GREY)
  for (const [index, text] of entries.entries()) {
    const y = box.y + 6 + index * SIZE
    if (index === 0) canvas.fill(box.x + 3, y, box.width - 6, SIZE, GREY)
    canvas.text(box.x + 6, y, `${index === 0 ? '*' : ' '}${text}`, { size: SIZE, color: index === 0 ? '#000000' : GREY, font: 'mono' })
  }
  const help = [
    'Use the up and down keys to select which entry is highlighted.',
    "Press enter to boot the selected OS, 'e' to edit the commands",
    "before booting or 'c' for a command-line.",
  ]
  for (const [index, text] of help.entries())
    canvas.text(box.x + 24, box.y + box.height + 12 + index * SIZE, text, { size: SIZE, color: GREY, font: 'mono' })
}

function freeBsdLoader(canvas: Canvas, view: SystemView): void {
  const left = Math.max(1, 3 - Math.floor(stepOf(view) / 10))
  drawLines(
    canvas,
    [
      '',
      '   ______               ____   _____ _____',
      '  |  ____|             |  _ \\ / ____|  __ \\',
      '  | |___ _ __ ___  ___ | |_) | (___ | |  | |',
      '  |  ___| `__/ _ \\/ _ \\|  _ < \\___ \\| |  | |',
      '  | |   | | |  __/  __/| |_) |____) | |__| |',
      '  |_|   |_|  \\___|\\___||____/|_____/|_____/',
      '',
      '  +------------ Welcome to FreeBSD -----------+',
      '  |  1. Boot Multi user [Enter]               |',
      '  |  2. Boot Single user                      |',
      '  |  3. Escape to loader prompt               |',
      '  |  4. Reboot                                |',
      '  +-------------------------------------------+',
      '',
      `   Autoboot in ${left} seconds, hit [Enter] to boot`,
    ],
    WHITE,
  )
}

/** The console size of a text system: 80 x 25, or the frame buffer of a system with a video driver. */
export function consoleCanvas(view: SystemView): Canvas {
  return new Canvas(view.product.screen.width, view.product.screen.height, '#000000')
}

/** Messages that scroll by while Linux, FreeBSD or DOS starts. */
export function textBoot(view: SystemView): Canvas {
  const canvas = consoleCanvas(view)
  for (const [row, line] of terminalRows(canvas, kernelMessages(view)).entries()) {
    const marked = line.startsWith('[  OK  ]')
    canvas.text(0, row * SIZE, marked ? `[      ]${line.slice(8)}` : line, { size: SIZE, color: '#c0c0c0', font: 'mono' })
    if (marked) canvas.text(3 * CELL, row * SIZE, 'OK', { size: SIZE, color: '#4ec04e', font: 'mono' })
  }
  return canvas
}

/** Login prompt, password prompt and command prompt of a text console. */
export function textConsole(view: SystemView): Canvas {
  const canvas = consoleCanvas(view)
  const cursor = cursorShown(view) ? '_' : ''
  drawLines(canvas, [...consoleLines(view), currentLine(view) + cursor], view.product.family === 'dos' ? GREY : '#d0d0d0')
  return canvas
}

function consoleLines(view: SystemView): readonly string[] {
  const host = hostNameOf(view.vm)
  if (view.phase === 'console-shell') return view.lines
  const banner = view.product.family === 'freebsd' ? [`FreeBSD/amd64 (${host}) (ttyv0)`, ''] : [`${view.product.name} ${host} tty1`, '']
  return view.phase === 'console-password' ? [...banner, `${host} login: ${view.guest.user ?? ''}`] : banner
}

function currentLine(view: SystemView): string {
  if (view.phase === 'console-shell') return promptOf(view.vm, view.guest, view.product) + view.guest.input
  // Nothing is shown of a password.
  if (view.phase === 'console-password') return 'Password: '
  return `${view.product.family === 'freebsd' ? 'login: ' : `${hostNameOf(view.vm)} login: `}${view.guest.input}`
}

/** A text system ends: what init prints, or nothing more at DOS. */
export function textShutdown(view: SystemView): Canvas {
  const canvas = consoleCanvas(view)
  const target = view.phase === 'restarting' ? 'Reboot' : 'Power-Off'
  const steps = [
    ...[...view.product.startServices].reverse().map((service) => `[  OK  ] Stopped ${service}.`),
    '[  OK  ] Unmounted /boot/efi.',
    '[  OK  ] Reached target Unmount All Filesystems.',
    `[  OK  ] Reached target System ${target}.`,
  ]
  const lines = view.product.family === 'freebsd' ? freeBsdShutdown(view) : steps
  drawLines(canvas, lines.slice(0, 1 + Math.floor(view.progress * lines.length)), '#c0c0c0')
  return canvas
}

function freeBsdShutdown(view: SystemView): string[] {
  return [
    ...[...view.product.startServices].reverse().map((service) => `Stopping ${service}.`),
    "Waiting (max 60 seconds) for system process `vnlru' to stop... done",
    "Waiting (max 60 seconds) for system process `syncer' to stop... done",
    'All buffers synced.',
    view.phase === 'restarting' ? 'Rebooting...' : 'The operating system has halted.',
  ]
}

/** A kernel panic: the last lines of its report. */
export function kernelPanic(view: SystemView): Canvas {
  const canvas = consoleCanvas(view)
  const free = view.product.family === 'freebsd'
  const lines = free
    ? [
        'panic: page fault',
        'cpuid = 0',
        'KDB: stack backtrace:',
        '#0 kdb_backtrace+0x5d',
        '#1 vpanic+0x132',
        '#2 panic+0x43',
        '#3 trap_fatal+0x40c',
        '#4 calltrap+0x8',
        'Uptime: 4h12m7s',
        'Automatic reboot is off - press a key on the console to reset',
      ]
    : [
        '[ 8041.118203] Kernel panic - not syncing: Fatal exception in interrupt',
        `[ 8041.118811] CPU: 0 PID: 0 Comm: swapper/0 Not tainted ${view.product.kernelVersion}`,
        '[ 8041.119302] Hardware name: Microsoft Corporation Virtual Machine',
        '[ 8041.119760] Call Trace:',
        '[ 8041.119988]  <IRQ>',
        '[ 8041.120171]  dump_stack_lvl+0x48/0x70',
        '[ 8041.120465]  panic+0x118/0x2f0',
        '[ 8041.120724]  oops_end+0xd4/0xe0',
        '[ 8041.121006]  </IRQ>',
        '[ 8041.121190] Kernel Offset: disabled',
        '[ 8041.121502] ---[ end Kernel panic - not syncing: Fatal exception in interrupt ]---',
      ]
  drawLines(canvas, lines, '#d0d0d0')
  return canvas
}
