/**
 * The tables of docs/tables.md: what the simulated stack does, counted in the engine that the application runs on. Nothing here is a constant of a
 * result; costs come from the hypervisor's cost table, whose sources stand at the end of the file.
 */
import { COSTS, type CostEntry } from '../../main/engine/hypervisor/cost-table.ts'
import { guestFactsOf } from '../../main/engine/machine/guest-facts.ts'
import type { MachineStack } from '../../main/engine/machine/machine-stack.ts'
import { BOOT, IDE, LEGACY, machineSpec, NETWORK, SCSI, StackBench } from '../../main/engine/machine/stack-bench.ts'
import type { HostSpec, MachineLoad, StackCosts, StackTraceRow, TransferReport } from '../../main/engine/machine/stack-types.ts'
import { guestProduct } from '../../main/engine/products/guests.ts'

const SECOND = 10_000_000

type Cell = string | number

function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const text = (cell: Cell): string => (typeof cell === 'number' ? number(cell) : cell)
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const numeric = (column: number): boolean => rows.every((row) => typeof row[column] === 'number')
  const rule = columns.map((_, column) => (numeric(column) ? '---:' : '---'))
  return [line(columns), line(rule), ...rows.map((row) => line(row.map(text)))].join('\n')
}

function number(value: number): string {
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 3 })
}

const times = (factor: number): string => `${number(factor)} ×`

// Boots

/** Hosts and the newest system that speaks each version with them. */
const BOOTS: readonly (readonly [host: HostSpec['release'], guest: string])[] = [
  ['2008', 'windows-server-2008'],
  ['2008-r2', 'windows-server-2008-r2'],
  ['2012', 'windows-server-2012'],
  ['2012-r2', 'windows-server-2012-r2'],
  ['2016', 'windows-server-2016'],
  ['2019', 'windows-server-2019'],
  ['2022', 'windows-server-2022'],
]

interface Boot {
  readonly version: string
  readonly host: string
  readonly guest: string
  readonly costs: StackCosts
  readonly channels: number
  readonly storage: string
  readonly network: string
  readonly rows: readonly StackTraceRow[]
}

function boot(release: HostSpec['release'], guest: string): Boot {
  const machine = new StackBench({ release }).start(machineSpec('boot', guest, { generation: 1 }), false, true)
  const reports = BOOT.map((step) => machine.step(step).costs)
  const open = machine.channelViews().filter(({ state }) => state === 'open')
  const protocol = (name: string): string => open.find(({ device }) => device === name)?.protocolVersion ?? '–'
  return {
    version: machine.partitionView().vmbusVersion ?? '–',
    host: `Windows Server ${release.replace('-r2', ' R2')}`,
    guest: guestProduct(guest).name,
    costs: sum(reports),
    channels: open.length,
    storage: protocol('ide-filter'),
    network: protocol('network'),
    rows: machine.trace(),
  }
}

function sum(costs: readonly StackCosts[]): StackCosts {
  const total = (key: keyof StackCosts): number => costs.reduce((all, one) => all + one[key], 0)
  return {
    hypercalls: total('hypercalls'),
    intercepts: total('intercepts'),
    guestInterrupts: total('guestInterrupts'),
    hostInterrupts: total('hostInterrupts'),
    messages: total('messages'),
    packets: total('packets'),
  }
}

/** Messages in their order, repetitions counted; up to the answer to the first channel's open. */
function sequence(rows: readonly StackTraceRow[]): string {
  const lines: { readonly text: string; count: number }[] = []
  for (const { kind, actor, text } of rows) {
    if (kind !== 'message') continue
    const line = `${actor === 'guest' ? 'guest → root ' : 'root  → guest'}  ${text}`
    const last = lines.at(-1)
    if (last?.text === line) last.count++
    else lines.push({ text: line, count: 1 })
    if (text.startsWith('openChannelResult')) break
  }
  return ['```', ...lines.map(({ text, count }) => (count === 1 ? text : `${text} × ${count}`)), '```'].join('\n')
}

function bootTables(): string {
  const boots = BOOTS.map(([release, guest]) => boot(release, guest))
  const summary = table(
    [
      'VMBus',
      'Host',
      'Guest',
      'Hypercalls',
      'Intercepts',
      'Guest interrupts',
      'Root interrupts',
      'Messages',
      'Packets',
      'Channels',
      'Storage',
      'Network',
    ],
    boots.map(({ version, host, guest, costs, channels, storage, network }) => [
      version,
      host,
      guest,
      costs.hypercalls,
      costs.intercepts,
      costs.guestInterrupts,
      costs.hostInterrupts,
      costs.messages,
      costs.packets,
      channels,
      storage,
      network,
    ]),
  )
  const sequences = boots.map(({ version, host, rows }) => `### VMBus ${version}, ${host}\n\n${sequence(rows)}`)
  return `${summary}\n\nThe messages up to the first open channel, sizes in bytes:\n\n${sequences.join('\n\n')}`
}

// Single requests

