import { type ReactNode, useEffect, useState } from 'react'
import type { HostView } from '../../../preload/contract/index.ts'
import { useClient } from '../../client/lab-context.tsx'
import { ClassicButton, DialogWindow } from '../../mmc/index.ts'
import { Icon } from '../../theme/icons/Icon.tsx'
import classes from './HyperV.module.css'
import { MANAGER } from './texts.ts'

export interface AboutWindowProps {
  readonly host: HostView | undefined
  readonly onClose: () => void
}

/** The version box (1.3), with the notice that this is a simulation. */
export function AboutWindow({ host, onClose }: AboutWindowProps): ReactNode {
  const client = useClient()
  const [version, setVersion] = useState('')
  useEffect(() => {
    client.lab.about().then(
      (about) => setVersion(about.programVersion),
      // Without a connection the box shows what it knows.
      () => undefined,
    )
  }, [client])
  return (
    <DialogWindow title={`About ${MANAGER}`} width={430} onClose={onClose}>
      <div className={classes.about}>
        <Icon name="hyper-v-manager" size={32} />
        <div>
          <p className={classes.product}>{MANAGER}</p>
          {host !== undefined && (
            <p>
              Version: {host.toolsVersion}
              <br />
              {host.productName}
            </p>
          )}
          <p>
            Viridian {version}
            <br />
            Viridian is a simulation. It is not made or endorsed by Microsoft.
          </p>
        </div>
      </div>
      <footer className={classes.bar}>
        <ClassicButton label="OK" isDefault data-autofocus="" onClick={onClose} />
      </footer>
    </DialogWindow>
  )
}
