/** New, Edit and Inspect of the Hard Drive page: the disk wizards, with the disk of the page (hyper-v-manager 5.9). */
import { lazy, type ReactNode, Suspense } from 'react'
import { useLabState } from '../../../client/lab-context.tsx'
import { ButtonRow, ClassicButton, useDialogHost } from '../../../mmc/index.ts'

const WINDOWS = {
  new: lazy(() => import('../disks/NewDiskWizard.tsx').then((module) => ({ default: module.NewDiskWizard }))),
  edit: lazy(() => import('../disks/EditDiskWizard.tsx').then((module) => ({ default: module.EditDiskWizard }))),
  inspect: lazy(() => import('../disks/InspectDisk.tsx').then((module) => ({ default: module.InspectDisk }))),
}

export interface DiskButtonsProps {
  readonly hostId: string
  /** Path of the page's disk; empty for none. */
  readonly path: string
  /** The path cannot be changed now, so no new disk can take its place. */
  readonly locked: boolean
  /** Edit is greyed: checkpoints stand on the disk. */
  readonly editLocked: boolean
  readonly onPath: (path: string) => void
}

export function DiskButtons({ hostId, path, locked, editLocked, onPath }: DiskButtonsProps): ReactNode {
  const { open } = useDialogHost()
  const host = useLabState((state) => state.hosts.get(hostId))
  const show = async (kind: keyof typeof WINDOWS): Promise<void> => {
    if (host === undefined) return
    const Window = WINDOWS[kind]
    const made = await open<string | null>((close) => (
      <Suspense fallback={null}>
        <Window host={host} {...(kind === 'new' ? {} : { path })} onClose={close} />
      </Suspense>
    ))
    if (kind === 'new' && made !== null) onPath(made)
  }
  return (
    <ButtonRow align="start">
      <ClassicButton label="Ne&w" disabled={locked} onClick={() => void show('new')} />
      <ClassicButton label="&Edit" disabled={editLocked || path === ''} onClick={() => void show('edit')} />
      <ClassicButton label="&Inspect" disabled={path === ''} onClick={() => void show('inspect')} />
    </ButtonRow>
  )
}