const COST_COLUMNS = [
  'Hypercalls',
  'Intercepts',
  'Guest interrupts',
  'Root interrupts',
  'Packets',
  'Copies',
  'Processors (µs)',
  'Signal waits (µs)',
] as const

interface PathRow {
  readonly path: string
  readonly guest: string
  readonly machine: MachineStack
  readonly report: TransferReport
}

/** Microseconds of processors for counted events: each times its cost. What the report has beyond that is the latency of a monitored signal. */
function processorTime(machine: MachineStack, { hypercalls, intercepts, guestInterrupts, hostInterrupts }: StackCosts): number {
  const { cycles, frequencyHz } = machine.host.hypervisor.core.costs
  const taken =
    hypercalls * cycles.fastHypercall +
    intercepts * cycles.workerRoundTrip +
    guestInterrupts * cycles.interruptInjection +
    // The interrupt that brings an intercept to the root is part of its round trip.
    (hostInterrupts - intercepts) * cycles.externalInterrupt
  return (taken * 1e6) / frequencyHz
}

function pathTable(rows: readonly PathRow[]): string {
  const timeOf = ({ machine, report }: PathRow): number => processorTime(machine, report.costs)
  const slowest = rows[0] === undefined ? 0 : timeOf(rows[0])
  return table(
    ['Path', 'Guest', ...COST_COLUMNS, 'Faster than the first'],
    rows.map((row) => [
      row.path,
      row.guest,
      row.report.costs.hypercalls,
      row.report.costs.intercepts,
      row.report.costs.guestInterrupts,
      row.report.costs.hostInterrupts,
      row.report.costs.packets,
      row.report.dataCopies,
      timeOf(row),
      Math.max(0, Math.round(row.report.ticks / 10 - timeOf(row))),
      times(slowest / timeOf(row)),
    ]),
  )
}

function started(guest: string, generation: 1 | 2): MachineStack {
  return new StackBench().start(machineSpec('m', guest, { generation, processorCount: 1 }))
}

const XP = 'Windows XP, no integration services'
const MODERN = 'Windows Server 2022'

function readTable(): string {
  const [xp, first, second] = [started('windows-xp-sp3', 1), started('windows-server-2022', 1), started('windows-server-2022', 2)]
  return pathTable([
    { path: 'emulated IDE', guest: XP, machine: xp, report: xp.traffic.readDisk(IDE, 0, 0, 4096) },
    { path: 'IDE with filter', guest: MODERN, machine: first, report: first.traffic.readDisk(IDE, 0, 0, 4096) },
    { path: 'SCSI', guest: MODERN, machine: second, report: second.traffic.readDisk(SCSI, 0, 0, 4096) },
  ])
}

function frameTables(): string {
  const [xp, modern] = [started('windows-xp-sp3', 1), started('windows-server-2022', 2)]
  const sent = pathTable([
    { path: 'legacy adapter, sent', guest: XP, machine: xp, report: xp.traffic.sendFrame(LEGACY, 1514) },
    { path: 'synthetic adapter, sent', guest: MODERN, machine: modern, report: modern.traffic.sendFrame(NETWORK, 1514) },
  ])
  const received = pathTable([
    { path: 'legacy adapter, received', guest: XP, machine: xp, report: xp.traffic.receiveFrame(LEGACY, 1514) },
    { path: 'synthetic adapter, received', guest: MODERN, machine: modern, report: modern.traffic.receiveFrame(NETWORK, 1514) },
  ])
  return `${sent}\n\n${received}`
}

// Steady work

interface Work {
  readonly name: string
  readonly host: Partial<HostSpec>
  readonly guest: string
  readonly amdOptimizationDriver?: boolean
}

/** Counts of the first virtual processor over one simulated second of this load, and the share of the wanted work that it does. */
function oneSecond(
  work: Work,
  load: MachineLoad,
): { readonly counts: (name: string) => number; readonly pace: number; readonly hypervisor: number } {
  const bench = new StackBench(work.host)
  const facts = guestFactsOf(guestProduct(work.guest), 1, { amdOptimizationDriver: work.amdOptimizationDriver ?? false })
  const machine = bench.start(machineSpec('m', work.guest, { generation: 1, processorCount: 1, guest: facts }))
  const values = () => machine.counters('m').find(({ instance }) => instance === 'm:Hv VP 0')?.values
  machine.load(load)
  bench.pass(SECOND)
  const before = values()
  const [ticks] = machine.vpViews()
  bench.pass(SECOND)
  const after = values()
  const [later] = machine.vpViews()
  return {
    counts: (name) => (after?.get(`${name}/sec`) ?? 0) - (before?.get(`${name}/sec`) ?? 0),
    pace: later?.workRate ?? 0,
    hypervisor: ((later?.hypervisorTicks ?? 0) - (ticks?.hypervisorTicks ?? 0)) / SECOND,
  }
}

