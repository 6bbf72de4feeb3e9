/** Intercepts that a parent has installed on a partition (hypervisor reference 1.7). */
import { type InterceptAccess, InterceptType } from './types.ts'

/** HV_INTERCEPT_ACCESS bits. */
export const AccessMask: Readonly<Record<InterceptAccess, number>> = { read: 1, write: 2, execute: 4 }

export interface InstalledIntercept {
  readonly type: InterceptType
  readonly parameter: number
  readonly accessMask: number
}

/** Access masks that each type allows: ports are read and write together, CPUID and exceptions execute only. */
const ALLOWED: ReadonlyMap<InterceptType, readonly number[]> = new Map([
  [InterceptType.IoPort, [0, 3]],
  [InterceptType.IoPortRange, [0, 1, 2, 3]],
  [InterceptType.Msr, [0, 1, 2, 3]],
  [InterceptType.MsrIndex, [0, 1, 2, 3]],
  [InterceptType.Cpuid, [0, 4]],
  [InterceptType.GlobalCpuid, [0, 4]],
  [InterceptType.Exception, [0, 4]],
  [InterceptType.Hypercall, [0, 4]],
  [InterceptType.ApicEoi, [0, 2]],
  [InterceptType.ApicWrite, [0, 2]],
  [InterceptType.ApicSmi, [0, 4]],
  [InterceptType.ApicInitSipi, [0, 4]],
])

const TYPES: ReadonlySet<number> = new Set(Object.values(InterceptType))

export class InterceptTable {
  readonly #installed = new Map<string, InstalledIntercept>()

  /** False when the combination is not legal. Mask 0 removes the intercept. */
  install(intercept: InstalledIntercept): boolean {
    const { type, parameter, accessMask } = intercept
    if (!TYPES.has(type) || !(ALLOWED.get(type) ?? [0, 1, 2, 3, 4, 7]).includes(accessMask)) return false
    if (!Number.isInteger(parameter) || parameter < 0 || parameter > 0xffff_ffff) return false
    if (type === InterceptType.IoPort && parameter > 0xffff) return false
    if (type === InterceptType.IoPortRange && parameter >>> 16 < (parameter & 0xffff)) return false
    const key = `${type}/${parameter}`
    if (accessMask === 0) this.#installed.delete(key)
    else this.#installed.set(key, intercept)
    return true
  }

  get list(): readonly InstalledIntercept[] {
    return [...this.#installed.values()]
  }

  /** True when the access goes to the parent. */
  has(type: InterceptType, parameter: number, access: InterceptAccess): boolean {
    const mask = AccessMask[access]
    const exact = this.#installed.get(`${type}/${parameter}`)
    if (exact !== undefined && (exact.accessMask & mask) !== 0) return true
    if (type === InterceptType.IoPort) return this.#inRange(parameter, mask)
    if (type === InterceptType.MsrIndex) return ((this.#installed.get(`${InterceptType.Msr}/0`)?.accessMask ?? 0) & mask) !== 0
    if (type === InterceptType.Cpuid) return this.#installed.has(`${InterceptType.GlobalCpuid}/0`)
    return false
  }

  clear(): void {
    this.#installed.clear()
  }

  #inRange(port: number, mask: number): boolean {
    for (const { type, parameter, accessMask } of this.#installed.values()) {
      if (type !== InterceptType.IoPortRange || (accessMask & mask) === 0) continue
      if (port >= (parameter & 0xffff) && port <= parameter >>> 16) return true
    }
    return false
  }
}
