import { describe, expect, it } from 'vitest'
import { windowKind } from './windowKind.ts'

describe('windowKind', () => {
  it('opens connection windows by their machine', () => {
    expect(windowKind('?window=connect&vm=vm-7')).toEqual({ kind: 'connect', vmId: 'vm-7' })
  })

  it('is the console otherwise', () => {
    for (const query of ['', '?token=x', '?window=other&vm=a', '?window=connect', '?window=connect&vm='])
      expect(windowKind(query)).toEqual({ kind: 'console' })
  })
})
