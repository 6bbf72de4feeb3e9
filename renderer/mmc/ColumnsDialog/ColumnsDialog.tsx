import { type KeyboardEvent, type ReactNode, useReducer } from 'react'
import { ClassicButton } from '../ClassicButton/ClassicButton.tsx'
import { DialogWindow } from '../DialogWindow/DialogWindow.tsx'
import classes from './ColumnsDialog.module.css'
import {
  availableColumns,
  type ColumnChoice,
  type ColumnsAction,
  type ColumnsState,
  columnsButtons,
  columnsReducer,
} from './columnsModel.ts'

export interface ColumnsDialogProps {
  /** All columns of the list. */
  readonly columns: readonly ColumnChoice[]
  /** Ids of the displayed ones in their order. */
  readonly displayed: readonly string[]
  /** What Restore Defaults brings back. */
  readonly defaults: readonly string[]
  readonly onOk: (displayed: readonly string[]) => void
  readonly onCancel: () => void
}

/** The console's Add/Remove Columns box. */
export function ColumnsDialog({ columns, displayed, defaults, onOk, onCancel }: ColumnsDialogProps): ReactNode {
  const [state, dispatch] = useReducer((present: ColumnsState, action: ColumnsAction) => columnsReducer(columns, present, action), {
    displayed,
    availableId: null,
    displayedId: displayed[0] ?? null,
  })
  const buttons = columnsButtons(columns, state)
  const shown = state.displayed.flatMap((id) => columns.filter((column) => column.id === id))
  return (
    <DialogWindow title="Add/Remove Columns" width={506} onClose={onCancel}>
      <div className={classes.body}>
        <ChoiceList
          label="Available columns:"
          choices={availableColumns(columns, state.displayed)}
          selectedId={state.availableId}
          onSelect={(id) => dispatch({ type: 'pickAvailable', id })}
          onActivate={() => dispatch({ type: 'add' })}
        />
        <div className={classes.buttons}>
          <ClassicButton label="&Add ->" disabled={!buttons.add} onClick={() => dispatch({ type: 'add' })} />
          <ClassicButton label="<- &Remove" disabled={!buttons.remove} onClick={() => dispatch({ type: 'remove' })} />
        </div>
        <ChoiceList
          label="Displayed columns:"
          choices={shown}
          selectedId={state.displayedId}
          onSelect={(id) => dispatch({ type: 'pickDisplayed', id })}
          onActivate={() => dispatch({ type: 'remove' })}
        />
        <div className={classes.buttons}>
          <ClassicButton label="Move &Up" disabled={!buttons.moveUp} onClick={() => dispatch({ type: 'moveUp' })} />
          <ClassicButton label="Move &Down" disabled={!buttons.moveDown} onClick={() => dispatch({ type: 'moveDown' })} />
          <ClassicButton label="Re&store Defaults" onClick={() => dispatch({ type: 'restore', defaults })} />
        </div>
      </div>
      <footer className={classes.bar}>
        <ClassicButton label="OK" isDefault onClick={() => onOk(state.displayed)} />
        <ClassicButton label="Cancel" onClick={onCancel} />
      </footer>
    </DialogWindow>
  )
}

interface ChoiceListProps {
  readonly label: string
  readonly choices: readonly ColumnChoice[]
  readonly selectedId: string | null
  readonly onSelect: (id: string) => void
  readonly onActivate: () => void
}

function ChoiceList({ label, choices, selectedId, onSelect, onActivate }: ChoiceListProps): ReactNode {
  const index = choices.findIndex((choice) => choice.id === selectedId)
  const onKeyDown = (event: KeyboardEvent): void => {
    const last = choices.length - 1
    const targets: Readonly<Record<string, number>> = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: last }
    const wanted = targets[event.key]
    const choice = wanted === undefined ? undefined : choices[Math.max(0, Math.min(last, wanted))]
    if (choice === undefined) return
    event.preventDefault()
    onSelect(choice.id)
  }
  return (
    <div className={classes.column}>
      <span>{label}</span>
      <div role="listbox" aria-label={label} tabIndex={0} className={classes.list} onKeyDown={onKeyDown}>
        {choices.map((choice) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the list holds the one tab stop
          <div
            key={choice.id}
            role="option"
            className={classes.option}
            aria-selected={choice.id === selectedId}
            data-selected={choice.id === selectedId || undefined}
            onMouseDown={() => onSelect(choice.id)}
            onDoubleClick={onActivate}
          >
            {choice.title}
          </div>
        ))}
      </div>
    </div>
  )
}
