/** Pages of the controllers and of their drives (hyper-v-manager 5.8 to 5.12; the explaining texts are ours). */
import { type ReactNode, useState } from 'react'
import type { DriveSetting } from '../../../../preload/contract/index.ts'
import { ClassicButton, GroupBox, Note, RadioButton, RadioGroup, SelectField, TextField } from '../../../mmc/index.ts'
import { useBrowse } from '../new-vm/hostFiles.tsx'
import { ChoiceList, type ChoiceRow } from './ChoiceList.tsx'
import { DiskButtons } from './DiskButtons.tsx'
import { drivesAt, freeLocation, isLocked, isNewDrive, LOCATIONS } from './draft.ts'
import type { PageProps } from './pageProps.ts'
import classes from './settings.module.css'

const PHYSICAL = 'Physical:'

interface ControllerProps extends PageProps {
  readonly controller: 'ide' | 'scsi'
  readonly number: number
}

export function ControllerPage({ state, change, controller, number }: ControllerProps): ReactNode {
  const [kind, setKind] = useState<'hard-disk' | 'dvd'>('hard-disk')
  const rows: ChoiceRow[] = [{ id: 'hard-disk', icon: 'disk', cells: ['Hard Drive'] }]
  if (controller === 'ide' || state.facts.generation === 2) rows.push({ id: 'dvd', icon: 'dvd', cells: ['DVD Drive'] })
  const full = freeLocation(state.draft, controller, number) === null
  const locked = isLocked(state, controller === 'ide' ? 'ide-drives' : 'scsi-drives')
  const add = (): void => {
    if (!full && !locked) change({ type: 'add-drive', kind, controller, controllerNumber: number })
  }
  return (
    <>
      <p>
        {controller === 'ide'
          ? 'You can add hard drives and CD/DVD drives to your IDE controller.'
          : state.facts.generation === 2
            ? 'You can add hard drives and DVD drives to your SCSI controller, or remove the SCSI controller from the virtual machine.'
            : 'You can add hard drives to your SCSI controller, or remove the SCSI controller from the virtual machine.'}
      </p>
      <p>Select the type of drive you want to attach to the controller and then click Add.</p>
      <div className={classes.beside}>
        <ChoiceList label="Drives" rows={rows} value={kind} onChange={(id) => setKind(id === 'dvd' ? 'dvd' : 'hard-disk')} onOpen={add} />
      </div>
      <div className={classes.end}>
        <ClassicButton label="A&dd" disabled={full || locked} onClick={add} />
      </div>
      {full && <p>All locations of this controller are in use.</p>}
      {controller === 'scsi' && (
        <>
          <p>To remove the SCSI controller and all the drives that are attached to it, click Remove.</p>
          <div className={classes.end}>
            <ClassicButton
              label="&Remove"
              disabled={isLocked(state, 'scsiControllers')}
              onClick={() => change({ type: 'remove-controller', controllerNumber: number })}
            />
          </div>
        </>
      )}
    </>
  )
}

interface DriveProps extends PageProps {
  readonly drive: DriveSetting
}

/** What of a drive can be changed: everything of a new one, and of others what the machine's state leaves. */
function locksOf({ state, drive }: DriveProps) {
  const fresh = isNewDrive(state, drive)
  return {
    place: !fresh && isLocked(state, 'drive-place'),
    path: !fresh && isLocked(state, drive.kind === 'hard-disk' ? 'disk-path' : 'media'),
    remove: !fresh && isLocked(state, drive.controller === 'ide' ? 'ide-drives' : 'scsi-drives'),
  }
}

