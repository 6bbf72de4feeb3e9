/** The Edit wizard's pages with the choices of an action. */
import type { ReactNode } from 'react'
import { CheckBox, NumberField, RadioButton, RadioGroup, type WizardPageProps } from '../../../mmc/index.ts'
import { FormatChoice, NewFileFields, PathField, TypeChoice } from './diskFields.tsx'
import { DISK_FILTERS, folderOf, limitText, sizeText } from './diskTexts.ts'
import { type EditDraft, folderOfDraft, formatOf, type Located, newTypeOf, parentOf } from './editDraft.ts'

type Props = WizardPageProps<EditDraft> & { readonly located: Located }

export function FormatPage({ draft, change, located }: Props): ReactNode {
  return (
    <>
      <p>What format do you want to use for the new virtual hard disk?</p>
      <FormatChoice formats={draft.options.formats} value={formatOf(draft, located)} onChange={(format) => change({ format })} />
    </>
  )
}

export function TypePage({ draft, change, located }: Props): ReactNode {
  return (
    <>
      <p>What type of virtual hard disk do you want to create?</p>
      <TypeChoice types={['fixed', 'dynamic'] as const} value={newTypeOf(draft, located)} onChange={(type) => change({ type })} />
    </>
  )
}

export function NewFilePage({ draft, change, located }: Props): ReactNode {
  return (
    <>
      <p>Specify the name and location of the new virtual hard disk file. The file that was located is kept.</p>
      <NewFileFields
        hostId={draft.host.id}
        name={draft.name}
        folder={folderOfDraft(draft, located)}
        onName={(name) => change({ name })}
        onFolder={(folder) => change({ folder })}
      />
    </>
  )
}

export function SizePage({ draft, change, located, shrinks }: Props & { readonly shrinks: boolean }): ReactNode {
  const { disk, shrinkMinimumGb } = located
  const maximum = draft.options.sizeMaximumGb[disk.format]
  const currentGb = disk.capacityBytes / 1024 ** 3
  return (
    <>
      <p>
        {shrinks
          ? 'To what size do you want to shrink the virtual hard disk?'
          : 'To what size do you want to expand the virtual hard disk?'}
      </p>
      <p>
        Current size is {sizeText(disk.capacityBytes)}.{shrinks && ` Minimum size is ${shrinkMinimumGb ?? 1} GB.`}
      </p>
      <NumberField
        label="&New size:"
        labelWidth={62}
        width={80}
        min={shrinks ? (shrinkMinimumGb ?? 1) : Math.floor(currentGb) + 1}
        max={shrinks ? Math.ceil(currentGb) - 1 : maximum}
        suffix={shrinks ? 'GB' : `GB (Maximum: ${limitText(maximum)})`}
        value={draft.sizeGb}
        onChange={(sizeGb) => change({ sizeGb })}
      />
    </>
  )
}

export function MergePage({ draft, change, located }: Props): ReactNode {
  return (
    <>
      <p>Where do you want to put the changes of the differencing virtual hard disk?</p>
      <RadioGroup label="Merge" value={draft.mergeTo} onChange={(mergeTo) => change({ mergeTo })}>
        <RadioButton
          value="parent"
          label="To the &parent virtual hard disk"
          description={`${located.disk.parentPath ?? ''} takes the changes over; the differencing disk is deleted.`}
        />
        <RadioButton value="new" label="To a &new virtual hard disk" description="The differencing disk and its parent are kept." />
      </RadioGroup>
    </>
  )
}

export function ReconnectPage({ draft, change, located }: Props): ReactNode {
  const parent = parentOf(draft, located)
  const startPath = parent.includes('\\') ? folderOf(parent) : draft.host.virtualDiskPath
  return (
    <>
      <p>Specify the virtual hard disk that is the parent of this differencing virtual hard disk.</p>
      <PathField
        hostId={draft.host.id}
        label="&Location:"
        autoFocus
        value={parent}
        browse={{ mode: 'open', startPath, filters: DISK_FILTERS }}
        onChange={(parentPath) => change({ parentPath })}
      />
      <CheckBox
        label="&Ignore a mismatch of the parent's ID"
        description="The contents are damaged if the parent was changed or is another disk."
        checked={draft.ignoreIdMismatch}
        onChange={(ignoreIdMismatch) => change({ ignoreIdMismatch })}
      />
    </>
  )
}
