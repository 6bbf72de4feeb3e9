/** How long a machine waits for its lost storage before it is powered off, as data of the Windows release of its host. */
import type { HostReleaseName } from './hosts.ts'

/**
 * Storage resilience, minutes: from Windows Server 2016 on a machine whose virtual disks cannot be reached is paused (Paused-Critical) and
 * powered off after 30 minutes (hyper-v-manager 3.3, `AutomaticCriticalErrorActionTimeout`; hypervisor reference 9). null: the release has
 * none, and the guest gets the errors of its disk.
 */
export const STORAGE_RESILIENCE_MINUTES: Readonly<Record<HostReleaseName, number | null>> = {
  '2008': null,
  '2008-r2': null,
  '2012': null,
  '2012-r2': null,
  '2016': 30,
  '2019': 30,
  '2022': 30,
  '2025': 30,
}
