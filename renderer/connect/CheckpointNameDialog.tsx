import { type ReactNode, useState } from 'react'
import { CheckBox, ClassicButton, DialogWindow, TextField } from '../mmc/index.ts'
import type { CheckpointWord } from '../vm-actions/index.ts'
import classes from './connect.module.css'

export interface CheckpointNameAnswer {
  readonly name: string
  readonly alwaysDefault: boolean
}

export interface CheckpointNameDialogProps {
  readonly word: CheckpointWord
  readonly vmName: string
  readonly defaultName: string
  /** null = no checkpoint is wanted. */
  readonly onClose: (answer: CheckpointNameAnswer | null) => void
}

/** Characters of a name at the most. */
const NAME_CHARACTERS_MAX = 100

/** Asks for the name of a checkpoint that is about to be taken (hyper-v-manager 6.5). */
export function CheckpointNameDialog({ word, vmName, defaultName, onClose }: CheckpointNameDialogProps): ReactNode {
  const [name, setName] = useState(defaultName)
  const [alwaysDefault, setAlwaysDefault] = useState(false)
  const thing = word.toLowerCase()
  return (
    <DialogWindow title={`${word} Name`} icon="checkpoint" width={440} onClose={() => onClose(null)}>
      <div className={classes.nameDialog}>
        <p>
          A {thing} of '{vmName}' is about to be taken. Do you want to give it this name?
        </p>
        <TextField
          label={`${word} &name:`}
          value={name}
          onChange={setName}
          maxLength={NAME_CHARACTERS_MAX}
          disabled={alwaysDefault}
          autoFocus
        />
        <CheckBox
          label="&Always use default name"
          checked={alwaysDefault}
          onChange={(checked) => {
            setAlwaysDefault(checked)
            if (checked) setName(defaultName)
          }}
        />
      </div>
      <footer className={classes.nameBar}>
        <ClassicButton label="&Yes" isDefault disabled={name.trim() === ''} onClick={() => onClose({ name, alwaysDefault })} />
        <ClassicButton label="N&o" onClick={() => onClose(null)} />
      </footer>
    </DialogWindow>
  )
}
