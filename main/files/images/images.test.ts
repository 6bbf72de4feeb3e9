/** Single images: layout, reading and writing against a plain buffer, power loss at every write. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GIB, KIB, MIB, TIB } from './image-file.ts'
import { createImage, type ImageShape } from './new-image.ts'
import { type OpenedImage, openImage } from './open-image.ts'
import { accepted, keepFile, losePowerAfter, PowerLoss, seededRandom, temporaryFolder, testEnvironment } from './test-images.ts'
import type { ParentLink } from './types.ts'
import { batEntries } from './vhdx/layout.ts'

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

const parentLink: ParentLink = {
  linkage: '11111111-2222-4333-8444-555555555555',
  linkage2: null,
  timestamp: 0,
  paths: [
    { kind: 'relative', path: '.\\base' },
    { kind: 'absolute', path: 'C:\\VHD\\base' },
  ],
}

function create(name: string, shape: ImageShape): OpenedImage {
  const parent = shape.type === 'differencing' ? parentLink : null
  return createImage(join(folder.path, name), shape, parent, testEnvironment(), false)
}

function open(name: string, writable = false): OpenedImage {
  return accepted(openImage({ path: join(folder.path, name), writable, environment: testEnvironment() }))
}

/** What an image shows by itself, with 0xEE where its parent shows through. */
function content(image: OpenedImage): Buffer {
  const data = Buffer.alloc(image.virtualSize)
  for (let at = 0; at < data.length; ) {
    const extent = image.extentAt(at, data.length - at)
    const part = data.subarray(at, at + extent.length)
    if (extent.kind === 'data') image.read(at, part)
    else if (extent.kind === 'parent') part.fill(0xee)
    at += extent.length
  }
  return data
}

const shapes: readonly (readonly [string, ImageShape])[] = [
  ['fixed VHD', { format: 'vhd', type: 'fixed', size: 3 * MIB }],
  ['dynamic VHD', { format: 'vhd', type: 'dynamic', size: 9 * MIB + 512 }],
  ['dynamic VHD with blocks of 512 KiB', { format: 'vhd', type: 'dynamic', size: 5 * MIB + 512, blockSize: 512 * KIB }],
  ['differencing VHD', { format: 'vhd', type: 'differencing', size: 9 * MIB + 512 }],
  ['fixed VHDX', { format: 'vhdx', type: 'fixed', size: 5 * MIB + 512, blockSize: 2 * MIB }],
  ['dynamic VHDX', { format: 'vhdx', type: 'dynamic', size: 9 * MIB + 512, blockSize: MIB }],
  [
    'dynamic VHDX with 4096-byte sectors',
    { format: 'vhdx', type: 'dynamic', size: 9 * MIB + 4096, blockSize: 2 * MIB, logicalSectorSize: 4096 },
  ],
  ['differencing VHDX', { format: 'vhdx', type: 'differencing', size: 9 * MIB + 512 }],
  [
    'differencing VHDX with 4096-byte sectors',
    { format: 'vhdx', type: 'differencing', size: 5 * MIB + 4096, blockSize: MIB, logicalSectorSize: 4096 },
  ],
]

describe.each(shapes)('%s', (_, shape) => {
  it('holds what was written, now and when opened again', () => {
    const random = seededRandom(7)
    let image = create('disk', shape)
    const model = Buffer.alloc(shape.size, shape.type === 'differencing' ? 0xee : 0)
    const sector = shape.logicalSectorSize ?? 512
    expect(content(image).equals(model)).toBe(true)
    for (let round = 0; round < 60; round++) {
      const offset = random(shape.size / sector) * sector
      const most = Math.min(random(8) === 0 ? 3 * MIB : 64 * KIB, shape.size - offset)
      const length = (random(most / sector) + 1) * sector
      const data = Buffer.alloc(Math.min(length, shape.size - offset), random(4))
      if (random(5) === 0) {
        image.write(offset, data.fill(0))
      } else image.write(offset, data)
      data.copy(model, offset)
      if (random(9) === 0) {
        image.close()
        image = open('disk', true)
      }
    }
    expect(content(image).equals(model)).toBe(true)
    image.close()
    const again = open('disk')
    expect(content(again).equals(model)).toBe(true)
    expect([again.format, again.type, again.virtualSize]).toEqual([shape.format, shape.type, shape.size])
    again.close()
  })

  it('gives room without content', () => {
    const image = create('disk', shape)
    image.allocate(0, 2 * MIB + 4096)
    expect(image.extentAt(0, 4096)).toMatchObject({ kind: 'data', offset: 0, length: 4096 })
    const data = Buffer.alloc(4096, 1)
    image.read(2 * MIB, data)
    expect(data.equals(Buffer.alloc(4096))).toBe(true)
    expect(image.file.allocatedSize).toBeLessThan(700 * KIB)
    image.close()
  })

  it('is whole after the power was lost at any write', () => {
    create('disk', { ...shape, size: 3 * MIB + 4096 }).close()
    const path = join(folder.path, 'disk')
    const sector = shape.logicalSectorSize ?? 512
    const first = Buffer.alloc(2 * sector, 1)
    const second = Buffer.alloc(6 * sector, 2)
    const before = open('disk', true)
    before.write(0, first)
    before.close()
    const old = content(open('disk'))
    const restore = keepFile(path)
    const work = (image: OpenedImage) => {
      image.write(sector, second)
      image.write(2 * MIB - 4 * sector, second)
      image.flush()
      image.write(MIB, second)
      image.close()
    }
    let losses = 0
    for (let changes = 0; ; changes++) {
      restore()
      const image = open('disk', true)
      losePowerAfter(image.file, changes)
      let lost = false
      try {
        work(image)
      } catch (error) {
        if (!(error instanceof PowerLoss)) throw error
        lost = true
        image.file.close()
      }
      const after = open('disk', true)
      const found = content(after)
      // Every sector is the old one or the one that was written.
      const wanted = [sector, 2 * MIB - 4 * sector, MIB]
      for (let at = 0; at < found.length; at += sector) {
        const part = found.subarray(at, at + sector)
        const isNew = wanted.some((offset) => at >= offset && at < offset + second.length) && part.equals(second.subarray(0, sector))
        if (!isNew && !part.equals(old.subarray(at, at + sector))) expect.fail(`after ${changes} changes the sector at ${at} is wrong`)
      }
      after.close()
      if (!lost) break
      losses++
    }
    expect(losses).toBeGreaterThan(2)
  })
})

