/**
 * Expected failures are values.
 *
 * A refusal names what was refused (code), which rule of the product decided (an id of the rule catalogue, where one applies) and the values
 * that decided it, so that a page can put the product's sentence together and a learner can ask "why not?". Bugs are exceptions instead.
 */
export interface Refusal<Code extends string = string> {
  readonly code: Code
  /** Rule id such as `S34`; absent when no numbered rule decided. */
  readonly rule?: string
  /** The values that decided: names, limits, measured amounts. */
  readonly values: Readonly<Record<string, string | number | boolean>>
}

export type Result<T, Code extends string = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal<Code> }

/** A success carrying `value`. */
export function succeed<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

/** A refusal; `rule` is the id of the rule that decided, if one did. */
export function refuse<Code extends string>(
  code: Code,
  values: Refusal['values'] = {},
  rule?: string,
): { readonly ok: false; readonly refusal: Refusal<Code> } {
  return { ok: false, refusal: rule === undefined ? { code, values } : { code, rule, values } }
}

/** Ends the program visibly when something that cannot happen has happened. Stays on in production. */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${what}`)
}

/** Marks a switch over a union as complete. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`)
}
