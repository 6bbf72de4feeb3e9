import { describe, expect, it } from 'vitest'
import { SeededIntegers } from '../vmbus/testing.ts'
import { machineSpec, NETWORK, SCSI, StackBench } from './stack-bench.ts'

/** All places of a JSON value that hold a number, a text, true or false, as paths. */
function leaves(value: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, [...path, index]))
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]))
  return [[...path]]
}

function replace(value: unknown, path: readonly (string | number)[], by: unknown): void {
  let at = value as Record<string | number, unknown>
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>
  const last = path[path.length - 1]
  if (last !== undefined) at[last] = by
}

/** A machine in the middle of a request that its provider does not answer. */
function savedMachine(): string {
  const bench = new StackBench()
  const machine = bench.start(machineSpec('a', 'windows-server-2022'))
  machine.traffic.sendFrame(NETWORK, 1514)
  bench.host.setProviderStalled('scsi', true)
  machine.traffic.readDisk(SCSI, 0, 0, 4096)
  return JSON.stringify(machine.save())
}

describe('rows of saved device pairs', () => {
  it('are refused with a sentence that names the place', () => {
    const cases: readonly (readonly [string, (string | number)[], unknown, RegExp])[] = [
      ['SCSI', ['host', 'protocol'], 7, /SCSI Controller: protocol is 7/],
      ['SCSI', ['guest', 'nextId'], 'soon', /SCSI Controller: nextId is no number/],
      ['SCSI', ['memory'], null, /SCSI Controller: memory is no list/],
      ['Network', ['guest', 'gpadls'], [1], /Network Adapter: gpadls has not 2 parts/],
      ['Heartbeat', ['host', 'contact'], { name: 'ready' }, /Heartbeat: contact is/],
      ['Keyboard', ['host', 'version'], 9, /Keyboard: device rows of version 9/],
    ]
    const text = savedMachine()
    const places = { SCSI: 'ba6163d9', Network: 'f8615163', Heartbeat: '57164f39', Keyboard: 'f912ad6d' } as const
    for (const [device, path, by, sentence] of cases) {
      const saved = JSON.parse(text)
      const pair = saved.bus.pairs.find(({ key }: { key: string }) => key.startsWith(places[device as keyof typeof places]))
      replace(pair.row, path, by)
      const bench = new StackBench()
      const refused = bench.host.restore(saved)
      expect(refused.ok, device).toBe(false)
      if (!refused.ok) expect(refused.refusal.values.reason).toMatch(sentence)
      expect(bench.host.hypervisor.partitions).toHaveLength(1)
      expect(bench.host.validate()).toEqual([])
    }
  })

  it('of anything else than a saved machine are refused', () => {
    const { host } = new StackBench()
    for (const rows of ['{', null, 5, [], {}, { version: 2 }, { ...JSON.parse(savedMachine()), version: 1 }]) {
      expect(host.restore(rows)).toMatchObject({ ok: false, refusal: { code: 'saved-state-refused' } })
    }
    expect(host.hypervisor.partitions).toHaveLength(1)
  })

  it('with one damaged value anywhere never bring the host down: 250 seeds', () => {
    const text = savedMachine()
    const places = leaves(JSON.parse(text))
    const values = [null, -1, 0, 1e9, 'x', '', true, [], {}]
    let refused = 0
    for (let seed = 1; seed <= 250; seed++) {
      const integers = new SeededIntegers(seed)
      const saved = JSON.parse(text)
      replace(saved, integers.pick(places), integers.pick(values))
      const bench = new StackBench()
      const outcome = bench.host.restore(saved)
      if (outcome.ok) continue
      refused++
      expect(bench.host.hypervisor.partitions, `seed ${seed}`).toHaveLength(1)
      expect(bench.host.validate(), `seed ${seed}`).toEqual([])
    }
    expect(refused).toBeGreaterThan(40)
  })
})
