/** The Edit Virtual Hard Disk Wizard: compact, convert, expand, shrink, merge, reconnect (hyper-v-manager 2.7). */
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { refusalText } from '../../../../preload/contract/index.ts'
import { useClient, usePreference } from '../../../client/lab-context.tsx'
import { Wizard } from '../../../mmc/index.ts'
import { type EditDraft, editOf, initialDraft, type Located } from './editDraft.ts'
import { editPagesFor } from './editPages.tsx'
import type { DiskWindowProps } from './NewDiskWizard.tsx'
import type { DiskOptions } from './newDraft.ts'
import { useDiskJob } from './useDiskJob.ts'

const SKIP_FIRST_PAGE = 'wizard.edit-disk.skip-first-page'
const FAILED = 'The server encountered an error while editing the virtual hard disk.'

interface Found {
  readonly path: string
  readonly located: Located
}

export function EditDiskWizard({ host, path, onClose }: DiskWindowProps): ReactNode {
  const client = useClient()
  const [options, setOptions] = useState<DiskOptions | null>(null)
  const [found, setFound] = useState<Found | null>(null)
  const [skip] = usePreference(SKIP_FIRST_PAGE)
  const job = useDiskJob()
  const { run } = job
  const created = useRef<string | null>(null)
  useEffect(() => {
    client.disk.options({ hostId: host.id }).then(setOptions, () => onClose(null))
  }, [client, host.id, onClose])
  const located = useCallback((wanted: string) => (found?.path === wanted ? found.located : null), [found])
  const locate = useCallback(
    async (wanted: string): Promise<string | null> => {
      const answer = await client.disk.editable({ hostId: host.id, path: wanted.trim() }).catch(() => null)
      if (answer === null) return 'The connection to the server was lost. Try again when it is back.'
      if (!answer.ok) return refusalText(answer.refusal).body
      setFound({ path: wanted, located: answer })
      return null
    },
    [client, host.id],
  )
  const pages = useMemo(() => editPagesFor({ client, skipPreference: SKIP_FIRST_PAGE, located, locate }), [client, located, locate])
  const finish = useCallback(
    async (draft: EditDraft): Promise<string | null> => {
      const disk = located(draft.path)
      const edit = disk === null ? null : editOf(draft, disk)
      if (disk === null || edit === null) return 'Choose what is to be done with the virtual hard disk.'
      const ended = await run(() => client.disk.edit({ hostId: host.id, path: disk.disk.path, edit }), FAILED)
      if ('message' in ended) return ended.message
      created.current = edit.kind === 'convert' || edit.kind === 'merge-new' ? ended.path : null
      return null
    },
    [located, run, client, host.id],
  )
  if (options === null) return null
  return (
    <Wizard
      title="Edit Virtual Hard Disk Wizard"
      icon="edit-disk"
      initialDraft={initialDraft(host, options, path)}
      pagesFor={pages}
      startPageId={skip === 'true' ? 'locate' : 'begin'}
      onFinish={finish}
      progress={job.progress}
      onCancelWork={job.cancel}
      onClose={(finished) => onClose(finished ? created.current : null)}
    />
  )
}
