import { useEffect, useMemo, useRef } from 'react'
import type { JobView, VmCommand, VmView } from '../../preload/contract/index.ts'
import { type LabContextValue, useLab } from '../client/lab-context.tsx'
import { type DialogHostContext, useMessageBox } from '../mmc/index.ts'
import { type ActionPlace, errorBox, failureBox, failureTitle, type VmFailure } from './failures.ts'
import { type JobSource, watchJobs } from './job-watch.ts'
import { isPrompted, PROMPT_SKIPPED, promptBox, promptPreference } from './prompts.ts'

/** A machine to act on. */
export type ActionTarget = Pick<VmView, 'id' | 'name'>

export interface VmActionsOptions {
  /** Decides about captions and headlines. Default `manager`. */
  readonly place?: ActionPlace
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
export function useVmActions({ place = 'manager' }: VmActionsOptions = {}): VmActions {
  const lab = useLab()
  const showMessage = useMessageBox()
  const watches = useJobWatches()
  return useMemo(
    () => ({
      run: async (action, vms) => {
        if (vms.length === 0 || !(await isConfirmed(action, vms.length, lab, showMessage))) return
        await act(action, vms, place, lab, showMessage, watches)
      },
      connect: (vmId) => {
        lab.shell.openConnection(vmId).catch((error: unknown) => {
          void showMessage(errorBox('The connection window could not be opened.', sentenceOf(error), place))
        })
      },
    }),
    [lab, showMessage, place, watches],
  )
}

async function isConfirmed(action: VmCommand, count: number, { preferences }: LabContextValue, showMessage: ShowMessage): Promise<boolean> {
  if (!isPrompted(action)) return true
  const key = promptPreference(action)
  if (preferences.get(key) === PROMPT_SKIPPED) return true
  const { button, verificationChecked } = await showMessage(promptBox(action, count))
  if (button !== 'do') return false
  if (verificationChecked) preferences.set(key, PROMPT_SKIPPED)
  return true
}

/** Sends the command, tells of refusals, and has the jobs watched that began. */
async function act(
  action: VmCommand,
  vms: readonly ActionTarget[],
  place: ActionPlace,
  { connection, store }: LabContextValue,
  showMessage: ShowMessage,
  watches: JobWatches,
): Promise<void> {
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
  if (failures.length > 0) await showMessage(failureBox(action, failures, place))
  if (lost !== null) {
    const names = vms.map(({ name }) => name)
    await showMessage(errorBox(failureTitle(action, names, place), sentenceOf(lost), place))
  }
}

interface JobWatches {
  readonly begin: (store: JobSource, jobIds: readonly string[], onFailed: (jobs: readonly JobView[]) => void) => void
}

/** Watches over jobs that end with the component. */
function useJobWatches(): JobWatches {
  const shown = useRef(false)
  const stops = useRef(new Set<() => void>())
  useEffect(() => {
    shown.current = true
    const present = stops.current
    return () => {
      shown.current = false
      for (const stop of present) stop()
      present.clear()
    }
  }, [])
  return useMemo(
    () => ({
      begin: (store, jobIds, onFailed) => {
        if (shown.current && jobIds.length > 0) stops.current.add(watchJobs(store, jobIds, onFailed, later))
      },
    }),
    [],
  )
}

function later(act: () => void, milliseconds: number): () => void {
  const timer = setTimeout(act, milliseconds)
  return () => clearTimeout(timer)
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
