import { type KeyboardEvent, type ReactNode, useState } from 'react'
import { Icon, type IconName } from '../../theme/icons/Icon.tsx'
import { ClassicButton } from '../ClassicButton/ClassicButton.tsx'
import { DialogWindow } from '../DialogWindow/DialogWindow.tsx'
import { SelectField } from '../Field/Field.tsx'
import classes from './PropertySheet.module.css'
import { startHistory, stepHistory, visitPage } from './pageHistory.ts'
import { SheetTree } from './SheetTree.tsx'
import { itemsById, type SheetSection } from './sheetModel.ts'

export interface PropertySheetProps {
  /** Text of the caption bar, e.g. `Settings for APP01 on HV01`. */
  readonly title: string
  readonly icon: IconName
  /** The drop-down on top: what the sheet can be about. Left out = no drop-down. */
  readonly objects?: readonly { readonly id: string; readonly label: string }[]
  readonly objectId?: string
  /** The user chose another object; the owner asks about pending changes first. */
  readonly onObjectChange?: (id: string) => void
  /** The green arrow; left out = none. */
  readonly onRefresh?: () => void
  readonly sections: readonly SheetSection[]
  /** Id of the shown item. */
  readonly pageId: string
  readonly onPageChange: (pageId: string) => void
  /** Content of the page, below its titled line. */
  readonly children: ReactNode
  /** Yellow information line above the page, e.g. why settings are greyed. */
  readonly notice?: ReactNode
  /** Enables Apply. */
  readonly changed: boolean
  /** Something is being applied: all buttons but Cancel are greyed. Default false. */
  readonly busy?: boolean
  /** OK is greyed when false, e.g. while a field is wrong. Default true. */
  readonly canApply?: boolean
  readonly onOk: () => void
  readonly onCancel: () => void
  readonly onApply: () => void
}

/** The settings sheet: object drop-down and arrows, tree, page, OK, Cancel, Apply. */
export function PropertySheet(props: PropertySheetProps): ReactNode {
  const {
    title,
    icon,
    sections,
    pageId,
    onPageChange,
    children,
    notice,
    changed,
    busy = false,
    canApply = true,
    onOk,
    onCancel,
    onApply,
  } = props
  const item = itemsById(sections).get(pageId)
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'F5' || props.onRefresh === undefined) return
    event.preventDefault()
    props.onRefresh()
  }
  return (
    <DialogWindow
      title={title}
      icon={icon}
      width={720}
      height={680}
      resizable
      minSize={{ width: 600, height: 420 }}
      showWindowButtons
      onClose={onCancel}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: only listens to F5 of what is inside */}
      <div className={classes.sheet} onKeyDown={onKeyDown}>
        <SheetTop {...props} />
        <div className={classes.middle}>
          <SheetTree sections={sections} pageId={pageId} onSelect={onPageChange} />
          <section key={pageId} className={classes.page} aria-label={item?.title}>
            {item !== undefined && (
              <h2 className={classes.pageTitle}>
                <Icon name={item.icon} />
                {item.title}
              </h2>
            )}
            {notice !== undefined && notice !== null && (
              <div className={classes.notice} role="note">
                <Icon name="info" />
                <span>{notice}</span>
              </div>
            )}
            <div className={classes.fields}>{children}</div>
          </section>
        </div>
        <footer className={classes.bar}>
          <ClassicButton label="OK" isDefault disabled={busy || !canApply} onClick={onOk} />
          <ClassicButton label="Cancel" onClick={onCancel} />
          <ClassicButton label="&Apply" disabled={busy || !changed || !canApply} onClick={onApply} />
        </footer>
      </div>
    </DialogWindow>
  )
}

function SheetTop({ objects, objectId, onObjectChange, onRefresh, sections, pageId, onPageChange }: PropertySheetProps): ReactNode {
  const [history, setHistory] = useState(() => startHistory(pageId))
  const present = visitPage(history, pageId)
  if (present !== history) setHistory(present)
  const items = itemsById(sections)
  const exists = (id: string): boolean => items.has(id)
  const back = stepHistory(present, -1, exists)
  const forward = stepHistory(present, 1, exists)
  const go = (target: typeof back): void => {
    const id = target?.pageIds[target.index]
    if (target === null || id === undefined) return
    setHistory(target)
    onPageChange(id)
  }
  return (
    <div className={classes.top}>
      {objects !== undefined && (
        <SelectField
          ariaLabel="Settings of"
          width={210}
          value={objectId ?? null}
          options={objects.map((object) => ({ value: object.id, label: object.label }))}
          onChange={(id) => onObjectChange?.(id)}
        />
      )}
      <span className={classes.filler} />
      <button type="button" className={classes.arrow} aria-label="Back" disabled={back === null} onClick={() => go(back)}>
        <Icon name="triangle-left" size={12} />
      </button>
      <button type="button" className={classes.arrow} aria-label="Forward" disabled={forward === null} onClick={() => go(forward)}>
        <Icon name="triangle-right" size={12} />
      </button>
      {onRefresh !== undefined && (
        <button type="button" className={classes.arrow} aria-label="Refresh" onClick={onRefresh}>
          <Icon name="refresh" />
        </button>
      )}
    </div>
  )
}
