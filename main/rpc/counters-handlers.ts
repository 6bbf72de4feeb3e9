/** Handlers of `counters`: names of instances become the engine's subjects, its answers the contract's shape. */
import type { CounterInstance, CountersMessage, RefusalView } from '../../preload/contract/index.ts'
import { COUNTER_OBJECTS } from '../engine/counters/catalogue.ts'
import { type Figures, readFigures } from '../engine/counters/figures.ts'
import { instancesOf } from '../engine/counters/instances.ts'
import { findInstance, historyOf, watchCounter } from '../engine/counters/sampler.ts'
import type { Result } from '../engine/kernel/result.ts'
import { TICKS_PER_SECOND } from '../engine/kernel/ticks.ts'
import type { RefusalCode } from '../engine/management/refusals.ts'
import type { LabService } from '../service/lab-service.ts'
import type { LatestValue } from '../service/stream.ts'

type Asked = CounterInstance & { readonly hostId: string }
type Refused = { ok: false; refusal: RefusalView }

function refused(result: Extract<Result<unknown, RefusalCode>, { ok: false }>): Refused {
  return { ok: false, refusal: { ...result.refusal, values: { ...result.refusal.values } } }
}

export function countersCatalogue() {
  return COUNTER_OBJECTS.map(({ name, instances, counters }) => ({
    object: name,
    instances,
    counters: counters.map((one) => ({ ...one })),
  }))
}

export function counterInstances(service: LabService, { hostId, object }: { readonly hostId: string; readonly object: string }) {
  return service.query((world) => {
    const host = world.tables.host.get(hostId)
    if (host === undefined) return unknownHost(hostId)
    const known = COUNTER_OBJECTS.some(({ name }) => name === object)
    if (!known) return refused({ ok: false, refusal: { code: 'unknown-counter', values: { object, instance: '' } } })
    return { ok: true as const, instances: instancesOf(world, host, object).map(({ name }) => name) }
  })
}

function unknownHost(id: string): Refused {
  return { ok: false, refusal: { code: 'unknown-host', values: { id } } }
}

export function readCounters(service: LabService, asked: Asked) {
  const figures = figuresNow(service, asked)
  if (!figures.ok) return refused(figures)
  return { ok: true as const, tick: service.world.now, figures: { ...figures.value } }
}

function figuresNow({ world, engine }: LabService, asked: Asked): Result<Figures, RefusalCode> {
  const found = findInstance(world, asked.hostId, asked.object, asked.instance)
  if (!found.ok) return found
  const host = world.tables.host.require(asked.hostId)
  const second = Math.floor(world.now / TICKS_PER_SECOND)
  const figures = readFigures({ world, loads: engine.metrics.loads, host, second }, asked.object, found.value.subject)
  if (figures !== undefined) return { ok: true, value: figures }
  return { ok: false, refusal: { code: 'unknown-counter', values: { object: asked.object, instance: asked.instance } } }
}

export function watchCounters(
  service: LabService,
  { hostId, instances }: { readonly hostId: string; readonly instances: readonly CounterInstance[] },
): LatestValue<CountersMessage> {
  return service.watchSeconds<CountersMessage>(() => ({
    tick: service.world.now,
    readings: instances.map(({ object, instance }) => {
      const figures = figuresNow(service, { hostId, object, instance })
      return { object, instance, figures: figures.ok ? figures.value : null }
    }),
  }))
}

export function recordCounter(service: LabService, { on, ...asked }: Asked & { readonly on: boolean }) {
  return service.command((world) => {
    const found = findInstance(world, asked.hostId, asked.object, asked.instance)
    const done = found.ok ? watchCounter(world, found.value, on) : found
    return done.ok ? { ok: true as const } : refused(done)
  })
}

export function counterHistory(service: LabService, asked: Asked) {
  return service.query((world) => {
    const found = findInstance(world, asked.hostId, asked.object, asked.instance)
    if (!found.ok) return refused(found)
    const samples = historyOf(world, found.value).map(({ second, figures }) => ({ second, figures: { ...figures } }))
    return { ok: true as const, samples }
  })
}
