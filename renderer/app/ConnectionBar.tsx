import { type ReactNode, useEffect, useRef } from 'react'
import { useConnectionStatus, useTrouble } from '../client/lab-context.tsx'
import { useAnnounce } from '../mmc/index.ts'
import { Icon } from '../theme/icons/Icon.tsx'
import classes from './App.module.css'

/** A line that says that the connection is lost or the engine in trouble, and why; goes away by itself when all is well again. */
export function ConnectionBar(): ReactNode {
  const { state, reason: lostReason } = useConnectionStatus()
  const trouble = useTrouble()
  const announce = useAnnounce()
  const disconnected = state === 'lost'
  const lost = disconnected || trouble !== null
  const reason = disconnected ? lostReason : (trouble ?? '')
  const wasLost = useRef(false)
  useEffect(() => {
    if (lost) announce(disconnected ? `Connection lost. ${reason}` : reason, 'assertive')
    else if (wasLost.current) announce('The connection is back.')
    wasLost.current = lost
  }, [lost, disconnected, reason, announce])
  if (!lost) return null
  return (
    <div className={classes.lost} data-connection="lost">
      <Icon name="warning" />
      <span>
        {reason} What is shown may be out of date. {disconnected ? 'Connecting again...' : 'Trying again...'}
      </span>
    </div>
  )
}
