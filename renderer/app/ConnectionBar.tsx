import { type ReactNode, useEffect, useRef } from 'react'
import { useConnectionStatus } from '../client/lab-context.tsx'
import { useAnnounce } from '../mmc/index.ts'
import { Icon } from '../theme/icons/Icon.tsx'
import classes from './App.module.css'

/** A line that says that the connection is lost, and why; goes away by itself when it is back. */
export function ConnectionBar(): ReactNode {
  const { state, reason } = useConnectionStatus()
  const announce = useAnnounce()
  const lost = state === 'lost'
  const wasLost = useRef(false)
  useEffect(() => {
    if (lost) announce(`Connection lost. ${reason}`, 'assertive')
    else if (wasLost.current) announce('The connection is back.')
    wasLost.current = lost
  }, [lost, reason, announce])
  if (!lost) return null
  return (
    <div className={classes.lost} data-connection="lost">
      <Icon name="warning" />
      <span>{reason} What is shown may be out of date. Connecting again...</span>
    </div>
  )
}
