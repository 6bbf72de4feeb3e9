/** What a connection window shows: the guest's picture, or the product's message page for the state (hyper-v-manager 8.3). */

import type { ConsoleMessage, Frame } from '../../preload/contract/index.ts'
import type { VirtualMachineRow } from '../engine/rows.ts'
import type { World } from '../engine/world.ts'

const START_HINT = "To start the virtual machine, select 'Start' from the Action menu"

interface Page {
  readonly headline: string | null
  readonly hint: string | null
  readonly offerStart: boolean
}

const PICTURE: Page = { headline: null, hint: null, offerStart: false }

function pageOf(vm: VirtualMachineRow): Page {
  switch (vm.state) {
    case 'Off':
      return { headline: `The virtual machine '${vm.name}' is turned off`, hint: START_HINT, offerStart: true }
    case 'Saved':
      return { headline: `The virtual machine '${vm.name}' is in a saved state`, hint: START_HINT, offerStart: true }
    case 'Starting':
      return { headline: `The virtual machine '${vm.name}' is starting`, hint: null, offerStart: false }
    case 'Paused':
      return {
        headline: `The virtual machine '${vm.name}' is paused`,
        hint: "To resume the virtual machine, select 'Resume' from the Action menu",
        offerStart: false,
      }
    default:
      return PICTURE
  }
}

/** `picture` is asked only in states that have one. */
export function consoleMessage(world: World, vmId: string, picture: () => Frame | null): ConsoleMessage {
  const vm = world.tables.virtual_machine.get(vmId)
  if (vm === undefined) {
    return {
      tick: world.now,
      frame: null,
      headline: 'The virtual machine no longer exists',
      hint: null,
      offerStart: false,
      interactive: false,
    }
  }
  const page = pageOf(vm)
  const shown = vm.state !== 'Off' && vm.state !== 'Starting'
  return { tick: world.now, frame: shown ? picture() : null, ...page, interactive: vm.state === 'Running' }
}
