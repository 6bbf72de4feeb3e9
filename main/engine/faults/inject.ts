/**
 * Commands on faults: one is injected, by hand, by chance or by a rule, and is cleared again.
 *
 * Faults hit one machine, one volume, one provider or one host, and nothing beside it. Chance comes from streams of the lab's seed: the same
 * commands at the same moments bring the same faults.
 */
import { type Result, refuse, succeed } from '../kernel/result.ts'
import { TICKS_PER_MS } from '../kernel/ticks.ts'
import type { RefusalCode } from '../management/refusals.ts'
import { isJobKind } from '../management/status.ts'
import type { FaultKind, FaultRow } from '../rows.ts'
import type { World } from '../world.ts'
import { FAULT_KINDS, FAULT_MODELS, type FaultTarget, presentFault } from './models.ts'
import { switchOn } from './power-loss.ts'
import { ACTIVE_FAULTS_MAX, endFault, isPoweredOff, type ProviderName, putFault } from './rows.ts'

const PPM = 1_000_000
const PROVIDERS: readonly ProviderName[] = ['storage', 'network']

export interface WantedFault {
  readonly hostId: string
  /** `random`: the lab's seed chooses kind and target among what is possible on the host now. */
  readonly kind: FaultKind | 'random'
  readonly vmId: string | null
  readonly volumeId: string | null
  readonly provider: ProviderName | null
  /** Name of the stop code of a bug check; null for the usual one. */
  readonly stopCode: string | null
  /** null: now. Otherwise at the end of jobs of this kind, each with this chance (0 to 1), so long after it. */
  readonly rule: { readonly jobKind: string; readonly probability: number; readonly afterMs: number } | null
}

type FaultResult = Result<FaultRow, RefusalCode>

export function injectFault(world: World, wanted: WantedFault): FaultResult {
  const host = world.tables.host.get(wanted.hostId)
  if (host === undefined) return refuse('unknown-host', { id: wanted.hostId })
  const acting = [...world.tables.fault.values()].filter((fault) => fault.state !== 'ended').length
  if (acting >= ACTIVE_FAULTS_MAX) return refuse('fault-limit', { maximum: ACTIVE_FAULTS_MAX })
  if (wanted.kind === 'random')
    return wanted.rule === null ? injectAny(world, wanted.hostId) : notPossible('random', 'a rule names its fault')
  const target = targetOf(world, wanted, wanted.kind)
  if (!target.ok) return target
  // A machine of a large lab may not have been touched since the lab was opened: its rows come with its stack.
  if (target.value.vm !== undefined) world.machines.machine(target.value.vm.id)
  if (wanted.rule !== null) return putRule(world, wanted, wanted.kind, wanted.rule)
  return inject(world, wanted.kind, target.value, { stopCode: wanted.stopCode, ruleId: null })
}

function notPossible(fault: string, reason: string): FaultResult {
  return refuse('fault-not-possible', { fault, reason })
}

/** What the fault is to hit; a rule for machines may leave the machine open. */
function targetOf(world: World, wanted: WantedFault, kind: FaultKind): Result<FaultTarget, RefusalCode> {
  const host = world.tables.host.require(wanted.hostId)
  const of = FAULT_MODELS[kind].target
  const vm = wanted.vmId === null ? undefined : world.tables.virtual_machine.get(wanted.vmId)
  const volume = wanted.volumeId === null ? undefined : world.tables.volume.get(wanted.volumeId)
  const wantsMachine = of === 'machine' && (wanted.rule === null || wanted.vmId !== null)
  if (wantsMachine && vm?.hostId !== host.id) return refuse('unknown-virtual-machine', { id: wanted.vmId ?? '' })
  if (of === 'volume' && volume?.hostId !== host.id) return refuse('unknown-volume', { id: wanted.volumeId ?? '' })
  return succeed({
    host,
    vm: of === 'machine' ? vm : undefined,
    volume: of === 'volume' ? volume : undefined,
    provider: of === 'provider' ? (wanted.provider ?? 'storage') : undefined,
  })
}

interface Origin {
  readonly stopCode: string | null
  readonly ruleId: string | null
}

function inject(world: World, kind: FaultKind, target: FaultTarget, origin: Origin): FaultResult {
  const model = FAULT_MODELS[kind]
  if (isPoweredOff(world, target.host.id)) return refuse('host-powered-off', { host: target.host.name })
  if (presentFault(world, kind, target) !== undefined) return refuse('fault-present', { fault: kind })
  const reason = model.hindrance(world, target)
  if (reason !== undefined) return notPossible(kind, reason)
  const fault = putFault(world, model.once ? 'ended' : 'active', {
    hostId: target.host.id,
    kind,
    vmId: target.vm?.id ?? null,
    volumeId: target.volume?.id ?? null,
    device: model.device?.(world, target) ?? null,
    ruleId: origin.ruleId,
    jobKind: null,
    probabilityPpm: null,
    afterTicks: null,
    detail: origin.stopCode === null ? null : JSON.stringify({ stopCode: origin.stopCode }),
  })
  model.begin(world, fault)
  return succeed(world.tables.fault.get(fault.id) ?? fault)
}

