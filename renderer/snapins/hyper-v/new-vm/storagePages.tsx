/** Pages about disk and operating system, and the summary (hyper-v-manager 4.1; the explaining texts are ours). */
import { Fragment, type ReactNode } from 'react'
import { useLabState } from '../../../client/lab-context.tsx'
import { ClassicButton, NumberField, RadioButton, RadioGroup, SelectField, TextField, type WizardPageProps } from '../../../mmc/index.ts'
import { type Draft, diskFolderOf, diskNameOf, installOf, summaryRows } from './draft.ts'
import { useBrowse } from './hostFiles.tsx'
import classes from './pages.module.css'

type Props = WizardPageProps<Draft>

const DISK_FILTERS = [{ label: 'Virtual hard disk files (*.vhd;*.vhdx)', extensions: ['vhd', 'vhdx'] }]
const ISO_FILTERS = [{ label: 'Image files (*.iso)', extensions: ['iso'] }]
const FLOPPY_FILTERS = [{ label: 'Virtual floppy disk files (*.vfd)', extensions: ['vfd'] }]

/** `64 TB` or `2040 GB`, as the product writes the limit. */
function sizeLimitText(gigabytes: number): string {
  return gigabytes % 1024 === 0 ? `${gigabytes / 1024} TB` : `${gigabytes} GB`
}

export function DiskPage({ draft, change, hostId }: Props & { readonly hostId: string }): ReactNode {
  const browse = useBrowse(hostId)
  const { host } = draft
  const isNew = draft.disk === 'new'
  return (
    <>
      <p>An operating system needs a disk to be installed on. Choose it now, or attach one later in the settings of the virtual machine.</p>
      <RadioGroup label="Virtual hard disk" value={draft.disk} onChange={(disk) => change({ disk })}>
        <RadioButton
          value="new"
          label="&Create a virtual hard disk"
          description={`Makes a dynamically expanding ${host.diskExtension.toUpperCase()} file.`}
        >
          <div className={classes.fields}>
            <TextField
              label="Na&me:"
              labelWidth={62}
              width={240}
              maxLength={255}
              disabled={!isNew}
              value={diskNameOf(draft)}
              onChange={(diskName) => change({ diskName })}
            />
            <div className={classes.row}>
              <TextField
                label="&Location:"
                labelWidth={62}
                width={270}
                maxLength={1024}
                disabled={!isNew}
                value={diskFolderOf(draft)}
                onChange={(diskFolder) => change({ diskFolder })}
              />
              <ClassicButton
                label="B&rowse..."
                disabled={!isNew}
                onClick={async () => {
                  const diskFolder = await browse({ mode: 'folder', startPath: diskFolderOf(draft) })
                  if (diskFolder !== null) change({ diskFolder })
                }}
              />
            </div>
            <NumberField
              label="&Size:"
              labelWidth={62}
              width={80}
              min={1}
              max={host.diskSizeMaximumGb}
              disabled={!isNew}
              suffix={`GB (Maximum: ${sizeLimitText(host.diskSizeMaximumGb)})`}
              value={draft.diskSizeGb}
              onChange={(diskSizeGb) => change({ diskSizeGb })}
            />
          </div>
        </RadioButton>
        <RadioButton
          value="existing"
          label="&Use an existing virtual hard disk"
          description="Attaches a disk that is there already, in the VHD or VHDX format."
        >
          <div className={classes.row}>
            <TextField
              label="Loca&tion:"
              labelWidth={62}
              width={270}
              maxLength={1024}
              disabled={draft.disk !== 'existing'}
              value={draft.existingPath}
              onChange={(existingPath) => change({ existingPath })}
            />
            <ClassicButton
              label="Bro&wse..."
              disabled={draft.disk !== 'existing'}
              onClick={async () => {
                const existingPath = await browse({ mode: 'open', startPath: host.virtualDiskPath, filters: DISK_FILTERS })
                if (existingPath !== null) change({ existingPath })
              }}
            />
          </div>
        </RadioButton>
        <RadioButton
          value="later"
          label="Attach a virtual &hard disk later"
          description="Leaves the virtual machine without a disk for now."
        />
      </RadioGroup>
    </>
  )
}

