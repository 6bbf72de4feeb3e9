import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { guestProduct } from '../../main/engine/products/guests.ts'
import { proofTables } from './proof-tables.ts'

const text = proofTables()

/** Cells of the first table row that begins with these cells. */
function row(...start: readonly string[]): string[] {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`| ${start.join(' | ')} |`))
  return (line ?? '').split('|').map((cell) => cell.trim())
}

const amount = (cell: string | undefined): number => Number(cell?.replace(/[,×\s]/g, ''))

describe('docs/tables.md', () => {
  it('is what the engine counts now (npm run tables writes it anew)', () => {
    expect(readFileSync(join(import.meta.dirname, '../../docs/tables.md'), 'utf8')).toBe(text)
  })

  it('S28: the synthetic paths are at least three times as fast as the emulated ones, without an intercept', () => {
    for (const path of ['IDE with filter', 'SCSI', 'synthetic adapter, sent', 'synthetic adapter, received']) {
      const cells = row(path)
      expect(amount(cells[4]), path).toBe(0)
      expect(amount(cells.at(-2)), path).toBeGreaterThan(3)
    }
  })

  it('S63, S64, S65: XP loses its work to TPR exits, and a shadow or the driver of AMD gives it back', () => {
    const exits = (name: string, guest: string): number => amount(row(name, guest)[3])
    const xp = guestProduct('windows-xp-sp3').name
    const plain = exits('Intel without TPR shadow', xp)
    expect(plain).toBeGreaterThan(10_000)
    expect(exits('Intel with TPR shadow (FlexPriority)', xp)).toBeLessThan(plain / 100)
    expect(exits('AMD, AMD-V Optimization Driver in the guest', xp)).toBeLessThan(exits('AMD', xp) / 100)
  })

  it('S22: shadow page tables intercept, second-level translation does not', () => {
    expect(amount(row('shadow page tables')[2])).toBeGreaterThan(10_000)
    expect(amount(row('second-level translation (EPT)')[2])).toBe(0)
  })
})
