/** Pages Add Hardware, BIOS, Firmware, Memory and Processor (hyper-v-manager 5.3 to 5.7; the explaining texts are ours). */
import { type ReactNode, useId, useState } from 'react'
import { CheckBox, ClassicButton, GroupBox, NumberField, SelectField } from '../../../mmc/index.ts'
import { ChoiceList } from './ChoiceList.tsx'
import { bootOrderOf, isLocked, percentOfSystem, SCSI_CONTROLLERS_MAX } from './draft.ts'
import { draftNumber, type PageProps, shownNumber } from './pageProps.ts'
import classes from './settings.module.css'
import { bootKind, bootText } from './tree.ts'

export function AddHardwarePage({ state, change }: PageProps): ReactNode {
  const full = state.draft.scsiControllers >= SCSI_CONTROLLERS_MAX
  const add = (): void => {
    if (!full && !isLocked(state, 'scsiControllers')) change({ type: 'add-controller' })
  }
  return (
    <>
      <p>You can use this setting to add devices to your virtual machine.</p>
      <p>Select the devices you want to add and click the Add button.</p>
      <div className={classes.beside}>
        <ChoiceList
          label="Devices"
          rows={[{ id: 'scsi', icon: 'disk-controller', cells: ['SCSI Controller'] }]}
          value="scsi"
          onChange={() => {}}
          onOpen={add}
        />
      </div>
      <div className={classes.end}>
        <ClassicButton label="A&dd" disabled={full || isLocked(state, 'scsiControllers')} onClick={add} />
      </div>
      <p>
        {full
          ? 'The maximum number of SCSI controllers has been reached.'
          : 'A SCSI controller carries up to 64 hard drives. Up to four of them can be added to a virtual machine.'}
      </p>
    </>
  )
}

export function BiosPage(props: PageProps): ReactNode {
  const { state, change } = props
  return (
    <>
      <CheckBox
        label="&Num Lock"
        checked={state.draft.numLock}
        disabled={isLocked(state, 'numLock')}
        onChange={(numLock) => change({ type: 'set', values: { numLock } })}
      />
      <p>Startup order:</p>
      <BootList {...props} label="Startup order" />
    </>
  )
}

export function FirmwarePage(props: PageProps): ReactNode {
  return (
    <>
      <p>Select the order in which boot entries are checked to start the operating system.</p>
      <p>Boot order:</p>
      <BootList {...props} label="Boot order" />
    </>
  )
}

function BootList({ state, change, label }: PageProps & { readonly label: string }): ReactNode {
  const order = bootOrderOf(state)
  const [selected, select] = useState<string | null>(order[0] ?? null)
  const firmware = state.facts.generation === 2
  const locked = isLocked(state, 'bootOrder')
  const at = selected === null ? -1 : order.indexOf(selected)
  const rows = order.map((key) => {
    const type = bootText(bootKind(state, key))
    return { id: key, cells: firmware ? [type, bootLine(state, key).short] : [type] }
  })
  const move = (by: 1 | -1): void => {
    if (selected !== null) change({ type: 'move-boot', key: selected, by })
  }
  const line = selected === null ? null : bootLine(state, selected)
  return (
    <>
      <div className={classes.beside}>
        <ChoiceList label={label} {...(firmware ? { headers: ['Type', 'Value'] } : {})} rows={rows} value={selected} onChange={select} />
        <div className={classes.column}>
          <ClassicButton label="Move &Up" disabled={locked || at <= 0} onClick={() => move(-1)} />
          <ClassicButton label="Move &Down" disabled={locked || at < 0 || at === order.length - 1} onClick={() => move(1)} />
        </div>
      </div>
      {firmware && line !== null && (
        <GroupBox title="Selected entry">
          <div className={classes.shares} style={{ gridTemplateColumns: '80px 1fr' }}>
            <span>Description:</span>
            <span>{line.description}</span>
            <span>Value:</span>
            <span className={classes.path}>{line.value}</span>
          </div>
        </GroupBox>
      )}
    </>
  )
}

/** Texts of a line of the firmware's list: from the draft for drives, from the engine for what the sheet does not change. */
function bootLine(
  state: PageProps['state'],
  key: string,
): { readonly short: string; readonly description: string; readonly value: string } {
  const drive = state.draft.drives.find(({ id }) => id === key)
  if (drive !== undefined) {
    const description = `SCSI ${drive.kind === 'dvd' ? 'DVD' : 'Disk'} (${drive.controllerNumber},${drive.location})`
    const value = drive.path === null || drive.path === '' ? 'None' : drive.path
    return { short: value.slice(value.lastIndexOf('\\') + 1), description, value }
  }
  const entry = state.facts.bootEntries.find((each) => each.key === key)
  if (key === 'file') return { short: 'bootmgfw.efi', description: 'Windows Boot Manager or another loader', value: 'bootmgfw.efi' }
  return { short: entry?.value ?? '', description: entry?.label ?? '', value: entry?.value ?? '' }
}

const STOPS = 1250

