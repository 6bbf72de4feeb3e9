/** Shapes of saved rows, checked before anything is made from them: what stands in a lab's file may be damaged. */

export type Shape =
  | { readonly kind: 'number' | 'text' | 'flag' | 'hex' }
  /** Exactly one of these values. */
  | { readonly kind: 'one'; readonly values: readonly (string | number)[] }
  | { readonly kind: 'list'; readonly item: Shape }
  | { readonly kind: 'tuple'; readonly items: readonly Shape[] }
  | { readonly kind: 'fields'; readonly fields: Readonly<Record<string, Shape>> }
  /** May be missing or null. */
  | { readonly kind: 'optional'; readonly shape: Shape }
  /** One of several; the first that fits counts. */
  | { readonly kind: 'either'; readonly shapes: readonly Shape[] }
  /** A row that is checked by whoever reads it. */
  | { readonly kind: 'whatever' }

export const number: Shape = { kind: 'number' }
export const text: Shape = { kind: 'text' }
export const flag: Shape = { kind: 'flag' }
export const hex: Shape = { kind: 'hex' }
export const whatever: Shape = { kind: 'whatever' }
export const one = (...values: readonly (string | number)[]): Shape => ({ kind: 'one', values })
export const list = (item: Shape): Shape => ({ kind: 'list', item })
export const tuple = (...items: readonly Shape[]): Shape => ({ kind: 'tuple', items })
export const fields = (of: Readonly<Record<string, Shape>>): Shape => ({ kind: 'fields', fields: of })
export const optional = (shape: Shape): Shape => ({ kind: 'optional', shape })
export const either = (...shapes: readonly Shape[]): Shape => ({ kind: 'either', shapes })

/** Undefined when `value` has the shape, or a sentence that names the first place where it has not. */
export function shapeFault(shape: Shape, value: unknown, at = 'the row'): string | undefined {
  switch (shape.kind) {
    case 'whatever':
      return undefined
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : `${at} is no number`
    case 'text':
      return typeof value === 'string' ? undefined : `${at} is no text`
    case 'flag':
      return typeof value === 'boolean' ? undefined : `${at} is neither true nor false`
    case 'hex':
      return typeof value === 'string' && value.length % 2 === 0 && /^[0-9a-f]*$/i.test(value) ? undefined : `${at} is no hexadecimal text`
    case 'one':
      return shape.values.some((known) => known === value) ? undefined : `${at} is ${shown(value)}`
    case 'optional':
      return value === undefined || value === null ? undefined : shapeFault(shape.shape, value, at)
    case 'list':
      if (!Array.isArray(value)) return `${at} is no list`
      return firstFault(value, (item, index) => shapeFault(shape.item, item, `${at}, entry ${index + 1}`))
    case 'tuple':
      if (!Array.isArray(value) || value.length !== shape.items.length) return `${at} has not ${shape.items.length} parts`
      return firstFault(shape.items, (item, index) => shapeFault(item, value[index], `${at}, part ${index + 1}`))
    case 'fields':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${at} has no fields`
      return firstFault(Object.entries(shape.fields), ([name, field]) => shapeFault(field, (value as Record<string, unknown>)[name], name))
    case 'either':
      return shape.shapes.some((candidate) => shapeFault(candidate, value) === undefined) ? undefined : `${at} is ${shown(value)}`
  }
}

function shown(value: unknown): string {
  const written = JSON.stringify(value) ?? 'missing'
  return written.length > 40 ? `${written.slice(0, 40)}…` : written
}

function firstFault<T>(items: readonly T[], check: (item: T, index: number) => string | undefined): string | undefined {
  for (const [index, item] of items.entries()) {
    const fault = check(item, index)
    if (fault !== undefined) return fault
  }
  return undefined
}
