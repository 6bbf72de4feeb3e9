/** Files made to do harm: each is refused with its reason, in bounded time, and nothing but the file itself is read. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openChain } from './chain.ts'
import { crc32c } from './crc32c.ts'
import { inspectFloppy } from './floppy.ts'
import { ImageFile, KIB, MIB, TIB } from './image-file.ts'
import { inspectImage } from './inspect.ts'
import { inspectIso } from './iso.ts'
import { createImage, type ImageShape } from './new-image.ts'
import { openImage } from './open-image.ts'
import { refusalSentence, refusalTexts } from './refusals.ts'
import { folderResolver } from './resolver.ts'
import {
  accepted,
  losePowerAfter,
  PowerLoss,
  refusedWith,
  seededRandom,
  temporaryFolder,
  testEnvironment,
  writeSparseFile,
} from './test-images.ts'
import { vhdChecksum } from './vhd/footer.ts'
import { HEADER_OFFSETS, REGION_TABLE_OFFSETS } from './vhdx/layout.ts'

let folder: ReturnType<typeof temporaryFolder>
let disk: string
const environment = testEnvironment()
beforeEach(() => {
  folder = temporaryFolder()
  disk = join(folder.path, 'disk')
})
afterEach(() => folder.remove())

const resolve = (request: Parameters<ReturnType<typeof folderResolver>>[0]) => folderResolver({ root: folder.path })(request)
const tryOpen = (writable = false) => {
  const opened = openImage({ path: disk, writable, environment })
  if (opened.ok) opened.value.close()
  return opened
}

const parent = {
  linkage: '11111111-2222-4333-8444-555555555555',
  linkage2: null,
  timestamp: 0,
  paths: [
    { kind: 'relative', path: '..\\..\\etc\\passwd' },
    { kind: 'absolute', path: '\\\\?\\C:\\base' },
  ] as const,
}

/** A sound file with two blocks in use. */
function make(shape: Partial<ImageShape> & Pick<ImageShape, 'format'>): Buffer {
  const whole: ImageShape = { type: 'dynamic', size: 8 * MIB, blockSize: shape.format === 'vhd' ? 512 * KIB : MIB, ...shape }
  const image = createImage(disk, whole, whole.type === 'differencing' ? parent : null, environment, false)
  image.write(0, Buffer.alloc(4096, 1))
  image.write(3 * MIB, Buffer.alloc(4096, 2))
  image.close()
  return readFileSync(disk)
}

/** Writes a changed file and answers how opening it ends. */
function openedAs(data: Buffer, writable = false): string {
  writeSparseFile(disk, data)
  return refusedWith(tryOpen(writable))
}

