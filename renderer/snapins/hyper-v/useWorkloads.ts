import { useCallback, useEffect, useState } from 'react'
import { refusalText, type VmView } from '../../../preload/contract/index.ts'
import { useLab } from '../../client/lab-context.tsx'
import { type Command, useMessageBox } from '../../mmc/index.ts'
import { errorBox } from '../../vm-actions/index.ts'
import { TEXTS } from './texts.ts'
import { type WorkloadChoice, workloadEntry } from './workloads.ts'

const HEADLINE = 'The workload could not be changed.'

/** Makes the Workload submenu of a selection; the engine has the list. */
export function useWorkloads(connected: boolean): (vms: readonly VmView[]) => Command | null {
  const { client } = useLab().connection
  const showMessage = useMessageBox()
  const [choices, setChoices] = useState<readonly WorkloadChoice[]>([])
  const known = choices.length > 0
  useEffect(() => {
    if (!connected || known) return
    let shown = true
    client.catalogue.workloads().then(
      (list) => {
        if (shown) setChoices(list)
      },
      // Without a connection there is no list; it is asked for again when the connection is back.
      () => undefined,
    )
    return () => {
      shown = false
    }
  }, [client, connected, known])
  return useCallback(
    (vms) =>
      workloadEntry(choices, vms, connected, async (workload, targets) => {
        const answers = await client.vm.setWorkload({ vmIds: targets.map(({ id }) => id), workload }).catch(() => null)
        if (answers === null) return showMessage(errorBox(HEADLINE, TEXTS.connectionLost, 'manager'))
        const reasons = answers.flatMap(({ name, outcome }) => (outcome.ok ? [] : [`${name}: ${refusalText(outcome.refusal).body}`]))
        if (reasons.length > 0) await showMessage(errorBox(HEADLINE, reasons.slice(0, 8).join('\n\n'), 'manager'))
      }),
    [choices, client, connected, showMessage],
  )
}
