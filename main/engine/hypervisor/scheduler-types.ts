/**
 * Scheduler types as data (hypervisor reference 2.1): event 2 of Microsoft-Windows-Hyper-V-Hypervisor reports the value at launch.
 */
export interface SchedulerTypeInfo {
  /** Value in the launch event. */
  readonly launchEventValue: 1 | 2 | 3 | 4
  /** Argument of `bcdedit /set hypervisorschedulertype`. */
  readonly bcdName: string
  /** Both hardware threads of a core take VPs. */
  readonly usesSmt: boolean
  /** Hardware threads of one core only run VPs of one partition. */
  readonly coreIsolation: boolean
  /** Weight, cap and reserve are enforced. */
  readonly controls: boolean
  /** VPs are dispatched by root threads with HvCallDispatchVp. */
  readonly dispatchedByRoot: boolean
}

export const SCHEDULER_TYPES = {
  'classic-smt-off': {
    launchEventValue: 1,
    bcdName: 'classic',
    usesSmt: false,
    coreIsolation: false,
    controls: true,
    dispatchedByRoot: false,
  },
  classic: { launchEventValue: 2, bcdName: 'classic', usesSmt: true, coreIsolation: false, controls: true, dispatchedByRoot: false },
  core: { launchEventValue: 3, bcdName: 'core', usesSmt: true, coreIsolation: true, controls: true, dispatchedByRoot: false },
  root: { launchEventValue: 4, bcdName: 'root', usesSmt: true, coreIsolation: false, controls: false, dispatchedByRoot: true },
} as const satisfies Record<string, SchedulerTypeInfo>

export type SchedulerTypeName = keyof typeof SCHEDULER_TYPES
