/** The New Virtual Hard Disk Wizard: makes a virtual hard disk on a host, page by page (hyper-v-manager 4.2). */
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { HostView } from '../../../../preload/contract/index.ts'
import { useClient, usePreference } from '../../../client/lab-context.tsx'
import { Wizard } from '../../../mmc/index.ts'
import { type DiskOptions, initialDraft, type NewDraft, newDiskOf } from './newDraft.ts'
import { newPagesFor } from './newPages.tsx'
import { useDiskJob } from './useDiskJob.ts'

export interface DiskWindowProps {
  readonly host: HostView
  /** New: proposed path; Edit and Inspect: the disk, which is then not asked for. */
  readonly path?: string
  /** Path of the file that was made; null when none was. */
  readonly onClose: (createdPath: string | null) => void
}

/** Preference of the check box on the first page. */
const SKIP_FIRST_PAGE = 'wizard.new-disk.skip-first-page'

export function NewDiskWizard({ host, path, onClose }: DiskWindowProps): ReactNode {
  const client = useClient()
  const [options, setOptions] = useState<DiskOptions | null>(null)
  const [skip] = usePreference(SKIP_FIRST_PAGE)
  const job = useDiskJob()
  const { run } = job
  const created = useRef<string | null>(null)
  useEffect(() => {
    // Without a connection the window stays away; the bar above the console says so.
    client.disk.options({ hostId: host.id }).then(setOptions, () => onClose(null))
  }, [client, host.id, onClose])
  const pages = useMemo(() => newPagesFor(client, SKIP_FIRST_PAGE), [client])
  const finish = useCallback(
    async (draft: NewDraft): Promise<string | null> => {
      const ended = await run(
        () => client.disk.create(newDiskOf(draft)),
        'The server encountered an error while creating the virtual hard disk.',
      )
      if ('message' in ended) return ended.message
      created.current = ended.path
      return null
    },
    [run, client],
  )
  if (options === null) return null
  return (
    <Wizard
      title="New Virtual Hard Disk Wizard"
      icon="disk"
      initialDraft={initialDraft(host, options, path)}
      pagesFor={pages}
      startPageId={skip === 'true' ? (options.formats.length > 1 ? 'format' : 'type') : 'begin'}
      onFinish={finish}
      progress={job.progress}
      onCancelWork={job.cancel}
      onClose={(finished) => onClose(finished ? created.current : null)}
    />
  )
}
