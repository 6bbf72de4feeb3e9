import { type ReactNode, useRef, useState } from 'react'
import type { Speed } from '../../preload/contract/index.ts'
import { useClient, useConnectionStatus, useLabState } from '../client/lab-context.tsx'
import { ContextMenu, type MenuEntry, useMessageBox } from '../mmc/index.ts'
import { formatDateTime, instantOf } from '../snapins/hyper-v/index.ts'
import { Icon } from '../theme/icons/Icon.tsx'
import { errorBox } from '../vm-actions/index.ts'
import classes from './App.module.css'

const SPEEDS: readonly (readonly [Speed, string])[] = [
  [0, '&Paused'],
  [1, '&1×'],
  [10, '1&0×'],
  [60, '&60×'],
  ['max', '&Max'],
]

const STEPS: readonly (readonly [number, string])[] = [
  [1_000, '&Step 1 second'],
  [10_000, 'S&tep 10 seconds'],
  [60_000, 'St&ep 1 minute'],
]

export function speedText(speed: Speed): string {
  if (speed === 0) return 'Paused'
  return speed === 'max' ? 'Max' : `${speed}×`
}

/** Entries of the speed menu; single steps only while time stands still. */
export function speedEntries(present: Speed, setSpeed: (speed: Speed) => void, step: (milliseconds: number) => void): readonly MenuEntry[] {
  const speeds = SPEEDS.map(([speed, label]) => ({ id: `speed-${speed}`, label, checked: speed === present, run: () => setSpeed(speed) }))
  if (present !== 0) return speeds
  return [
    ...speeds,
    'separator',
    ...STEPS.map(([milliseconds, label]) => ({ id: `step-${milliseconds}`, label, run: () => step(milliseconds) })),
  ]
}

/** The lab's date and time: `11/23/2026 9:41:00 AM`. */
export function LabClock(): ReactNode {
  const text = useLabState(({ lab }) => (lab === null ? '' : formatDateTime(instantOf(lab.startTimeMs, lab.tick))))
  return (
    <span role="timer" aria-live="off" aria-label="Simulated date and time" title="Simulated date and time">
      {text}
    </span>
  )
}

/** The button of the status bar that says how fast simulated time passes, with the menu that changes it. */
export function SpeedControl(): ReactNode {
  const client = useClient()
  const { state } = useConnectionStatus()
  const showMessage = useMessageBox()
  const speed = useLabState(({ lab }) => lab?.speed ?? 0)
  const button = useRef<HTMLButtonElement>(null)
  const [menu, setMenu] = useState<{ readonly byKey: boolean } | null>(null)
  const report = (answer: Promise<unknown>): void => {
    answer.catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      void showMessage(errorBox('The speed of simulated time could not be changed.', reason, 'manager'))
    })
  }
  const entries = speedEntries(
    speed,
    (next) => report(client.lab.setSpeed({ speed: next })),
    (milliseconds) => report(client.lab.step({ milliseconds })),
  )
  return (
    <>
      <button
        ref={button}
        type="button"
        className={classes.speed}
        aria-label={`Speed of simulated time: ${speedText(speed)}`}
        title="Speed of simulated time"
        aria-haspopup="menu"
        aria-expanded={menu !== null}
        data-menu-owner=""
        disabled={state !== 'connected'}
        onClick={(event) => setMenu({ byKey: event.detail === 0 })}
      >
        <Icon name={speed === 0 ? 'pause' : 'speed'} size={12} />
        {speedText(speed)}
      </button>
      {menu !== null && button.current !== null && (
        <ContextMenu
          entries={entries}
          at={button.current.getBoundingClientRect()}
          byKey={menu.byKey}
          label="Speed of simulated time"
          onClose={() => setMenu(null)}
        />
      )}
    </>
  )
}
