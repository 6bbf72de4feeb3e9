/**
 * The contract: every procedure that a page may call, with a schema for each argument and result. `main/rpc` implements it and parses what
 * arrives with these schemas; nothing else crosses between a page and the engine. What streams carry is made by the service a moment before
 * and is typed, not parsed again, on its way out.
 */
import { eventIterator, oc, type } from '@orpc/contract'
import { z } from 'zod'
import { VM_ACTIONS, VM_COMMANDS } from './actions.ts'
import { checkpointContract } from './checkpoint.ts'
import { countersContract } from './counters.ts'
import { diskContract } from './disks.ts'
import { faultContract, jobTimingContract } from './faults.ts'
import { refusalSchema } from './refusals.ts'
import { settingsContract } from './settings.ts'
import { traceContract } from './trace.ts'
import { type ConsoleMessage, type MetricsMessage, type StateMessage, speedSchema } from './views.ts'
import { catalogueContract, setWorkloadContract } from './workload.ts'

const id = z.string().min(1).max(64)
const path = z.string().max(1024)
const wholeNumber = z.int().min(0).max(Number.MAX_SAFE_INTEGER)

/** Most virtual machines that one command may name. */
export const COMMAND_TARGETS_MAX = 10_000

const outcome = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), jobId: z.string().nullable() }),
  z.object({ ok: z.literal(false), refusal: refusalSchema }),
])
export type Outcome = z.infer<typeof outcome>

export const diskChoiceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('new'), name: z.string().max(255), folder: path, sizeGb: z.int().min(0).max(1_000_000) }),
  z.object({ kind: z.literal('existing'), path }),
  z.object({ kind: z.literal('later') }),
])

export const installChoiceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('later') }),
  z.object({ kind: z.literal('image'), path }),
  z.object({ kind: z.literal('physical-drive'), drive: z.string().max(16) }),
  z.object({ kind: z.literal('floppy'), path }),
  z.object({ kind: z.literal('network') }),
])

/** What the New Virtual Machine Wizard hands over. */
export const newVmSchema = z.object({
  hostId: id,
  name: z.string().max(1000),
  /** Folder above the machine's own; null for the host's default. */
  location: path.nullable(),
  generation: z.union([z.literal(1), z.literal(2)]),
  startupMemoryMb: z.int().min(0).max(1_000_000_000),
  dynamicMemory: z.boolean(),
  /** null = Not Connected. */
  switchId: id.nullable(),
  disk: diskChoiceSchema,
  install: installChoiceSchema,
})
export type NewVm = z.infer<typeof newVmSchema>

export const newVmFieldSchema = z.enum(['name', 'location', 'generation', 'memory', 'network', 'disk', 'install'])

export const hostFileSchema = z.object({
  name: z.string(),
  path: z.string(),
  kind: z.enum(['drive', 'folder', 'file']),
  sizeBytes: z.number(),
  modifiedTick: z.number(),
})
export type HostFileView = z.infer<typeof hostFileSchema>

export const contract = {
  lab: {
    /** What this program is and serves. */
    about: oc.output(
      z.object({
        contractVersion: z.number(),
        programVersion: z.string(),
        shell: z.enum(['electron', 'browser']),
        epoch: z.string(),
      }),
    ),
    setSpeed: oc.input(z.object({ speed: speedSchema })).output(z.object({ speed: speedSchema })),
    /** Moves simulated time once, for single steps while paused. */
    step: oc.input(z.object({ milliseconds: z.int().min(1).max(86_400_000) })).output(z.object({ tick: z.number() })),
    ...jobTimingContract,
  },
  state: {
    /** Everything about a host and, where named, one virtual machine's details. */
    subscribe: oc
      .input(
        z.object({
          hostId: id.nullable(),
          vmId: id.nullable(),
          since: z.object({ epoch: z.string().max(64), sequence: wholeNumber }).nullable(),
        }),
      )
      .output(eventIterator(type<StateMessage>())),
    /** Counters once per simulated second for the named machines, or for all of a host. */
    metrics: oc
      .input(z.object({ hostId: id, vmIds: z.union([z.literal('all'), z.array(id).max(512)]) }))
      .output(eventIterator(type<MetricsMessage>())),
  },
  host: {
    startService: oc.input(z.object({ hostId: id })).output(outcome),
    stopService: oc.input(z.object({ hostId: id })).output(outcome),
    /** Lists a folder of the simulated host; an empty path lists its drives. */
    listFiles: oc
      .input(z.object({ hostId: id, path, extensions: z.array(z.string().max(8)).max(16) }))
      .output(
        z.discriminatedUnion('ok', [
          z.object({ ok: z.literal(true), path: z.string(), entries: z.array(hostFileSchema) }),
          z.object({ ok: z.literal(false), refusal: refusalSchema }),
        ]),
      ),
  },
  vm: {
    /** Checks a new machine's choices without making it; each problem belongs to a field. */
    check: oc.input(newVmSchema).output(z.array(z.object({ field: newVmFieldSchema, refusal: refusalSchema }))),
    create: oc
      .input(newVmSchema)
      .output(
        z.discriminatedUnion('ok', [
          z.object({ ok: z.literal(true), vmId: z.string(), jobId: z.string() }),
          z.object({ ok: z.literal(false), field: newVmFieldSchema.nullable(), refusal: refusalSchema }),
        ]),
      ),
    /** Runs one action on each of the machines; each gets its own answer. */
    act: oc
      .input(z.object({ action: z.enum(VM_COMMANDS), vmIds: z.array(id).min(1).max(COMMAND_TARGETS_MAX) }))
      .output(z.array(z.object({ vmId: z.string(), name: z.string(), outcome }))),
    rename: oc.input(z.object({ vmId: id, name: z.string().max(1000) })).output(outcome),
    setWorkload: setWorkloadContract,
    /** Whether an action is possible now and, if not, why: rule and values. */
    whyNot: oc
      .input(z.object({ vmId: id, action: z.enum(VM_ACTIONS) }))
      .output(z.object({ possible: z.boolean(), refusal: refusalSchema.nullable() })),
  },
  settings: settingsContract,
  checkpoint: checkpointContract,
  job: {
    cancel: oc.input(z.object({ jobId: id })).output(outcome),
  },
  console: {
    /** Pictures of a machine's screen, latest wins. `thumbnail` is refreshed more slowly. */
    watch: oc.input(z.object({ vmId: id, rate: z.enum(['live', 'thumbnail']) })).output(eventIterator(type<ConsoleMessage>())),
    /** Keys as the synthetic keyboard sends them: names of KeyboardEvent.code, or text typed as keystrokes. */
    sendKeys: oc.input(z.object({ vmId: id, keys: z.array(z.string().max(32)).max(64), text: z.string().max(4096) })).output(outcome),
  },
  catalogue: catalogueContract,
  counters: countersContract,
  preference: {
    all: oc.output(z.record(z.string(), z.string())),
    set: oc.input(z.object({ key: z.string().min(1).max(128), value: z.string().max(16_384).nullable() })).output(z.object({})),
  },
  trace: traceContract,
  fault: faultContract,
  disk: diskContract,
  /** Answers only in a lab that was opened for tests (`--test`). */
  test: {
    advance: oc.input(z.object({ milliseconds: z.int().min(0).max(31_536_000_000) })).output(z.object({ tick: z.number() })),
    stateHash: oc.output(z.object({ hash: z.string(), tick: z.number() })),
  },
}