describe('a hostile VHD', () => {
  const sealFooter = (data: Buffer) => {
    for (const at of [0, data.length - 512]) data.writeUInt32BE(vhdChecksum(data.subarray(at, at + 512), 64), at + 64)
    return data
  }
  const sealHeader = (data: Buffer) => {
    data.writeUInt32BE(vhdChecksum(data.subarray(512, 1536), 36), 548)
    return data
  }
  const both = (data: Buffer, change: (at: number) => void) => {
    change(0)
    change(data.length - 512)
    return sealFooter(data)
  }

  it('is refused by its reason', () => {
    const sound = make({ format: 'vhd' })
    const changed = (change: (data: Buffer) => Buffer | undefined) => {
      const data = Buffer.from(sound)
      return openedAs(change(data) ?? data)
    }
    expect({
      sound: changed(() => undefined),
      empty: openedAs(Buffer.alloc(0)),
      short: openedAs(Buffer.alloc(100)),
      noise: openedAs(Buffer.alloc(5000, 7)),
      checksum: changed((data) =>
        both(data, (at) => data.writeUInt8(9, at + 90))
          .fill(1, 64, 68)
          .fill(1, data.length - 448, data.length - 444),
      ),
      version: changed((data) => both(data, (at) => data.writeUInt32BE(0x00020000, at + 12))),
      type: changed((data) => both(data, (at) => data.writeUInt32BE(5, at + 60))),
      hugeSize: changed((data) => both(data, (at) => data.writeBigUInt64BE(2n ** 63n, at + 48))),
      zeroSize: changed((data) => both(data, (at) => data.writeBigUInt64BE(0n, at + 48))),
      headerFar: changed((data) => both(data, (at) => data.writeBigUInt64BE(2n ** 40n, at + 16))),
      headerAbsurd: changed((data) => both(data, (at) => data.writeBigUInt64BE(2n ** 62n, at + 16))),
      headerCookie: changed((data) => sealHeader(data.fill(0, 512, 520))),
      headerChecksum: changed((data) => data.fill(1, 700, 710)),
      blockSize: changed((data) => {
        data.writeUInt32BE(3 * MIB, 544)
        return sealHeader(data)
      }),
      tinyBlocks: changed((data) => {
        data.writeUInt32BE(512, 544)
        return sealHeader(data)
      }),
      fewEntries: changed((data) => {
        data.writeUInt32BE(1, 540)
        return sealHeader(data)
      }),
      tableFar: changed((data) => {
        data.writeBigUInt64BE(2n ** 50n, 528)
        return sealHeader(data)
      }),
      blockOutside: changed((data) => {
        data.writeUInt32BE(0x7fffffff, 1536)
        return data
      }),
      blockOnTable: changed((data) => {
        data.writeUInt32BE(3, 1536)
        return data
      }),
      blocksTwice: changed((data) => {
        data.copy(data, 1540, 1536, 1540)
        return data
      }),
      blocksOverlap: changed((data) => {
        data.writeUInt32BE(data.readUInt32BE(1536) + 8, 1540)
        return data
      }),
    }).toEqual({
      sound: 'no refusal',
      empty: 'not-an-image',
      short: 'not-an-image',
      noise: 'not-an-image',
      checksum: 'footer-checksum',
      version: 'version-unsupported',
      type: 'type-invalid',
      hugeSize: 'size-invalid',
      zeroSize: 'size-invalid',
      headerFar: 'file-too-short',
      headerAbsurd: 'footer-corrupt',
      headerCookie: 'dynamic-header-corrupt',
      headerChecksum: 'dynamic-header-checksum',
      blockSize: 'block-size-invalid',
      tinyBlocks: 'block-size-invalid',
      fewEntries: 'dynamic-header-corrupt',
      tableFar: 'file-too-short',
      blockOutside: 'bat-outside-file',
      blockOnTable: 'blocks-overlap',
      blocksTwice: 'blocks-overlap',
      blocksOverlap: 'blocks-overlap',
    })
  })

  it('is opened by the copy of its footer when the last one is gone, and refused when cut off', () => {
    const sound = make({ format: 'vhd' })
    expect(openedAs(sound.subarray(0, sound.length - 512))).toBe('no refusal')
    expect(openedAs(sound.subarray(0, sound.length - 512 * KIB))).toBe('bat-outside-file')
    const fixed = openedAs(sound.subarray(sound.length - 512))
    expect(fixed).toBe('file-too-short')
  })

  it('may have the old footer of 511 bytes', () => {
    const image = createImage(join(folder.path, 'fixed'), { format: 'vhd', type: 'fixed', size: 3 * MIB }, null, environment, false)
    image.close()
    const data = readFileSync(join(folder.path, 'fixed'))
    expect(openedAs(data.subarray(0, data.length - 1))).toBe('no refusal')
    expect(openedAs(data.subarray(512))).toBe('file-too-short')
  })

  it('has parent locators only inside itself', () => {
    const sound = make({ format: 'vhd', type: 'differencing', blockSize: 2 * MIB })
    for (const [field, value] of [
      [8, 0xffffffff],
      [20, 0x7fffffff],
    ] as const) {
      const data = Buffer.from(sound)
      data.writeUInt32BE(value, 512 + 576 + field)
      expect(openedAs(sealHeader(data))).toBe('locator-corrupt')
    }
  })
})