/** Controller and location, side by side. */
function PlaceFields(props: DriveProps): ReactNode {
  const { state, change, drive } = props
  const { draft, facts } = state
  const locked = locksOf(props).place
  const ide = facts.generation === 1 ? [0, 1].map((number) => ({ value: `ide:${number}`, label: `IDE Controller ${number}` })) : []
  const several = draft.scsiControllers > 1
  const scsi =
    drive.kind === 'hard-disk' || facts.generation === 2
      ? Array.from({ length: draft.scsiControllers }, (_, number) => ({
          value: `scsi:${number}`,
          label: several ? `SCSI Controller ${number + 1}` : 'SCSI Controller',
        }))
      : []
  // A drive of a running machine goes to SCSI alone.
  const controllers = isLocked(state, 'ide-drives') && !locked ? scsi : [...ide, ...scsi]
  const controller = drive.controller === 'scsi' ? 'scsi' : 'ide'
  const taken = new Set(
    drivesAt(draft, drive.controller, drive.controllerNumber)
      .filter(({ id }) => id !== drive.id)
      .map(({ location }) => location),
  )
  const locations = Array.from({ length: LOCATIONS[controller] }, (_, location) => ({
    value: String(location),
    label: location === drive.location || taken.has(location) ? `${location} (in use)` : String(location),
    disabled: taken.has(location),
  }))
  return (
    <div className={classes.row}>
      <SelectField
        label="&Controller:"
        width={170}
        disabled={locked}
        value={`${drive.controller}:${drive.controllerNumber}`}
        options={controllers}
        onChange={(value) => {
          const [name, text] = value.split(':')
          const next = name === 'ide' ? 'ide' : 'scsi'
          const location = freeLocation(draft, next, Number(text))
          const values = { controller: next, controllerNumber: Number(text), location: location ?? 0 } as const
          if (location !== null) change({ type: 'set-drive', id: drive.id, values })
        }}
      />
      <SelectField
        label="&Location:"
        width={100}
        disabled={locked}
        value={String(drive.location)}
        options={locations}
        onChange={(value) => change({ type: 'set-drive', id: drive.id, values: { location: Number(value) } })}
      />
    </div>
  )
}

function RemoveDrive(props: DriveProps & { readonly text: string }): ReactNode {
  const { change, drive, text } = props
  return (
    <>
      <p>{text}</p>
      <div className={classes.end}>
        <ClassicButton label="&Remove" disabled={locksOf(props).remove} onClick={() => change({ type: 'remove-drive', id: drive.id })} />
      </div>
    </>
  )
}

interface PathProps extends DriveProps {
  readonly label: string
  readonly disabled: boolean
  readonly extensions: readonly string[]
  readonly filter: string
}

/** A path on the host with its Browse button. */
function PathField({ state, change, drive, label, disabled, extensions, filter }: PathProps): ReactNode {
  const { facts } = state
  const browse = useBrowse(facts.hostId)
  const setPath = (path: string): void => change({ type: 'set-drive', id: drive.id, values: { path } })
  const path = drive.path?.startsWith(PHYSICAL) === true ? '' : (drive.path ?? '')
  const folder = path.includes('\\') ? path.slice(0, path.lastIndexOf('\\')) : ''
  return (
    <div className={classes.row}>
      <TextField ariaLabel={label} width={310} maxLength={1024} disabled={disabled} value={path} onChange={setPath} />
      <ClassicButton
        label="&Browse..."
        disabled={disabled}
        onClick={async () => {
          const startPath = folder !== '' ? folder : drive.kind === 'hard-disk' ? facts.virtualDiskPath : 'C:\\'
          const chosen = await browse({ mode: 'open', startPath, filters: [{ label: filter, extensions }] })
          if (chosen !== null) setPath(chosen)
        }}
      />
    </div>
  )
}

