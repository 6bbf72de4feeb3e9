import { useMemo } from 'react'
import { type JobView, type Outcome, type RefusalView, refusalText } from '../../preload/contract/index.ts'
import { type LabContextValue, useLab } from '../client/lab-context.tsx'
import { type DialogHostContext, type RenameAnswer, useMessageBox } from '../mmc/index.ts'
import {
  APPLY_PREFERENCE,
  type ApplyButton,
  applyBox,
  type CheckpointRequest,
  type CheckpointWord,
  checkpointFailure,
  deleteBox,
  deletePreference,
} from './checkpoint-texts.ts'
import { type ActionPlace, errorBox, failureBox } from './failures.ts'
import { PROMPT_SKIPPED } from './prompts.ts'
import { type JobWatches, useJobWatches } from './useJobWatches.ts'

export interface CheckpointActions {
  /** Takes a checkpoint with the given name. */
  take(vm: { readonly id: string; readonly name: string }, name: string): Promise<void>
  /** Asks which way, then applies. */
  apply(checkpointId: string): Promise<void>
  /** Asks first. */
  remove(checkpointId: string, subtree: boolean): Promise<void>
  rename(checkpointId: string, name: string): RenameAnswer
}

interface Means {
  readonly lab: LabContextValue
  readonly showMessage: DialogHostContext['showMessage']
  readonly watches: JobWatches
  readonly word: CheckpointWord
  readonly place: ActionPlace
}

/** Actions on checkpoints with the product's questions and failure boxes. */
export function useCheckpointActions(word: CheckpointWord, place: ActionPlace = 'manager'): CheckpointActions {
  const lab = useLab()
  const showMessage = useMessageBox()
  const watches = useJobWatches()
  return useMemo(() => {
    const means: Means = { lab, showMessage, watches, word, place }
    const { client } = lab.connection
    return {
      take: async (vm, name) => {
        const failed = (refusal: RefusalView): void =>
          void showMessage(failureBox('checkpoint', [{ vmId: vm.id, name: vm.name, refusal }], place))
        const outcome = await client.checkpoint.take({ vmId: vm.id, name }).catch(sentenceOf)
        if (typeof outcome === 'string') await showMessage(errorBox(`A ${word.toLowerCase()} could not be created.`, outcome, place))
        else if (!outcome.ok) failed(outcome.refusal)
        else watchOutcome(means, outcome.jobId, failed)
      },
      apply: async (checkpointId) => {
        const button = await applyChoice(means)
        if (button === 'cancel') return
        await report(means, 'apply', client.checkpoint.apply({ checkpointId, takeFirst: button === 'take' }))
      },
      remove: async (checkpointId, subtree) => {
        if (!(await deleteConfirmed(means, subtree))) return
        await report(means, 'delete', client.checkpoint.remove({ checkpointId, subtree }))
      },
      rename: async (checkpointId, name) => {
        const outcome = await client.checkpoint.rename({ checkpointId, name }).catch(sentenceOf)
        if (typeof outcome === 'string') return outcome
        return outcome.ok ? null : refusalText(outcome.refusal).body
      },
    }
  }, [lab, showMessage, watches, word, place])
}

async function applyChoice({ lab: { preferences }, showMessage, word }: Means): Promise<ApplyButton> {
  const remembered = preferences.get(APPLY_PREFERENCE)
  if (remembered === 'take' || remembered === 'apply') return remembered
  const { button, verificationChecked } = await showMessage(applyBox(word))
  if (button !== 'cancel' && verificationChecked) preferences.set(APPLY_PREFERENCE, button)
  return button
}

async function deleteConfirmed({ lab: { preferences }, showMessage, word }: Means, subtree: boolean): Promise<boolean> {
  const key = deletePreference(subtree)
  if (preferences.get(key) === PROMPT_SKIPPED) return true
  const { button, verificationChecked } = await showMessage(deleteBox(word, subtree))
  if (button !== 'do') return false
  if (verificationChecked) preferences.set(key, PROMPT_SKIPPED)
  return true
}

async function report(means: Means, request: CheckpointRequest, answer: Promise<Outcome>): Promise<void> {
  const { showMessage, word, place } = means
  const headline = checkpointFailure(request, word)
  const failed = async (refusal: RefusalView): Promise<void> => {
    const { body, details } = refusalText(refusal)
    await showMessage({ ...errorBox(headline, body, place), ...(details.length === 0 ? {} : { details: details.join('\n') }) })
  }
  const outcome = await answer.catch(sentenceOf)
  if (typeof outcome === 'string') await showMessage(errorBox(headline, outcome, place))
  else if (!outcome.ok) await failed(outcome.refusal)
  else watchOutcome(means, outcome.jobId, (refusal) => void failed(refusal))
}

function watchOutcome({ lab, watches }: Means, jobId: string | null, onFailed: (refusal: RefusalView) => void): void {
  if (jobId === null) return
  watches.begin(lab.store, [jobId], (jobs: readonly JobView[]) => {
    for (const { refusal } of jobs) if (refusal !== null) onFailed(refusal)
  })
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