function putRule(world: World, wanted: WantedFault, kind: FaultKind, rule: NonNullable<WantedFault['rule']>): FaultResult {
  if (!isJobKind(rule.jobKind)) return refuse('unknown-job-kind', { kind: rule.jobKind })
  return succeed(
    putFault(world, 'rule', {
      hostId: wanted.hostId,
      kind,
      vmId: wanted.vmId,
      volumeId: wanted.volumeId,
      device: wanted.provider,
      ruleId: null,
      jobKind: rule.jobKind,
      probabilityPpm: Math.min(PPM, Math.max(1, Math.round(rule.probability * PPM))),
      afterTicks: Math.round(rule.afterMs * TICKS_PER_MS),
      detail: wanted.stopCode === null ? null : JSON.stringify({ stopCode: wanted.stopCode }),
    }),
  )
}

/** One of the faults that are possible on the host now. */
function injectAny(world: World, hostId: string): FaultResult {
  const host = world.tables.host.require(hostId)
  const none = { host, vm: undefined, volume: undefined, provider: undefined }
  const targets: Readonly<Record<'machine' | 'volume' | 'provider' | 'host', readonly FaultTarget[]>> = {
    machine: world.by.vmsOfHost.of(hostId).map((vm) => ({ ...none, vm })),
    volume: world.by.volumesOfHost.of(hostId).map((volume) => ({ ...none, volume })),
    provider: PROVIDERS.map((provider) => ({ ...none, provider })),
    host: [none],
  }
  const possible = FAULT_KINDS.map((kind) => ({
    kind,
    targets: targets[FAULT_MODELS[kind].target].filter(
      (target) => presentFault(world, kind, target) === undefined && FAULT_MODELS[kind].hindrance(world, target) === undefined,
    ),
  })).filter(({ targets: found }) => found.length > 0)
  if (isPoweredOff(world, hostId) || possible.length === 0) return notPossible('random', 'nothing on the host can fail now')
  const choice = possible[world.random.between('fault kind', 0, possible.length - 1)]
  const target = choice?.targets[world.random.between('fault target', 0, (choice?.targets.length ?? 1) - 1)]
  if (choice === undefined || target === undefined) return notPossible('random', 'nothing on the host can fail now')
  return inject(world, choice.kind, target, { stopCode: null, ruleId: null })
}

/** A job of a rule's kind is over, and the rule's delay: chance decides. `target`: the rule and the job's machine. */
export function drawRule(world: World, target: string): void {
  const [ruleId = '', jobVmId = ''] = target.split('|')
  const rule = world.tables.fault.get(ruleId)
  if (rule?.state !== 'rule' || world.random.between(`fault rule ${rule.id}`, 1, PPM) > (rule.probabilityPpm ?? 0)) return
  const { stopCode = null } = JSON.parse(rule.detail ?? '{}') as { readonly stopCode?: string | null }
  const vmId = FAULT_MODELS[rule.kind].target === 'machine' ? (rule.vmId ?? jobVmId) : null
  const provider = rule.device === 'network' ? 'network' : 'storage'
  const wanted = { hostId: rule.hostId, kind: rule.kind, vmId, volumeId: rule.volumeId, provider, stopCode, rule: null } as const
  const hit = targetOf(world, wanted, rule.kind)
  // What is not possible any more (the machine is off again, the same fault acts already) does not happen.
  if (hit.ok) inject(world, rule.kind, hit.value, { stopCode, ruleId: rule.id })
}

/** Takes a fault or a rule back. Power comes back with the start of the host, a minute or two later. */
export function clearFault(world: World, faultId: string): Result<null, RefusalCode> {
  const fault = world.tables.fault.get(faultId)
  if (fault === undefined) return refuse('unknown-fault', { id: faultId })
  if (fault.state === 'rule') {
    world.tables.fault.delete(fault.id)
    return succeed(null)
  }
  if (fault.state === 'ended') return refuse('fault-ended', { fault: fault.kind })
  if (fault.kind === 'power-loss') return switchOn(world, fault) ? succeed(null) : refuse('fault-ended', { fault: fault.kind })
  endWithEffects(world, fault)
  return succeed(null)
}

/** A fault ends, by command or by itself. */
export function endWithEffects(world: World, fault: FaultRow): void {
  endFault(world, fault)
  FAULT_MODELS[fault.kind].end?.(world, fault)
}

/** Faults and rules of a host, oldest first. */
export function listFaults(world: World, hostId: string): readonly FaultRow[] {
  return world.by.faultsOfHost.of(hostId)
}
