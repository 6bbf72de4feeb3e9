/** What the running system of a guest can do for its host. */
import type { GuestProduct, SyntheticDriver } from '../products/guests.ts'
import type { GuestRow } from '../rows.ts'
import { isUp } from './phases.ts'

/** The system is up and its processors run: its drivers answer. */
export function isGuestUp(guest: GuestRow): boolean {
  return guest.frozenAfter === null && isUp(guest.phase)
}

/** The system has a bus and this driver on it. */
export function guestHasDriver(product: GuestProduct, driver: SyntheticDriver): boolean {
  return product.vmbus !== null && product.drivers.includes(driver)
}
