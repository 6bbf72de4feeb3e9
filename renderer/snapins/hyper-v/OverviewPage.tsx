import { type ReactNode, useId, useState } from 'react'
import { Icon } from '../../theme/icons/Icon.tsx'
import classes from './HyperV.module.css'
import { MANAGER } from './texts.ts'

export interface OverviewPageProps {
  readonly hostName: string
  readonly onOpenHost: () => void
  readonly onHelp: () => void
  readonly onAbout: () => void
}

/** What the root of the console tree shows: what the console is for, how to begin, where to read on (1.2; words ours). */
export function OverviewPage({ hostName, onOpenHost, onHelp, onAbout }: OverviewPageProps): ReactNode {
  return (
    <div className={classes.overview} data-pane="">
      <div className={classes.banner}>
        <Icon name="hyper-v-manager" size={32} />
        <div>
          <h2 className={classes.bannerTitle}>{MANAGER}</h2>
          <p>Hyper-V Manager provides the tools to manage virtualization servers and their virtual machines.</p>
        </div>
      </div>
      <div className={classes.boxes}>
        <OverviewBox title="Introduction">
          <p>
            A virtualization server shares its processors, memory, disks and network adapters among virtual machines. Each virtual machine
            is a computer of its own: it starts its own operating system and knows nothing of its neighbours.
          </p>
          <p>The server below this entry shows its virtual machines, their checkpoints and the details of the one that is selected.</p>
        </OverviewBox>
        <OverviewBox title="Getting Started">
          <ul>
            <li>Select the server in the console tree to see its virtual machines.</li>
            <li>Use New, Virtual Machine... in the Actions pane to create one.</li>
            <li>Select a virtual machine and choose Start, then Connect... to see its screen.</li>
          </ul>
          <button type="button" className={classes.link} onClick={onOpenHost}>
            Open {hostName}
          </button>
        </OverviewBox>
        <OverviewBox title="Resources">
          <button type="button" className={classes.link} onClick={onHelp}>
            Help topics, keys and what differs from the real product
          </button>
          <button type="button" className={classes.link} onClick={onAbout}>
            Versions and notices
          </button>
        </OverviewBox>
      </div>
    </div>
  )
}

function OverviewBox({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  const [open, setOpen] = useState(true)
  const id = useId()
  return (
    <section className={classes.box} aria-labelledby={id}>
      <h3 className={classes.boxHeading}>
        <button id={id} type="button" className={classes.boxTitle} aria-expanded={open} onClick={() => setOpen(!open)}>
          {title}
          <Icon name={open ? 'chevron-up' : 'chevron-down'} size={11} />
        </button>
      </h3>
      {open && <div className={classes.boxBody}>{children}</div>}
    </section>
  )
}
