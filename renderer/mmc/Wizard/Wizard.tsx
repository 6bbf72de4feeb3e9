import { type ReactNode, useEffect, useRef } from 'react'
import { Icon, type IconName } from '../../theme/icons/Icon.tsx'
import { ClassicButton } from '../ClassicButton/ClassicButton.tsx'
import { DialogWindow } from '../DialogWindow/DialogWindow.tsx'
import { tabStops } from '../DialogWindow/useDialogFocus.ts'
import { Note } from '../Field/Field.tsx'
import { useWizard, type WizardController } from './useWizard.ts'
import classes from './Wizard.module.css'
import type { PagesFor } from './wizardReducer.ts'

/** Progress shown on the page while the wizard works after Finish. */
export interface WizardProgress {
  readonly text: string
  /** 0 to 100; null = unknown, the strip wanders. */
  readonly percent: number | null
}

export interface WizardProps<D> {
  /** Text of the caption bar, e.g. `New Virtual Machine Wizard`. */
  readonly title: string
  /** Icon of caption (16) and header (32). */
  readonly icon: IconName
  /** The draft that the pages start with. */
  readonly initialDraft: D
  /** The pages that exist for a draft; must be a pure function, best declared outside components. */
  readonly pagesFor: PagesFor<D>
  /** Id of the page shown first. Default: the first one. */
  readonly startPageId?: string
  /** Does the work. Null = done, the wizard closes; a text is shown on the page and the wizard stays. */
  readonly onFinish: (draft: D) => Promise<string | null> | string | null
  readonly progress?: WizardProgress | null
  /** Ends the work after Finish, which then answers `onFinish`. With it Cancel and Escape stay alive while the wizard is busy. */
  readonly onCancelWork?: (() => void) | undefined
  /** The wizard is to go away: finished or given up. */
  readonly onClose: (finished: boolean) => void
}

/** A wizard window: headline, list of steps, page, button bar. */
export function Wizard<D>(props: WizardProps<D>): ReactNode {
  const { title, icon, initialDraft, pagesFor, startPageId, onFinish, progress = null, onCancelWork, onClose } = props
  const wizard = useWizard(initialDraft, pagesFor, onFinish, () => onClose(true), startPageId)
  const { state, page, buttons, change, goTo, next, previous, finish } = wizard
  const nextIsDefault = buttons.next
  const canCancel = buttons.cancel || onCancelWork !== undefined
  const cancel = (): void => (state.busy ? onCancelWork?.() : onClose(false))
  return (
    <DialogWindow title={title} icon={icon} width={700} height={530} closable={canCancel} onClose={cancel}>
      <header className={classes.header}>
        <Icon name={icon} size={32} />
        <h2 className={classes.headline}>{page.headline ?? page.title}</h2>
      </header>
      <div className={classes.middle}>
        <Steps wizard={wizard} />
        <section key={page.id} className={classes.page} aria-label={page.title}>
          <PageFields busy={state.busy}>
            {page.render({ draft: state.draft, change, message: state.message, busy: state.busy, goTo })}
          </PageFields>
          {state.message !== null && (
            <div className={classes.message} role="alert">
              <Note kind="error">{state.message}</Note>
            </div>
          )}
          {state.busy && <ProgressStrip text={progress?.text ?? ''} percent={progress?.percent ?? null} />}
        </section>
      </div>
      <footer className={classes.bar}>
        <ClassicButton label="< &Previous" disabled={!buttons.previous} onClick={previous} />
        <ClassicButton label="&Next >" disabled={!buttons.next} isDefault={nextIsDefault} onClick={next} />
        <ClassicButton label="&Finish" disabled={!buttons.finish} isDefault={!nextIsDefault} onClick={finish} />
        <span className={classes.gap} />
        <ClassicButton label="Cancel" disabled={!canCancel} onClick={cancel} />
      </footer>
    </DialogWindow>
  )
}

function Steps<D>({ wizard }: { readonly wizard: WizardController<D> }): ReactNode {
  const { pages, state, goTo } = wizard
  return (
    <nav className={classes.steps} aria-label="Steps">
      <ol className={classes.list}>
        {pages.map((page) => {
          const current = page.id === state.pageId
          const reachable = !state.busy && !current && page.disabled !== true && state.visitedIds.has(page.id)
          return (
            <li
              key={page.id}
              className={classes.step}
              data-current={current || undefined}
              data-indented={page.indented || undefined}
              data-disabled={page.disabled || undefined}
            >
              {reachable ? (
                <button type="button" className={classes.link} tabIndex={-1} onClick={() => goTo(page.id)}>
                  {page.title}
                </button>
              ) : (
                <span className={classes.name} aria-current={current ? 'step' : undefined}>
                  {page.title}
                </span>
              )}
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

/** The fields of a page; the first of them has the focus when the page comes. */
function PageFields({ busy, children }: { readonly busy: boolean; readonly children: ReactNode }): ReactNode {
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = root.current
    if (element === null) return
    const first = element.querySelector<HTMLElement>('[data-autofocus]') ?? tabStops(element)[0]
    const lost = document.activeElement === null || document.activeElement === document.body || document.activeElement.matches(':disabled')
    const target = first ?? (lost ? element.closest('[role="dialog"]')?.querySelector<HTMLElement>('button[data-default]') : null)
    target?.focus()
    if (target instanceof HTMLInputElement && target.type === 'text') target.select()
  }, [])
  return (
    <div ref={root} className={classes.fields} inert={busy}>
      {children}
    </div>
  )
}

export interface ProgressStripProps {
  readonly text: string
  /** 0 to 100; null = unknown. */
  readonly percent: number | null
}

/** A green progress bar with its text above. */
export function ProgressStrip({ text, percent }: ProgressStripProps): ReactNode {
  const value = percent === null ? undefined : Math.max(0, Math.min(100, percent))
  return (
    <div className={classes.progress}>
      <span>{text}</span>
      <div
        className={classes.track}
        role="progressbar"
        aria-label={text === '' ? 'Progress' : text}
        aria-valuenow={value}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <div
          className={classes.done}
          data-unknown={value === undefined || undefined}
          style={value === undefined ? undefined : { width: `${value}%` }}
        />
      </div>
    </div>
  )
}
