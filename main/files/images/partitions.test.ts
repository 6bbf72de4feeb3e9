import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { MIB } from './image-file.ts'
import { movedGpt, partitionEnd } from './partitions.ts'

const SIZE = 64 * MIB

function reader(disk: Buffer) {
  return (offset: number, length: number) => Buffer.from(disk.subarray(offset, offset + length))
}

/** A disk with one partition from 1 MiB to 17 MiB, as the tools of Windows lay it out. */
function gptDisk(): Buffer {
  const disk = Buffer.alloc(SIZE)
  disk.writeUInt8(0xee, 450)
  disk.writeUInt16LE(0xaa55, 510)
  const entries = disk.subarray(1024, 1024 + 128 * 128)
  entries.fill(7, 0, 32)
  entries.writeBigUInt64LE(2048n, 32)
  entries.writeBigUInt64LE(17n * 2048n - 1n, 40)
  const header = disk.subarray(512, 1024)
  header.write('EFI PART')
  header.writeUInt32LE(0x10000, 8)
  header.writeUInt32LE(92, 12)
  header.writeBigUInt64LE(1n, 24)
  header.writeBigUInt64LE(BigInt(SIZE / 512 - 1), 32)
  header.writeBigUInt64LE(34n, 40)
  header.writeBigUInt64LE(BigInt(SIZE / 512 - 34), 48)
  header.writeBigUInt64LE(2n, 72)
  header.writeUInt32LE(128, 80)
  header.writeUInt32LE(128, 84)
  header.writeUInt32LE(crc32(entries), 88)
  header.writeUInt32LE(crc32(header.subarray(0, 92)), 16)
  return disk
}

describe('partition tables', () => {
  it('tell where the last partition ends', () => {
    expect(partitionEnd(reader(gptDisk()), SIZE, 512)).toEqual({ style: 'gpt', end: 17 * MIB, trailer: 33 * 512 })
    expect(partitionEnd(reader(Buffer.alloc(SIZE)), SIZE, 512)).toBeNull()
  })

  it('that are damaged tell nothing', () => {
    for (const at of [512, 520, 540, 1030]) {
      const disk = gptDisk()
      disk.writeUInt8((disk.readUInt8(at) + 1) & 0xff, at)
      expect(partitionEnd(reader(disk), SIZE, 512)).toBeNull()
    }
  })

  it('fit a smaller disk after they were moved', () => {
    const disk = gptDisk()
    const size = 32 * MIB
    for (const { offset, data } of movedGpt(reader(disk), SIZE, size, 512)) data.copy(disk, offset)
    const small = disk.subarray(0, size)
    expect(partitionEnd(reader(small), size, 512)).toEqual({ style: 'gpt', end: 17 * MIB, trailer: 33 * 512 })
    const backup = small.subarray(size - 512)
    expect([backup.toString('latin1', 0, 8), backup.readBigUInt64LE(24), backup.readBigUInt64LE(32), backup.readBigUInt64LE(72)]).toEqual([
      'EFI PART',
      BigInt(size / 512 - 1),
      1n,
      BigInt(size / 512 - 33),
    ])
    expect(small.subarray(size - 33 * 512, size - 512).equals(small.subarray(1024, 1024 + 128 * 128))).toBe(true)
  })
})
