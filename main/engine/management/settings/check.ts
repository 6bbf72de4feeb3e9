/** Rules for the values of a draft that are no drives: names, memory, processors, folders, start and stop. */

import { memoryDemandMb } from '../../guest/guest.ts'
import { type Refusal, refuse } from '../../kernel/result.ts'
import { availableMemoryMb, logicalProcessors } from '../../machine/host.ts'
import { hostFeatures } from '../../products/host-features.ts'
import { hostProduct } from '../../products/hosts.ts'
import type { HostRow, VirtualMachineRow } from '../../rows.ts'
import type { World } from '../../world.ts'
import { checkName } from '../create.ts'
import { fileAt, normalizePath } from '../paths.ts'
import type { RefusalCode } from '../refusals.ts'
import type { SettingField, SettingsProblem, VmSettings } from './types.ts'

/** Characters of the notes (ours: the product names no limit). */
export const NOTES_CHARACTERS_MAX = 4000
/** Memory is given in steps of this, MB. */
const MEMORY_STEP_MB = 2
/** Longest delay of an automatic start, seconds (hyper-v-manager 5.13). */
export const START_DELAY_MAX = 1_000_000_000

const CLASSES = ['cd', 'ide', 'legacy-network', 'floppy']

type Check = readonly [SettingField, () => Refusal<RefusalCode> | undefined]

interface Draft {
  readonly world: World
  readonly host: HostRow
  readonly vm: VirtualMachineRow
  readonly before: VmSettings
  readonly draft: VmSettings
}

/** The first wrong value, in the order of the sheet's pages. */
export function checkValues(context: Draft): SettingsProblem | undefined {
  const { vm, draft } = context
  const running = vm.assignedMemoryMb > 0
  const checks: readonly Check[] = [
    ['bootOrder', () => checkBootOrder(context)],
    ['startupMemoryMb', () => checkStartupMemory(context) ?? (running ? checkRuntimeMemory(context) : undefined)],
    ['dynamicMemory', () => checkDynamicMemory(context)],
    ['minimumMemoryMb', () => (draft.dynamicMemory ? checkMinimumMemory(context) : undefined)],
    ['maximumMemoryMb', () => (draft.dynamicMemory ? checkMaximumMemory(context) : undefined)],
    ['memoryBuffer', () => range(draft.memoryBuffer, 5, 2000)],
    ['memoryWeight', () => range(draft.memoryWeight, 0, 10_000)],
    ['processorCount', () => checkProcessorCount(context)],
    ['processorReserve', () => range(draft.processorReserve, 0, 100)],
    ['processorLimit', () => range(draft.processorLimit, 1, 100)],
    ['processorReserve', () => checkReserve(draft)],
    ['processorWeight', () => range(draft.processorWeight, 1, 10_000)],
    ['scsiControllers', () => range(draft.scsiControllers, 0, 4)],
    ['name', () => checkName(draft.name)],
    ['notes', () => checkNotes(draft.notes)],
    ['checkpointType', () => checkCheckpointType(context)],
    ['automaticCheckpoints', () => checkAutomaticCheckpoints(context)],
    ['checkpointPath', () => checkFolder(context, 'checkpointPath')],
    ['smartPagingPath', () => checkFolder(context, 'smartPagingPath')],
    ['startDelaySeconds', () => range(draft.startDelaySeconds, 0, START_DELAY_MAX)],
  ]
  for (const [field, check] of checks) {
    const refusal = check()
    if (refusal !== undefined) return { field, driveId: null, refusal }
  }
  return undefined
}

function range(value: number, minimum: number, maximum: number): Refusal<RefusalCode> | undefined {
  return value < minimum || value > maximum ? refuse('value-range' as const, { value, minimum, maximum }).refusal : undefined
}

/** Generation 1 tries each of its four classes once; what Generation 2 tries is what its list has. */
function checkBootOrder({ vm, draft }: Draft): Refusal<RefusalCode> | undefined {
  if (vm.generation === 2) return undefined
  const whole = draft.bootOrder.length === CLASSES.length && CLASSES.every((device) => draft.bootOrder.includes(device))
  return whole ? undefined : refuse('boot-order' as const, { order: draft.bootOrder.join(', ').slice(0, 200) }).refusal
}

function memoryRange(memoryMb: number, minimumMb: number, maximumMb: number, rule?: string): Refusal<RefusalCode> | undefined {
  if (memoryMb < minimumMb || memoryMb > maximumMb) {
    return refuse('memory-range' as const, { memoryMb, minimumMb, maximumMb }, memoryMb > maximumMb ? rule : undefined).refusal
  }
  if (memoryMb % MEMORY_STEP_MB !== 0) return refuse('memory-multiple' as const, { memoryMb, multipleMb: MEMORY_STEP_MB }).refusal
  return undefined
}

function checkStartupMemory({ vm, host, draft }: Draft): Refusal<RefusalCode> | undefined {
  const product = hostProduct(host.productId)
  const most = Math.min(product.vmMemoryMaximumMb[vm.generation], product.guestMemoryMaximumMb)
  return memoryRange(draft.startupMemoryMb, product.memoryMinimumMb, most, 'S35')
}

