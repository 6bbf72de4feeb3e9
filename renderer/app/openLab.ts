/** Everything that a window needs from the engine before it can show something. */
import type { ShellAbilities } from '../../preload/contract/index.ts'
import type { Connection } from '../client/connection.ts'
import type { LabContextValue } from '../client/lab-context.tsx'
import { openPreferences } from '../client/preferences.ts'
import { openStateStore, type StateSource, type StateStore } from '../client/state-store.ts'
import { installTestHook } from '../client/test-hook.ts'
import type { WindowKind } from './windowKind.ts'

/** Resolves with the store once its first snapshot is there; rejects with the sentence of the store's trouble, and closes it. */
function filled(store: StateStore): Promise<StateStore> {
  return new Promise((resolve, reject) => {
    const stop = store.subscribe(() => {
      const trouble = store.trouble()
      if (store.get().lab === null && trouble === null) return
      stop()
      if (trouble === null) resolve(store)
      else {
        store.close()
        reject(new Error(trouble))
      }
    })
  })
}

/** The server whose machines the console shows: a short look at what there is tells its id. */
async function consoleSource(connection: Connection): Promise<StateSource> {
  const look = await filled(openStateStore(connection, { hostId: null, vmId: null }))
  const hostId = look.get().hosts.keys().next().value ?? null
  look.close()
  return { hostId, vmId: null }
}

/** Opens the lab for a window; rejects when the connection is lost meanwhile, or with a sentence when the engine refuses. */
export async function openLab(shell: ShellAbilities, connection: Connection, kind: WindowKind): Promise<LabContextValue> {
  const [preferences, source] = await Promise.all([
    openPreferences(connection),
    kind.kind === 'connect' ? { hostId: null, vmId: kind.vmId } : consoleSource(connection),
  ])
  const store = await filled(openStateStore(connection, source))
  installTestHook(window, connection.client, store)
  return { shell, connection, preferences, store }
}