describe('a hostile VHDX', () => {
  const sealHeaders = (data: Buffer) => {
    for (const at of HEADER_OFFSETS) data.writeUInt32LE(crc32c(data.subarray(at, at + 4096), 4), at + 4)
    return data
  }
  const sealRegions = (data: Buffer) => {
    for (const at of REGION_TABLE_OFFSETS) data.writeUInt32LE(crc32c(data.subarray(at, at + 65536), 4), at + 4)
    return data
  }
  const headers = (data: Buffer, change: (at: number) => void) => {
    HEADER_OFFSETS.forEach(change)
    return sealHeaders(data)
  }
  const regions = (data: Buffer, change: (at: number) => void) => {
    REGION_TABLE_OFFSETS.forEach(change)
    return sealRegions(data)
  }
  const METADATA = 2 * MIB
  const BAT = 3 * MIB

  it('is refused by its reason', () => {
    const sound = make({ format: 'vhdx' })
    const changed = (change: (data: Buffer) => unknown) => {
      const data = Buffer.from(sound)
      change(data)
      return openedAs(data)
    }
    // Entry order of a new file: parameters, size, id, logical sector, physical sector; items from 64 KiB on.
    const items = METADATA + 64 * KIB
    expect({
      sound: changed(() => {}),
      cutOff: openedAs(sound.subarray(0, 600 * KIB)),
      onlyName: openedAs(sound.subarray(0, 8)),
      headers: changed((data) => data.fill(1, 64 * KIB + 200, 64 * KIB + 210).fill(1, 128 * KIB + 200, 128 * KIB + 210)),
      version: changed((data) => headers(data, (at) => data.writeUInt16LE(2, at + 66))),
      logPlace: changed((data) => headers(data, (at) => data.writeBigUInt64LE(0n, at + 72))),
      regionChecksum: changed((data) => data.fill(1, 192 * KIB + 100, 192 * KIB + 101).fill(1, 256 * KIB + 100, 256 * KIB + 101)),
      regionCount: changed((data) => regions(data, (at) => data.writeUInt32LE(2048, at + 8))),
      regionTwice: changed((data) => regions(data, (at) => data.copy(data, at + 48, at + 16, at + 32))),
      regionUnknown: changed((data) => regions(data, (at) => data.writeUInt8(1, at + 16))),
      regionOutside: changed((data) => regions(data, (at) => data.writeBigUInt64LE(2n ** 50n, at + 32))),
      regionsOverlap: changed((data) => regions(data, (at) => data.writeBigUInt64LE(BigInt(METADATA), at + 32))),
      metadataSignature: changed((data) => data.fill(0, METADATA, METADATA + 8)),
      metadataCount: changed((data) => data.writeUInt16LE(0xffff, METADATA + 10)),
      metadataMany: changed((data) => data.writeUInt16LE(2047, METADATA + 10)),
      metadataMissing: changed((data) => data.writeUInt16LE(3, METADATA + 10)),
      itemOutside: changed((data) => data.writeUInt32LE(0xfffffff0, METADATA + 32 + 16)),
      itemLong: changed((data) => data.writeUInt32LE(0xffffffff, METADATA + 32 + 20)),
      itemUnknown: changed((data) => data.writeUInt8(1, METADATA + 32)),
      blockSize: changed((data) => data.writeUInt32LE(512 * MIB, items)),
      blockOdd: changed((data) => data.writeUInt32LE(3 * MIB, items)),
      size: changed((data) => data.writeBigUInt64LE(2n ** 60n, items + 8)),
      sizeOdd: changed((data) => data.writeBigUInt64LE(1000n, items + 8)),
      sector: changed((data) => data.writeUInt32LE(1024, items + 32)),
      tableShort: changed((data) => data.writeBigUInt64LE(BigInt(64 * TIB), items + 8)),
      blockOutside: changed((data) => data.writeBigUInt64LE(((2n ** 43n) << 20n) | 6n, BAT)),
      blockOnHeader: changed((data) => data.writeBigUInt64LE(6n, BAT)),
      blockOnLog: changed((data) => data.writeBigUInt64LE((1n << 20n) | 6n, BAT)),
      blocksTwice: changed((data) => data.copy(data, BAT, BAT + 24, BAT + 32)),
      blockState: changed((data) => data.writeUInt8(4, BAT)),
      blockPartial: changed((data) => data.writeUInt8(7, BAT)),
    }).toEqual({
      sound: 'no refusal',
      cutOff: 'file-too-short',
      onlyName: 'file-too-short',
      headers: 'header-corrupt',
      version: 'version-unsupported',
      logPlace: 'log-corrupt',
      regionChecksum: 'region-table-corrupt',
      regionCount: 'region-table-corrupt',
      regionTwice: 'region-table-corrupt',
      regionUnknown: 'region-unknown',
      regionOutside: 'region-table-corrupt',
      regionsOverlap: 'region-table-corrupt',
      metadataSignature: 'metadata-corrupt',
      metadataCount: 'metadata-corrupt',
      metadataMany: 'metadata-corrupt',
      metadataMissing: 'metadata-corrupt',
      itemOutside: 'metadata-corrupt',
      itemLong: 'metadata-corrupt',
      itemUnknown: 'metadata-unknown',
      blockSize: 'block-size-invalid',
      blockOdd: 'block-size-invalid',
      size: 'size-invalid',
      sizeOdd: 'size-invalid',
      sector: 'sector-size-invalid',
      tableShort: 'bat-corrupt',
      blockOutside: 'bat-outside-file',
      blockOnHeader: 'bat-outside-file',
      blockOnLog: 'blocks-overlap',
      blocksTwice: 'blocks-overlap',
      blockState: 'bat-corrupt',
      blockPartial: 'bat-corrupt',
    })
  })

  it('has a parent locator that makes sense', () => {
    const sound = make({ format: 'vhdx', type: 'differencing', blockSize: 2 * MIB })
    const locator = METADATA + sound.readUInt32LE(METADATA + 32 + 5 * 32 + 16) // 6th item
    const changed = (change: (data: Buffer) => unknown) => {
      const data = Buffer.from(sound)
      change(data)
      return openedAs(data)
    }
    expect([
      changed(() => {}),
      changed((data) => data.writeUInt8(1, locator)),
      changed((data) => data.writeUInt16LE(0xffff, locator + 18)),
      changed((data) => data.writeUInt32LE(0xffffffff, locator + 20)),
      changed((data) => data.writeUInt16LE(0xfffe, locator + 28)),
    ]).toEqual(['no refusal', 'locator-corrupt', 'locator-corrupt', 'locator-corrupt', 'locator-corrupt'])
  })

  it('has a sector bitmap inside itself and apart from everything else', () => {
    const sound = make({ format: 'vhdx', type: 'differencing', blockSize: 2 * MIB })
    const bitmap = BAT + 2048 * 8
    const changed = (value: bigint) => {
      const data = Buffer.from(sound)
      data.writeBigUInt64LE(value, bitmap)
      return openedAs(data)
    }
    expect(sound.readUInt8(bitmap)).toBe(6)
    expect([changed(((2n ** 40n) << 20n) | 6n), changed((sound.readBigUInt64LE(BAT) & ~7n) | 6n), changed((4n << 20n) | 3n)]).toEqual([
      'bat-outside-file',
      'blocks-overlap',
      'bat-corrupt',
    ])
  })

  /** A file whose log was not replayed. */
  function makeDirty(): Buffer {
    make({ format: 'vhdx' })
    for (let changes = 0; ; changes++) {
      const image = accepted(openImage({ path: disk, writable: true, environment }))
      losePowerAfter(image.file, changes)
      try {
        image.write(5 * MIB, Buffer.alloc(512, 3))
        image.flush()
      } catch (error) {
        if (!(error instanceof PowerLoss)) throw error
      }
      image.file.close()
      if (refusedWith(tryOpen()) === 'log-dirty') return readFileSync(disk)
    }
  }

  it('with a dirty log is refused for reading, and right after it was opened for writing', () => {
    const dirty = makeDirty()
    expect(tryOpen()).toEqual({ ok: false, refusal: { code: 'log-dirty', values: { file: disk } } })
    expect(readFileSync(disk).equals(dirty)).toBe(true)
    expect(refusedWith(tryOpen(true))).toBe('no refusal')
    const image = accepted(openImage({ path: disk, writable: false, environment }))
    const found = Buffer.alloc(512)
    image.read(5 * MIB, found)
    expect(found.equals(Buffer.alloc(512, 3))).toBe(true)
    image.close()
  })

  it('with a log that lies is refused and stays as it is', () => {
    const dirty = makeDirty()
    const entryLength = dirty.readUInt32LE(MIB + 8)
    const changed = (change: (data: Buffer) => unknown) => {
      const data = Buffer.from(dirty)
      change(data)
      data.writeUInt32LE(crc32c(data.subarray(MIB, MIB + entryLength), 4), MIB + 4)
      const code = openedAs(data, true)
      return readFileSync(disk).equals(data) ? code : `${code}, and the file was changed`
    }
    expect({
      tailElsewhere: changed((data) => data.writeUInt32LE(8192, MIB + 12)),
      noEntry: changed((data) => data.fill(0, MIB, MIB + 4)),
      overHeader: changed((data) => data.writeBigUInt64LE(65536n, MIB + 64 + 16)),
      overLog: changed((data) => data.writeBigUInt64LE(BigInt(MIB + 4096), MIB + 64 + 16)),
      outside: changed((data) => data.writeBigUInt64LE(2n ** 52n, MIB + 64 + 16)),
      hugeFile: changed((data) => data.writeBigUInt64LE(2n ** 60n, MIB + 56)),
      longerBefore: changed((data) => data.writeBigUInt64LE(2n ** 40n, MIB + 48)),
      tornSector: changed((data) => data.writeUInt32LE(77, MIB + 4096 + 4)),
      descriptors: changed((data) => data.writeUInt32LE(0x00ffffff, MIB + 24)),
      hugeZero: changed((data) => {
        data.write('zero', MIB + 64)
        data.writeBigUInt64LE(2n ** 50n, MIB + 72)
      }),
    }).toEqual({
      tailElsewhere: 'log-corrupt',
      noEntry: 'log-corrupt',
      overHeader: 'log-corrupt',
      overLog: 'log-corrupt',
      outside: 'log-corrupt',
      hugeFile: 'log-corrupt',
      longerBefore: 'file-too-short',
      tornSector: 'log-corrupt',
      descriptors: 'log-corrupt',
      hugeZero: 'log-corrupt',
    })
  })

  it('with a log full of entries that overlap is refused soon', () => {
    const dirty = makeDirty()
    const data = Buffer.from(dirty)
    for (let at = MIB; at < 2 * MIB; at += 4096) {
      dirty.copy(data, at, MIB, MIB + 4096)
      data.writeUInt32LE(MIB, at + 8)
      data.writeUInt32LE(1, at + 24)
    }
    expect(openedAs(data, true)).toBe('log-corrupt')
  })
})

