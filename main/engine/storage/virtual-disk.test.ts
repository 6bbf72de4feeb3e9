import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BlockRequest, DiskLoad } from './block-device.ts'
import { senseOf } from './block-device.ts'
import { ControllerBackend } from './controller-backend.ts'
import { DiskStore } from './disk-store.ts'
import { firstCursor, type LoadCursor, requestsOf, splitLoad } from './load-pattern.ts'
import { addDisk, addFile, GIB, MIB, type TestFiles, testFiles } from './test-files.ts'
import type { VirtualDiskBackend } from './virtual-disk.ts'

function open(store: DiskStore, name: string, id = 'drive-1', readOnly = false): VirtualDiskBackend {
  const disk = store.open('host-1', `C:\\${name}`, { id, readOnly })
  if (!disk.ok) throw new Error(disk.refusal.code)
  return disk.value
}

function only(files: TestFiles, name: string): VirtualDiskBackend {
  return open(new DiskStore(files), name)
}

const write = (offsetBytes: number, bytes: number): BlockRequest => ({ kind: 'write', offsetBytes, bytes })
const read = (offsetBytes: number, bytes: number): BlockRequest => ({ kind: 'read', offsetBytes, bytes })

describe('growth of virtual disk files', () => {
  it.each([
    ['dynamic VHDX, first 4 KB', 'a.vhdx', 'dynamic', [write(0, 4096)], 32 * MIB],
    ['dynamic VHDX, same block again', 'a.vhdx', 'dynamic', [write(0, 4096), write(MIB, 4096)], 32 * MIB],
    ['dynamic VHDX, across a border', 'a.vhdx', 'dynamic', [write(32 * MIB - 4096, 8192)], 64 * MIB],
    ['dynamic VHD: 2 MiB and its bitmap', 'a.vhd', 'dynamic', [write(0, 512)], 2 * MIB + 512],
    ['fixed VHDX', 'a.vhdx', 'fixed', [write(0, 4096), write(9 * GIB, MIB)], 0],
    ['fixed VHD', 'a.vhd', 'fixed', [write(0, 4096)], 0],
    ['dynamic VHDX, only reads', 'a.vhdx', 'dynamic', [read(0, MIB)], 0],
    [
      'room given back is used again',
      'a.vhdx',
      'dynamic',
      [write(0, 4096), { kind: 'unmap', offsetBytes: 0, bytes: 32 * MIB }, write(GIB, 4096)],
      32 * MIB,
    ],
  ] as const)('%s', (_what, name, type, requests, grown) => {
    const files = testFiles()
    const file = addDisk(files, name, type, 10 * GIB)
    const disk = only(files, name)
    for (const request of requests) expect(disk.submit(request, 0).status).toBe('success')
    expect(files.file(name)?.sizeBytes).toBe(file.sizeBytes + grown)
    expect(files.volume.freeBytes).toBe(1024 * GIB - grown)
  })

  it('of a differencing VHDX: 2 MiB blocks, and a bitmap block of 1 MiB per 4 GiB that are touched; the parent stays as it is', () => {
    const files = testFiles()
    const base = addDisk(files, 'base.vhdx', 'dynamic', 127 * GIB)
    addDisk(files, 'now.avhdx', 'differencing', 127 * GIB, 'base.vhdx')
    const disk = only(files, 'now.avhdx')
    const sizes = [write(0, 4096), write(4096, 4096), write(2 * MIB, 512), write(5 * GIB, 512)].map((request) => {
      disk.submit(request, 0)
      return (files.file('now.avhdx')?.sizeBytes ?? 0) / MIB
    })
    expect(sizes).toEqual([4 + 3, 4 + 3, 4 + 5, 4 + 8])
    expect(files.file('base.vhdx')).toEqual(base)
  })

  it('of 64 TB costs one run when it is written from end to end', () => {
    const files = testFiles(200_000 * GIB)
    addDisk(files, 'huge.vhdx', 'dynamic', 65_536 * GIB)
    const store = new DiskStore(files)
    const disk = open(store, 'huge.vhdx')
    expect(disk.submit(write(65_536 * GIB - 512, 512), 0).status).toBe('success')
    expect(disk.submit(write(65_536 * GIB, 512), 0).status).toBe('out-of-range')
    expect(store.toRows().layers[0]?.full).toEqual([2_097_151, 2_097_152])
    expect(JSON.stringify(store.toRows().layers).length).toBeLessThan(200)
  })
})

