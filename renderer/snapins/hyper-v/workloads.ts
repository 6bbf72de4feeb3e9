/** The Workload submenu of machines: what their guests do. Not of the product; it stands in the context menu and the Action menu alone. */
import type { VmView } from '../../../preload/contract/index.ts'
import type { Command } from '../../mmc/index.ts'

export interface WorkloadChoice {
  readonly key: string
  readonly name: string
}

/** The submenu for a selection; the workload that all its machines have is checked. null while the list is not there. */
export function workloadEntry(
  choices: readonly WorkloadChoice[],
  vms: readonly VmView[],
  connected: boolean,
  choose: (workload: string, vms: readonly VmView[]) => void,
): Command | null {
  const [first] = vms
  if (choices.length === 0 || first === undefined) return null
  const common = vms.every((vm) => vm.workload === first.workload) ? first.workload : null
  const children = choices.map(
    ({ key, name }): Command => ({
      id: `workload-${key}`,
      label: name,
      checked: key === common,
      enabled: connected,
      run: () => choose(key, vms),
    }),
  )
  return { id: 'workload', label: '&Workload', children }
}
