/** The settings of a virtual machine (hyper-v-manager 5): reads them, holds a draft, applies it as one, and tells what the engine refuses. */
import { type ReactNode, useCallback, useEffect, useMemo, useReducer, useRef, useState } from 'react'
import { type ReadSettings, type RefusalView, refusalText, type SettingField, type VmView } from '../../../../preload/contract/index.ts'
import { useClient, useLabState } from '../../../client/lab-context.tsx'
import { type MessageBoxOptions, PropertySheet, useMessageBox } from '../../../mmc/index.ts'
import { offersAction } from '../../../vm-actions/index.ts'
import { beginSheet, changedFields, hasLocks, pageOfField, type SheetChange, type SheetState, sheetReducer } from './draft.ts'
import { SettingsPage } from './SettingsPage.tsx'
import { sheetSections } from './tree.ts'

export interface SettingsSheetProps {
  readonly vmId: string
  readonly onClose: () => void
}

const LOST = 'The connection to the simulation was lost. Nothing was changed.'

type Whole = SheetState | null
type Change = SheetChange | { readonly type: 'begin'; readonly read: Extract<ReadSettings, { ok: true }> }

/** The whole sheet is replaced when it begins with another machine. */
function reduce(state: Whole, change: Change): Whole {
  if (change.type === 'begin') return beginSheet(change.read.settings, change.read.facts)
  return state === null ? null : sheetReducer(state, change)
}

export function SettingsSheet({ vmId, onClose }: SettingsSheetProps): ReactNode {
  const client = useClient()
  const showMessage = useMessageBox()
  const [state, change] = useReducer(reduce, null)
  const [busy, setBusy] = useState(false)
  const shown = useRef(true)
  const close = useRef(onClose)
  close.current = onClose

  /** Reads a machine's settings; says why not, and answers whether it could. */
  const read = useCallback(
    async (id: string, begin: boolean): Promise<boolean> => {
      const answer = await client.settings.read({ vmId: id }).catch(() => null)
      if (!shown.current) return false
      if (answer?.ok === true) {
        change(begin ? { type: 'begin', read: answer } : { type: 'read', settings: answer.settings, facts: answer.facts })
        return true
      }
      await showMessage(problemBox('The settings of the virtual machine could not be read.', answer === null ? null : answer.refusal))
      return false
    },
    [client, showMessage],
  )
  useEffect(() => {
    shown.current = true
    void read(vmId, true).then((done) => {
      if (!done && shown.current) close.current()
    })
    return () => {
      shown.current = false
    }
  }, [vmId, read])

  const objects = useObjects(state)
  const sections = useMemo(() => (state === null ? [] : sheetSections(state)), [state])
  if (state === null) return null
  const { facts } = state
  const changed = changedFields(state).length > 0

  const apply = async (): Promise<boolean> => {
    if (!changed) return true
    setBusy(true)
    const answer = await client.settings.configure({ vmId: facts.vmId, base: state.base, draft: state.draft }).catch(() => null)
    if (!shown.current) return false
    setBusy(false)
    if (answer?.ok === true) {
      change({ type: 'read', settings: answer.settings, facts: answer.facts })
      return true
    }
    if (answer === null) await showMessage(problemBox('Error applying changes', null))
    else await showProblem(answer.field, answer.driveId, answer.refusal)
    return false
  }
  /** The page with the wrong field is shown first, then what is wrong with it. */
  const showProblem = async (field: SettingField | null, driveId: string | null, refusal: RefusalView): Promise<void> => {
    const stale = refusal.code === 'settings-changed'
    const pageId = field === null || stale ? state.pageId : pageOfField(state, field, driveId)
    change({ type: 'page', pageId })
    const title = titleOf(state, pageId)
    await showMessage(problemBox(stale || field === null ? 'Error applying changes' : `Error applying ${title} changes`, refusal))
  }
  /** What to do with pending changes before the sheet shows something else; true when it may. */
  const settle = async (question: MessageBoxOptions<'yes' | 'no' | 'cancel'>): Promise<boolean> => {
    if (!changed) return true
    const { button } = await showMessage(question)
    return button === 'yes' ? apply() : button === 'no'
  }
  return (
    <PropertySheet
      title={`Settings for ${state.base.name} on ${facts.hostName}`}
      icon="settings"
      objects={objects}
      objectId={facts.vmId}
      onObjectChange={async (id) => {
        if (id !== facts.vmId && (await settle(PENDING))) await read(id, true)
      }}
      onRefresh={async () => {
        if (!changed || (await showMessage(DISCARD)).button === 'yes') await read(facts.vmId, false)
      }}
      sections={sections}
      pageId={state.pageId}
      onPageChange={(pageId) => change({ type: 'page', pageId })}
      notice={noticeOf(state)}
      changed={changed}
      busy={busy}
      onOk={async () => {
        if (await apply()) onClose()
      }}
      onCancel={onClose}
      onApply={() => void apply()}
    >
      <SettingsPage key={`${facts.vmId} ${state.pageId}`} state={state} change={change} />
    </PropertySheet>
  )
}

