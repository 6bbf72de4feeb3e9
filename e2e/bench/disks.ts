/** Figures of the real disk files, by the library that the application uses, beside what other programs need for the same. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openChain } from '../../main/files/images/chain.ts'
import { openImageFile } from '../../main/files/images/open-image.ts'
import { compact } from '../../main/files/images/operations/compact.ts'
import { convert } from '../../main/files/images/operations/convert.ts'
import { createBlank, createDifferencing } from '../../main/files/images/operations/create.ts'
import { mergeIntoParent } from '../../main/files/images/operations/merge.ts'
import { folderResolver } from '../../main/files/images/resolver.ts'
import type { ImageEnvironment, ImageOperation } from '../../main/files/images/types.ts'
import { type Figure, figure, median } from './report.ts'

const MB = 1024 ** 2
const GB = 1024 ** 3
const TB = 1024 ** 4

let count = 0
const environment: ImageEnvironment = {
  newId: () => `00000000-0000-4000-8000-${(++count).toString(16).padStart(12, '0')}`,
  nowMs: () => 0,
  modifiedMsOf: () => 0,
  creator: { application: 'win ', version: 0x000a0000, text: 'Microsoft Windows 10.0.20348.0' },
}

async function milliseconds(work: () => unknown): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

async function end<T>(operation: ImageOperation<T>): Promise<T> {
  for (;;) {
    const step = await operation.next()
    if (step.done !== true) continue
    if (step.value.ok) return step.value.value
    throw new Error(JSON.stringify(step.value.refusal))
  }
}

/** Fills a disk with blocks of noise, every second megabyte: what copying has to carry. */
function writeNoise(path: string, bytes: number): void {
  const noise = Buffer.alloc(MB)
  for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE(Math.imul(at + 1, 0x9e3779b1) >>> 0, at)
  const image = openImageFile({ path, writable: true, environment })
  for (let at = 0; at < 2 * bytes; at += 2 * MB) image.write(at, noise)
  image.close()
}

async function creating(folder: string): Promise<Figure> {
  const times: number[] = []
  for (let turn = 0; turn < 7; turn++) {
    const path = join(folder, `large-${turn}.vhdx`)
    times.push(await milliseconds(() => end(createBlank({ path, format: 'vhdx', type: 'dynamic', size: 64 * TB, environment }))))
  }
  return figure('create a dynamic VHDX of 64 TB', median(times), 'ms', 50)
}

async function chain(folder: string): Promise<Figure> {
  const name = (depth: number): string => `chain-${depth}.vhdx`
  await end(createBlank({ path: join(folder, name(0)), format: 'vhdx', type: 'dynamic', size: 127 * GB, environment }))
  for (let depth = 1; depth < 50; depth++) {
    const parentPaths = { relative: `.\\${name(depth - 1)}`, absolute: `C:\\${name(depth - 1)}` }
    await end(createDifferencing({ path: join(folder, name(depth)), parent: join(folder, name(depth - 1)), parentPaths, environment }))
  }
  const resolve = folderResolver({ root: folder })
  const times: number[] = []
  for (let turn = 0; turn < 7; turn++) {
    times.push(
      await milliseconds(() => {
        const opened = openChain({ path: join(folder, name(49)), writable: true, environment, resolve })
        if (!opened.ok) throw new Error(JSON.stringify(opened.refusal))
        opened.value.close()
      }),
    )
  }
  return figure('open a chain of 50 files', median(times), 'ms', 100)
}

/** Megabytes of content per second of compact, convert and merge, each as a share of what `cp --sparse=always` reaches on the same file. */
async function copying(folder: string, bytes: number): Promise<Figure[]> {
  const path = join(folder, 'source.vhdx')
  const resolve = folderResolver({ root: folder })
  await end(createBlank({ path, format: 'vhdx', type: 'dynamic', size: 20 * GB, environment }))
  writeNoise(path, bytes)
  const rate = (ms: number): number => bytes / MB / (ms / 1000)
  const outside = (program: string, ...words: string[]): number | null => {
    const begin = performance.now()
    return spawnSync(program, words).status === 0 ? rate(performance.now() - begin) : null
  }
  // The first reading brings the file into memory for all of them.
  const copy = (): number | null => outside('cp', '--sparse=always', path, join(folder, 'copied'))
  copy()
  const cp = copy()
  const qemu = outside('qemu-img', 'convert', '-O', 'vhdx', path, join(folder, 'qemu.vhdx'))
  const converted = rate(
    await milliseconds(() =>
      end(convert({ path: join(folder, 'to.vhdx'), format: 'vhdx', type: 'dynamic', source: path, environment, resolve })),
    ),
  )
  const compacted = rate(await milliseconds(() => end(compact({ path, environment }))))
  const parentPaths = { relative: '.\\base.vhdx', absolute: 'C:\\base.vhdx' }
  await end(createBlank({ path: join(folder, 'base.vhdx'), format: 'vhdx', type: 'dynamic', size: 20 * GB, environment }))
  await end(createDifferencing({ path: join(folder, 'leaf.vhdx'), parent: join(folder, 'base.vhdx'), parentPaths, environment }))
  writeNoise(join(folder, 'leaf.vhdx'), bytes)
  const merged = rate(await milliseconds(() => end(mergeIntoParent({ path: join(folder, 'leaf.vhdx'), into: null, environment, resolve }))))
  const note = `cp ${cp === null ? 'is not there' : `${Math.round(cp)} MB/s`}, qemu-img convert ${qemu === null ? 'is not there' : `${Math.round(qemu)} MB/s`}`
  const bound = cp === null ? null : cp / 2
  return [
    figure('compact', compacted, 'MB/s', bound, 'at least', note),
    figure('convert', converted, 'MB/s', bound, 'at least', note),
    figure('merge into the parent', merged, 'MB/s', bound, 'at least', note),
  ]
}

export async function diskFigures(quick: boolean): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'viridian-bench-disks-'))
  try {
    return [await creating(folder), await chain(folder), ...(await copying(folder, quick ? 256 * MB : GB))]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
