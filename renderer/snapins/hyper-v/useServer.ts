import { useMemo, useState } from 'react'
import { type HostView, type Outcome, refusalText } from '../../../preload/contract/index.ts'
import { useLab } from '../../client/lab-context.tsx'
import { useMessageBox } from '../../mmc/index.ts'
import { errorBox } from '../../vm-actions/index.ts'
import { STOP_SERVICE, TEXTS } from './texts.ts'

export interface ServerActions {
  readonly startService: () => void
  /** Asks first. */
  readonly stopService: () => void
  readonly refresh: () => void
  readonly cancelJob: (jobId: string) => void
}

/** Actions on the server, with the boxes that say why one failed, and the progress text of the status bar. */
export function useServer(host: HostView | undefined): readonly [ServerActions, string] {
  const { connection, store } = useLab()
  const showMessage = useMessageBox()
  const [refreshing, setRefreshing] = useState(false)
  const hostId = host?.id ?? ''
  const hostName = host?.name ?? ''
  const actions = useMemo((): ServerActions => {
    const report = async (answer: Promise<Outcome>, headline: string): Promise<void> => {
      const outcome = await answer.catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
      if (typeof outcome === 'string') await showMessage(errorBox(headline, outcome, 'manager'))
      else if (!outcome.ok) await showMessage(errorBox(headline, refusalText(outcome.refusal).body, 'manager'))
    }
    const { client } = connection
    return {
      startService: () => void report(client.host.startService({ hostId }), `The service could not be started on '${hostName}'.`),
      stopService: async () => {
        const { title, headline, body, confirm, cancel } = STOP_SERVICE
        const buttons = [
          { id: 'stop', label: confirm },
          { id: 'cancel', label: cancel },
        ] as const
        const { button } = await showMessage({ title, icon: 'warning', headline, body, buttons, defaultButton: 'cancel' })
        if (button === 'stop') await report(client.host.stopService({ hostId }), `The service could not be stopped on '${hostName}'.`)
      },
      refresh: () => {
        setRefreshing(true)
        void store.refresh().then(() => setRefreshing(false))
      },
      cancelJob: (jobId) => void report(client.job.cancel({ jobId }), 'The operation could not be cancelled.'),
    }
  }, [connection, store, showMessage, hostId, hostName])
  return [actions, statusOf(host, refreshing)]
}

function statusOf(host: HostView | undefined, refreshing: boolean): string {
  if (host?.serviceState === 'starting') return TEXTS.connecting(host.name)
  if (host?.serviceState === 'stopping') return TEXTS.serviceStopping
  return refreshing ? TEXTS.refreshing : ''
}
