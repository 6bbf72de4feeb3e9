import type { ReactNode } from 'react'
import { ControllerPage, DiskettePage, DvdDrivePage, HardDrivePage } from './drivePages.tsx'
import { AddHardwarePage, BiosPage, FirmwarePage, MemoryPage, ProcessorPage } from './hardwarePages.tsx'
import { AutomaticStartPage, AutomaticStopPage, CheckpointsPage, NamePage, SmartPagingPage } from './managementPages.tsx'
import type { PageProps } from './pageProps.ts'

/** The page of the selected item. */
export function SettingsPage(props: PageProps): ReactNode {
  const { pageId } = props.state
  const cut = pageId.indexOf(':')
  const kind = cut < 0 ? pageId : pageId.slice(0, cut)
  const rest = cut < 0 ? '' : pageId.slice(cut + 1)
  switch (kind) {
    case 'add-hardware':
      return <AddHardwarePage {...props} />
    case 'bios':
      return <BiosPage {...props} />
    case 'firmware':
      return <FirmwarePage {...props} />
    case 'memory':
      return <MemoryPage {...props} />
    case 'processor':
      return <ProcessorPage {...props} />
    case 'ide':
    case 'scsi':
      return <ControllerPage {...props} controller={kind} number={Number(rest)} />
    case 'drive':
      return <DrivePage {...props} driveId={rest} />
    case 'name':
      return <NamePage {...props} />
    case 'checkpoints':
      return <CheckpointsPage {...props} />
    case 'smart-paging':
      return <SmartPagingPage {...props} />
    case 'automatic-start':
      return <AutomaticStartPage {...props} />
    case 'automatic-stop':
      return <AutomaticStopPage {...props} />
    default:
      return null
  }
}

function DrivePage({ driveId, ...props }: PageProps & { readonly driveId: string }): ReactNode {
  const drive = props.state.draft.drives.find(({ id }) => id === driveId)
  switch (drive?.kind) {
    case 'hard-disk':
      return <HardDrivePage {...props} drive={drive} />
    case 'dvd':
      return <DvdDrivePage {...props} drive={drive} />
    case 'floppy':
      return <DiskettePage {...props} drive={drive} />
    default:
      return null
  }
}
