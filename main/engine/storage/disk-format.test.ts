import { describe, expect, it } from 'vitest'
import { blockCount, chunkBlocks, type DiskGeometry, defaultBlockBytes, newFileBytes, tableEntries } from './disk-format.ts'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

const geometry = (format: 'vhd' | 'vhdx', type: DiskGeometry['type'], capacityBytes: number): DiskGeometry => ({
  format,
  type,
  capacityBytes,
  blockBytes: defaultBlockBytes(format, type),
})

describe('sizes of virtual disk files', () => {
  // Formats reference 2.5 and 1.7.
  it.each([
    ['vhdx', 'dynamic', 10 * GIB, 320, 322, 4 * MIB],
    ['vhdx', 'dynamic', 127 * GIB, 4064, 4095, 4 * MIB],
    ['vhdx', 'differencing', 127 * GIB, 65_024, 65_568, 4 * MIB],
    ['vhdx', 'dynamic', 1024 * GIB, 32_768, 33_023, 4 * MIB],
    ['vhdx', 'dynamic', 65_536 * GIB, 2_097_152, 2_113_535, 20 * MIB],
    ['vhdx', 'differencing', 65_536 * GIB, 33_554_432, 33_570_816, 260 * MIB],
    ['vhdx', 'fixed', 10 * GIB, 320, 322, 10 * GIB + 4 * MIB],
    ['vhd', 'dynamic', 127 * GIB, 65_024, 65_024, 262_144],
    ['vhd', 'fixed', 10 * GIB, 5120, 5120, 10 * GIB + 512],
  ] as const)('%s %s of %d bytes: %d blocks, %d table entries, %d bytes when new', (format, type, capacity, blocks, entries, bytes) => {
    const disk = geometry(format, type, capacity)
    expect([blockCount(disk), tableEntries(disk), newFileBytes(disk)]).toEqual([blocks, entries, bytes])
  })

  it('has a bitmap block per 128 blocks of 32 MiB and per 2,048 of 2 MiB', () => {
    expect(chunkBlocks(geometry('vhdx', 'dynamic', GIB))).toBe(128)
    expect(chunkBlocks(geometry('vhdx', 'differencing', GIB))).toBe(2048)
  })
})