describe('what is no ordinary file', () => {
  it('is refused without waiting for it', () => {
    mkdirSync(disk)
    expect(['not-a-file', 'access-denied']).toContain(refusedWith(tryOpen()))
    expect(refusedWith(openImage({ path: join(folder.path, 'none'), writable: false, environment }))).toBe('file-not-found')
    expect(refusedWith(openImage({ path: 'a\0b', writable: false, environment }))).toBe('file-not-found')
    if (process.platform === 'win32') return
    execFileSync('mkfifo', [join(folder.path, 'pipe')])
    expect(refusedWith(openImage({ path: join(folder.path, 'pipe'), writable: false, environment }))).toBe('not-a-file')
    expect(refusedWith(openImage({ path: '/dev/zero', writable: false, environment }))).toBe('not-a-file')
    symlinkSync('loop', join(folder.path, 'loop'))
    expect(refusedWith(openImage({ path: join(folder.path, 'loop'), writable: false, environment }))).toBe('not-a-file')
  })

  it('does not grow beyond what any disk needs', () => {
    writeFileSync(disk, '')
    const file = ImageFile.open(disk, 'write')
    expect(() => file.resize(2 ** 48)).toThrow(expect.objectContaining({ refusal: expect.objectContaining({ code: 'file-too-large' }) }))
    expect(file.size).toBe(0)
    file.close()
  })
})