describe('answers of a virtual disk', () => {
  it.each([
    ['behind the end', read(10 * GIB, 512), 'out-of-range', '5/21/0'],
    ['across the end', write(10 * GIB - 512, 1024), 'out-of-range', '5/21/0'],
    ['half a sector', read(0, 100), 'misaligned', '5/24/0'],
    ['nothing at all', read(0, 0), 'misaligned', '5/24/0'],
    ['before the beginning', read(-512, 512), 'misaligned', '5/24/0'],
    ['write to a disk opened for reading', write(0, 512), 'write-protected', '7/27/0'],
    ['burn', { kind: 'burn', offsetBytes: 0, bytes: 0 }, 'command-refused', '5/20/0'],
  ] as const)('%s', (_what, request, status, sense) => {
    const files = testFiles()
    addDisk(files, 'a.vhdx', 'dynamic', 10 * GIB)
    const disk = open(new DiskStore(files), 'a.vhdx', 'drive-1', status === 'write-protected')
    expect(disk.submit(request, 0).status).toBe(status)
    const data = senseOf[status]
    expect([data?.key, data?.code, data?.qualifier].map((value) => value?.toString(16)).join('/')).toBe(sense)
    expect(disk.counters).toMatchObject({ errors: 1, reads: 0, writes: 0 })
  })

  it('a file that has gone fails the device', () => {
    const files = testFiles()
    addDisk(files, 'a.vhdx', 'dynamic', GIB)
    const disk = only(files, 'a.vhdx')
    files.files.delete('a.vhdx')
    expect(disk.submit(read(0, 512), 0).status).toBe('device-failed')
  })
})

describe('a full volume', () => {
  it('stops the write with a status of its own, changes nothing, and lets it pass when there is room again', () => {
    const files = testFiles(32 * MIB + 1)
    addDisk(files, 'a.vhdx', 'dynamic', 10 * GIB)
    const disk = only(files, 'a.vhdx')
    expect(disk.submit(write(0, 4096), 0).status).toBe('success')
    const size = files.file('a.vhdx')?.sizeBytes
    expect(disk.submit(write(GIB, 4096), 0)).toMatchObject({ status: 'volume-full', bytes: 0 })
    expect(senseOf['volume-full']).toBeNull()
    expect(files.file('a.vhdx')?.sizeBytes).toBe(size)
    expect(disk.extentsOf(GIB, 512).extents[0]?.fileId).toBeNull()
    // What needs no growth goes on.
    expect(disk.submit(write(4096, 4096), 0).status).toBe('success')
    files.volume = { ...files.volume, freeBytes: GIB }
    expect(disk.submit(write(GIB, 4096), 0).status).toBe('success')
  })

  it('stops a load at the operation that finds no room, as one by one', () => {
    const load = { reads: 3, writes: 100, bytesRead: 3 * 4096, bytesWritten: 100 * 65_536, sequentialShare: 0 }
    const summed = diskWith(testFiles(10 * 2 * MIB), 'vhd')
    const single = diskWith(testFiles(10 * 2 * MIB), 'vhd')
    const result = summed.disk.advance(load, 10_000_000, 10_000_000)
    const statuses = oneByOne(single, load)
    expect(result).toMatchObject({ status: 'volume-full', reads: 3, writes: 9 })
    expect(statuses.at(-1)).toBe('volume-full')
    expect(statuses.length).toBe(3 + 9 + 1)
    expect(totals(summed)).toEqual(totals(single))
  })

  it('reaches the machine layer through the controller', () => {
    const files = testFiles(MIB)
    addDisk(files, 'a.vhdx', 'dynamic', GIB)
    const told: number[] = []
    const controller = new ControllerBackend({ now: () => 5, volumeFull: (lun) => told.push(lun) })
    controller.attach(3, only(files, 'a.vhdx'))
    expect(controller.write(3, 0, 4096).status).toBe('volumeFull')
    expect(controller.read(3, 0, 4096).status).toBe('ok')
    expect(controller.read(4, 0, 4096).status).toBe('notReady')
    expect(told).toEqual([3])
  })
})

