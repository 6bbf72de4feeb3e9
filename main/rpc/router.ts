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
import { clearFault, injectFault, listFaults } from '../engine/faults/inject.ts'
import { sendKeys } from '../engine/guest/guest.ts'
import type { Refusal, Result } from '../engine/kernel/result.ts'
import { type ACTIONS, whyNot } from '../engine/management/actions.ts'
import { revert, takeCheckpoint } from '../engine/management/checkpoint.ts'
import { checkNewVm, createVm } from '../engine/management/create.ts'
import { setJobTiming } from '../engine/management/job-timing.ts'
import * as power from '../engine/management/power.ts'
import type { RefusalCode as EngineRefusalCode } from '../engine/management/refusals.ts'
import { cancelJob, rename, startService, stopService } from '../engine/management/service.ts'
import { applyEffects } from '../engine/management/transitions.ts'
import type { JobRow } from '../engine/rows.ts'
import type { World } from '../engine/world.ts'
import { listHostFiles } from '../service/host-files.ts'
import type { LabService } from '../service/lab-service.ts'
import { checkpointHandlers } from './checkpoint-handlers.ts'
import { counterHistory, counterInstances, countersCatalogue, readCounters, recordCounter, watchCounters } from './counters-handlers.ts'
import { diskHandlers } from './disk-handlers.ts'
import { faultView, jobTimings } from './fault-handlers.ts'
import { configure, readSettings } from './settings-handlers.ts'
import { readTrace, setTrace } from './trace-handlers.ts'
import { listWorkloads, setWorkloads } from './workload-handlers.ts'

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
  checkpoint: (world, vmId) => takeCheckpoint(world, vmId),
  revert,
  'delete-saved-state': power.deleteSavedState,
  delete: power.remove,
}

function refusalView(refusal: Refusal<EngineRefusalCode>): RefusalView {
  return { ...refusal, code: contractCode(refusal.code), values: { ...refusal.values } }
}

function outcomeOf(result: Result<JobRow | null, EngineRefusalCode>): Outcome {
  return result.ok ? { ok: true, jobId: result.value?.id ?? null } : { ok: false, refusal: refusalView(result.refusal) }
}

/** For commands that begin no job. */
function doneOf(result: { readonly ok: false; readonly refusal: Refusal<EngineRefusalCode> }): { ok: false; refusal: RefusalView }
function doneOf(result: Result<null, EngineRefusalCode>): { ok: true } | { ok: false; refusal: RefusalView }
function doneOf(result: Result<null, EngineRefusalCode>): { ok: true } | { ok: false; refusal: RefusalView } {
  return result.ok ? { ok: true } : { ok: false, refusal: refusalView(result.refusal) }
}

export function buildRouter({ service, programVersion, shell }: RouterOptions) {
  const os = implement(contract)
  const onlyForTests = (): void => {
    if (!service.manual) throw new ORPCError('FORBIDDEN', { message: 'Only a lab that was opened for tests answers this.' })
  }
  const disk = diskHandlers(service, refusalView)
  return os.router({
    lab: {
      about: os.lab.about.handler(() => ({ contractVersion: CONTRACT_VERSION, programVersion, shell, epoch: service.publisher.epoch })),
      setSpeed: os.lab.setSpeed.handler(({ input }) => ({ speed: service.setSpeed(input.speed) })),
      jobTiming: os.lab.jobTiming.handler(({ input }) => doneOf(service.command((world) => setJobTiming(world, input)))),
      jobTimings: os.lab.jobTimings.handler(() => service.query(jobTimings)),
      step: os.lab.step.handler(async ({ input }) => ({ tick: await service.stepThrough(input.milliseconds) })),
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
      setWorkload: os.vm.setWorkload.handler(({ input }) => setWorkloads(service, input)),
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
    settings: {
      read: os.settings.read.handler(({ input }) => service.query((world) => readSettings(world, input.vmId))),
      configure: os.settings.configure.handler(({ input }) =>
        service.command((world) => configure(world, input.vmId, input.base, input.draft)),
      ),
    },
    checkpoint: checkpointHandlers(service, outcomeOf),
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
    catalogue: { workloads: os.catalogue.workloads.handler(listWorkloads) },
    counters: {
      catalogue: os.counters.catalogue.handler(countersCatalogue),
      instances: os.counters.instances.handler(({ input }) => counterInstances(service, input)),
      read: os.counters.read.handler(({ input }) => readCounters(service, input)),
      watch: os.counters.watch.handler(({ input, signal }) => endsWith(watchCounters(service, input), signal)),
      record: os.counters.record.handler(({ input }) => recordCounter(service, input)),
      history: os.counters.history.handler(({ input }) => counterHistory(service, input)),
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
    trace: {
      set: os.trace.set.handler(({ input }) => setTrace(service, input.vmId, input.on)),
      read: os.trace.read.handler(({ input }) => readTrace(service, input)),
    },
    fault: {
      inject: os.fault.inject.handler(({ input }) => {
        const injected = service.command((world) => injectFault(world, input))
        return injected.ok ? { ok: true as const, fault: faultView(injected.value) } : doneOf(injected)
      }),
      clear: os.fault.clear.handler(({ input }) => doneOf(service.command((world) => clearFault(world, input.faultId)))),
      list: os.fault.list.handler(({ input }) => service.query((world) => listFaults(world, input.hostId).map(faultView))),
    },

    disk: {
      options: os.disk.options.handler(({ input }) => disk.options(input)),
      checkNew: os.disk.checkNew.handler(({ input }) => disk.checkNew(input)),
      create: os.disk.create.handler(({ input }) => disk.create(input)),
      inspect: os.disk.inspect.handler(({ input }) => disk.inspect(input)),
      editable: os.disk.editable.handler(({ input }) => disk.editable(input)),
      checkEdit: os.disk.checkEdit.handler(({ input }) => disk.checkEdit(input)),
      edit: os.disk.edit.handler(({ input }) => disk.edit(input)),
      createFloppy: os.disk.createFloppy.handler(({ input }) => disk.createFloppy(input)),
    },
    test: {
      advance: os.test.advance.handler(async ({ input }) => {
        onlyForTests()
        return { tick: await service.stepThrough(input.milliseconds) }
      }),
      stateHash: os.test.stateHash.handler(async () => {
        onlyForTests()
        await service.files?.settled()
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