it('has a sentence for every refusal, with all its values', () => {
  for (const code of Object.keys(refusalTexts) as (keyof typeof refusalTexts)[]) {
    const names = [...refusalTexts[code].sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
    const values = Object.fromEntries(names.map((name) => [name, 'x']))
    const sentence = refusalSentence({ code, values })
    expect(sentence).toMatch(/^[^?{}]+[.}]?$/)
    expect(refusalTexts[code].status).toBeGreaterThan(0x80000000)
  }
})

describe('mutated images', () => {
  const seed = Number(process.env.IMAGE_FUZZ_SEED ?? 20_261_123)
  const rounds = Number(process.env.IMAGE_FUZZ_ROUNDS ?? 60)

  it.each([
    ['vhd', 'dynamic'],
    ['vhd', 'differencing'],
    ['vhdx', 'dynamic'],
    ['vhdx', 'differencing'],
    ['vhdx', 'fixed'],
  ] as const)(
    `%s %s neither throw nor hang (seed ${seed}, ${rounds} rounds)`,
    (format, type) => {
      const random = seededRandom(seed)
      const sound = make({ format, type, size: 4 * MIB, blockSize: format === 'vhd' ? 2 * MIB : MIB })
      // Where the structures are; content is not worth changing.
      const places =
        format === 'vhd'
          ? [0, 512, 1536, 4096, 8192, sound.length - 512]
          : [...HEADER_OFFSETS, ...REGION_TABLE_OFFSETS, 2 * MIB, 2 * MIB + 64 * KIB, 3 * MIB]
      const special = [0, 1, 6, 7, 0x7f, 0x80, 0xfe, 0xff]
      let refused = 0
      for (let round = 0; round < rounds; round++) {
        const data = Buffer.from(sound)
        const changes = 1 + random(4)
        for (let i = 0; i < changes; i++) {
          const at = Math.min((places[random(places.length)] ?? 0) + random(random(3) === 0 ? 2048 : 128), data.length - 8)
          data.fill(random(3) === 0 ? random(256) : (special[random(special.length)] ?? 0), at, at + 1 + random(8))
        }
        // Most changes must get past the checksums to reach what is behind them.
        if (random(4) > 0) reseal(data, format)
        const cut = random(12) === 0 ? data.subarray(0, random(data.length)) : data
        writeSparseFile(disk, cut)
        try {
          refused += exercise() ? 0 : 1
        } catch (error) {
          throw new Error(`seed ${seed}, round ${round}`, { cause: error })
        }
      }
      expect(refused).toBeGreaterThan(rounds / 20)
      expect(refused).toBeLessThan(rounds)
    },
    30_000,
  )

  function reseal(data: Buffer, format: 'vhd' | 'vhdx'): void {
    if (format === 'vhd') {
      for (const at of [0, data.length - 512]) data.writeUInt32BE(vhdChecksum(data.subarray(at, at + 512), 64), at + 64)
      data.writeUInt32BE(vhdChecksum(data.subarray(512, 1536), 36), 548)
      return
    }
    for (const at of HEADER_OFFSETS) data.writeUInt32LE(crc32c(data.subarray(at, at + 4096), 4), at + 4)
    for (const at of REGION_TABLE_OFFSETS) data.writeUInt32LE(crc32c(data.subarray(at, at + 65536), 4), at + 4)
  }

  /** Inspects, opens, reads and writes; true when the image was accepted. */
  function exercise(): boolean {
    inspectImage({ path: disk, environment, resolve })
    inspectIso(disk)
    inspectFloppy(disk)
    const chain = openChain({ path: disk, writable: true, environment, resolve })
    if (chain.ok) chain.value.close()
    const opened = openImage({ path: disk, writable: true, environment })
    if (!opened.ok) return false
    const image = opened.value
    const sector = image.logicalSectorSize
    const data = Buffer.alloc(Math.min(image.virtualSize, 64 * KIB))
    for (const offset of [0, Math.floor(image.virtualSize / 2 / sector) * sector, image.virtualSize - data.length]) {
      if (offset + data.length <= image.virtualSize) image.read(Math.floor(offset / sector) * sector, data)
    }
    if (image.fileSize < 64 * MIB) image.write(0, Buffer.alloc(sector, 1))
    image.close()
    return true
  }
})
