import type { ReactNode } from 'react'
import { ClassicButton } from '../ClassicButton/ClassicButton.tsx'
import { DialogWindow } from '../DialogWindow/DialogWindow.tsx'
import { CheckBox } from '../Field/Choice.tsx'
import { GroupBox } from '../GroupBox/GroupBox.tsx'
import classes from './CustomizeViewDialog.module.css'

/** What of the console is shown. The product's boxes for taskpads and for menus and toolbars of snap-ins are left out: the console has none. */
export interface CustomizeViewState {
  readonly consoleTree: boolean
  readonly standardMenus: boolean
  readonly standardToolbar: boolean
  readonly statusBar: boolean
  readonly descriptionBar: boolean
  readonly actionPane: boolean
}

export interface CustomizeViewDialogProps {
  readonly value: CustomizeViewState
  /** Called at once with each change, as in the product: the box has no Cancel. */
  readonly onChange: (value: CustomizeViewState) => void
  readonly onClose: () => void
}

type Entry = readonly [key: keyof CustomizeViewState, label: string]

const entries: readonly Entry[] = [
  ['consoleTree', 'Console &tree'],
  ['standardMenus', 'Standard &menus (Action and View)'],
  ['standardToolbar', '&Standard toolbar'],
  ['statusBar', 'Status &bar'],
  ['descriptionBar', '&Description bar'],
  ['actionPane', '&Action pane'],
]

/** The console's Customize View box. */
export function CustomizeViewDialog({ value, onChange, onClose }: CustomizeViewDialogProps): ReactNode {
  return (
    <DialogWindow title="Customize View" width={340} onClose={onClose}>
      <div className={classes.body}>
        <p>Select or clear the check boxes to show or hide items in the console window.</p>
        <GroupBox title="Console">
          <div className={classes.boxes}>
            {entries.map(([key, label]) => (
              <CheckBox key={key} label={label} checked={value[key]} onChange={(checked) => onChange({ ...value, [key]: checked })} />
            ))}
          </div>
        </GroupBox>
      </div>
      <footer className={classes.bar}>
        <ClassicButton label="OK" isDefault onClick={onClose} />
      </footer>
    </DialogWindow>
  )
}
