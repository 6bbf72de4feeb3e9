/** Pages of the Management section (hyper-v-manager 5.13; the explaining texts are ours). */
import { type ReactNode, useId } from 'react'
import { CheckBox, ClassicButton, GroupBox, NumberField, RadioButton, RadioGroup, TextField } from '../../../mmc/index.ts'
import { useBrowse } from '../new-vm/hostFiles.tsx'
import { isLocked } from './draft.ts'
import { draftNumber, type PageProps, shownNumber } from './pageProps.ts'
import classes from './settings.module.css'

export function NamePage({ state, change }: PageProps): ReactNode {
  const notes = useId()
  return (
    <>
      <p>Specify the name for this virtual machine.</p>
      <TextField
        ariaLabel="Name"
        width={300}
        maxLength={1000}
        disabled={isLocked(state, 'name')}
        value={state.draft.name}
        onChange={(name) => change({ type: 'set', values: { name } })}
      />
      <GroupBox title="Notes">
        <div className={classes.stack}>
          <label htmlFor={notes}>Use the space below for notes about this virtual machine.</label>
          <textarea
            id={notes}
            className={classes.notes}
            disabled={isLocked(state, 'notes')}
            value={state.draft.notes}
            onChange={(event) => change({ type: 'set', values: { notes: event.currentTarget.value } })}
          />
        </div>
      </GroupBox>
    </>
  )
}

interface FolderProps extends PageProps {
  readonly field: 'checkpointPath' | 'smartPagingPath'
  readonly label: string
}

function FolderField({ state, change, field, label }: FolderProps): ReactNode {
  const browse = useBrowse(state.facts.hostId)
  const path = state.draft[field]
  const disabled = isLocked(state, field)
  const setPath = (value: string): void => change({ type: 'set', values: { [field]: value } })
  return (
    <div className={classes.row}>
      <TextField ariaLabel={label} width={310} maxLength={1024} disabled={disabled} value={path} onChange={setPath} />
      <ClassicButton
        label="&Browse..."
        disabled={disabled}
        onClick={async () => {
          const chosen = await browse({ mode: 'folder', startPath: path })
          if (chosen !== null) setPath(chosen)
        }}
      />
    </div>
  )
}

export function CheckpointsPage(props: PageProps): ReactNode {
  const { state, change } = props
  const { draft, facts } = state
  const word = facts.checkpointWord.toLowerCase()
  const type = draft.checkpointType
  const locked = isLocked(state, 'checkpointType')
  const set = (checkpointType: typeof type): void => change({ type: 'set', values: { checkpointType } })
  return (
    <>
      {facts.features.productionCheckpoints && (
        <GroupBox title="Checkpoint Type">
          <div className={classes.stack}>
            <p>You can configure options that allow users to take checkpoints of this virtual machine.</p>
            <CheckBox
              label="&Enable checkpoints"
              checked={type !== 'disabled'}
              disabled={locked}
              onChange={(enabled) => set(enabled ? 'production' : 'disabled')}
            />
            <p>Select the type of checkpoint created when users choose to checkpoint this virtual machine.</p>
            <RadioGroup
              label="Checkpoint Type"
              value={type === 'disabled' ? null : type === 'standard' ? 'standard' : 'production'}
              disabled={locked || type === 'disabled'}
              onChange={(value: 'production' | 'standard') => set(value)}
            >
              <RadioButton
                value="production"
                label="&Production checkpoints"
                description="Create data-consistent checkpoints using backup technology in the guest operating system without including information about running applications."
              >
                <CheckBox
                  label="&Create standard checkpoints if it's not possible to create a production checkpoint."
                  checked={type === 'production'}
                  disabled={locked || (type !== 'production' && type !== 'production-only')}
                  onChange={(fallBack) => set(fallBack ? 'production' : 'production-only')}
                />
              </RadioButton>
              <RadioButton
                value="standard"
                label="&Standard checkpoints"
                description="Create application-consistent checkpoints that capture the current state of applications."
              />
            </RadioGroup>
          </div>
        </GroupBox>
      )}
      {facts.features.automaticCheckpoints && (
        <GroupBox title="Automatic Checkpoints">
          <CheckBox
            label="&Use automatic checkpoints"
            checked={draft.automaticCheckpoints}
            disabled={isLocked(state, 'automaticCheckpoints') || type === 'disabled'}
            onChange={(automaticCheckpoints) => change({ type: 'set', values: { automaticCheckpoints } })}
          />
        </GroupBox>
      )}
      <GroupBox title={`${facts.checkpointWord} File Location`}>
        <div className={classes.stack}>
          <p>{`Specify the folder in which the configuration and saved state files of ${word}s are stored.`}</p>
          <FolderField {...props} field="checkpointPath" label={`${facts.checkpointWord} file location`} />
          {facts.hasCheckpoints && <p>{`The location cannot be changed because ${word}s exist for this virtual machine.`}</p>}
        </div>
      </GroupBox>
    </>
  )
}

export function SmartPagingPage(props: PageProps): ReactNode {
  return (
    <>
      <p>Specify the folder to store the Smart Paging file for this virtual machine.</p>
      <FolderField {...props} field="smartPagingPath" label="Smart Paging file location" />
      <p>
        When necessary, a Smart Paging file is created to provide additional memory when virtual machines that use Dynamic Memory are
        restarted.
      </p>
    </>
  )
}

export function AutomaticStartPage({ state, change }: PageProps): ReactNode {
  const { draft } = state
  return (
    <>
      <p>What do you want this virtual machine to do when the physical computer starts?</p>
      <RadioGroup
        label="Automatic Start Action"
        value={draft.automaticStart}
        disabled={isLocked(state, 'automaticStart')}
        onChange={(automaticStart) => change({ type: 'set', values: { automaticStart } })}
      >
        <RadioButton value="nothing" label="&Nothing" />
        <RadioButton value="if-running" label="Automatically start if it was &running when the service stopped" />
        <RadioButton value="always" label="Always &start this virtual machine automatically" />
      </RadioGroup>
      <p>Automatic start delay can be specified to reduce resource contention between virtual machines.</p>
      <NumberField
        label="Startup &delay:"
        min={0}
        max={1_000_000_000}
        width={100}
        suffix="seconds"
        disabled={draft.automaticStart === 'nothing' || isLocked(state, 'startDelaySeconds')}
        value={shownNumber(draft.startDelaySeconds)}
        onChange={(value) => change({ type: 'set', values: { startDelaySeconds: draftNumber(value) } })}
      />
    </>
  )
}

export function AutomaticStopPage({ state, change }: PageProps): ReactNode {
  return (
    <>
      <p>What do you want this virtual machine to do when the physical computer shuts down?</p>
      <RadioGroup
        label="Automatic Stop Action"
        value={state.draft.automaticStop}
        disabled={isLocked(state, 'automaticStop')}
        onChange={(automaticStop) => change({ type: 'set', values: { automaticStop } })}
      >
        <RadioButton
          value="save"
          label="&Save the virtual machine state"
          description="Hyper-V reserves disk space equal to the amount of memory used by the virtual machine so the memory can be saved when the physical computer shuts down."
        />
        <RadioButton value="turn-off" label="&Turn off the virtual machine" />
        <RadioButton
          value="shut-down"
          label="Shut &down the guest operating system"
          description="The integration service for shutdown must be supported by the guest operating system."
        />
      </RadioGroup>
    </>
  )
}
