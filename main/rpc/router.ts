/** The contract's procedures, each a few lines: parse (done by the contract's schemas), ask the service, put the answer into the contract's shape. */
import { implement, ORPCError } from '@orpc/server'
import {
  CONTRACT_VERSION,
  contract,
  type Outcome,
  type RefusalCode,
  type RefusalView,
  VM_ACTIONS,
  type VmCommand,
} from '../../preload/contract/index.ts'
import { sendKeys } from '../engine/guest/guest.ts'
import type { Refusal, Result } from '../engine/kernel/result.ts'
import { type ACTIONS, whyNot } from '../engine/management/actions.ts'
import { checkNewVm, createVm } from '../engine/management/create.ts'
import * as power from '../engine/management/power.ts'
import type { RefusalCode as EngineRefusalCode } from '../engine/management/refusals.ts'
import { cancelJob, rename, startService, stopService } from '../engine/management/service.ts'
import { applyEffects } from '../engine/management/transitions.ts'
import type { JobRow } from '../engine/rows.ts'
import type { World } from '../engine/world.ts'
import { listHostFiles } from '../service/host-files.ts'
import type { LabService } from '../service/lab-service.ts'

export interface RouterOptions {
  readonly service: LabService
  readonly programVersion: string
  readonly shell: 'electron' | 'browser'
}

// Both lists are kept equal by the compiler: an action or a code that only one side knows does not compile.
const SAME_ACTIONS: typeof ACTIONS = VM_ACTIONS
const contractCode = (code: EngineRefusalCode): RefusalCode => code

const COMMANDS: Readonly<Record<VmCommand, (world: World, vmId: string) => power.JobResult>> = {
  start: power.start,
  'turn-off': power.turnOff,
  'shut-down': power.shutDown,
  save: power.save,
  pause: power.pause,
  resume: power.resume,
  reset: power.reset,
  'delete-saved-state': power.deleteSavedState,
  delete: power.remove,
}

function refusalView(refusal: Refusal<EngineRefusalCode>): RefusalView {
  return { ...refusal, code: contractCode(refusal.code), values: { ...refusal.values } }
}

function outcomeOf(result: Result<JobRow | null, EngineRefusalCode>): Outcome {
  return result.ok ? { ok: true, jobId: result.value?.id ?? null } : { ok: false, refusal: refusalView(result.refusal) }
}

export function buildRouter({ service, programVersion, shell }: RouterOptions) {
  const os = implement(contract)
  const onlyForTests = (): void => {
    if (!service.manual) throw new ORPCError('FORBIDDEN', { message: 'Only a lab that was opened for tests answers this.' })
  }
  return os.router({
    lab: {
      about: os.lab.about.handler(() => ({ contractVersion: CONTRACT_VERSION, programVersion, shell, epoch: service.publisher.epoch })),
      setSpeed: os.lab.setSpeed.handler(({ input }) => ({ speed: service.setSpeed(input.speed) })),
      step: os.lab.step.handler(({ input }) => ({ tick: service.step(input.milliseconds) })),
    },
    state: {
      subscribe: os.state.subscribe.handler(({ input, signal }) => endsWith(service.publisher.subscribe(input), signal)),
      metrics: os.state.metrics.handler(({ input, signal }) => endsWith(service.watchMetrics(input.hostId, input.vmIds), signal)),
    },
    host: {
      startService: os.host.startService.handler(({ input }) => outcomeOf(service.command((world) => startService(world, input.hostId)))),
      stopService: os.host.stopService.handler(({ input }) => outcomeOf(service.command((world) => stopService(world, input.hostId)))),
      listFiles: os.host.listFiles.handler(({ input }) => {
        const listed = service.query((world) => listHostFiles(world, input))
        return listed.ok ? { ok: true as const, ...listed.value } : { ok: false as const, refusal: refusalView(listed.refusal) }
      }),
    },
    vm: {
      check: os.vm.check.handler(({ input }) =>
        service.query((world) => checkNewVm(world, input)).map(({ field, refusal }) => ({ field, refusal: refusalView(refusal) })),
      ),
      create: os.vm.create.handler(({ input }) => {
        const made = service.command((world) => createVm(world, input))
        if (made.ok) return { ok: true as const, vmId: made.vmId, jobId: made.job.id }
        return { ok: false as const, field: made.field, refusal: refusalView(made.refusal) }
      }),
      act: os.vm.act.handler(({ input }) =>
        service.command((world) =>
          input.vmIds.map((vmId) => {
            const name = world.tables.virtual_machine.get(vmId)?.name ?? ''
            return { vmId, name, outcome: outcomeOf(COMMANDS[input.action](world, vmId)) }
          }),
        ),
      ),
      rename: os.vm.rename.handler(({ input }) => outcomeOf(service.command((world) => rename(world, input.vmId, input.name)))),
      whyNot: os.vm.whyNot.handler(({ input }) =>
        service.query((world) => {
          const vm = world.tables.virtual_machine.get(input.vmId)
          if (vm === undefined) {
            return { possible: false, refusal: { code: 'unknown-virtual-machine' as const, values: { id: input.vmId } } }
          }
          const refusal = whyNot(world, vm, SAME_ACTIONS[VM_ACTIONS.indexOf(input.action)] ?? input.action)
          return { possible: refusal === undefined, refusal: refusal ? refusalView(refusal) : null }
        }),
      ),
    },
    job: {
      cancel: os.job.cancel.handler(({ input }) => outcomeOf(service.command((world) => cancelJob(world, input.jobId)))),
    },
    console: {
      watch: os.console.watch.handler(({ input, signal }) => endsWith(service.watchConsole(input.vmId, input.rate), signal)),
      sendKeys: os.console.sendKeys.handler(({ input }) =>
        service.command((world): Outcome => {
          const vm = world.tables.virtual_machine.get(input.vmId)
          if (vm === undefined) return { ok: false, refusal: { code: 'unknown-virtual-machine', values: { id: input.vmId } } }
          if (vm.state !== 'Running') {
            return { ok: false, refusal: { code: 'console-not-running', values: { name: vm.name, state: vm.state } } }
          }
          const { keys, text } = world.machines.typeKeys(vm, input.keys, input.text)
          applyEffects(world, vm.id, sendKeys(world, vm.id, keys, text))
          return { ok: true, jobId: null }
        }),
      ),
    },
    preference: {
      all: os.preference.all.handler(() =>
        service.query((world) => Object.fromEntries([...world.tables.preference.values()].map((row) => [row.id, row.value]))),
      ),
      set: os.preference.set.handler(({ input }) =>
        service.command((world) => {
          if (input.value === null) world.tables.preference.delete(input.key)
          else if (world.tables.preference.has(input.key) || world.tables.preference.size < PREFERENCES_MAX) {
            world.tables.preference.put({ id: input.key, value: input.value })
          } else throw new ORPCError('BAD_REQUEST', { message: `No more than ${PREFERENCES_MAX} preferences can be kept.` })
          return {}
        }),
      ),
    },
    test: {
      advance: os.test.advance.handler(({ input }) => {
        onlyForTests()
        return { tick: service.step(input.milliseconds) }
      }),
      stateHash: os.test.stateHash.handler(() => {
        onlyForTests()
        return { hash: service.stateHash(), tick: service.world.now }
      }),
    },
  })
}

/** A stream ends when its caller goes away, also while it waits for the next message. */
function endsWith<S extends { end(): void }>(stream: S, signal: AbortSignal | undefined): S {
  signal?.addEventListener('abort', () => stream.end(), { once: true })
  return stream
}

/** Remembered choices of the console user at the most. */
const PREFERENCES_MAX = 2000
