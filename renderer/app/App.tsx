import { MantineProvider } from '@mantine/core'
import { lazy, type ReactNode, Suspense, useEffect, useState, useSyncExternalStore } from 'react'
import type { ShellAbilities } from '../../preload/contract/index.ts'
import { type Connection, type ConnectionStatus, OTHER_VERSION } from '../client/connection.ts'
import { type LabContextValue, LabProvider } from '../client/lab-context.tsx'
import { DialogHost } from '../mmc/index.ts'
import { theme } from '../theme/theme.ts'
import classes from './App.module.css'
import { ColorSchemeKeeper } from './ColorScheme.tsx'
import { ConnectionBar } from './ConnectionBar.tsx'
import { Console, TITLE } from './Console.tsx'
import { JobAnnouncer } from './JobAnnouncer.tsx'
import { Notice } from './Notice.tsx'
import { openLab } from './openLab.ts'
import type { WindowKind } from './windowKind.ts'

const ConnectWindow = lazy(() => import('../connect/index.tsx').then((module) => ({ default: module.ConnectWindow })))

export interface AppProps {
  readonly shell: ShellAbilities
  readonly connection: Connection
  readonly kind: WindowKind
}

/** A window of Viridian, from the first line to the console or a machine's screen. */
export function App({ shell, connection, kind }: AppProps): ReactNode {
  const { status } = connection
  const present = useSyncExternalStore(status.subscribe, status.get)
  const lab = useOpenedLab(shell, connection, kind, present)
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      {present.reason === OTHER_VERSION ? (
        <Notice fatal headline="This page does not fit the program that runs" body={present.reason} />
      ) : lab === null ? (
        <Opening status={present} />
      ) : (
        <LabProvider value={lab}>
          <ColorSchemeKeeper />
          <DialogHost>
            <div className={classes.window}>
              <ConnectionBar />
              <div className={classes.main}>
                {kind.kind === 'console' ? (
                  <Console />
                ) : (
                  <Suspense fallback={<Opening status={present} />}>
                    <ConnectWindow vmId={kind.vmId} />
                  </Suspense>
                )}
              </div>
            </div>
            <JobAnnouncer />
          </DialogHost>
        </LabProvider>
      )}
    </MantineProvider>
  )
}

/** The lab once everything is read; a loss before that begins anew with the next connection. */
function useOpenedLab(shell: ShellAbilities, connection: Connection, kind: WindowKind, status: ConnectionStatus): LabContextValue | null {
  const [lab, setLab] = useState<LabContextValue | null>(null)
  const wanted = lab === null && status.state === 'connected'
  useEffect(() => {
    if (!wanted) return
    let given = true
    openLab(shell, connection, kind).then(
      (opened) => {
        if (given) setLab(opened)
        else opened.store.close()
      },
      // The connection reports its own loss; the next one opens the lab.
      () => undefined,
    )
    return () => {
      given = false
    }
  }, [wanted, shell, connection, kind])
  useEffect(() => {
    if (kind.kind === 'console') shell.setTitle(TITLE)
  }, [shell, kind])
  return lab
}

function Opening({ status }: { readonly status: ConnectionStatus }): ReactNode {
  if (status.state === 'lost') return <Notice headline="Viridian cannot be reached" body={`${status.reason} Connecting again...`} />
  return <Notice headline="Connecting..." />
}