export function InstallPage(props: Props & { readonly hostId: string }): ReactNode {
  const { draft, change } = props
  const gen1 = draft.generation === 1
  return (
    <>
      <p>The operating system can be installed at the first start, if its setup media are at hand, or later.</p>
      <RadioGroup
        label="Installation options"
        value={mediaChoice(draft)}
        onChange={(value) => change({ install: value === 'media' ? (gen1 && draft.drive !== '' ? 'physical-drive' : 'image') : value })}
      >
        <RadioButton value="later" label="Install an operating system &later" />
        <RadioButton
          value="media"
          label={
            gen1 ? 'Install an operating system from a &bootable CD/DVD-ROM' : 'Install an operating system from a &bootable image file'
          }
        >
          {gen1 ? <OpticalFields {...props} /> : <ImageField {...props} disabled={installOf(draft) !== 'image'} />}
        </RadioButton>
        {gen1 && (
          <RadioButton value="floppy" label="Install an operating system from a bootable &floppy disk">
            <FloppyField {...props} />
          </RadioButton>
        )}
        <RadioButton
          value="network"
          label="Install an operating system from a n&etwork-based installation server"
          disabled={draft.switchId === null}
        />
      </RadioGroup>
    </>
  )
}

function mediaChoice(draft: Draft): 'later' | 'media' | 'floppy' | 'network' {
  const install = installOf(draft)
  return install === 'image' || install === 'physical-drive' ? 'media' : install
}

/** Generation 1: one of the host's own drives, or an image file. */
function OpticalFields(props: Props & { readonly hostId: string }): ReactNode {
  const { draft, change } = props
  const install = installOf(draft)
  const off = install !== 'image' && install !== 'physical-drive'
  return (
    <RadioGroup
      label="Media"
      value={install === 'physical-drive' ? 'physical-drive' : 'image'}
      disabled={off}
      onChange={(value) => change({ install: value })}
    >
      {draft.host.opticalDrives.length > 0 && (
        <RadioButton value="physical-drive" label="&Physical CD/DVD drive:">
          <SelectField
            ariaLabel="Physical CD/DVD drive"
            width={90}
            disabled={install !== 'physical-drive'}
            value={draft.drive}
            options={draft.host.opticalDrives.map((drive) => ({ value: drive, label: drive }))}
            onChange={(drive) => change({ drive })}
          />
        </RadioButton>
      )}
      <RadioButton value="image" label="&Image file (.iso):">
        <ImageField {...props} disabled={install !== 'image'} bare />
      </RadioButton>
    </RadioGroup>
  )
}

interface FieldProps extends Props {
  readonly hostId: string
  readonly disabled: boolean
  /** Without a label of its own. Default false. */
  readonly bare?: boolean
}

function ImageField({ draft, change, hostId, disabled, bare = false }: FieldProps): ReactNode {
  const browse = useBrowse(hostId)
  return (
    <div className={classes.row}>
      <TextField
        {...(bare ? { ariaLabel: 'Image file (.iso)' } : { label: '&Image file (.iso):', labelWidth: 100 })}
        width={250}
        maxLength={1024}
        disabled={disabled}
        value={draft.imagePath}
        onChange={(imagePath) => change({ imagePath })}
      />
      <ClassicButton
        label="B&rowse..."
        disabled={disabled}
        onClick={async () => {
          const imagePath = await browse({ mode: 'open', startPath: 'C:\\', filters: ISO_FILTERS })
          if (imagePath !== null) change({ imagePath })
        }}
      />
    </div>
  )
}

function FloppyField({ draft, change, hostId }: Props & { readonly hostId: string }): ReactNode {
  const browse = useBrowse(hostId)
  const disabled = installOf(draft) !== 'floppy'
  return (
    <div className={classes.row}>
      <TextField
        label="&Virtual floppy disk (.vfd):"
        labelWidth={140}
        width={220}
        maxLength={1024}
        disabled={disabled}
        value={draft.floppyPath}
        onChange={(floppyPath) => change({ floppyPath })}
      />
      <ClassicButton
        label="Br&owse..."
        disabled={disabled}
        onClick={async () => {
          const floppyPath = await browse({ mode: 'open', startPath: draft.host.virtualDiskPath, filters: FLOPPY_FILTERS })
          if (floppyPath !== null) change({ floppyPath })
        }}
      />
    </div>
  )
}

export function SummaryPage({ draft }: Props): ReactNode {
  const switchName = useLabState((state) => (draft.switchId === null ? null : (state.switches.get(draft.switchId)?.name ?? null)))
  return (
    <>
      <p>Everything is chosen. The following virtual machine will be created.</p>
      <h3 className={classes.caption} id="new-vm-summary">
        Description:
      </h3>
      <dl className={classes.summary} aria-labelledby="new-vm-summary">
        {summaryRows(draft, switchName).map(({ label, value }) => (
          <Fragment key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
      <p>Finish creates the virtual machine and closes the wizard.</p>
    </>
  )
}
