import { useEffect, useMemo, useRef } from 'react'
import type { JobView, VmCommand, VmView } from '../../preload/contract/index.ts'
import { type LabContextValue, useLab } from '../client/lab-context.tsx'
import { type DialogHostContext, useMessageBox } from '../mmc/index.ts'
import { type ActionPlace, errorBox, failureBox, failureTitle, type VmFailure } from './failures.ts'
import { watchJobs } from './job-watch.ts'
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
  const watches = useRef(new Set<() => void>())
  useEffect(() => {
    const stops = watches.current
    return () => {
      for (const stop of stops) stop()
      stops.clear()
    }
  }, [])
  return useMemo(
    () => ({
      run: async (action, vms) => {
        if (vms.length === 0 || !(await isConfirmed(action, vms.length, lab, showMessage))) return
        const stop = await act(action, vms, place, lab, showMessage)
        watches.current.add(stop)
      },
      connect: (vmId) => {
        lab.shell.openConnection(vmId).catch((error: unknown) => {
          void showMessage(errorBox('The connection window could not be opened.', sentenceOf(error), place))
        })
      },
    }),
    [lab, showMessage, place],
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

/** Sends the command, tells of refusals, and watches the jobs that began; the answer ends the watch. */
async function act(
  action: VmCommand,
  vms: readonly ActionTarget[],
  place: ActionPlace,
  { connection, store }: LabContextValue,
  showMessage: ShowMessage,
): Promise<() => void> {
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
  const stop = watchJobs(
    store,
    [...targets.keys()],
    (jobs) => void showMessage(failureBox(action, jobFailures(jobs, targets), place)),
    (run, milliseconds) => {
      const timer = setTimeout(run, milliseconds)
      return () => clearTimeout(timer)
    },
  )
  if (failures.length > 0) await showMessage(failureBox(action, failures, place))
  if (lost !== null) {
    const names = vms.map(({ name }) => name)
    await showMessage(errorBox(failureTitle(action, names, place), sentenceOf(lost), place))
  }
  return stop
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