describe('layout', () => {
  it('has the sizes that the product makes', () => {
    const sizes = (
      [
        { format: 'vhd', type: 'dynamic', size: 127 * GIB },
        { format: 'vhd', type: 'fixed', size: 127 * GIB },
        { format: 'vhd', type: 'differencing', size: 20 * GIB },
        { format: 'vhdx', type: 'dynamic', size: 127 * GIB },
        { format: 'vhdx', type: 'dynamic', size: 64 * TIB },
        { format: 'vhdx', type: 'fixed', size: 127 * GIB },
        { format: 'vhdx', type: 'fixed', size: 100 * MIB },
      ] as const
    ).map((shape, index) => {
      const image = create(`disk${index}`, shape)
      image.close()
      const { size, blocks } = statSync(image.path)
      expect(blocks * 512).toBeLessThan(MIB)
      return size
    })
    expect(sizes).toEqual([0x40000, 127 * GIB + 512, 0x1c000 + 512, 4 * MIB, 20 * MIB, 127 * GIB + 4 * MIB, 104 * MIB])
  })

  it('counts table entries as the format does (formats reference 2.5)', () => {
    const entries = (size: number, blockSize: number, differencing: boolean, sectorSize = 512) =>
      batEntries({ size, blockSize, differencing, sectorSize })
    expect([
      entries(10 * GIB, 32 * MIB, false),
      entries(127 * GIB, 32 * MIB, false),
      entries(127 * GIB, 2 * MIB, true),
      entries(40 * GIB, 32 * MIB, false, 4096),
      entries(10 * GIB, MIB, false),
      entries(64 * TIB, 32 * MIB, false),
      entries(64 * TIB, 2 * MIB, true),
    ]).toEqual([322, 4095, 65_568, 1281, 10_242, 2_113_535, 33_570_816])
  })

  it('finds the far end of the largest disks', () => {
    for (const shape of [
      { format: 'vhdx', type: 'dynamic', size: 64 * TIB },
      { format: 'vhdx', type: 'differencing', size: 64 * TIB },
      { format: 'vhd', type: 'dynamic', size: 2040 * GIB },
    ] as const) {
      const image = create(`${shape.format}-${shape.type}`, shape)
      const data = Buffer.alloc(512, 5)
      image.write(shape.size - 512, data)
      const nowhere = shape.type === 'differencing' ? 'parent' : 'zero'
      expect(image.extentAt(0, shape.size)).toEqual({
        kind: nowhere,
        offset: 0,
        length: Math.floor((shape.size - 1) / image.blockSize) * image.blockSize,
        fileOffset: 0,
      })
      image.close()
      const again = open(`${shape.format}-${shape.type}`)
      const found = Buffer.alloc(512)
      again.read(shape.size - 512, found)
      expect(found.equals(data)).toBe(true)
      again.close()
    }
  })

  it('puts data of VHD blocks on 4 KiB and the footer at the end after every write', () => {
    const image = create('disk', { format: 'vhd', type: 'dynamic', size: 64 * MIB })
    for (const offset of [40 * MIB, 0, 20 * MIB]) {
      image.write(offset, Buffer.alloc(512, 1))
      expect(image.extentAt(offset, 512).fileOffset % 4096).toBe(0)
      expect(image.file.read(image.fileSize - 512, 8).toString()).toBe('conectix')
    }
    image.close()
  })

  it('gives a VHDX new ids at the first write of a session and not before', () => {
    create('disk', { format: 'vhdx', type: 'dynamic', size: 8 * MIB }).close()
    const linkage = () => {
      const image = open('disk')
      image.close()
      return image.linkage
    }
    const first = linkage()
    open('disk', true).close()
    expect(linkage()).toBe(first)
    const image = accepted(
      openImage({
        path: join(folder.path, 'disk'),
        writable: true,
        environment: { ...testEnvironment(), newId: () => 'ABCDEF00-0000-4000-8000-000000000001' },
      }),
    )
    image.write(0, Buffer.alloc(512, 1))
    image.write(4096, Buffer.alloc(512, 1))
    image.close()
    expect(linkage()).toBe('abcdef00-0000-4000-8000-000000000001')
  })

  it('refuses writes outside the disk as a mistake of the caller', () => {
    const image = create('disk', { format: 'vhd', type: 'dynamic', size: 8 * MIB })
    expect(() => image.write(8 * MIB, Buffer.alloc(512))).toThrow(RangeError)
    expect(() => image.read(100, Buffer.alloc(512))).toThrow(RangeError)
    image.close()
  })
})
