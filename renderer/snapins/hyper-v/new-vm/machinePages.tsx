/** Pages about the machine itself: introduction, name, generation, memory, network (hyper-v-manager 4.1; the explaining texts are ours). */
import type { ReactNode } from 'react'
import { useLabState, usePreference } from '../../../client/lab-context.tsx'
import {
  CheckBox,
  ClassicButton,
  Note,
  NumberField,
  RadioButton,
  RadioGroup,
  SelectField,
  TextField,
  type WizardPageProps,
} from '../../../mmc/index.ts'
import type { Draft } from './draft.ts'
import { useBrowse } from './hostFiles.tsx'
import classes from './pages.module.css'

type Props = WizardPageProps<Draft>

export function BeginPage({ preference }: Props & { readonly preference: string }): ReactNode {
  const [skip, setSkip] = usePreference(preference)
  return (
    <>
      <p>
        A virtual machine does the work of a physical computer. This wizard asks for its most important settings; most of them can be
        changed later in Hyper-V Manager.
      </p>
      <p>There are two ways to go on:</p>
      <ul>
        <li>Finish creates a virtual machine with default values at once.</li>
        <li>Next lets you choose each setting yourself.</li>
      </ul>
      <div className={classes.foot}>
        <CheckBox label="&Do not show this page again" checked={skip === 'true'} onChange={(checked) => setSkip(checked ? 'true' : null)} />
      </div>
    </>
  )
}

export function NamePage({ draft, change, hostId }: Props & { readonly hostId: string }): ReactNode {
  const browse = useBrowse(hostId)
  return (
    <>
      <p>Choose a name and location for this virtual machine.</p>
      <p>
        The name is displayed in Hyper-V Manager. Use a name that helps you to recognize this virtual machine, such as the name of its guest
        operating system or workload.
      </p>
      <TextField
        label="N&ame:"
        labelWidth={62}
        width={300}
        maxLength={1000}
        value={draft.name}
        autoFocus
        onChange={(name) => change({ name })}
      />
      <p>A folder of its own can hold the virtual machine. Otherwise it goes to the default folder that is configured for this server.</p>
      <CheckBox
        label="&Store the virtual machine in a different location"
        checked={draft.elsewhere}
        onChange={(elsewhere) => change({ elsewhere })}
      />
      <div className={classes.indented}>
        <TextField
          label="&Location:"
          labelWidth={62}
          width={270}
          value={draft.location}
          maxLength={1024}
          disabled={!draft.elsewhere}
          onChange={(location) => change({ location })}
        />
        <ClassicButton
          label="B&rowse..."
          disabled={!draft.elsewhere}
          onClick={async () => {
            const location = await browse({ mode: 'folder', startPath: draft.location })
            if (location !== null) change({ location })
          }}
        />
      </div>
      <Note kind="warning">Checkpoints may need a lot of space: choose a location with enough of it if you plan to take them.</Note>
    </>
  )
}

export function GenerationPage({ draft, change }: Props): ReactNode {
  return (
    <>
      <p>Choose the generation of this virtual machine.</p>
      <RadioGroup
        label="Generation"
        value={String(draft.generation) as '1' | '2'}
        onChange={(value) => change({ generation: value === '2' ? 2 : 1 })}
      >
        <RadioButton
          value="1"
          label="Generation &1"
          description="For 32-bit and 64-bit guest operating systems. Has a BIOS and the emulated hardware that every version of Hyper-V offers."
        />
        <RadioButton
          value="2"
          label="Generation &2"
          description="For newer 64-bit guest operating systems. Has UEFI firmware with Secure Boot and starts from SCSI devices."
        />
      </RadioGroup>
      <Note kind="warning">The generation cannot be changed once the virtual machine has been created.</Note>
    </>
  )
}

export function MemoryPage({ draft, change }: Props): ReactNode {
  const { host } = draft
  // The host's free memory of now, not of when the wizard was opened.
  const availableMb = useLabState((state) => state.hosts.get(host.id)?.availableMemoryMb ?? host.availableMemoryMb)
  return (
    <>
      <p>
        Specify how much memory this virtual machine starts with, from {host.memoryMinimumMb} MB through {availableMb} MB. More than the
        least that its operating system asks for makes it faster.
      </p>
      <NumberField
        label="Startup &memory:"
        labelWidth={110}
        width={80}
        value={draft.memoryMb}
        min={host.memoryMinimumMb}
        max={availableMb}
        step={2}
        suffix="MB"
        onChange={(memoryMb) => change({ memoryMb })}
      />
      <CheckBox
        label="&Use Dynamic Memory for this virtual machine."
        checked={draft.dynamicMemory}
        onChange={(dynamicMemory) => change({ dynamicMemory })}
      />
      <Note kind="info">What the virtual machine is used for, and the operating system that it runs, decide how much memory it needs.</Note>
    </>
  )
}

const NOT_CONNECTED = ''

export function NetworkPage({ draft, change }: Props): ReactNode {
  const switches = useLabState((state) => state.switches)
  const options = [...switches.values()]
    .filter((row) => row.hostId === draft.host.id)
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((row) => ({ value: row.id, label: row.name }))
  return (
    <>
      <p>Every new virtual machine has a network adapter. Connect it to a virtual switch, or leave it disconnected for now.</p>
      <SelectField
        label="C&onnection:"
        labelWidth={82}
        width={300}
        value={draft.switchId ?? NOT_CONNECTED}
        options={[{ value: NOT_CONNECTED, label: 'Not Connected' }, ...options]}
        onChange={(value) => change({ switchId: value === NOT_CONNECTED ? null : value })}
      />
    </>
  )
}
