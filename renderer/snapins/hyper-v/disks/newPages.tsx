/** Pages of the New Virtual Hard Disk Wizard (4.2). */
import type { ReactNode } from 'react'
import { refusalText } from '../../../../preload/contract/index.ts'
import type { Client } from '../../../client/connection.ts'
import { ListView, NumberField, type PagesFor, RadioButton, RadioGroup, type WizardPage, type WizardPageProps } from '../../../mmc/index.ts'
import { FormatChoice, NewFileFields, PathField, SkipBox, SummaryTable, TypeChoice } from './diskFields.tsx'
import classes from './disks.module.css'
import { DISK_FILTERS, limitText } from './diskTexts.ts'
import { fileNameOf, type NewDraft, newDiskOf, summaryRows, typeOf, typesOf } from './newDraft.ts'
import { usePhysicalList } from './usePhysicalList.ts'

type Props = WizardPageProps<NewDraft>

/** The wizard's list of pages, a pure function of the draft. */
export function newPagesFor(client: Client, skipPreference: string): PagesFor<NewDraft> {
  return (draft) => {
    const differencing = typeOf(draft) === 'differencing'
    const formats: readonly WizardPage<NewDraft>[] =
      draft.options.formats.length > 1 ? [{ id: 'format', title: 'Choose Disk Format', render: (props) => <FormatPage {...props} /> }] : []
    return [
      { id: 'begin', title: 'Before You Begin', render: () => <BeginPage preference={skipPreference} /> },
      ...formats,
      { id: 'type', title: 'Choose Disk Type', render: (props) => <TypePage {...props} /> },
      {
        id: 'name',
        title: 'Specify Name and Location',
        render: (props) => <NamePage {...props} />,
        isComplete: (each) => fileNameOf(each).trim() !== '' && each.folder.trim() !== '',
      },
      {
        id: 'configure',
        title: 'Configure Disk',
        render: (props) => (differencing ? <ParentPage {...props} /> : <ContentPage {...props} />),
        isComplete: (each) => (typeOf(each) === 'differencing' ? each.parentPath.trim() !== '' : contentComplete(each)),
        validate: (each) => problemOf(client, each),
      },
      {
        id: 'summary',
        title: 'Summary',
        headline: 'Completing the New Virtual Hard Disk Wizard',
        render: (props) => <SummaryPage {...props} />,
      },
    ]
  }
}

function contentComplete(draft: NewDraft): boolean {
  if (draft.source === 'blank') return draft.sizeGb !== null
  return draft.source === 'physical' ? draft.physical !== '' : draft.sourcePath.trim() !== ''
}

/** The engine's objection to the choices. That a file exists is told after Finish, as in the product. */
async function problemOf(client: Client, draft: NewDraft): Promise<string | null> {
  try {
    const { refusal } = await client.disk.checkNew(newDiskOf(draft))
    return refusal === null || refusal.code === 'path-exists' ? null : refusalText(refusal).body
  } catch {
    return 'The connection to the server was lost. Try again when it is back.'
  }
}

function BeginPage({ preference }: { readonly preference: string }): ReactNode {
  return (
    <>
      <p>
        This wizard makes a virtual hard disk: a file on this server that a virtual machine uses as a disk. It asks for the format, the
        type, the place and the contents.
      </p>
      <p>Next leads through the choices; Finish is possible as soon as all of them are made.</p>
      <SkipBox preference={preference} />
    </>
  )
}

function FormatPage({ draft, change }: Props): ReactNode {
  return (
    <>
      <p>What format do you want to use for the virtual hard disk?</p>
      <FormatChoice formats={draft.options.formats} value={draft.format} onChange={(format) => change({ format, name: null })} />
    </>
  )
}

function TypePage({ draft, change }: Props): ReactNode {
  return (
    <>
      <p>What type of virtual hard disk do you want to create?</p>
      <TypeChoice types={typesOf(draft.format)} value={typeOf(draft)} onChange={(type) => change({ type })} />
    </>
  )
}

function NamePage({ draft, change }: Props): ReactNode {
  return (
    <>
      <p>Specify the name and location of the virtual hard disk file.</p>
      <NewFileFields
        hostId={draft.host.id}
        name={fileNameOf(draft)}
        folder={draft.folder}
        onName={(name) => change({ name })}
        onFolder={(folder) => change({ folder })}
      />
    </>
  )
}

function ContentPage({ draft, change }: Props): ReactNode {
  const { options, source } = draft
  const maximum = options.sizeMaximumGb[draft.format]
  const list = usePhysicalList(draft.physical, (physical) => change({ physical }))
  return (
    <>
      <p>Create a blank virtual hard disk, or copy the contents of a disk that exists.</p>
      <RadioGroup label="Contents" value={source} onChange={(next) => change({ source: next })}>
        <RadioButton value="blank" label="Create a new &blank virtual hard disk">
          <NumberField
            label="&Size:"
            labelWidth={40}
            width={80}
            min={1}
            max={maximum}
            disabled={source !== 'blank'}
            suffix={`GB (Maximum: ${limitText(maximum)})`}
            value={draft.sizeGb}
            onChange={(sizeGb) => change({ sizeGb })}
          />
        </RadioButton>
        {options.physicalDisks.length > 0 && (
          <RadioButton value="physical" label="&Copy the contents of the specified physical disk:">
            <div className={classes.physical} inert={source !== 'physical'} data-disabled={source !== 'physical' || undefined}>
              <ListView
                label="Physical hard disks"
                rows={options.physicalDisks}
                getId={(row) => row.name}
                multiSelect={false}
                emptyText=""
                {...list}
              />
            </div>
          </RadioButton>
        )}
        <RadioButton value="virtual" label="Copy the contents of the specified &virtual hard disk">
          <PathField
            hostId={draft.host.id}
            label="&Path:"
            value={draft.sourcePath}
            disabled={source !== 'virtual'}
            browse={{ mode: 'open', startPath: draft.host.virtualDiskPath, filters: DISK_FILTERS }}
            onChange={(sourcePath) => change({ sourcePath })}
          />
        </RadioButton>
      </RadioGroup>
    </>
  )
}

function ParentPage({ draft, change }: Props): ReactNode {
  return (
    <>
      <p>
        Specify the virtual hard disk that is to be the parent of the new differencing virtual hard disk. It must have the same format, and
        must not be changed from then on.
      </p>
      <PathField
        hostId={draft.host.id}
        label="&Location:"
        autoFocus
        value={draft.parentPath}
        browse={{ mode: 'open', startPath: draft.host.virtualDiskPath, filters: DISK_FILTERS }}
        onChange={(parentPath) => change({ parentPath })}
      />
    </>
  )
}

function SummaryPage({ draft }: Props): ReactNode {
  return (
    <>
      <p>Everything is chosen. The following virtual hard disk will be created.</p>
      <SummaryTable rows={summaryRows(draft)} />
      <p>Finish creates the virtual hard disk and closes the wizard.</p>
    </>
  )
}