function titleOf(state: SheetState, pageId: string): string {
  const items = sheetSections(state).flatMap((section) => section.items.flatMap((item) => [item, ...(item.children ?? [])]))
  return items.find(({ id }) => id === pageId)?.title ?? ''
}

/** Machines of the drop-down, by name; in a connection window the only one that it knows. */
function useObjects(state: Whole): readonly { readonly id: string; readonly label: string }[] {
  const vms = useLabState((lab) => lab.virtualMachines)
  const vmId = state?.facts.vmId
  const hostId = state?.facts.hostId
  const name = state?.base.name ?? ''
  return useMemo(() => {
    const shown = [...vms.values()].filter((vm: VmView) => vm.hostId === hostId && (vm.id === vmId || offersAction(vm, 'settings')))
    const objects = shown.map((vm) => ({ id: vm.id, label: vm.name }))
    if (vmId !== undefined && !objects.some(({ id }) => id === vmId)) objects.push({ id: vmId, label: name })
    return objects.sort((a, b) => a.label.localeCompare(b.label, 'en', { sensitivity: 'base', numeric: true }))
  }, [vms, vmId, hostId, name])
}

/** Why fields are greyed (5.1); the wording is the product's by its sense. */
function noticeOf(sheet: SheetState): string | null {
  if (!hasLocks(sheet)) return null
  const { facts } = sheet
  const lead = 'Some settings cannot be modified because the virtual machine was in the'
  const state = facts.stateText === 'Saved' ? 'saved state' : `state ${facts.stateText}`
  return `${lead} ${state} when this window was opened. To modify a setting that is unavailable, shut down the virtual machine and then reopen this window.`
}

const QUESTION = {
  title: 'Settings',
  icon: 'question',
  headline: 'Do you want to apply the pending changes?',
} as const

const PENDING: MessageBoxOptions<'yes' | 'no' | 'cancel'> = {
  ...QUESTION,
  body: 'The settings of this virtual machine were changed and have not been applied yet.',
  buttons: [
    { id: 'yes', label: '&Yes' },
    { id: 'no', label: '&No' },
    { id: 'cancel', label: 'Cancel' },
  ],
  defaultButton: 'yes',
  escapeButton: 'cancel',
}

const DISCARD: MessageBoxOptions<'yes' | 'no'> = {
  ...QUESTION,
  headline: 'Do you want to discard the pending changes?',
  body: 'Refreshing shows the present settings of the virtual machine. Changes that have not been applied are lost.',
  buttons: [
    { id: 'yes', label: '&Yes' },
    { id: 'no', label: '&No' },
  ],
  defaultButton: 'no',
}

/** `null`: the connection was lost. */
function problemBox(headline: string, refusal: RefusalView | null): MessageBoxOptions<'close'> {
  const { body, details } = refusal === null ? { body: LOST, details: [] } : refusalText(refusal)
  return {
    title: 'Settings',
    icon: 'error',
    headline,
    body,
    ...(details.length === 0 ? {} : { details: details.join('\n') }),
    buttons: [{ id: 'close', label: '&Close' }],
    defaultButton: 'close',
  }
}
