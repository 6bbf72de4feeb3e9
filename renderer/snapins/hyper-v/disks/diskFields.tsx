/** Parts that pages of several disk wizards share. */
import { Fragment, type ReactNode } from 'react'
import type { DiskFormat, DiskType } from '../../../../preload/contract/index.ts'
import { usePreference } from '../../../client/lab-context.tsx'
import { CheckBox, ClassicButton, RadioButton, RadioGroup, TextField } from '../../../mmc/index.ts'
import { type BrowseOptions, useBrowse } from '../new-vm/hostFiles.tsx'
import classes from '../new-vm/pages.module.css'
import { FORMAT_NOTES, FORMAT_TEXTS, TYPE_LABELS, TYPE_NOTES } from './diskTexts.ts'

export interface PathFieldProps {
  readonly hostId: string
  readonly label: string
  readonly browseLabel?: string
  readonly value: string
  readonly disabled?: boolean
  readonly autoFocus?: boolean
  /** Where the dialog begins when the field is empty. */
  readonly browse: BrowseOptions
  readonly onChange: (path: string) => void
}

/** A path of the host with its Browse button. */
export function PathField(props: PathFieldProps): ReactNode {
  const { hostId, label, browseLabel = 'B&rowse...', value, disabled = false, autoFocus = false, browse: options, onChange } = props
  const browse = useBrowse(hostId)
  return (
    <div className={classes.row}>
      <TextField
        label={label}
        labelWidth={62}
        width={290}
        maxLength={1024}
        value={value}
        disabled={disabled}
        autoFocus={autoFocus}
        onChange={onChange}
      />
      <ClassicButton
        label={browseLabel}
        disabled={disabled}
        onClick={async () => {
          const path = await browse(options)
          if (path !== null) onChange(path)
        }}
      />
    </div>
  )
}

/** Name and folder of a new disk. */
export function NewFileFields(props: {
  readonly hostId: string
  readonly name: string
  readonly folder: string
  readonly disabled?: boolean
  readonly onName: (name: string) => void
  readonly onFolder: (folder: string) => void
}): ReactNode {
  const { hostId, name, folder, disabled = false, onName, onFolder } = props
  return (
    <div className={classes.fields}>
      <TextField label="Na&me:" labelWidth={62} width={290} maxLength={255} value={name} disabled={disabled} autoFocus onChange={onName} />
      <PathField
        hostId={hostId}
        label="&Location:"
        value={folder}
        disabled={disabled}
        browse={{ mode: 'folder', startPath: folder }}
        onChange={onFolder}
      />
    </div>
  )
}

export function FormatChoice(props: {
  readonly formats: readonly DiskFormat[]
  readonly value: DiskFormat
  readonly onChange: (format: DiskFormat) => void
}): ReactNode {
  const keys: Readonly<Record<DiskFormat, string>> = { vhd: '&VHD', vhdx: 'VHD&X', vhds: 'VHD &Set' }
  return (
    <RadioGroup label="Format" value={props.value} onChange={props.onChange}>
      {props.formats.map((format) => (
        <RadioButton key={format} value={format} label={keys[format] ?? FORMAT_TEXTS[format]} description={FORMAT_NOTES[format]} />
      ))}
    </RadioGroup>
  )
}

export function TypeChoice<Type extends DiskType>(props: {
  readonly types: readonly Type[]
  readonly value: Type
  readonly onChange: (type: Type) => void
}): ReactNode {
  return (
    <RadioGroup label="Type" value={props.value} onChange={props.onChange}>
      {props.types.map((type) => (
        <RadioButton key={type} value={type} label={TYPE_LABELS[type]} description={TYPE_NOTES[type]} />
      ))}
    </RadioGroup>
  )
}

/** The check box of a first page. */
export function SkipBox({ preference }: { readonly preference: string }): ReactNode {
  const [skip, setSkip] = usePreference(preference)
  return (
    <div className={classes.foot}>
      <CheckBox label="&Do not show this page again" checked={skip === 'true'} onChange={(checked) => setSkip(checked ? 'true' : null)} />
    </div>
  )
}

/** The table of a Summary page. */
export function SummaryTable({ rows }: { readonly rows: readonly { readonly label: string; readonly value: string }[] }): ReactNode {
  return (
    <>
      <h3 className={classes.caption} id="disk-summary">
        Description:
      </h3>
      <dl className={classes.summary} aria-labelledby="disk-summary">
        {rows.map(({ label, value }) => (
          <Fragment key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
    </>
  )
}
