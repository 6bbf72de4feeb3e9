import { expect, it } from 'vitest'
import { GIB, MIB } from '../image-file.ts'
import { chsGeometry } from './geometry.ts'

it('computes cylinders, heads and sectors as the specification does (formats reference 1.3)', () => {
  const sizes = [3 * MIB, 64 * MIB, 127 * MIB, GIB, 10 * GIB, 40 * GIB, 127 * GIB, 128 * GIB, 2040 * GIB]
  const text = sizes.map((size) => {
    const { cylinders, heads, sectorsPerTrack } = chsGeometry(size)
    return `${cylinders}/${heads}/${sectorsPerTrack}`
  })
  expect(text).toEqual([
    '90/4/17',
    '963/8/17',
    '1019/15/17',
    '2080/16/63',
    '20805/16/63',
    '20560/16/255',
    '65278/16/255',
    '65535/16/255',
    '65535/16/255',
  ])
})
