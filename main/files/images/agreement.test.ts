/**
 * Agreement with other programs.
 *
 * The images in `fixtures` were made by qemu-img 7.2 from 3 MiB of zeros with the patches below (`qemu-img convert -f raw -O vpc|vhdx -o …`, the
 * options in the names), the ISO images by xorriso 1.5.4 with `-V`, `-J`, `-b … -no-emul-boot`, `-eltorito-alt-boot -e …`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFloppy, FLOPPY_BYTES, inspectFloppy } from './floppy.ts'
import { GIB, MIB } from './image-file.ts'
import { inspectImage } from './inspect.ts'
import { inspectIso } from './iso.ts'
import { openImage } from './open-image.ts'
import { compact } from './operations/compact.ts'
import { convert } from './operations/convert.ts'
import { createBlank } from './operations/create.ts'
import { expand, shrink } from './operations/resize.ts'
import { folderResolver } from './resolver.ts'
import { accepted, finished, refusedWith, temporaryFolder, testEnvironment } from './test-images.ts'

const isInstalled = (tool: string, argument: string) => spawnSync(tool, [argument], { stdio: 'ignore' }).status === 0
const hasQemu = isInstalled('qemu-img', '--version')
const isoTool = ['xorriso', 'genisoimage'].find((tool) => isInstalled(tool, '--version'))

const PATCHES = [
  { offset: 0, length: 3000, value: 1 },
  { offset: MIB - 512, length: 1024, value: 2 },
  { offset: 2.5 * MIB, length: 65_536, value: 3 },
]

let folder: ReturnType<typeof temporaryFolder>
const environment = testEnvironment()
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

const at = (name: string) => join(folder.path, name)
const resolve = (request: Parameters<ReturnType<typeof folderResolver>>[0]) => folderResolver({ root: folder.path })(request)

function patched(size: number): Buffer {
  const data = Buffer.alloc(size)
  for (const { offset, length, value } of PATCHES) data.fill(value, offset, offset + length)
  return data
}

function unpack(name: string): string {
  writeFileSync(at(name), gunzipSync(readFileSync(join(import.meta.dirname, 'fixtures', `${name}.gz`))))
  return at(name)
}

function content(path: string): Buffer {
  const image = accepted(openImage({ path, writable: false, environment }))
  const data = Buffer.alloc(image.virtualSize)
  image.read(0, data)
  image.close()
  return data
}

describe('images made by qemu-img', () => {
  // Without force_size, qemu rounds the size of a VHD up to its geometry.
  const rounded = 3_168_256
  it.each([
    ['qemu-fixed.vhd', 'vhd', 'fixed', rounded, 0],
    ['qemu-fixed-forced.vhd', 'vhd', 'fixed', 3 * MIB, 0],
    ['qemu-dynamic.vhd', 'vhd', 'dynamic', rounded, 2 * MIB],
    ['qemu-dynamic-forced.vhd', 'vhd', 'dynamic', 3 * MIB, 2 * MIB],
    ['qemu-fixed.vhdx', 'vhdx', 'fixed', 3 * MIB, MIB],
    ['qemu-dynamic.vhdx', 'vhdx', 'dynamic', 3 * MIB, 8 * MIB],
    ['qemu-dynamic-1m.vhdx', 'vhdx', 'dynamic', 3 * MIB, MIB],
    ['qemu-dynamic-log-2m.vhdx', 'vhdx', 'dynamic', 3 * MIB, 8 * MIB],
  ] as const)('%s: are inspected, read, written, compacted and converted', async (name, format, type, maximumSize, blockSize) => {
    const path = unpack(name)
    const inspection = accepted(inspectImage({ path, environment, resolve }))
    expect(inspection).toMatchObject({
      format,
      type,
      maximumSize,
      blockSize,
      parent: null,
      fileSize: statSync(path).size,
      logicalSectorSize: 512,
    })
    expect(inspection.identifier).toMatch(/^[0-9a-f-]{36}$/)
    const wanted = patched(maximumSize)
    expect(content(path).equals(wanted)).toBe(true)
    const image = accepted(openImage({ path, writable: true, environment }))
    const data = Buffer.alloc(8192, 9)
    image.write(2 * MIB - 4096, data)
    image.close()
    data.copy(wanted, 2 * MIB - 4096)
    expect(content(path).equals(wanted)).toBe(true)
    if (type === 'dynamic') await finished(compact({ path, environment }))
    expect(content(path).equals(wanted)).toBe(true)
    await finished(convert({ path: at('other.vhdx'), format: 'vhdx', type: 'fixed', source: path, resolve, environment }))
    expect(content(at('other.vhdx')).equals(wanted)).toBe(true)
  })
})

describe.skipIf(!hasQemu)('with qemu-img installed', () => {
  const qemu = (...args: string[]) => execFileSync('qemu-img', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const driver = (format: 'vhd' | 'vhdx') => (format === 'vhd' ? 'vpc' : 'vhdx')
  const agree = (format: 'vhd' | 'vhdx', path: string, raw: Buffer) => {
    writeFileSync(at('raw'), raw)
    const info: unknown = JSON.parse(qemu('info', '-f', driver(format), '--output=json', path))
    expect(info).toMatchObject({ format: driver(format), 'virtual-size': raw.length })
    expect(qemu('compare', '-f', driver(format), '-F', 'raw', path, at('raw'))).toContain('identical')
    // qemu-img has no check for VHD.
    if (format === 'vhdx') expect(qemu('check', '-f', 'vhdx', path)).toContain('No errors')
  }

  it.each([
    ['vhd', 'fixed', 20 * MIB],
    ['vhd', 'dynamic', 20 * MIB + 512],
    ['vhdx', 'fixed', 20 * MIB],
    ['vhdx', 'dynamic', 20 * MIB],
  ] as const)(
    '%s %s made, written, compacted, expanded and shrunk here reads the same there',
    async (format, type, size) => {
      const path = at('disk')
      await finished(createBlank({ path, format, type, size, environment, ...(format === 'vhdx' ? { blockSize: MIB } : {}) }))
      agree(format, path, Buffer.alloc(size))
      const image = accepted(openImage({ path, writable: true, environment }))
      const wanted = patched(size)
      for (const { offset, length } of PATCHES) {
        const from = Math.floor(offset / 512) * 512
        image.write(from, wanted.subarray(from, Math.ceil((offset + length) / 512) * 512))
      }
      image.write(size - 4096, Buffer.alloc(4096, 4))
      wanted.fill(4, size - 4096)
      image.close()
      agree(format, path, wanted)
      if (type === 'dynamic') await finished(compact({ path, environment }))
      agree(format, path, wanted)
      const grown = Buffer.concat([wanted, Buffer.alloc(90 * MIB - size)])
      await finished(expand({ path, size: grown.length, resolve, environment }))
      agree(format, path, grown)
      if (format === 'vhd') return
      await finished(shrink({ path, size: 4 * MIB, minimumSize: MIB, resolve, environment }))
      agree(format, path, grown.subarray(0, 4 * MIB))
    },
    20_000,
  )

  it.each(['vhd', 'vhdx'] as const)('%s: converts both ways with equal content', async (format) => {
    const wanted = patched(17 * MIB)
    writeFileSync(at('raw'), wanted)
    const option = format === 'vhd' ? ['-o', 'force_size=on'] : []
    qemu('convert', '-f', 'raw', '-O', driver(format), ...option, at('raw'), at('theirs'))
    expect(content(at('theirs')).equals(wanted)).toBe(true)
    const other = format === 'vhd' ? 'vhdx' : 'vhd'
    await finished(convert({ path: at('ours'), format: other, type: 'dynamic', source: at('theirs'), resolve, environment }))
    qemu('convert', '-f', driver(other), '-O', 'raw', at('ours'), at('back'))
    expect(readFileSync(at('back')).equals(wanted)).toBe(true)
  })

  it('reads the largest disks', async () => {
    await finished(createBlank({ path: at('vhdx'), format: 'vhdx', type: 'dynamic', size: 64 * 1024 * GIB, environment }))
    expect(JSON.parse(qemu('info', '-f', 'vhdx', '--output=json', at('vhdx')))).toMatchObject({ 'virtual-size': 64 * 1024 * GIB })
    await finished(createBlank({ path: at('vhd'), format: 'vhd', type: 'dynamic', size: 2040 * GIB, environment }))
    expect(JSON.parse(qemu('info', '-f', 'vpc', '--output=json', at('vhd')))).toMatchObject({ 'virtual-size': 2040 * GIB })
  })
})

describe('ISO images', () => {
  it('made by xorriso tell label, size and what they boot', () => {
    expect(accepted(inspectIso(unpack('xorriso-bios-uefi.iso')))).toMatchObject({
      label: 'INSTALL_MEDIA',
      isoLabel: 'INSTALL_MEDIA',
      jolietLabel: 'INSTALL_MEDIA',
      udfLabel: null,
      fileSize: 397_312,
      bootEntries: [
        { platform: 'bios', bootable: true, emulation: 'none', sectors: 4 },
        { platform: 'uefi', bootable: true, emulation: 'none', sectors: 32 },
      ],
      bootsBios: true,
      bootsUefi: true,
    })
    expect(accepted(inspectIso(unpack('xorriso-plain.iso')))).toMatchObject({
      label: 'PLAIN',
      jolietLabel: null,
      bootEntries: [],
      bootsBios: false,
      bootsUefi: false,
    })
  })

  it('are refused when they are cut off or something else', () => {
    const data = readFileSync(unpack('xorriso-plain.iso'))
    writeFileSync(at('cut'), data.subarray(0, 100_000))
    writeFileSync(at('noise'), Buffer.alloc(100_000, 1))
    expect([refusedWith(inspectIso(at('cut'))), refusedWith(inspectIso(at('noise'))), refusedWith(inspectIso(at('none')))]).toEqual([
      'file-too-short',
      'iso-invalid',
      'file-not-found',
    ])
  })

  it('with UDF show its label', () => {
    // A UDF bridge has its recognition sequence behind the ISO descriptors, an anchor at sector 256 and a volume descriptor where that points.
    const data = Buffer.concat([readFileSync(unpack('xorriso-plain.iso')), Buffer.alloc(400 * 2048)])
    const end = [16, 17, 18, 19].find((sector) => data.readUInt8(sector * 2048) === 255) ?? 0
    ;['BEA01', 'NSR02', 'TEA01'].forEach((id, index) => {
      data.fill(0, (end + 1 + index) * 2048, (end + 2 + index) * 2048).write(id, (end + 1 + index) * 2048 + 1)
    })
    const tag = (sector: number, id: number, fill: (descriptor: Buffer) => void) => {
      const descriptor = data.subarray(sector * 2048, (sector + 1) * 2048).fill(0)
      fill(descriptor)
      descriptor.writeUInt16LE(id, 0)
      descriptor.writeUInt8(descriptor.subarray(0, 16).reduce((sum, byte) => sum + byte, 0) & 0xff, 4)
    }
    tag(256, 2, (anchor) => {
      anchor.writeUInt32LE(16 * 2048, 16)
      anchor.writeUInt32LE(300, 20)
    })
    tag(300, 6, (volume) => {
      volume.write('\x08SSS_X64FREE_EN-US_DV9', 84, 'latin1')
      volume.writeUInt8(22, 211)
    })
    writeFileSync(at('udf'), data)
    expect(accepted(inspectIso(at('udf')))).toMatchObject({ label: 'SSS_X64FREE_EN-US_DV9', isoLabel: 'PLAIN' })
  })

  it.skipIf(isoTool === undefined)('made just now by xorriso or genisoimage are read', () => {
    mkdirSync(at('tree'))
    writeFileSync(at('tree/boot.img'), Buffer.alloc(2048))
    const mode = isoTool === 'xorriso' ? ['-as', 'mkisofs'] : []
    const args = [...mode, '-quiet', '-o', at('new.iso'), '-V', 'MADE_NOW', '-J', '-b', 'boot.img', '-no-emul-boot', at('tree')]
    execFileSync(isoTool ?? '', args, { stdio: 'ignore' })
    expect(accepted(inspectIso(at('new.iso')))).toMatchObject({ label: 'MADE_NOW', bootsBios: true, bootsUefi: false })
  })
})

describe('floppies', () => {
  it('have 1,474,560 bytes', () => {
    accepted(createFloppy(at('new.vfd')))
    expect(statSync(at('new.vfd')).size).toBe(FLOPPY_BYTES)
    expect(accepted(inspectFloppy(at('new.vfd')))).toEqual({ size: 1_474_560, label: null, formatted: false })
    expect(refusedWith(createFloppy(at('new.vfd')))).toBe('file-exists')
    const data = Buffer.alloc(FLOPPY_BYTES)
    data.writeUInt16LE(0xaa55, 510)
    data.write('DRIVERS    FAT12   ', 43)
    writeFileSync(at('formatted.vfd'), data)
    expect(accepted(inspectFloppy(at('formatted.vfd')))).toEqual({ size: 1_474_560, label: 'DRIVERS', formatted: true })
    writeFileSync(at('short.vfd'), data.subarray(512))
    expect(refusedWith(inspectFloppy(at('short.vfd')))).toBe('floppy-invalid')
  })
})