const OLD: Partial<HostSpec> = { release: '2008', slat: false }
const TPR_WORK: readonly Work[] = [
  { name: 'Intel without TPR shadow', host: { ...OLD, flexPriority: false }, guest: 'windows-xp-sp3' },
  { name: 'Intel with TPR shadow (FlexPriority)', host: { ...OLD, flexPriority: true }, guest: 'windows-xp-sp3' },
  { name: 'Intel without TPR shadow', host: { ...OLD, flexPriority: false }, guest: 'windows-server-2003-r2' },
  { name: 'AMD', host: { ...OLD, vendor: 'AMD' }, guest: 'windows-xp-sp3' },
  {
    name: 'AMD, AMD-V Optimization Driver in the guest',
    host: { ...OLD, vendor: 'AMD' },
    guest: 'windows-xp-sp3',
    amdOptimizationDriver: true,
  },
]

function tprTable(): string {
  const load: MachineLoad = { cpu: 1, operations: { irqlChanges: 100_000 } }
  return table(
    ['Processor', 'Guest', 'TPR exits/s', 'Intercepts/s', 'Hypervisor time (%)', 'Work done (%)'],
    TPR_WORK.map((work) => {
      const { counts, pace, hypervisor } = oneSecond(work, load)
      return [
        work.name,
        guestProduct(work.guest).name,
        counts('APIC TPR Accesses'),
        counts('Total Intercepts'),
        100 * hypervisor,
        100 * pace,
      ]
    }),
  )
}

const TRANSLATION_WORK: readonly Work[] = [
  { name: 'shadow page tables', host: { release: '2008-r2', slat: false }, guest: 'windows-server-2008-r2' },
  { name: 'second-level translation (EPT)', host: { release: '2008-r2', slat: true }, guest: 'windows-server-2008-r2' },
  { name: 'second-level translation (RVI)', host: { release: '2008-r2', slat: true, vendor: 'AMD' }, guest: 'windows-server-2008-r2' },
]

function translationTable(): string {
  const load: MachineLoad = {
    cpu: 1,
    operations: { contextSwitches: 4000, pageFaults: 5000, pageTableWrites: 4000, invalidations: 2000, tlbMisses: 200_000 },
  }
  return table(
    [
      'Translation',
      'Page fault intercepts/s',
      'TLB fills/s',
      'Page table writes/s',
      'Address space switches/s',
      'Hypervisor time (%)',
      'Work done (%)',
    ],
    TRANSLATION_WORK.map((work) => {
      const { counts, pace, hypervisor } = oneSecond(work, load)
      return [
        work.name,
        counts('Page Fault Intercepts'),
        counts('Small Page TLB Fills'),
        counts('Page Table Write Intercepts'),
        counts('Address Space Switches'),
        100 * hypervisor,
        100 * pace,
      ]
    }),
  )
}

// Costs

const MARKS: Readonly<Record<CostEntry['mark'], string>> = {
  D: 'documented',
  M: 'published measurement',
  R: 'rule of thumb or secondary publication',
  U: 'uncertain',
  model: 'model: no figure is published',
}

function costTable(): string {
  return table(
    ['Event', 'Cost', 'Source', 'What it is'],
    Object.entries<CostEntry>(COSTS).map(([key, { value, unit, plusExit, mark, note }]) => [
      key,
      `${plusExit ? 'exit + ' : ''}${value.toLocaleString('en-US')} ${unit}`,
      MARKS[mark],
      note,
    ]),
  )
}

/** The whole file. */
export function proofTables(): string {
  return `${[
    '# What it costs, counted',
    'Every number here is counted in the engine that the application runs on: a machine is built by hypercalls, its guest starts, and the events of its partition are counted. `npm run tables` writes this file anew; a test compares it with the engine.',
    'The host of sections 1 to 3: Intel, 16 logical processors at 2.5 GHz, second-level translation, Windows Server 2022 where nothing else is said. Times are counted events times their cost (section 6), without the physical device and the software of the parent.',
    '## 1. A boot by VMBus version',
    'Generation 1, two virtual processors, one IDE disk with its filter, one synthetic adapter; from power-on until all services run.',
    bootTables(),
    '## 2. One read of 4 KiB (S28)',
    readTable(),
    '## 3. One frame of 1514 bytes (S28)',
    frameTables(),
    '## 4. Task priority: Windows XP and the shadow (S63, S64, S65)',
    'One virtual processor that is busy all the time and changes its interrupt level 100,000 times a second; Windows Server 2008 host without second-level translation.',
    tprTable(),
    '## 5. Shadow page tables against second-level translation (S22)',
    'One busy virtual processor: 4,000 context switches, 5,000 page faults, 4,000 writes to page tables, 2,000 invalidations and 200,000 TLB misses a second; Windows Server 2008 R2 host.',
    translationTable(),
    '## 6. The cost table',
    '`exit` is one exit and entry of the processor generation. Published figures come from the exit-latency table of Agesen et al. (USENIX ATC 2012), SplitX (HotPar 2011), the Windows Server performance tuning guides and the white papers on second-level translation of 2008 to 2011; entries without a published figure say so. `main/engine/hypervisor/cost-table.ts` holds the table, with the processor generations.',
    costTable(),
  ].join('\n\n')}\n`
}