describe('a chain of differencing disks', () => {
  it('reads the newest written file of every sector, 50 files deep', () => {
    const SECTORS = 3 * 4096
    const place = fc.record({
      start: fc.integer({ min: 0, max: SECTORS - 1 }),
      length: fc.integer({ min: 1, max: 6000 }),
      kind: fc.constantFrom('write', 'write', 'write', 'zero'),
    })
    fc.assert(
      fc.property(fc.array(place, { minLength: 60, maxLength: 60 }), (plan) => {
        const files = testFiles()
        addDisk(files, '0.vhdx', 'dynamic', SECTORS * 512)
        const store = new DiskStore(files)
        const newest = new Array<string | null>(SECTORS).fill(null)
        // The base's blocks are 32 MiB: one write gives it the whole disk.
        let baseWritten = false
        let leaf = 0
        for (const [index, { start, length, kind }] of plan.entries()) {
          const name = leaf === 0 ? '0.vhdx' : `${leaf}.avhdx`
          const disk = open(store, name)
          const end = Math.min(SECTORS, start + length)
          const whole = leaf === 0 ? SECTORS : 4096
          const [first, last] = [Math.ceil(start / whole) * whole, Math.floor(end / whole) * whole]
          expect(
            disk.submit({ kind: kind === 'zero' ? 'zero' : 'write', offsetBytes: start * 512, bytes: (end - start) * 512 }, 0).status,
          ).toBe('success')
          if (kind === 'zero') newest.fill(null, first, Math.max(first, last))
          else if (leaf > 0) markWritten(newest, start, end, name, zeroed)
          if (leaf === 0) {
            baseWritten = kind === 'zero' ? baseWritten && !(start === 0 && end === SECTORS) : true
            newest.fill(baseWritten ? '0.vhdx' : null)
          } else if (kind === 'zero') for (let block = first / 4096; block < last / 4096; block++) zeroed.add(`${leaf} ${block}`)
          if (index % 6 !== 5 && leaf < 49) {
            addDisk(files, `${leaf + 1}.avhdx`, 'differencing', SECTORS * 512, name)
            leaf++
          }
        }
        zeroed.clear()
        const disk = open(store, leaf === 0 ? '0.vhdx' : `${leaf}.avhdx`)
        expect(disk.chain.length).toBe(50)
        const found: (string | null)[] = []
        for (const { bytes, fileId } of disk.extentsOf(0, SECTORS * 512).extents)
          found.push(...new Array<string | null>(bytes / 512).fill(fileId))
        expect(found).toEqual(newest)
      }),
      { numRuns: 25 },
    )
  })

  it('answers zero blocks without touching the parent', () => {
    const files = testFiles()
    addDisk(files, 'base.vhdx', 'dynamic', GIB)
    const store = new DiskStore(files)
    open(store, 'base.vhdx').submit(write(0, 64 * MIB), 0)
    store.close('drive-1')
    addDisk(files, 'now.avhdx', 'differencing', GIB, 'base.vhdx')
    const disk = open(store, 'now.avhdx')
    disk.submit(read(0, 4096), 0)
    expect(disk.counters.parentReads).toBe(1)
    disk.submit({ kind: 'zero', offsetBytes: 0, bytes: 4 * MIB }, 0)
    expect(disk.submit(read(0, 4 * MIB), 0).extents).toEqual([{ offsetBytes: 0, bytes: 4 * MIB, fileId: null }])
    expect(disk.counters.parentReads).toBe(1)
    // Part of a zero block written: the rest of it goes on hiding the parent.
    disk.submit(write(4096, 4096), 0)
    expect(disk.extentsOf(0, 2 * MIB).extents.every(({ fileId }) => fileId !== 'base.vhdx')).toBe(true)
  })

  it('reads zeros behind the end of a smaller parent', () => {
    const files = testFiles()
    addDisk(files, 'base.vhdx', 'fixed', 10 * MIB)
    addDisk(files, 'now.avhdx', 'differencing', 20 * MIB, 'base.vhdx')
    expect(only(files, 'now.avhdx').submit(read(8 * MIB, 4 * MIB), 0).extents).toEqual([
      { offsetBytes: 8 * MIB, bytes: 2 * MIB, fileId: 'base.vhdx' },
      { offsetBytes: 10 * MIB, bytes: 2 * MIB, fileId: null },
    ])
  })

  it.each([
    ['missing file', 'none.vhdx', 'file-not-found'],
    ['missing parent', 'orphan.avhdx', 'parent-not-found'],
    ['its own ancestor', 'ring1.avhdx', 'chain-cycle'],
    ['an ISO', 'setup.iso', 'not-a-disk'],
  ] as const)('refuses %s', (_what, name, code) => {
    const files = testFiles()
    addDisk(files, 'orphan.avhdx', 'differencing', GIB, 'gone.vhdx')
    addDisk(files, 'ring1.avhdx', 'differencing', GIB, 'ring2.avhdx')
    addDisk(files, 'ring2.avhdx', 'differencing', GIB, 'ring1.avhdx')
    addFile(files, 'setup.iso', 'iso', 700 * MIB)
    const disk = new DiskStore(files).open('host-1', `C:\\${name}`, { id: 'd' })
    expect(disk.ok ? null : disk.refusal.code).toBe(code)
  })
})

