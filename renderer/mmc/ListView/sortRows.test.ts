import { describe, expect, it } from 'vitest'
import { nearestGap } from './ListHeader.tsx'
import type { ListColumn } from './listViewTypes.ts'
import { sortRows, typeAheadIndex } from './sortRows.ts'

interface Row {
  readonly name: string
  readonly cpu: number | null
}

const byName: ListColumn<Row> = { id: 'name', header: 'Name', width: 10, text: (row) => row.name }
const byCpu: ListColumn<Row> = { ...byName, id: 'cpu', text: (row) => `${row.cpu} %`, sortValue: (row) => row.cpu }
const rows: readonly Row[] = [
  { name: 'web2', cpu: 4 },
  { name: 'DC01', cpu: null },
  { name: 'app', cpu: 22 },
  { name: 'Web1', cpu: 4 },
]
const names = (sorted: readonly Row[]): string => sorted.map(({ name }) => name).join(' ')

describe('sortRows', () => {
  it('sorts text without regard to case', () => {
    expect(names(sortRows(rows, byName, 'ascending'))).toBe('app DC01 Web1 web2')
    expect(names(sortRows(rows, byName, 'descending'))).toBe('web2 Web1 DC01 app')
  })
  it('sorts values, nothing first, and keeps the order of equal rows both ways', () => {
    expect(names(sortRows(rows, byCpu, 'ascending'))).toBe('DC01 web2 Web1 app')
    expect(names(sortRows(rows, byCpu, 'descending'))).toBe('app web2 Web1 DC01')
  })
  it('sorts other alphabets in their order', () => {
    const german = ['Zug', 'Äpfel', 'Apfel', 'Öl'].map((name) => ({ name, cpu: 0 }))
    expect(names(sortRows(german, byName, 'ascending'))).toBe('Äpfel Apfel Öl Zug')
  })
  it('sorts mixed and missing values, nothing first', () => {
    const mixed: ListColumn<Row> = { ...byName, sortValue: ({ name, cpu }) => (cpu === null ? null : cpu === 22 ? true : name) }
    expect(names(sortRows(rows, mixed, 'ascending')).split(' ')[0]).toBe('DC01')
    const flags: ListColumn<Row> = { ...byName, sortValue: ({ cpu }) => cpu === 4 }
    expect(names(sortRows(rows, flags, 'ascending'))).toBe('DC01 app web2 Web1')
  })
  it('uses a comparator when there is one', () => {
    const byLength: ListColumn<Row> = { ...byName, compare: (a, b) => a.name.length - b.name.length }
    expect(names(sortRows(rows, byLength, 'ascending'))).toBe('app web2 DC01 Web1')
  })
  it('leaves the rows alone without a column', () => {
    expect(sortRows(rows, undefined, 'ascending')).toBe(rows)
  })
})

describe('typeAheadIndex', () => {
  const texts = ['APP01', 'DC01', 'DC02', 'SQL01']
  it('finds the next beginning, wrapping around', () => {
    expect([typeAheadIndex(texts, 'd', 0), typeAheadIndex(texts, 'd', 1), typeAheadIndex(texts, 'd', 2)]).toEqual([1, 2, 1])
    expect(typeAheadIndex(texts, 'a', 3)).toBe(0)
  })
  it('walks on for a repeated letter, stays for a longer text', () => {
    expect(typeAheadIndex(texts, 'dd', 1)).toBe(2)
    expect(typeAheadIndex(texts, 'dc', 1)).toBe(1)
    expect(typeAheadIndex(texts, 'dc02', 1)).toBe(2)
    expect(typeAheadIndex(texts, 'x', 1)).toBe(-1)
  })
})

describe('nearestGap', () => {
  it('is the closest column border', () => {
    expect([0, 60, 140, 900].map((x) => nearestGap([0, 100, 200], x))).toEqual([0, 1, 1, 2])
  })
})
