/** Choosing files and folders of the simulated host in the wizard's fields. */
import { type ReactNode, useCallback } from 'react'
import { refusalText } from '../../../../preload/contract/index.ts'
import { useClient, useLabState } from '../../../client/lab-context.tsx'
import { FileDialog, type FileFilter, type FileListing, useDialogHost } from '../../../mmc/index.ts'
import { formatDateTime, instantOf } from '../formats.ts'

export interface BrowseOptions {
  readonly mode: 'open' | 'folder' | 'save'
  readonly startPath: string
  readonly title?: string
  readonly acceptLabel?: string
  readonly startName?: string
  readonly filters?: readonly FileFilter[]
}

/** Opens a file dialog on the host; answers with the chosen path, or null when it was given up. */
export function useBrowse(hostId: string): (options: BrowseOptions) => Promise<string | null> {
  const client = useClient()
  const { open } = useDialogHost()
  const startTimeMs = useLabState((state) => state.lab?.startTimeMs ?? 0)
  const list = useCallback(
    async (path: string): Promise<FileListing> => {
      const listed = await client.host.listFiles({ hostId, path, extensions: [] })
      if (!listed.ok) return { error: refusalText(listed.refusal).body }
      return {
        path: listed.path,
        entries: listed.entries.map(({ name, path: entryPath, kind, sizeBytes, modifiedTick }) => ({
          name: kind === 'drive' ? entryPath : name,
          kind,
          // Sizes are those of files; the engine counts 0 for folders and drives.
          sizeBytes: kind === 'file' ? sizeBytes : null,
          modifiedText: kind === 'drive' ? '' : formatDateTime(instantOf(startTimeMs, modifiedTick)),
        })),
      }
    },
    [client, hostId, startTimeMs],
  )
  return useCallback(
    (options: BrowseOptions) =>
      open<string | null>(
        (close): ReactNode => (
          <FileDialog
            mode={options.mode}
            list={list}
            startPath={options.startPath}
            {...(options.filters ? { filters: options.filters } : {})}
            {...(options.title ? { title: options.title } : {})}
            {...(options.acceptLabel ? { acceptLabel: options.acceptLabel } : {})}
            {...(options.startName ? { startName: options.startName } : {})}
            onChoose={(path) => close(path)}
            onCancel={() => close(null)}
          />
        ),
      ),
    [open, list],
  )
}
