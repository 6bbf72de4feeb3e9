import { useMemo } from 'react'
import type { JobView, VmCommand, VmView } from '../../preload/contract/index.ts'
import { type LabContextValue, useLab } from '../client/lab-context.tsx'
import { type DialogHostContext, useMessageBox } from '../mmc/index.ts'
import { type CheckpointWord, madeBox, madePreference } from './checkpoint-texts.ts'
import { type ActionPlace, errorBox, failureBox, failureTitle, type VmFailure } from './failures.ts'
import { isPrompted, PROMPT_SKIPPED, promptBox, promptPreference } from './prompts.ts'
import { type JobWatches, useJobWatches } from './useJobWatches.ts'

/** A machine to act on. */
export type ActionTarget = Pick<VmView, 'id' | 'name'>

export interface VmActionsOptions {
  /** Decides about captions and headlines. Default `manager`. */
  readonly place?: ActionPlace
  /** What the host calls a checkpoint. Default `Checkpoint`. */
  readonly word?: CheckpointWord
}

export interface VmActions {
  /**
   * Asks first where the product asks, then acts on all machines, and shows a box with those that failed, also when they fail later on.
   * Resolves when the engine has answered and the user has read why not.
   */
  run(action: VmCommand, vms: readonly ActionTarget[]): Promise<void>
  /** Opens, or brings to the front, the machine's connection window. */
  connect(vmId: string): void
}

/** Machines in one call: with more, the message would be longer than the way to the engine lets through. */
const BATCH_MAX = 4096

type ShowMessage = DialogHostContext['showMessage']

/** Actions on virtual machines with the product's questions and failure boxes. */
export function useVmActions({ place = 'manager', word = 'Checkpoint' }: VmActionsOptions = {}): VmActions {
  const lab = useLab()
  const showMessage = useMessageBox()
  const watches = useJobWatches()
  return useMemo(
    () => ({
      run: async (action, vms) => {
        if (vms.length === 0 || !(await isConfirmed(action, vms.length, word, lab, showMessage))) return
        await act(action, vms, place, lab, showMessage, watches)
      },
      connect: (vmId) => {
        lab.shell.openConnection(vmId).catch((error: unknown) => {
          void showMessage(errorBox('The connection window could not be opened.', sentenceOf(error), place))
        })
      },
    }),
    [lab, showMessage, place, word, watches],
  )
}

async function isConfirmed(
  action: VmCommand,
  count: number,
  word: CheckpointWord,
  { preferences }: LabContextValue,
  showMessage: ShowMessage,
): Promise<boolean> {
  if (!isPrompted(action)) return true
  const key = promptPreference(action)
  if (preferences.get(key) === PROMPT_SKIPPED) return true
  const { button, verificationChecked } = await showMessage(promptBox(action, count, word))
  if (button !== 'do') return false
  if (verificationChecked) preferences.set(key, PROMPT_SKIPPED)
  return true
}

/** Sends the command, tells of refusals, and has the jobs watched that began. */
async function act(
  action: VmCommand,
  vms: readonly ActionTarget[],
  place: ActionPlace,
  lab: LabContextValue,
  showMessage: ShowMessage,
  watches: JobWatches,
): Promise<void> {
  const { connection, store } = lab
  const failures: VmFailure[] = []
  const targets = new Map<string, ActionTarget>()
  let lost: unknown = null
  for (let start = 0; start < vms.length && lost === null; start += BATCH_MAX) {
    const vmIds = vms.slice(start, start + BATCH_MAX).map(({ id }) => id)
    const answers = await connection.client.vm.act({ action, vmIds }).catch((error: unknown) => {
      lost = error
      return []
    })
    for (const { vmId, name, outcome } of answers) {
      if (!outcome.ok) failures.push({ vmId, name: name || nameOf(vms, vmId), refusal: outcome.refusal })
      else if (outcome.jobId !== null) targets.set(outcome.jobId, { id: vmId, name })
    }
  }
  watches.begin(store, [...targets.keys()], (jobs) => {
    const late = jobFailures(jobs, targets)
    if (late.length > 0) void showMessage(failureBox(action, late, place))
  })
  if (action === 'checkpoint') watches.beginEnded(store, [...targets.keys()], (jobs) => void tellMade(jobs, lab, showMessage))
  if (failures.length > 0) await showMessage(failureBox(action, failures, place))
  if (lost !== null) {
    const names = vms.map(({ name }) => name)
    await showMessage(errorBox(failureTitle(action, names, place), sentenceOf(lost), place))
  }
}

/** Which kinds of checkpoint were made of running machines: each is told once, until the user wants to hear no more of it. */
async function tellMade(jobs: readonly JobView[], { preferences }: LabContextValue, showMessage: ShowMessage): Promise<void> {
  for (const made of ['production', 'standard'] as const) {
    if (!jobs.some(({ checkpointMade }) => checkpointMade === made) || preferences.get(madePreference(made)) === PROMPT_SKIPPED) continue
    const { verificationChecked } = await showMessage(madeBox(made))
    if (verificationChecked) preferences.set(madePreference(made), PROMPT_SKIPPED)
  }
}

function jobFailures(jobs: readonly JobView[], targets: ReadonlyMap<string, ActionTarget>): readonly VmFailure[] {
  return jobs.flatMap(({ id, refusal }) => {
    const target = targets.get(id)
    return target === undefined || refusal === null ? [] : [{ vmId: target.id, name: target.name, refusal }]
  })
}

function nameOf(vms: readonly ActionTarget[], vmId: string): string {
  return vms.find(({ id }) => id === vmId)?.name ?? ''
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
