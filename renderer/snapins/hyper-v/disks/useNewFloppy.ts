/** New ▸ Floppy Disk: a file dialog, and the empty floppy that it names (hyper-v-manager 2.1). */
import { useCallback } from 'react'
import { type HostView, refusalText } from '../../../../preload/contract/index.ts'
import { useClient } from '../../../client/lab-context.tsx'
import { useMessageBox } from '../../../mmc/index.ts'
import { errorBox } from '../../../vm-actions/index.ts'
import { useBrowse } from '../new-vm/hostFiles.tsx'
import { FLOPPY_FILTERS } from './diskTexts.ts'

const HEADLINE = 'The server encountered an error while creating the virtual floppy disk.'

export function useNewFloppy(host: HostView | undefined): () => void {
  const client = useClient()
  const showMessage = useMessageBox()
  const hostId = host?.id ?? ''
  const browse = useBrowse(hostId)
  const startPath = host?.virtualDiskPath ?? ''
  return useCallback(async () => {
    const path = await browse({
      mode: 'save',
      title: 'Create Virtual Floppy Disk',
      acceptLabel: '&Create',
      startPath,
      filters: FLOPPY_FILTERS,
    })
    if (path === null) return
    const made = await client.disk.createFloppy({ hostId, path }).catch((error: unknown) => String(error))
    if (typeof made === 'string') await showMessage(errorBox(HEADLINE, made, 'manager'))
    else if (!made.ok) await showMessage(errorBox(HEADLINE, refusalText(made.refusal).body, 'manager'))
  }, [browse, client, hostId, startPath, showMessage])
}
