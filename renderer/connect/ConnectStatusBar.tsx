import type { ReactNode } from 'react'
import { StatusBar } from '../mmc/index.ts'
import { Icon } from '../theme/icons/Icon.tsx'
import classes from './connect.module.css'
import { RELEASE_HINT } from './view-model.ts'

export interface ConnectStatusBarProps {
  /** `Status: Running` */
  readonly status: string
  /** Keys go to the guest. */
  readonly captured: boolean
  /** A guest takes keys. */
  readonly interactive: boolean
  /** A picture is shown; without one the cells are absent. */
  readonly connected: boolean
}

/** State, hint, and three small cells: keyboard, mouse, padlock. The pointer passes freely in and out of the picture. */
export function ConnectStatusBar({ status, captured, interactive, connected }: ConnectStatusBarProps): ReactNode {
  const keyboard = captured ? (
    <Icon name="keyboard-captured" label="Keyboard captured" />
  ) : interactive ? (
    <Icon name="keyboard" label="Keyboard not captured" dimmed />
  ) : null
  return (
    <StatusBar
      className={classes.statusBar}
      cells={
        !connected
          ? []
          : [
              { id: 'hint', width: 300, content: <span className={classes.statusHint}>{captured ? RELEASE_HINT : ''}</span> },
              { id: 'keyboard', width: 34, content: keyboard },
              { id: 'mouse', width: 34, content: interactive ? <Icon name="mouse" label="Mouse not captured" dimmed /> : null },
              { id: 'padlock', width: 34, content: <Icon name="padlock" label="The connection is authenticated" /> },
            ]
      }
    >
      {status}
    </StatusBar>
  )
}
