/** Operations on disks: their results, cancelling them, and losing power in the middle. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openChain } from '../chain.ts'
import { GIB, KIB, MIB, TIB } from '../image-file.ts'
import { inspectImage, inspectionRows } from '../inspect.ts'
import { type OpenedImage, openImage } from '../open-image.ts'
import { folderResolver } from '../resolver.ts'
import {
  accepted,
  finished,
  keepFile,
  losePowerAfter,
  losePowerEverywhere,
  PowerLoss,
  refusedWith,
  runToEnd,
  temporaryFolder,
  testEnvironment,
} from '../test-images.ts'
import type { DiskFormat } from '../types.ts'
import { shrinkVhdx } from '../vhdx/resize-vhdx.ts'
import { compact } from './compact.ts'
import { convert } from './convert.ts'
import { createBlank, createDifferencing } from './create.ts'
import { mergeIntoNew, mergeIntoParent } from './merge.ts'
import { reconnect, rewriteParent } from './reconnect.ts'
import { expand, growImage, shrink } from './resize.ts'

let folder: ReturnType<typeof temporaryFolder>
let environment = testEnvironment()
beforeEach(() => {
  folder = temporaryFolder()
  environment = testEnvironment()
})
afterEach(() => folder.remove())

const at = (name: string) => join(folder.path, name)
const resolve = (request: Parameters<ReturnType<typeof folderResolver>>[0]) => folderResolver({ root: folder.path })(request)
const blank = (name: string, format: DiskFormat, type: 'fixed' | 'dynamic', size: number, blockSize?: number) =>
  finished(createBlank({ path: at(name), format, type, size, environment, ...(blockSize === undefined ? {} : { blockSize }) }))
const child = (name: string, parent: string) =>
  finished(
    createDifferencing({
      path: at(name),
      parent: at(parent),
      parentPaths: { relative: `.\\${parent}`, absolute: `C:\\VHD\\${parent}` },
      environment,
    }),
  )

function write(name: string, ...patches: [offset: number, data: Buffer][]): void {
  const chain = accepted(openChain({ path: at(name), writable: true, environment, resolve }))
  for (const [offset, data] of patches) accepted(chain.write(offset, data))
  accepted(chain.close())
}

function content(name: string): Buffer {
  const chain = accepted(openChain({ path: at(name), writable: false, environment, resolve }))
  const data = Buffer.alloc(chain.virtualSize)
  accepted(chain.read(0, data))
  accepted(chain.close())
  return data
}

function open(name: string): OpenedImage {
  return accepted(openImage({ path: at(name), writable: true, environment }))
}

const ones = Buffer.alloc(96 * KIB, 1)
const twos = Buffer.alloc(40 * KIB, 2)

describe('create', () => {
  it('refuses an existing file and sizes out of range', async () => {
    writeFileSync(at('disk.vhdx'), 'mine')
    const sized = async (format: DiskFormat, size: number, name = 'new') =>
      refusedWith((await runToEnd(createBlank({ path: at(name), format, type: 'dynamic', size, environment }))).outcome)
    expect([
      await sized('vhdx', 8 * MIB, 'disk.vhdx'),
      await sized('vhdx', 64 * TIB + 512),
      await sized('vhd', 2040 * GIB + 512),
      await sized('vhd', MIB),
      await sized('vhdx', 8 * MIB + 1),
    ]).toEqual(['file-exists', 'size-invalid', 'size-invalid', 'size-invalid', 'size-invalid'])
    expect(readdirSync(folder.path)).toEqual(['disk.vhdx'])
    expect(readFileSync(at('disk.vhdx'), 'utf8')).toBe('mine')
  })

  it('makes a VHD Set of a pointer and a backing file', async () => {
    const created = await blank('shared.vhds', 'vhds', 'dynamic', 8 * MIB)
    expect(created.dataPath).toMatch(/shared_[0-9A-F-]{36}\.avhdx$/)
    expect(statSync(at('shared.vhds')).size).toBe(260 * KIB)
    write('shared.vhds', [MIB, ones])
    expect(
      content('shared.vhds')
        .subarray(MIB, MIB + ones.length)
        .equals(ones),
    ).toBe(true)
    const inspection = accepted(inspectImage({ path: at('shared.vhds'), environment, resolve }))
    expect(inspectionRows(inspection, 'C:\\VHD')).toEqual([
      { label: 'Format:', value: 'VHD Set' },
      { label: 'Type:', value: 'Dynamically expanding virtual hard disk' },
      { label: 'Location:', value: 'C:\\VHD' },
      { label: 'File Name:', value: 'shared.vhds' },
      { label: 'Current File Size:', value: '36 MB' },
      { label: 'Maximum Disk Size:', value: '8 MB' },
    ])
  })

  it('can be cancelled and leaves nothing behind', async () => {
    await blank('source.vhdx', 'vhdx', 'dynamic', 64 * MIB)
    for (let at = 0; at < 64; at += 4) write('source.vhdx', [at * MIB, ones])
    const stop = new AbortController()
    const copy = convert({
      path: at('copy.vhd'),
      format: 'vhd',
      type: 'dynamic',
      source: at('source.vhdx'),
      resolve,
      environment,
      signal: stop.signal,
    })
    expect((await copy.next()).done).toBe(false)
    stop.abort()
    expect(refusedWith((await runToEnd(copy)).outcome)).toBe('cancelled')
    const second = convert({ path: at('copy.vhd'), format: 'vhd', type: 'dynamic', source: at('source.vhdx'), resolve, environment })
    await second.next()
    await second.return({ ok: false, refusal: { code: 'cancelled', values: {} } })
    expect(readdirSync(folder.path)).toEqual(['source.vhdx'])
  })
})

describe('convert', () => {
  const kinds = [
    ['vhd', 'fixed'],
    ['vhd', 'dynamic'],
    ['vhdx', 'fixed'],
    ['vhdx', 'dynamic'],
  ] as const
  it.each(kinds)('takes %s %s into every other kind and back with the same content', async (format, type) => {
    await blank('source', format, type, 12 * MIB)
    write('source', [0, ones], [5 * MIB - 512, twos], [12 * MIB - 1024, Buffer.alloc(1024, 9)])
    const wanted = content('source')
    for (const [toFormat, toType] of kinds) {
      const name = `${toFormat}-${toType}`
      const run = await runToEnd(convert({ path: at(name), format: toFormat, type: toType, source: at('source'), resolve, environment }))
      expect(run.outcome).toMatchObject({ ok: true, value: { size: 12 * MIB } })
      expect(run.progress.at(-1)).toEqual({ done: 12 * MIB, total: 12 * MIB })
      expect(run.progress.map(({ done }) => done)).toEqual(run.progress.map(({ done }) => done).toSorted((a, b) => a - b))
      expect(content(name).equals(wanted)).toBe(true)
    }
  })

  it('flattens a chain, and refuses what a VHD cannot be', async () => {
    await blank('base.vhdx', 'vhdx', 'dynamic', 8 * MIB)
    write('base.vhdx', [0, ones])
    await child('leaf.avhdx', 'base.vhdx')
    write('leaf.avhdx', [512, twos])
    await finished(convert({ path: at('flat.vhd'), format: 'vhd', type: 'fixed', source: at('leaf.avhdx'), resolve, environment }))
    expect(content('flat.vhd').equals(content('leaf.avhdx'))).toBe(true)
    await blank('large.vhdx', 'vhdx', 'dynamic', 3 * TIB)
    await finished(
      createBlank({ path: at('4k.vhdx'), format: 'vhdx', type: 'dynamic', size: 8 * MIB, logicalSectorSize: 4096, environment }),
    )
    const toVhd = async (source: string) =>
      refusedWith(
        (await runToEnd(convert({ path: at('x.vhd'), format: 'vhd', type: 'dynamic', source: at(source), resolve, environment }))).outcome,
      )
    expect([await toVhd('large.vhdx'), await toVhd('4k.vhdx'), await toVhd('none.vhdx')]).toEqual([
      'size-invalid',
      'sector-size-invalid',
      'file-not-found',
    ])
  })
})

describe('compact', () => {
  it.each(['vhd', 'vhdx'] as const)('drops zero blocks of a dynamic %s and keeps its identity', async (format) => {
    await blank('disk', format, 'dynamic', 32 * MIB, 2 * MIB)
    await child('leaf', 'disk')
    write('leaf', [0, ones])
    accepted(openImage({ path: at('disk'), writable: false, environment })).close()
    const image = open('disk')
    image.close()
    for (const offset of [0, 8 * MIB, 16 * MIB, 24 * MIB]) write('disk', [offset, ones])
    write('disk', [8 * MIB, Buffer.alloc(ones.length)], [24 * MIB, Buffer.alloc(ones.length)])
    const [identifier, linkage, wanted] = [open('disk').identifier, open('disk').linkage, content('disk')]
    const result = await finished(compact({ path: at('disk'), environment }))
    expect(result.fileSizeBefore - result.fileSize).toBeGreaterThanOrEqual(4 * MIB)
    expect(statSync(at('disk')).size).toBe(result.fileSize)
    expect([open('disk').identifier, open('disk').linkage]).toEqual([identifier, linkage])
    expect(content('disk').equals(wanted)).toBe(true)
    expect(readdirSync(folder.path)).toEqual(['disk', 'leaf'])
  })

  it.each(['vhd', 'vhdx'] as const)('keeps what a differencing %s hides of its parent', async (format) => {
    await blank('base', format, 'dynamic', 16 * MIB)
    write('base', [0, ones], [4 * MIB, ones])
    await child('leaf', 'base')
    write('leaf', [4 * MIB, Buffer.alloc(2 * MIB)], [512, twos], [10 * MIB, Buffer.alloc(2 * MIB)])
    const wanted = content('leaf')
    const { fileSizeBefore, fileSize } = await finished(compact({ path: at('leaf'), environment }))
    expect(content('leaf').equals(wanted)).toBe(true)
    if (format === 'vhdx') expect(fileSizeBefore - fileSize).toBe(4 * MIB)
    await finished(compact({ path: at('leaf'), environment }))
    expect(content('leaf').equals(wanted)).toBe(true)
  })

  it.each(['vhd', 'vhdx'] as const)('of a %s keeps room for data that is not stored', async (format) => {
    await blank('disk', format, 'dynamic', 16 * MIB, format === 'vhd' ? 512 * KIB : MIB)
    const chain = accepted(openChain({ path: at('disk'), writable: true, environment, resolve }))
    accepted(chain.allocate(0, 8 * MIB))
    accepted(chain.close())
    const keeps = (offset: number) => offset < 4 * MIB
    const before = statSync(at('disk')).size
    await finished(compact({ path: at('disk'), environment, keeps }))
    const half = statSync(at('disk')).size
    expect(Math.round((before - half) / MIB)).toBe(4)
    await finished(compact({ path: at('disk'), environment }))
    expect(Math.round((half - statSync(at('disk')).size) / MIB)).toBe(4)
  })

  it('drops what the guest no longer needs', async () => {
    await blank('base', 'vhdx', 'dynamic', 16 * MIB, MIB)
    write('base', [0, ones], [3 * MIB, ones], [5 * MIB, ones])
    await child('leaf', 'base')
    write('leaf', [6 * MIB, ones])
    const chain = accepted(openChain({ path: at('leaf'), writable: true, environment, resolve }))
    accepted(chain.unmap(2 * MIB, 6 * MIB - 512))
    accepted(chain.write(4 * MIB, twos))
    accepted(chain.close())
    const wanted = content('leaf')
    // Whole blocks of 2 MiB are gone, those of the parent too; the block that was only partly given up is still there.
    expect([wanted.indexOf(ones), wanted.indexOf(ones, MIB), wanted.indexOf(twos)]).toEqual([0, 6 * MIB, 4 * MIB])
    await finished(compact({ path: at('leaf'), environment }))
    expect(content('leaf').equals(wanted)).toBe(true)
  })

  it('refuses a fixed disk', async () => {
    await blank('disk', 'vhdx', 'fixed', 8 * MIB)
    expect(refusedWith((await runToEnd(compact({ path: at('disk'), environment }))).outcome)).toBe('not-for-type')
  })
})

describe('expand and shrink', () => {
  it.each([
    ['vhd', 'fixed'],
    ['vhd', 'dynamic'],
    ['vhdx', 'fixed'],
    ['vhdx', 'dynamic'],
  ] as const)('makes a %s %s larger, the new part zero', async (format, type) => {
    await blank('disk', format, type, 5 * MIB + 512)
    write('disk', [0, ones], [5 * MIB - 512, Buffer.alloc(1024, 3)])
    const before = content('disk')
    for (const size of [6 * MIB, 80 * MIB]) {
      await finished(expand({ path: at('disk'), size, resolve, environment }))
      expect(content('disk').equals(Buffer.concat([before, Buffer.alloc(size - before.length)]))).toBe(true)
    }
    write('disk', [79 * MIB, ones])
    expect(
      content('disk')
        .subarray(79 * MIB, 79 * MIB + ones.length)
        .equals(ones),
    ).toBe(true)
    expect(refusedWith((await runToEnd(expand({ path: at('disk'), size: 80 * MIB, resolve, environment }))).outcome)).toBe('not-larger')
  })

  it('moves tables and blocks that are in the way', async () => {
    await blank('disk.vhd', 'vhd', 'dynamic', 8 * MIB)
    write('disk.vhd', [0, ones], [4 * MIB, twos])
    await finished(expand({ path: at('disk.vhd'), size: 2040 * GIB, resolve, environment }))
    await blank('disk.vhdx', 'vhdx', 'dynamic', 8 * MIB, MIB)
    write('disk.vhdx', [0, ones], [4 * MIB, twos])
    await finished(expand({ path: at('disk.vhdx'), size: 2 * TIB, resolve, environment }))
    for (const name of ['disk.vhd', 'disk.vhdx']) {
      write(name, [GIB * 2000, ones])
      const chain = accepted(openChain({ path: at(name), writable: false, environment, resolve }))
      const data = Buffer.alloc(8 * MIB)
      accepted(chain.read(0, data))
      expect([data.indexOf(ones), data.indexOf(twos), data.lastIndexOf(2)]).toEqual([0, 4 * MIB, 4 * MIB + twos.length - 1])
      accepted(chain.read(GIB * 2000, data))
      expect(data.indexOf(ones)).toBe(0)
      accepted(chain.close())
    }
  })

  it('shrinks a VHDX to its last partition and no further', async () => {
    await blank('disk', 'vhdx', 'dynamic', 64 * MIB, MIB)
    const size = (bytes: number, minimumSize?: number) =>
      runToEnd(shrink({ path: at('disk'), size: bytes, resolve, environment, ...(minimumSize === undefined ? {} : { minimumSize }) }))
    expect(refusedWith((await size(32 * MIB)).outcome)).toBe('no-partitions')
    const mbr = Buffer.alloc(512)
    mbr.writeUInt8(7, 450)
    mbr.writeUInt32LE(2048, 454)
    mbr.writeUInt32LE(16 * 2048, 458)
    mbr.writeUInt16LE(0xaa55, 510)
    write('disk', [0, mbr], [16 * MIB, ones], [40 * MIB, ones], [63 * MIB, ones])
    expect((await size(16 * MIB)).outcome).toMatchObject({ ok: false, refusal: { code: 'below-minimum', values: { minimum: 17 * MIB } } })
    expect(refusedWith((await size(64 * MIB)).outcome)).toBe('not-smaller')
    const before = content('disk')
    expect(accepted((await size(40 * MIB + 512)).outcome)).toMatchObject({ sizeBefore: 64 * MIB, size: 40 * MIB + 512 })
    expect(content('disk').equals(before.subarray(0, 40 * MIB + 512))).toBe(true)
    await finished(expand({ path: at('disk'), size: 64 * MIB, resolve, environment }))
    // What was cut off does not come back.
    expect(
      content('disk')
        .subarray(40 * MIB + 512)
        .equals(Buffer.alloc(24 * MIB - 512)),
    ).toBe(true)
    await blank('fixed', 'vhdx', 'fixed', 64 * MIB, MIB)
    const fixed = await finished(shrink({ path: at('fixed'), size: 20 * MIB, minimumSize: MIB, resolve, environment }))
    expect(fixed.fileSize).toBe(24 * MIB)
    await blank('old.vhd', 'vhd', 'dynamic', 64 * MIB)
    expect(
      refusedWith((await runToEnd(shrink({ path: at('old.vhd'), size: 8 * MIB, minimumSize: MIB, resolve, environment }))).outcome),
    ).toBe('not-for-type')
  })

  it('refuses to expand a differencing VHD', async () => {
    await blank('base.vhd', 'vhd', 'dynamic', 8 * MIB)
    await child('leaf.vhd', 'base.vhd')
    expect(refusedWith((await runToEnd(expand({ path: at('leaf.vhd'), size: 9 * MIB, resolve, environment }))).outcome)).toBe(
      'not-for-type',
    )
  })
})

describe('merge', () => {
  const layers = async (format: 'vhd' | 'vhdx', type: 'fixed' | 'dynamic') => {
    await blank('base', format, type, 16 * MIB)
    write('base', [0, ones], [6 * MIB, ones])
    await child('one', 'base')
    write('one', [512, twos], [6 * MIB, Buffer.alloc(2 * MIB)])
    await child('two', 'one')
    write('two', [9 * MIB, twos])
  }
  const merge = (into: string | null, path = 'two') =>
    mergeIntoParent({ path: at(path), into: into === null ? null : at(into), resolve, environment })

  it.each([
    ['vhd', 'fixed'],
    ['vhd', 'dynamic'],
    ['vhdx', 'fixed'],
    ['vhdx', 'dynamic'],
  ] as const)('copies a chain of %s into its parent and into its %s base', async (format, type) => {
    await layers(format, type)
    const wanted = content('two')
    const first = await finished(merge(null))
    expect(first).toMatchObject({ path: at('one'), merged: [at('two')] })
    expect(content('one').equals(wanted)).toBe(true)
    // Until its file is deleted, the merged disk still reads the same.
    expect(content('two').equals(wanted)).toBe(true)
    const second = await finished(merge('base'))
    expect(second).toMatchObject({ path: at('base'), merged: [at('two'), at('one')] })
    expect(content('base').equals(wanted)).toBe(true)
    expect(refusedWith((await runToEnd(merge(null, 'base'))).outcome)).toBe('not-differencing')
    expect(refusedWith((await runToEnd(merge('elsewhere'))).outcome)).toBe('not-in-chain')
  })

  it('goes on after being cancelled in the middle', async () => {
    await layers('vhdx', 'dynamic')
    const wanted = content('two')
    const started = merge('base')
    await started.next()
    await started.next()
    await started.return({ ok: false, refusal: { code: 'cancelled', values: {} } })
    expect(content('two').equals(wanted)).toBe(true)
    await finished(merge('base'))
    expect(content('base').equals(wanted)).toBe(true)
    expect(content('two').equals(wanted)).toBe(true)
  })

  it('writes a chain into a new disk, and relinks a disk whose parent was merged away', async () => {
    await layers('vhdx', 'dynamic')
    const wanted = content('two')
    const options = { path: at('new.vhdx'), format: 'vhdx', type: 'dynamic', source: at('two'), resolve, environment } as const
    await finished(mergeIntoNew(options))
    expect(content('new.vhdx').equals(wanted)).toBe(true)
    expect(refusedWith((await runToEnd(mergeIntoNew({ ...options, path: at('x'), source: at('base') }))).outcome)).toBe('not-differencing')
    const merged = await finished(merge(null, 'one'))
    await finished(
      reconnect({
        path: at('two'),
        parent: merged.path,
        parentPaths: { relative: '.\\base', absolute: 'C:\\VHD\\base' },
        ignoreIdMismatch: true,
        environment,
      }),
    )
    expect(content('two').equals(wanted)).toBe(true)
  })
})

describe('reconnect', () => {
  it.each(['vhd', 'vhdx'] as const)('writes new paths into a %s, with an id that fits or is ignored', async (format) => {
    await blank('base', format, 'dynamic', 8 * MIB)
    await blank('other', format, 'dynamic', 8 * MIB)
    await child('leaf', 'base')
    write('leaf', [0, ones])
    mkdirSync(at('far'))
    const far = `far/${'x'.repeat(200)}`
    writeFileSync(at(far), readFileSync(at('base')))
    const to = async (parent: string, ignoreIdMismatch: boolean) =>
      (
        await runToEnd(
          reconnect({
            path: at('leaf'),
            parent: at(parent),
            parentPaths: { relative: `.\\${parent.replace('/', '\\')}`, absolute: `D:\\${parent.replace('/', '\\')}` },
            ignoreIdMismatch,
            environment,
          }),
        )
      ).outcome
    expect(refusedWith(await to('other', false))).toBe('parent-id-mismatch')
    accepted(await to(far, false))
    expect(content('leaf').indexOf(ones)).toBe(0)
    expect(accepted(inspectImage({ path: at('leaf'), environment, resolve })).parent).toMatchObject({
      path: `D:\\far\\${'x'.repeat(200)}`,
      found: at(far),
      refusal: null,
    })
    accepted(await to('other', true))
    expect(content('leaf').indexOf(ones)).toBe(0)
    expect(refusedWith(await to('leaf', true))).toBe('chain-cycle')
  })
})

describe('losing power', () => {
  const link = (linkage: string) => ({
    linkage,
    linkage2: null,
    timestamp: 0,
    paths: [
      { kind: 'relative', path: `.\\${'long '.repeat(30)}` },
      { kind: 'absolute', path: 'C:\\VHD\\another' },
    ] as const,
  })
  const shrinkOpen = (image: OpenedImage) => {
    if (image.format === 'vhdx') shrinkVhdx(image, 6 * MIB)
  }
  const cases = [
    ['expanding a fixed VHD', 'vhd', 'fixed', (image: OpenedImage) => growImage(image, 40 * MIB)],
    ['expanding a dynamic VHD', 'vhd', 'dynamic', (image: OpenedImage) => growImage(image, 600 * GIB)],
    ['expanding a fixed VHDX', 'vhdx', 'fixed', (image: OpenedImage) => growImage(image, 40 * MIB)],
    ['expanding a dynamic VHDX', 'vhdx', 'dynamic', (image: OpenedImage) => growImage(image, 5 * TIB)],
    ['shrinking a fixed VHDX', 'vhdx', 'fixed', (image: OpenedImage) => shrinkOpen(image)],
    ['shrinking a dynamic VHDX', 'vhdx', 'dynamic', (image: OpenedImage) => shrinkOpen(image)],
    ['reconnecting a VHD', 'vhd', 'differencing', (image: OpenedImage) => rewriteParent(image, link(image.identifier))],
    ['reconnecting a VHDX', 'vhdx', 'differencing', (image: OpenedImage) => rewriteParent(image, link(image.identifier))],
  ] as const

  it.each(cases)('while %s leaves a whole disk at any write', async (_, format, type, change) => {
    const size = 8 * MIB
    await blank(
      'base',
      format,
      type === 'fixed' ? 'fixed' : 'dynamic',
      size,
      type === 'fixed' ? undefined : format === 'vhd' ? 2 * MIB : MIB,
    )
    if (type === 'differencing') await child('leaf', 'base')
    const name = type === 'differencing' ? 'leaf' : 'base'
    write(name, [0, ones], [5 * MIB, twos])
    const restore = keepFile(at(name))
    for (let changes = 0; ; changes++) {
      restore()
      const image = open(name)
      losePowerAfter(image.file, changes)
      let lost = false
      try {
        change(image)
        image.close()
      } catch (error) {
        if (!(error instanceof PowerLoss)) throw error
        lost = true
        image.file.close()
      }
      const after = open(name)
      const data = Buffer.alloc(Math.min(size, after.virtualSize))
      after.read(0, data)
      expect([data.indexOf(ones), data.indexOf(twos)]).toEqual([0, 5 * MIB])
      after.close()
      if (!lost) break
    }
  })
})

it.each(['vhd', 'vhdx'] as const)('a merge of %s that loses power at any write goes on afterwards', async (format) => {
  await blank('base', format, 'dynamic', 8 * MIB, format === 'vhd' ? 512 * KIB : MIB)
  write('base', [0, ones])
  await child('one', 'base')
  write('one', [512, twos], [3 * MIB, ones])
  await child('two', 'one')
  write('two', [MIB, twos], [6 * MIB, ones])
  const wanted = content('two')
  const restore = ['base', 'one', 'two'].map((name) => keepFile(at(name)))
  const merge = () => runToEnd(mergeIntoParent({ path: at('two'), into: at('base'), resolve, environment }))
  for (let changes = 0; ; changes++) {
    for (const file of restore) file()
    const power = losePowerEverywhere(changes)
    const lost = await merge().then(
      () => false,
      (error: unknown) => {
        if (!(error instanceof PowerLoss)) throw error
        return true
      },
    )
    power.restore()
    const chain = accepted(openChain({ path: at('two'), writable: true, environment, resolve }))
    accepted(chain.close())
    expect(content('two').equals(wanted)).toBe(true)
    accepted((await merge()).outcome)
    expect(content('base').equals(wanted)).toBe(true)
    if (!lost) break
  }
})

it('removes what an earlier attempt left unfinished', async () => {
  writeFileSync(at('disk.vhdx.unfinished'), 'half a disk')
  await blank('disk.vhdx', 'vhdx', 'dynamic', 8 * MIB)
  expect(existsSync(at('disk.vhdx.unfinished'))).toBe(false)
})