export function HardDrivePage(props: DriveProps): ReactNode {
  const { state } = props
  const { path } = locksOf(props)
  const extensions = state.facts.generation === 2 ? ['vhdx'] : ['vhd', 'vhdx']
  return (
    <>
      <p>You can change how this virtual hard disk is attached to the virtual machine.</p>
      <PlaceFields {...props} />
      <GroupBox title="Media">
        <div className={classes.stack}>
          <p>Specify the full path of the virtual hard disk file.</p>
          <span>Virtual hard disk:</span>
          <PathField
            {...props}
            label="Virtual hard disk"
            disabled={path}
            extensions={extensions}
            filter={`Virtual hard disk files (${extensions.map((each) => `*.${each}`).join(';')})`}
          />
          <DiskButtons
            hostId={state.facts.hostId}
            path={props.drive.path ?? ''}
            locked={path}
            editLocked={state.facts.hasCheckpoints && !isNewDrive(state, props.drive)}
            onPath={(made) => props.change({ type: 'set-drive', id: props.drive.id, values: { path: made } })}
          />
          {state.facts.hasCheckpoints && !isNewDrive(state, props.drive) && (
            <Note kind="info">Edit is not available because checkpoints exist for this virtual machine.</Note>
          )}
        </div>
      </GroupBox>
      <RemoveDrive
        {...props}
        text="To remove the virtual hard disk, click Remove. This disconnects the disk but does not delete the associated file."
      />
    </>
  )
}

export function DvdDrivePage(props: DriveProps): ReactNode {
  const { state, change, drive } = props
  const { facts } = state
  const locked = locksOf(props).path
  const physical = facts.generation === 1 && facts.opticalDrives.length > 0
  const choice = drive.path === null ? 'none' : drive.path.startsWith(PHYSICAL) ? 'physical' : 'image'
  const setPath = (path: string | null): void => change({ type: 'set-drive', id: drive.id, values: { path } })
  const choose = (value: 'none' | 'image' | 'physical'): void =>
    setPath(value === 'none' ? null : value === 'image' ? '' : `${PHYSICAL}${facts.opticalDrives[0] ?? ''}`)
  return (
    <>
      <p>Select the controller and location on the controller to attach the CD/DVD drive to.</p>
      <PlaceFields {...props} />
      <GroupBox title="Media">
        <div className={classes.stack}>
          <p>Specify the media to use with your virtual CD/DVD drive.</p>
          <RadioGroup label="Media" value={choice} disabled={locked} onChange={choose}>
            <RadioButton value="none" label="&None" />
            <RadioButton value="image" label="&Image file:">
              <PathField
                {...props}
                label="Image file"
                disabled={locked || choice !== 'image'}
                extensions={['iso']}
                filter="Image files (*.iso)"
              />
            </RadioButton>
            {physical && (
              <RadioButton value="physical" label="&Physical CD/DVD drive:">
                <SelectField
                  ariaLabel="Physical CD/DVD drive"
                  width={120}
                  disabled={locked || choice !== 'physical'}
                  value={choice === 'physical' ? (drive.path ?? '') : null}
                  options={facts.opticalDrives.map((letter) => ({ value: `${PHYSICAL}${letter}`, label: `Drive '${letter}'` }))}
                  onChange={setPath}
                />
              </RadioButton>
            )}
          </RadioGroup>
        </div>
      </GroupBox>
      <RemoveDrive {...props} text="To remove the virtual CD/DVD drive from this virtual machine, click Remove." />
    </>
  )
}

export function DiskettePage(props: DriveProps): ReactNode {
  const { change, drive } = props
  const locked = locksOf(props).path
  const setPath = (path: string | null): void => change({ type: 'set-drive', id: drive.id, values: { path } })
  return (
    <>
      <p>Specify the virtual floppy disk to use with the diskette drive.</p>
      <RadioGroup
        label="Media"
        value={drive.path === null ? 'none' : 'image'}
        disabled={locked}
        onChange={(value: 'none' | 'image') => setPath(value === 'none' ? null : '')}
      >
        <RadioButton value="none" label="&None" />
        <RadioButton value="image" label="&Virtual floppy disk (.vfd) file:">
          <PathField
            {...props}
            label="Virtual floppy disk (.vfd) file"
            disabled={locked || drive.path === null}
            extensions={['vfd']}
            filter="Virtual floppy disk files (*.vfd)"
          />
        </RadioButton>
      </RadioGroup>
    </>
  )
}