describe('steady load', () => {
  const loads = fc.array(
    fc.record({
      reads: fc.integer({ min: 0, max: 20 }),
      writes: fc.integer({ min: 0, max: 60 }),
      bytesRead: fc.integer({ min: 0, max: 4 * MIB }),
      bytesWritten: fc.integer({ min: 0, max: 80 * MIB }),
      sequentialShare: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { minLength: 1, maxLength: 6 },
  )

  it.each(['vhdx', 'vhd', 'avhdx', 'fixed'] as const)('of a %s gives the totals that its requests one by one give', (kind) => {
    fc.assert(
      fc.property(loads, fc.integer({ min: 8, max: 3000 }), fc.integer({ min: 1, max: 300 }), (plan, capacityMib, freeBlocks) => {
        const free = freeBlocks * 33 * MIB
        const summed = diskWith(testFiles(free), kind, capacityMib)
        const single = diskWith(testFiles(free), kind, capacityMib)
        for (const load of plan) {
          const result = summed.disk.advance(load, 10_000_000, 10_000_000)
          const last = oneByOne(single, load).at(-1) ?? 'success'
          expect(result.status).toBe(last)
          expect(totals(summed)).toEqual(totals(single))
          if (last !== 'success') return
          expect(summed.disk.cursor).toEqual(single.cursor)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('is split without losing an operation, a byte or a share', () => {
    const share = fc.constantFrom(0, 0.25, 0.333, 1)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 400_000 }), share, (writes, sectors, sequentialShare) => {
        const bytes = Math.max(writes, sectors) * 512
        let cursor = firstCursor
        let sequential = 0
        let operations = 0
        for (let second = 0; second < 10; second++) {
          const split = splitLoad({ reads: 0, writes, bytesRead: 0, bytesWritten: bytes, sequentialShare }, cursor)
          cursor = { ...cursor, writeCarry: split.writeCarry }
          const sum = (pick: (group: (typeof split.writes)[number]) => number) =>
            split.writes.reduce((total, group) => total + pick(group), 0)
          expect(sum(({ count, sectors: size }) => count * size)).toBe(writes === 0 ? 0 : bytes / 512)
          expect(sum(({ count }) => count)).toBe(writes === 0 ? 0 : Math.max(writes, Math.ceil(bytes / 1024 ** 2)))
          operations += sum(({ count }) => count)
          sequential += sum((group) => (group.sequential ? group.count : 0))
        }
        expect(Math.abs(sequential - operations * sequentialShare)).toBeLessThan(1)
      }),
    )
  })

  it('tells when a volume cannot keep up, and how long its operations take then', () => {
    const files = testFiles()
    addDisk(files, 'a.vhdx', 'fixed', 100 * GIB)
    const disk = only(files, 'a.vhdx')
    const load = (mib: number) => ({ reads: mib, writes: 0, bytesRead: mib * MIB, bytesWritten: 0, sequentialShare: 1 })
    const light = disk.advance(load(100), 10_000_000, 10_000_000)
    expect(light.utilization).toBeCloseTo(0.1, 2)
    const heavy = disk.advance(load(2000), 10_000_000, 25_000_000)
    expect(heavy.utilization).toBeCloseTo(2, 1)
    expect(heavy.latencyTicks).toBeGreaterThan(10 * light.latencyTicks)
  })
})

describe('times of a volume', () => {
  it('are those of its kind: sequential reads at its throughput, random ones by its access time', () => {
    const perSecond = (readMib: number, bytes: number, random: boolean): number => {
      const files = testFiles(1024 * GIB, { readBytesPerSecond: readMib * MIB })
      addDisk(files, 'a.vhdx', 'fixed', 100 * GIB)
      const disk = only(files, 'a.vhdx')
      let done = 0
      for (let i = 0; i < 200; i++)
        done = disk.submit(read(random ? ((i * 7919) % 1000) * 64 * MIB : i * bytes, bytes), random ? done : 0).doneTick
      return Math.round((200 * 10_000_000) / done)
    }
    // One at a time: 8.5 ms each on a disk with heads, 80 µs and the stack on flash.
    expect(perSecond(150, 4096, true)).toBeGreaterThan(110)
    expect(perSecond(150, 4096, true)).toBeLessThan(120)
    expect(perSecond(1900, 4096, true)).toBeGreaterThan(9_000)
    // All at once: the throughput decides.
    expect(perSecond(1900, MIB, false)).toBeGreaterThan(1700)
    expect(perSecond(1900, MIB, false)).toBeLessThanOrEqual(1900)
  })

  it('a read from a new dynamic disk asks no device; a new block costs table writes behind its data', () => {
    const files = testFiles()
    addDisk(files, 'a.vhdx', 'dynamic', GIB)
    const disk = only(files, 'a.vhdx')
    expect(disk.submit(read(0, 4096), 0).doneTick).toBe(80)
    const first = disk.submit(write(0, 4096), 10_000_000).doneTick - 10_000_000
    const again = disk.submit(write(8192, 4096), 20_000_000).doneTick - 20_000_000
    expect(first).toBeGreaterThan(2 * again)
    expect(disk.counters).toMatchObject({ blocksAllocated: 1, metadataWrites: 2 })
  })
})

describe('saved disks', () => {
  it('go on exactly where they were', () => {
    const files = testFiles()
    addDisk(files, 'base.vhdx', 'dynamic', 100 * GIB)
    addDisk(files, 'now.avhdx', 'differencing', 100 * GIB, 'base.vhdx')
    const store = new DiskStore(files)
    const disk = open(store, 'now.avhdx')
    disk.submit(write(MIB, 4096), 0)
    disk.advance({ reads: 5, writes: 7, bytesRead: 20_480, bytesWritten: 7 * MIB, sequentialShare: 0.3 }, 10_000_000, 10_000_000)
    const saved = JSON.parse(JSON.stringify(store.toRows()))
    const again = new DiskStore(files, saved)
    expect(again.toRows()).toEqual(saved)
    const other = open(again, 'now.avhdx')
    expect(again.toRows()).toEqual(saved)
    const next = { reads: 1, writes: 9, bytesRead: 4096, bytesWritten: 9 * MIB, sequentialShare: 0.3 }
    expect(other.submit(read(MIB, 8192), 20_000_000)).toEqual(disk.submit(read(MIB, 8192), 20_000_000))
    const before = new Map(files.files)
    const volume = files.volume
    const result = disk.advance(next, 10_000_000, 30_000_000)
    files.files.clear()
    for (const [id, file] of before) files.files.set(id, file)
    files.volume = volume
    expect(other.advance(next, 10_000_000, 30_000_000)).toEqual(result)
    expect(again.toRows()).toEqual(store.toRows())
  })
})

const zeroed = new Set<string>()

/** A part of a zero block that is written makes the whole block the file's own. */
function markWritten(newest: (string | null)[], start: number, end: number, name: string, zeros: Set<string>): void {
  const leaf = name.slice(0, name.indexOf('.'))
  newest.fill(name, start, end)
  for (let block = Math.floor(start / 4096); block < end / 4096; block++) {
    if (zeros.delete(`${leaf} ${block}`)) newest.fill(name, block * 4096, (block + 1) * 4096)
  }
}

interface Case {
  readonly files: TestFiles
  readonly disk: VirtualDiskBackend
  /** Behind what was done one by one. */
  cursor: LoadCursor
}

function diskWith(files: TestFiles, kind: 'vhdx' | 'vhd' | 'avhdx' | 'fixed', capacityMib = 4000): Case {
  const capacity = capacityMib * MIB
  const name = kind === 'vhd' ? 'a.vhd' : kind === 'avhdx' ? 'a.avhdx' : 'a.vhdx'
  if (kind === 'avhdx') addDisk(files, 'base.vhdx', 'dynamic', capacity)
  addDisk(
    files,
    name,
    kind === 'fixed' ? 'fixed' : kind === 'avhdx' ? 'differencing' : 'dynamic',
    capacity,
    kind === 'avhdx' ? 'base.vhdx' : null,
  )
  const extent = { scatteredBytes: 256 * MIB, streamBytes: 20 * MIB }
  const opened = new DiskStore(files).open('host-1', `C:\\${name}`, { id: 'd', extent })
  if (!opened.ok) throw new Error(opened.refusal.code)
  return { files, disk: opened.value, cursor: firstCursor }
}

/** Statuses of all requests of a load up to the first that fails. */
function oneByOne(item: Case, load: DiskLoad): string[] {
  const statuses: string[] = []
  const requests = requestsOf(item.disk.layout, load, item.cursor)
  for (let next = requests.next(); ; next = requests.next()) {
    if (next.done) {
      item.cursor = next.value
      return statuses
    }
    const { status } = item.disk.submit(next.value, 10_000_000)
    statuses.push(status)
    if (status !== 'success') return statuses
  }
}

function totals({ files, disk }: Case): unknown {
  const { latencyTicks: _time, parentReads: _parents, ...counted } = disk.counters
  const leaf = disk.chain[0]?.layer
  return { ...counted, files: [...files.files.values()], free: files.volume.freeBytes, blocks: leaf?.allocatedBlocks }
}
