import { describe, expect, it } from 'vitest'
import { formatCpu, formatDateTime, formatMemory, formatUptime, instantOf } from './formats.ts'

const SECOND = 10_000_000

describe('formats', () => {
  it('writes processor use with a space before the sign', () => {
    expect([0, 3, 12.9, 100, -1].map(formatCpu)).toEqual(['0 %', '3 %', '12 %', '100 %', '0 %'])
  })

  it('writes memory in whole megabytes and leaves out what is not known', () => {
    expect([1024, 784.4, 0, null, -1].map(formatMemory)).toEqual(['1024 MB', '784 MB', '0 MB', '', ''])
  })

  it('writes uptime without and with days', () => {
    expect(formatUptime(0)).toBe('00:00:00')
    expect(formatUptime(11 * SECOND + 9_999_999)).toBe('00:00:11')
    expect(formatUptime(86_399 * SECOND)).toBe('23:59:59')
    expect(formatUptime((3 * 86_400 + 4 * 3600 + 15 * 60 + 9) * SECOND)).toBe('3.04:15:09')
    expect(formatUptime(-5 * SECOND)).toBe('00:00:00')
  })

  it('writes date and time as a United States host does', () => {
    const start = Date.UTC(2026, 10, 23, 9, 41, 0)
    expect(formatDateTime(start)).toBe('11/23/2026 9:41:00 AM')
    expect(formatDateTime(instantOf(start, 3 * 3600 * SECOND))).toBe('11/23/2026 12:41:00 PM')
    expect(formatDateTime(Date.UTC(2026, 0, 1, 0, 5, 7))).toBe('1/1/2026 12:05:07 AM')
  })

  it('counts the time before the start of the lab backwards', () => {
    expect(formatDateTime(instantOf(Date.UTC(2026, 10, 23, 0, 0, 0), -SECOND))).toBe('11/22/2026 11:59:59 PM')
  })
})
