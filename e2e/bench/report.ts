/** Figures of a bench run: a table for people and JSON for programs. A budget that is missed is said, not hidden. */

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** From the design; null when it names none. */
  readonly budget: { readonly bound: number; readonly kind: 'at most' | 'at least' } | null
  /** How it was measured, where the name does not say it. */
  readonly note: string
}

export function figure(
  name: string,
  value: number,
  unit: string,
  bound: number | null = null,
  kind: 'at most' | 'at least' = 'at most',
  note = '',
): Figure {
  return { name, value, unit, budget: bound === null ? null : { bound, kind }, note }
}

export function isMet({ value, budget }: Figure): boolean {
  if (budget === null) return true
  return budget.kind === 'at most' ? value <= budget.bound : value >= budget.bound
}

/** Three significant digits are what these measurements are worth. */
function text(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))
}

export function table(figures: readonly Figure[]): string {
  const rows = figures.map((one) => [
    one.name,
    `${text(one.value)} ${one.unit}`,
    one.budget ? `${one.budget.kind} ${text(one.budget.bound)} ${one.unit}` : '-',
    one.budget === null ? '' : isMet(one) ? 'met' : 'NOT MET',
    one.note,
  ])
  const all = [['figure', 'measured', 'budget', '', 'how'], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1))] ?? Number.NaN
}
