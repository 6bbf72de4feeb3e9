/** Inspect Disk: asks for a file, then shows the window Virtual Hard Disk Properties (hyper-v-manager 2.8). */
import { Fragment, type ReactNode, useEffect, useRef, useState } from 'react'
import { type DiskInspection, type HostView, refusalText } from '../../../../preload/contract/index.ts'
import { useClient } from '../../../client/lab-context.tsx'
import { ClassicButton, DialogWindow, Note, useDialogHost, useMessageBox, useStable } from '../../../mmc/index.ts'
import { errorBox } from '../../../vm-actions/index.ts'
import { useBrowse } from '../new-vm/hostFiles.tsx'
import classes from './disks.module.css'
import { DISK_FILTERS, FORMAT_TEXTS, folderOf, nameOf, sizeText, TYPE_TEXTS } from './diskTexts.ts'
import type { DiskWindowProps } from './NewDiskWizard.tsx'

export function InspectDisk({ host, path, onClose }: DiskWindowProps): ReactNode {
  const client = useClient()
  const browse = useBrowse(host.id)
  const showMessage = useMessageBox()
  const [disk, setDisk] = useState<DiskInspection | null>(null)
  const asked = useRef(false)
  const ask = useStable(async (): Promise<void> => {
    const chosen = path ?? (await browse({ mode: 'open', startPath: host.virtualDiskPath, filters: DISK_FILTERS }))
    if (chosen === null) return onClose(null)
    const found = await client.disk.inspect({ hostId: host.id, path: chosen }).catch(() => null)
    if (found?.ok) return setDisk(found.disk)
    const cause = found === null ? 'The connection to the server was lost.' : refusalText(found.refusal).body
    await showMessage(
      errorBox(
        `An error occurred when attempting to retrieve virtual hard disk "${chosen}" on server ${host.name}.`,
        `Failed to get the disk information.\n\n${cause}`,
        'manager',
      ),
    )
    onClose(null)
  })
  useEffect(() => {
    // A second effect of the same window must not ask again.
    if (asked.current) return
    asked.current = true
    void ask()
  }, [ask])
  return disk === null ? null : <DiskProperties host={host} disk={disk} onClose={() => onClose(null)} />
}

interface PropertiesProps {
  readonly host: HostView
  readonly disk: DiskInspection
  readonly onClose: () => void
}

function DiskProperties({ host, disk, onClose }: PropertiesProps): ReactNode {
  const { open } = useDialogHost()
  const { parentPath, parentRefusal } = disk
  const rows = [
    ['Format:', FORMAT_TEXTS[disk.format]],
    ['Type:', TYPE_TEXTS[disk.type]],
    ['Location:', folderOf(disk.path)],
    ['File Name:', nameOf(disk.path)],
    ['Current File Size:', sizeText(disk.fileBytes)],
    ['Maximum Disk Size:', sizeText(disk.capacityBytes)],
    ...(parentPath === null ? [] : [['Parent:', parentPath] as const]),
  ] as const
  const inspectParent = (): void => {
    if (parentPath !== null) void open<null>((close) => <InspectDisk host={host} path={parentPath} onClose={() => close(null)} />)
  }
  return (
    <DialogWindow title="Virtual Hard Disk Properties" icon="inspect-disk" width={460} onClose={onClose}>
      <dl className={classes.properties} aria-label="Virtual Hard Disk Properties">
        {rows.map(([label, value]) => (
          <Fragment key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
      {parentRefusal !== null && (
        <div className={classes.problem} role="alert">
          <Note kind="error">{refusalText(parentRefusal).body}</Note>
        </div>
      )}
      <footer className={classes.bar}>
        {parentPath !== null && <ClassicButton label="&Inspect Parent" onClick={inspectParent} />}
        <ClassicButton label="Close" isDefault data-autofocus="" onClick={onClose} />
      </footer>
    </DialogWindow>
  )
}
