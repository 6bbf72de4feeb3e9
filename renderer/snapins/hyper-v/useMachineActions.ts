import { type RefObject, useMemo } from 'react'
import { failureHeadline, refusalText, type VmAction, type VmView } from '../../../preload/contract/index.ts'
import { useLab } from '../../client/lab-context.tsx'
import { type ListViewHandle, type RenameAnswer, useMessageBox } from '../../mmc/index.ts'
import { type CheckpointWord, errorBox, useVmActions } from '../../vm-actions/index.ts'
import { isVmCommand, targetsOf } from './commands.ts'
import { renameHeadline, TEXTS } from './texts.ts'

/** Most connection windows that one action opens: every machine of a large server can be selected at once. */
const CONNECTIONS_MAX = 20

function tooManyBox(count: number): ReturnType<typeof errorBox> {
  const body = `${count} virtual machines are selected. Connect to at most ${CONNECTIONS_MAX} of them at a time.`
  return errorBox('Too many virtual machines are selected.', body, 'manager')
}

export interface MachineActions {
  readonly run: (action: VmAction, vms: readonly VmView[]) => void
  /** What a key asks for: runs the action where it applies, else says why it does not. */
  readonly runKey: (action: VmAction, vms: readonly VmView[]) => void
  readonly connect: (vmId: string) => void
  readonly rename: (vmId: string, name: string) => RenameAnswer
}

/** Actions on machines, by menus and by keys. */
export function useMachineActions(
  list: RefObject<ListViewHandle | null>,
  word: CheckpointWord,
  openSettings: (vmId: string) => void,
): MachineActions {
  const { client } = useLab().connection
  const showMessage = useMessageBox()
  const actions = useVmActions({ word })
  return useMemo(() => {
    const run = (action: VmAction, vms: readonly VmView[]): void => {
      const [first] = vms
      if (isVmCommand(action)) void actions.run(action, vms)
      else if (action === 'connect' && vms.length > CONNECTIONS_MAX) void showMessage(tooManyBox(vms.length))
      else if (action === 'connect') for (const vm of vms) actions.connect(vm.id)
      else if (first === undefined) return
      else if (action === 'settings') openSettings(first.id)
      else list.current?.beginRename(first.id)
    }
    const explain = async (action: VmAction, vm: VmView): Promise<void> => {
      const headline = isVmCommand(action) ? failureHeadline(action, vm.name) : renameHeadline(vm.name)
      const answer = await client.vm.whyNot({ vmId: vm.id, action }).catch(() => null)
      if (answer === null) await showMessage(errorBox(headline, TEXTS.connectionLost, 'manager'))
      else if (answer.refusal !== null) {
        const { body, details } = refusalText(answer.refusal)
        await showMessage({ ...errorBox(headline, body, 'manager'), ...(details.length === 0 ? {} : { details: details.join('\n') }) })
      }
    }
    return {
      run,
      connect: (vmId) => actions.connect(vmId),
      runKey: (action, vms) => {
        const targets = targetsOf(action, vms)
        const [first] = vms
        if (targets.length > 0) run(action, targets)
        else if (first !== undefined) void explain(action, first)
      },
      rename: async (vmId, name) => {
        const outcome = await client.vm.rename({ vmId, name }).catch(() => null)
        if (outcome === null) return TEXTS.connectionLost
        return outcome.ok ? null : refusalText(outcome.refusal).body
      },
    }
  }, [client, showMessage, actions, list, openSettings])
}