export function MemoryPage({ state, change }: PageProps): ReactNode {
  const { draft, facts } = state
  const slider = useId()
  const set = (values: Partial<typeof draft>): void => change({ type: 'set', values })
  const range = { min: facts.memoryMinimumMb, max: facts.memoryMaximumMb, step: 2, width: 90, suffix: 'MB' }
  const off = !draft.dynamicMemory
  return (
    <>
      <p>Specify the amount of memory that this virtual machine can use.</p>
      <NumberField
        label={facts.features.productionCheckpoints ? '&RAM:' : facts.features.dynamicMemory ? 'Startup &RAM:' : '&RAM:'}
        labelWidth={110}
        {...range}
        disabled={isLocked(state, 'startupMemoryMb')}
        value={shownNumber(draft.startupMemoryMb)}
        onChange={(value) => set({ startupMemoryMb: draftNumber(value) })}
      />
      {facts.features.dynamicMemory && (
        <GroupBox title="Dynamic Memory">
          <div className={classes.stack}>
            <p>The amount of memory of this virtual machine can follow its needs, within the limits below.</p>
            <CheckBox
              label="&Enable Dynamic Memory"
              checked={draft.dynamicMemory}
              disabled={isLocked(state, 'dynamicMemory')}
              onChange={(dynamicMemory) => set({ dynamicMemory })}
            />
            <div className={classes.indented}>
              <NumberField
                label="&Minimum RAM:"
                labelWidth={110}
                {...range}
                disabled={off || isLocked(state, 'minimumMemoryMb')}
                value={shownNumber(draft.minimumMemoryMb)}
                onChange={(value) => set({ minimumMemoryMb: draftNumber(value) })}
              />
              <NumberField
                label="Ma&ximum RAM:"
                labelWidth={110}
                {...range}
                disabled={off || isLocked(state, 'maximumMemoryMb')}
                value={shownNumber(draft.maximumMemoryMb)}
                onChange={(value) => set({ maximumMemoryMb: draftNumber(value) })}
              />
              <p>Specify the percentage of memory that Hyper-V should try to reserve as a buffer.</p>
              <NumberField
                label="Memory &buffer:"
                labelWidth={110}
                min={5}
                max={2000}
                width={70}
                suffix="%"
                disabled={off || isLocked(state, 'memoryBuffer')}
                value={shownNumber(draft.memoryBuffer)}
                onChange={(value) => set({ memoryBuffer: draftNumber(value) })}
              />
            </div>
          </div>
        </GroupBox>
      )}
      <GroupBox title="Memory weight">
        <div className={classes.stack}>
          <label htmlFor={slider}>How memory is shared when virtual machines ask for more than there is:</label>
          <div className={classes.row}>
            <span>Low</span>
            <input
              id={slider}
              type="range"
              className={classes.slider}
              min={0}
              max={10_000}
              step={STOPS}
              disabled={isLocked(state, 'memoryWeight')}
              value={draft.memoryWeight}
              onChange={(event) => set({ memoryWeight: Number(event.currentTarget.value) })}
            />
            <span>High</span>
          </div>
        </div>
      </GroupBox>
    </>
  )
}

export function ProcessorPage({ state, change }: PageProps): ReactNode {
  const { draft, facts } = state
  const set = (values: Partial<typeof draft>): void => change({ type: 'set', values })
  const part = (percent: number): string =>
    percent < 0 || draft.processorCount < 0 ? '' : String(percentOfSystem(percent, draft.processorCount, facts.logicalProcessors))
  const locked = isLocked(state, 'processorCount')
  return (
    <>
      <p>
        The number of virtual processors depends on the number of processors on the physical computer. Resource control balances resources
        among virtual machines.
      </p>
      {facts.processorCounts.length === 0 ? (
        <NumberField
          label="&Number of virtual processors:"
          min={1}
          max={facts.processorsMaximum}
          disabled={locked}
          value={shownNumber(draft.processorCount)}
          onChange={(value) => set({ processorCount: draftNumber(value) })}
        />
      ) : (
        <SelectField
          label="&Number of logical processors:"
          width={70}
          disabled={locked}
          value={String(draft.processorCount)}
          options={facts.processorCounts.map((count) => ({ value: String(count), label: String(count) }))}
          onChange={(count) => set({ processorCount: Number(count) })}
        />
      )}
      <GroupBox title="Resource control">
        <div className={classes.stack}>
          <NumberField
            label="Virtual machine &reserve (percentage):"
            labelWidth={250}
            min={0}
            max={100}
            disabled={isLocked(state, 'processorReserve')}
            value={shownNumber(draft.processorReserve)}
            onChange={(value) => set({ processorReserve: draftNumber(value) })}
          />
          <Share value={part(draft.processorReserve)} />
          <NumberField
            label="Virtual machine &limit (percentage):"
            labelWidth={250}
            min={1}
            max={100}
            disabled={isLocked(state, 'processorLimit')}
            value={shownNumber(draft.processorLimit)}
            onChange={(value) => set({ processorLimit: draftNumber(value) })}
          />
          <Share value={part(draft.processorLimit)} />
          <NumberField
            label="Relative &weight:"
            labelWidth={250}
            min={1}
            max={10_000}
            disabled={isLocked(state, 'processorWeight')}
            value={shownNumber(draft.processorWeight)}
            onChange={(value) => set({ processorWeight: draftNumber(value) })}
          />
        </div>
      </GroupBox>
    </>
  )
}

function Share({ value }: { readonly value: string }): ReactNode {
  return (
    <div className={classes.shares}>
      <span>Percent of total system resources:</span>
      <output>{value}</output>
    </div>
  )
}
