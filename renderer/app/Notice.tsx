import type { ReactNode } from 'react'
import { ClassicButton } from '../mmc/index.ts'
import { Icon } from '../theme/icons/Icon.tsx'
import classes from './App.module.css'

export interface NoticeProps {
  readonly headline: string
  readonly body?: string
  /** Shows the red sign and a button that loads the page anew. Default false. */
  readonly fatal?: boolean
}

/** A page that has nothing to show but a sentence. */
export function Notice({ headline, body = '', fatal = false }: NoticeProps): ReactNode {
  return (
    <div className={classes.notice} role={fatal ? 'alert' : 'status'}>
      <Icon name={fatal ? 'error' : 'hyper-v-manager'} size={32} />
      <h1 className={classes.headline}>{headline}</h1>
      {body !== '' && <p>{body}</p>}
      {fatal && <ClassicButton label="&Reload" isDefault onClick={() => window.location.reload()} />}
    </div>
  )
}
