/** The picture on a guest's screen: which drawing belongs to which phase of which system. */
import { assertNever } from '../kernel/result.ts'
import type { GuestRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { guestClock } from './calendar.ts'
import { guestNow, linesOf, phaseOf, productOf, progressOf } from './row.ts'
import type { Canvas, Frame } from './screen.ts'
import { desktop } from './screens/desktop.ts'
import { setupScreen } from './screens/setup.ts'
import {
  biosAttempt,
  biosBootFailed,
  biosPost,
  bootError,
  bootPrompt,
  consoleCanvas,
  kernelPanic,
  textBoot,
  textConsole,
  textLoader,
  textShutdown,
} from './screens/text.ts'
import { firmwareAttempt, firmwareBootFailed, firmwareLogo } from './screens/uefi.ts'
import type { SystemView, View } from './screens/view.ts'
import { windowsCrash, windowsEnd, windowsHalted, windowsStart } from './screens/windows-boot.ts'
import { lockScreen, securityOptions, signInPage } from './screens/windows-pages.ts'

/** The picture of a machine now; null when it has no guest row, that is, no partition and no saved state. */
export function consoleFrame(world: World, vmId: string): Frame | null {
  const guest = world.tables.guest.get(vmId)
  const vm = world.tables.virtual_machine.get(vmId)
  return guest === undefined || vm === undefined ? null : guestFrame(world, vm, guest)
}

/** The picture of a guest as its row says, such as the one that a checkpoint holds. */
export function guestFrame(world: World, vm: VirtualMachineRow, guest: GuestRow): Frame {
  const view: View = {
    world,
    vm,
    guest,
    phase: phaseOf(guest),
    now: guestNow(world, guest),
    progress: progressOf(world, guest),
    clock: guestClock(world, guest),
    lines: linesOf(guest),
  }
  const product = productOf(guest)
  return (product === null ? drawFirmware(view) : drawSystem({ ...view, product })).frame()
}

function drawFirmware(view: View): Canvas {
  const uefi = view.vm.generation === 2
  switch (view.phase) {
    case 'boot-attempt':
      return uefi ? firmwareAttempt(view) : biosAttempt(view)
    case 'boot-failed':
      return uefi ? firmwareBootFailed(view) : biosBootFailed(view)
    case 'boot-prompt':
      return bootPrompt(view)
    default:
      return uefi ? firmwareLogo(view) : biosPost(view)
  }
}

function drawSystem(view: SystemView): Canvas {
  const windows = view.product.family === 'windows'
  switch (view.phase) {
    case 'loader':
      return drawLoader(view)
    case 'kernel':
    case 'devices':
    case 'services':
      return windows ? windowsStart(view) : textBoot(view)
    case 'boot-error':
      return bootError(view)
    case 'lock-screen':
      return lockScreen(view)
    case 'sign-in':
      return signInPage(view)
    case 'desktop':
      return desktop(view)
    case 'security-options':
      return securityOptions(view)
    case 'console-login':
    case 'console-password':
    case 'console-shell':
      return textConsole(view)
    case 'setup-loading':
    case 'setup-copying':
    case 'setup-features':
    case 'setup-restarting':
    case 'first-boot':
    case 'oobe':
      return setupScreen(view)
    case 'signing-in':
    case 'signing-out':
    case 'shutting-down':
    case 'restarting':
    case 'hibernating':
      return windows ? windowsEnd(view) : textShutdown(view)
    case 'halted':
      return windows ? windowsHalted(view) : consoleCanvas(view)
    case 'crashed':
      return windows ? windowsCrash(view) : kernelPanic(view)
    case 'hung':
      return drawHung(view)
    case 'firmware':
    case 'boot-attempt':
    case 'boot-prompt':
    case 'boot-failed':
      return drawFirmware(view)
    case 'powered-off':
      return consoleCanvas(view)
    default:
      return assertNever(view.phase)
  }
}

/** Windows with a boot manager of its own shows its start picture from here on. */
function drawLoader(view: SystemView): Canvas {
  if (view.product.family !== 'windows' || view.vm.generation === 1) return textLoader(view)
  return firmwareLogo(view)
}

/** A system that hangs shows what it showed; how far it was is not kept, so that it is the page of a system that is up. */
function drawHung(view: SystemView): Canvas {
  if (view.product.family !== 'windows') return textConsole(view)
  const still: SystemView = { ...view, now: view.guest.phaseTick, progress: 0 }
  if (view.guest.user !== null) return desktop(still)
  return view.product.signIn === 'welcome-list' ? signInPage(still) : lockScreen(still)
}
