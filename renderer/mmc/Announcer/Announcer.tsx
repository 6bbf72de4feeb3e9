import { createContext, type ReactNode, use, useCallback, useState } from 'react'
import classes from './Announcer.module.css'

/** Says a sentence to screen readers: `polite` waits for a pause, `assertive` does not. */
export type Announce = (text: string, urgency?: 'polite' | 'assertive') => void

const Context = createContext<Announce>(() => {})

interface Spoken {
  readonly text: string
  /** Odd and even messages differ by a trailing no-break space, so that the same sentence is read twice. */
  readonly turn: number
}

const silence: Spoken = { text: '', turn: 0 }

/** Holds the page's two visually hidden live regions. */
export function Announcer({ children }: { readonly children: ReactNode }): ReactNode {
  const [polite, setPolite] = useState(silence)
  const [assertive, setAssertive] = useState(silence)
  const announce = useCallback<Announce>((text, urgency = 'polite') => {
    const set = urgency === 'polite' ? setPolite : setAssertive
    set((before) => ({ text, turn: before.turn + 1 }))
  }, [])
  const shown = ({ text, turn }: Spoken): string => (turn % 2 === 0 ? text : `${text}\u00a0`)
  return (
    <Context value={announce}>
      {children}
      <div className={classes.hidden} aria-live="polite" data-announcer="polite">
        {shown(polite)}
      </div>
      <div className={classes.hidden} aria-live="assertive" data-announcer="assertive">
        {shown(assertive)}
      </div>
    </Context>
  )
}

/** The page's announcer; silent outside one. */
export function useAnnounce(): Announce {
  return use(Context)
}
