import { MantineProvider } from '@mantine/core'
import { lazy, type ReactNode, Suspense, useEffect, useState, useSyncExternalStore } from 'react'
import type { ShellAbilities } from '../../preload/contract/index.ts'
import { type Connection, type ConnectionStatus, OTHER_VERSION } from '../client/connection.ts'
import { type LabContextValue, LabProvider } from '../client/lab-context.tsx'
import { RETRY_MILLISECONDS } from '../client/state-store.ts'
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

const SettingsSheet = lazy(() =>
  import('../snapins/hyper-v/settings/SettingsSheet.tsx').then((module) => ({ default: module.SettingsSheet })),
)

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
  const [lab, trouble] = useOpenedLab(shell, connection, kind, present)
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      {present.reason === OTHER_VERSION ? (
        <Notice fatal headline="This page does not fit the program that runs" body={present.reason} />
      ) : lab === null ? (
        <Opening status={present} trouble={trouble} />
      ) : (
        <LabProvider value={lab}>
          <ColorSchemeKeeper />
          <DialogHost>
            <div className={classes.window}>
              {kind.kind === 'console' && <ConnectionBar />}
              <div className={classes.main}>
                {kind.kind === 'console' ? (
                  <Console />
                ) : (
                  <Suspense fallback={<Opening status={present} trouble={null} />}>
                    <ConnectWindow vmId={kind.vmId} Settings={SettingsSheet} />
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

/**
 * The lab once everything is read, and why it cannot be read. A loss before that begins anew with the next connection; while the connection stands,
 * the engine is asked again and again.
 */
function useOpenedLab(
  shell: ShellAbilities,
  connection: Connection,
  kind: WindowKind,
  status: ConnectionStatus,
): readonly [lab: LabContextValue | null, trouble: string | null] {
  const [lab, setLab] = useState<LabContextValue | null>(null)
  const [trouble, setTrouble] = useState<string | null>(null)
  const [attempt, setAttempt] = useState(0)
  const wanted = lab === null && status.state === 'connected'
  // biome-ignore lint/correctness/useExhaustiveDependencies: a further attempt begins anew
  useEffect(() => {
    if (!wanted) return
    let given = true
    let timer: ReturnType<typeof setTimeout> | undefined
    openLab(shell, connection, kind).then(
      (opened) => {
        if (given) setLab(opened)
        else opened.store.close()
      },
      (error: unknown) => {
        // The connection reports its own loss; the next one opens the lab.
        if (!given || connection.status.get().state !== 'connected') return
        setTrouble(error instanceof Error ? error.message : String(error))
        timer = setTimeout(() => setAttempt((before) => before + 1), RETRY_MILLISECONDS)
      },
    )
    return () => {
      given = false
      clearTimeout(timer)
    }
  }, [wanted, attempt, shell, connection, kind])
  useEffect(() => {
    if (kind.kind === 'console') shell.setTitle(TITLE)
  }, [shell, kind])
  return [lab, trouble]
}

function Opening({ status, trouble }: { readonly status: ConnectionStatus; readonly trouble: string | null }): ReactNode {
  if (status.state === 'lost') return <Notice headline="Viridian cannot be reached" body={`${status.reason} Connecting again...`} />
  if (trouble !== null && status.state === 'connected')
    return <Notice headline="The lab cannot be opened" body={`${trouble} Trying again...`} />
  return <Notice headline="Connecting..." />
}