/** A running machine takes more only from what is free (S34), and gives back only what its guest does not use (hyper-v-manager 5.6). */
function checkRuntimeMemory({ world, vm, host, before, draft }: Draft): Refusal<RefusalCode> | undefined {
  if (draft.startupMemoryMb === before.startupMemoryMb) return undefined
  const more = draft.startupMemoryMb - vm.assignedMemoryMb
  const product = hostProduct(host.productId)
  const free = availableMemoryMb(world, host)
  const allowed = product.guestMemoryMaximumMb - world.usage.memoryMb(host.id)
  const available = Math.max(0, Math.min(free, allowed))
  const names = { name: vm.name, presentMb: vm.assignedMemoryMb }
  if (more > available) {
    const values = { ...names, requiredMb: more, availableMb: available, hostMb: host.memoryMb, reserveMb: host.reserveMb }
    return refuse('memory-not-added' as const, values, allowed < free ? 'S35' : 'S34').refusal
  }
  const used = memoryDemandMb(world, vm.id, world.now)
  if (draft.startupMemoryMb < used)
    return refuse('memory-in-use' as const, { ...names, wantedMb: draft.startupMemoryMb, usedMb: used }).refusal
  return undefined
}

function checkDynamicMemory({ host, draft }: Draft): Refusal<RefusalCode> | undefined {
  const product = hostProduct(host.productId)
  if (!draft.dynamicMemory || hostFeatures(product).dynamicMemory) return undefined
  return refuse('not-supported' as const, { product: product.name }).refusal
}

/** While it runs the minimum only goes down and the maximum only up (hyper-v-manager 5.14). */
function checkMinimumMemory({ vm, host, before, draft }: Draft): Refusal<RefusalCode> | undefined {
  const { memoryMinimumMb } = hostProduct(host.productId)
  const most = vm.assignedMemoryMb > 0 ? Math.min(before.minimumMemoryMb, draft.startupMemoryMb) : draft.startupMemoryMb
  return memoryRange(draft.minimumMemoryMb, memoryMinimumMb, most)
}

function checkMaximumMemory({ vm, host, before, draft }: Draft): Refusal<RefusalCode> | undefined {
  const most = Math.max(hostProduct(host.productId).vmMemoryMaximumMb[vm.generation], before.maximumMemoryMb)
  const least = vm.assignedMemoryMb > 0 ? Math.max(before.maximumMemoryMb, draft.startupMemoryMb) : draft.startupMemoryMb
  return memoryRange(draft.maximumMemoryMb, least, most, 'S35')
}

function checkProcessorCount({ host, vm, draft }: Draft): Refusal<RefusalCode> | undefined {
  const product = hostProduct(host.productId)
  const maximum = Math.min(product.processorsMaximum[vm.generation], logicalProcessors(host))
  const known = product.processorCounts.length === 0 || product.processorCounts.includes(draft.processorCount)
  if (draft.processorCount >= 1 && draft.processorCount <= maximum && known) return undefined
  const counts = product.processorCounts.join(', ')
  return refuse('processor-number' as const, { count: draft.processorCount, maximum, product: product.name, counts }, 'S36').refusal
}

function checkReserve({ processorReserve: reserve, processorLimit: limit }: VmSettings): Refusal<RefusalCode> | undefined {
  return reserve <= limit ? undefined : refuse('reserve-above-limit' as const, { reserve, limit }).refusal
}

function checkNotes(notes: string): Refusal<RefusalCode> | undefined {
  return notes.length <= NOTES_CHARACTERS_MAX
    ? undefined
    : refuse('notes-too-long' as const, { characters: notes.length, maximum: NOTES_CHARACTERS_MAX }).refusal
}

/** Hosts that know no production checkpoints make standard ones and cannot be told to make none. */
function checkCheckpointType({ host, draft }: Draft): Refusal<RefusalCode> | undefined {
  const product = hostProduct(host.productId)
  if (hostFeatures(product).productionCheckpoints || draft.checkpointType === 'standard') return undefined
  return refuse('not-supported' as const, { product: product.name }).refusal
}

function checkAutomaticCheckpoints({ host, draft }: Draft): Refusal<RefusalCode> | undefined {
  const product = hostProduct(host.productId)
  if (!draft.automaticCheckpoints || hostFeatures(product).automaticCheckpoints) return undefined
  return refuse('not-supported' as const, { product: product.name }).refusal
}

/** A folder that is chosen anew must be there. */
function checkFolder({ world, host, before, draft }: Draft, field: 'checkpointPath' | 'smartPagingPath'): Refusal<RefusalCode> | undefined {
  if (draft[field] === before[field]) return undefined
  const path = normalizePath(world, host.id, draft[field])
  if (!path.ok) return path.refusal
  const folder = fileAt(world, host.id, path.value)
  const there = path.value.endsWith(':\\') || folder?.kind === 'folder'
  return there ? undefined : refuse('path-not-found' as const, { path: path.value }).refusal
}
