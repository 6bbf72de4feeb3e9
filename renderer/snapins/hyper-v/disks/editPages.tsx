/** Pages of the Edit Virtual Hard Disk Wizard (2.7). */
import type { ReactNode } from 'react'
import { refusalText } from '../../../../preload/contract/index.ts'
import type { Client } from '../../../client/connection.ts'
import { Note, type PagesFor, RadioButton, RadioGroup, type WizardPage, type WizardPageProps } from '../../../mmc/index.ts'
import { PathField, SkipBox, SummaryTable } from './diskFields.tsx'
import { DISK_FILTERS, EDIT_LABELS, EDIT_NOTES, folderOf } from './diskTexts.ts'
import { FormatPage, MergePage, NewFilePage, ReconnectPage, SizePage, TypePage } from './editChoices.tsx'
import { actionOf, type EditDraft, editOf, folderOfDraft, type Located, makesFile, summaryRows } from './editDraft.ts'

export interface EditPageContext {
  readonly client: Client
  readonly skipPreference: string
  /** The disk that the present path leads to; null before it was located. */
  readonly located: (path: string) => Located | null
  /** Locates a disk; a text says why it cannot be edited. */
  readonly locate: (path: string) => Promise<string | null>
}

type Page = WizardPage<EditDraft>

/** The wizard's list of pages for a draft and the disk that it has located. */
export function editPagesFor(context: EditPageContext): PagesFor<EditDraft> {
  return (draft) => {
    const located = context.located(draft.path)
    return [
      { id: 'begin', title: 'Before You Begin', render: () => <BeginPage preference={context.skipPreference} /> },
      {
        id: 'locate',
        title: 'Locate Disk',
        headline: 'Locate Virtual Hard Disk',
        render: (props) => <LocatePage {...props} />,
        isComplete: ({ path }) => path.trim() !== '',
        validate: ({ path }) => context.locate(path),
      },
      {
        id: 'action',
        title: 'Choose Action',
        render: (props) => (located === null ? null : <ActionPage {...props} located={located} />),
        isComplete: () => located !== null && actionOf(draft, located) !== null,
      },
      ...(located === null ? [] : choicePages(context.client, draft, located)),
      {
        id: 'summary',
        title: 'Summary',
        headline: 'Completing the Edit Virtual Hard Disk Wizard',
        render: (props) => (located === null ? null : <SummaryPage {...props} located={located} />),
      },
    ]
  }
}

/** Pages between the action and the summary. */
function choicePages(client: Client, draft: EditDraft, located: Located): readonly Page[] {
  const check = { validate: (each: EditDraft) => problemOf(client, each, located) }
  const action = actionOf(draft, located)
  const configure = { id: 'configure', title: 'Configure Disk', indented: true }
  const merge: readonly Page[] =
    action === 'merge'
      ? [
          {
            ...configure,
            id: 'merge',
            render: (props) => <MergePage {...props} located={located} />,
            ...(draft.mergeTo === 'parent' ? check : {}),
          },
        ]
      : []
  if (makesFile(draft, located)) {
    return [
      ...merge,
      { id: 'format', title: 'Choose Disk Format', indented: true, render: (props) => <FormatPage {...props} located={located} /> },
      { id: 'type', title: 'Choose Disk Type', indented: true, render: (props) => <TypePage {...props} located={located} /> },
      {
        ...configure,
        render: (props) => <NewFilePage {...props} located={located} />,
        isComplete: (each) => each.name.trim() !== '' && folderOfDraft(each, located).trim() !== '',
        ...check,
      },
    ]
  }
  if (action === 'expand' || action === 'shrink') {
    return [
      {
        ...configure,
        render: (props) => <SizePage {...props} located={located} shrinks={action === 'shrink'} />,
        isComplete: ({ sizeGb }) => sizeGb !== null,
        ...check,
      },
    ]
  }
  if (action === 'reconnect') {
    return [
      {
        ...configure,
        render: (props) => <ReconnectPage {...props} located={located} />,
        isComplete: (each) => editOf(each, located) !== null,
        ...check,
      },
    ]
  }
  return merge
}

/** The engine's objection to the choices. That a file exists is told after Finish, as in the product. */
async function problemOf(client: Client, draft: EditDraft, located: Located): Promise<string | null> {
  const edit = editOf(draft, located)
  if (edit === null) return null
  try {
    const { refusal } = await client.disk.checkEdit({ hostId: draft.host.id, path: located.disk.path, edit })
    return refusal === null || refusal.code === 'path-exists' ? null : refusalText(refusal).body
  } catch {
    return 'The connection to the server was lost. Try again when it is back.'
  }
}

function BeginPage({ preference }: { readonly preference: string }): ReactNode {
  return (
    <>
      <p>
        This wizard changes a virtual hard disk: it can make its file smaller, convert it, change its size, or put the changes of a
        differencing disk into its parent. What is possible depends on the format and type of the disk.
      </p>
      <p>The disk must not be in use by a virtual machine that is running.</p>
      <SkipBox preference={preference} />
    </>
  )
}

function LocatePage({ draft, change }: WizardPageProps<EditDraft>): ReactNode {
  const { host, path } = draft
  return (
    <>
      <p>Where is the virtual hard disk file located?</p>
      <PathField
        hostId={host.id}
        label="&Location:"
        autoFocus
        value={path}
        browse={{ mode: 'open', startPath: path.includes('\\') ? folderOf(path) : host.virtualDiskPath, filters: DISK_FILTERS }}
        onChange={(next) => change({ path: next, action: null, sizeGb: null, parentPath: null, folder: null, format: null, type: null })}
      />
      <Note kind="warning">
        Do not edit a virtual hard disk that belongs to a virtual machine with checkpoints or replication, or that is the parent of a
        differencing disk: data may be lost.
      </Note>
    </>
  )
}

function ActionPage({ draft, change, located }: WizardPageProps<EditDraft> & { readonly located: Located }): ReactNode {
  const { parentRefusal } = located.disk
  return (
    <>
      {parentRefusal !== null && (
        <div role="alert">
          <Note kind="error">{refusalText(parentRefusal).body}</Note>
        </div>
      )}
      <p>
        {located.edits.length === 0
          ? 'Nothing can be done with this virtual hard disk.'
          : 'What do you want to do to the virtual hard disk?'}
      </p>
      <RadioGroup label="Action" value={actionOf(draft, located)} onChange={(action) => change({ action, sizeGb: null })}>
        {located.edits.map((edit) => (
          <RadioButton key={edit} value={edit} label={EDIT_LABELS[edit]} description={EDIT_NOTES[edit]} />
        ))}
      </RadioGroup>
    </>
  )
}

function SummaryPage({ draft, located }: WizardPageProps<EditDraft> & { readonly located: Located }): ReactNode {
  return (
    <>
      <p>Everything is chosen. The following changes will be made.</p>
      <SummaryTable rows={summaryRows(draft, located)} />
      <p>Finish carries out the action and closes the wizard.</p>
    </>
  )
}
