/**
 * What can be done with a server and with virtual machines: the one definition for menus, Actions pane, context menus and keys.
 *
 * Which actions a machine offers is decided by the engine (`VmView.actions`); entries that do not apply are left out, not greyed
 * (hyper-v-manager 1.5). While the connection to the engine is lost, what needs it is greyed.
 */
import { type HostView, VM_COMMANDS, type VmAction, type VmCommand, type VmView } from '../../../preload/contract/index.ts'
import type { Command, MenuEntry } from '../../mmc/index.ts'
import { offersAction } from '../../vm-actions/index.ts'

/** Actions on one machine in the order of the Actions pane (3.2). */
const ACTION_ORDER: readonly VmAction[] = [
  'connect',
  'settings',
  'start',
  'delete-saved-state',
  'turn-off',
  'shut-down',
  'save',
  'pause',
  'resume',
  'reset',
  'checkpoint',
  'revert',
  'rename',
  'delete',
]

/** Order for several machines (1.7). */
const BULK_ORDER: readonly VmAction[] = [
  'connect',
  'start',
  'turn-off',
  'shut-down',
  'save',
  'pause',
  'resume',
  'reset',
  'checkpoint',
  'delete-saved-state',
  'delete',
]

/** Actions after which the context menu has a separator (3.2). */
const LAST_OF_BLOCK: readonly VmAction[] = ['connect', 'settings', 'save', 'reset', 'revert', 'delete']

export function isVmCommand(action: VmAction): action is VmCommand {
  return (VM_COMMANDS as readonly VmAction[]).includes(action)
}

/** The machines to which an action applies now. */
export function targetsOf(action: VmAction, vms: readonly VmView[]): readonly VmView[] {
  return vms.filter((vm) => offersAction(vm, action))
}

function orderFor(vms: readonly VmView[]): readonly VmAction[] {
  return vms.length === 1 ? ACTION_ORDER : BULK_ORDER
}

/** Actions to show for a selection: those that apply to at least one of the machines. */
export function shownActions(vms: readonly VmView[]): readonly VmAction[] {
  let any = 0
  for (const vm of vms) any |= vm.actions
  return orderFor(vms).filter((action) => offersAction({ actions: any }, action))
}

export interface VmCommandContext {
  readonly vms: readonly VmView[]
  readonly connected: boolean
  /** Label and icon of an action. */
  readonly command: (action: VmAction, run: () => void) => Command
  /** Runs an action on the machines to which it applies. */
  readonly run: (action: VmAction, vms: readonly VmView[]) => void
  readonly cancelJob: (jobId: string) => void
  /** The Workload submenu, for menus; null leaves it out. */
  readonly workload?: Command | null
  /** What the host calls a checkpoint. */
  readonly word: HostView['checkpointWord']
  readonly help: Command
}

/** Entries for the selected machines. `separators`: as in the context menu; the Actions pane has only the one before Help. */
export function vmEntries(context: VmCommandContext, separators: boolean): readonly MenuEntry[] {
  const { vms, connected, command, run, cancelJob, word, help } = context
  if (vms.length === 0) return []
  const entries: MenuEntry[] = []
  const shown = shownActions(vms)
  for (const action of orderFor(vms)) {
    if (shown.includes(action)) {
      const made = command(action, () => run(action, targetsOf(action, vms)))
      entries.push({ ...made, enabled: connected, isDefault: action === 'connect' })
    }
    const endsBlock = LAST_OF_BLOCK.includes(action) || (action === 'checkpoint' && vms.length > 1)
    if (separators && endsBlock) entries.push('separator')
  }
  const [only] = vms
  const jobId = vms.length === 1 ? (only?.cancellableJobId ?? null) : null
  if (jobId !== null)
    entries.push(
      { id: 'cancel-job', label: `Cancel Creatin&g ${word}`, icon: 'delete', enabled: connected, run: () => cancelJob(jobId) },
      'separator',
    )
  if (separators && context.workload) entries.push('separator', context.workload)
  return [...entries, 'separator', help]
}

/** What is done with disk files of the server. */
export interface DiskCommands {
  readonly newDisk: () => void
  readonly newFloppy: () => void
  readonly editDisk: () => void
  readonly inspectDisk: () => void
}

export interface ServerCommandContext {
  readonly host: Pick<HostView, 'serviceState'>
  readonly connected: boolean
  readonly newVirtualMachine: () => void
  readonly disks: DiskCommands
  readonly stopService: () => void
  readonly startService: () => void
  readonly refresh: () => void
  readonly view: readonly MenuEntry[]
  readonly help: Command
}

/** Entries of the server (1.2, 1.4). */
export function serverEntries(context: ServerCommandContext): readonly MenuEntry[] {
  const { host, connected, view, help } = context
  const entry = (command: Command): Command => ({ ...command, enabled: connected })
  const running = host.serviceState === 'running'
  const create: MenuEntry[] = running
    ? [
        {
          id: 'new',
          label: '&New',
          enabled: connected,
          children: [
            { id: 'new-vm', label: '&Virtual Machine...', enabled: connected, run: context.newVirtualMachine },
            { id: 'new-disk', label: '&Hard Disk...', enabled: connected, run: context.disks.newDisk },
            { id: 'new-floppy', label: '&Floppy Disk...', enabled: connected, run: context.disks.newFloppy },
          ],
        },
        'separator',
        entry({ id: 'edit-disk', label: '&Edit Disk...', icon: 'edit-disk', run: context.disks.editDisk }),
        entry({ id: 'inspect-disk', label: '&Inspect Disk...', icon: 'inspect-disk', run: context.disks.inspectDisk }),
        'separator',
      ]
    : []
  const service: MenuEntry[] = []
  if (running) service.push(entry({ id: 'stop-service', label: '&Stop Service', icon: 'stop-service', run: context.stopService }))
  if (host.serviceState === 'stopped')
    service.push(entry({ id: 'start-service', label: '&Start Service', icon: 'start-service', run: context.startService }))
  return [
    ...create,
    ...service,
    entry({ id: 'refresh', label: '&Refresh', icon: 'refresh', run: context.refresh }),
    'separator',
    { id: 'view', label: '&View', children: view },
    'separator',
    help,
  ]
}

/** Entries of the root (1.2): connecting to other servers is not offered. */
export function rootEntries(view: readonly MenuEntry[], help: Command): readonly MenuEntry[] {
  return [{ id: 'view', label: '&View', children: view }, 'separator', help]
}
