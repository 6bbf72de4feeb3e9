/** What guests answer: one function per service over plain facts of the guest (devices reference 5.2–5.7). */
import {
  copyFlag,
  copyOperation,
  type IcBody,
  icStatus,
  kvpOperation,
  kvpPool,
  kvpType,
  shutdownFlag,
  timeFlag,
  vssFlag,
  vssOperation,
} from '../../providers/integration/protocol.ts'
import type { IcAnswerer, IcReply } from './client.ts'

const ok: IcReply = { status: icStatus.ok }

/** Returns n + 1 and the guest's application state. */
export function heartbeatAnswerer(application: () => number): IcAnswerer {
  return (body) =>
    body.kind === 'heartbeat'
      ? { status: icStatus.ok, body: { ...body, sequence: body.sequence + 1, applicationState: application() } }
      : refused
}

const refused: IcReply = { status: icStatus.failure }

export type ShutdownKind = 'powerOff' | 'restart' | 'hibernate'

/** `begin` decides: `ok`, or a refusal such as `machineLocked` (unsaved work without force). The answer goes out before the shutdown. */
export function shutdownAnswerer(begin: (kind: ShutdownKind, force: boolean, message: string) => keyof typeof icStatus): IcAnswerer {
  return (body) => {
    if (body.kind !== 'shutdown') return refused
    const { flags } = body
    const kinds: Readonly<Record<number, ShutdownKind>> = {
      0: 'powerOff',
      [shutdownFlag.restart]: 'restart',
      [shutdownFlag.hibernate]: 'hibernate',
    }
    const kind = kinds[flags & ~shutdownFlag.force]
    return kind === undefined ? refused : { status: icStatus[begin(kind, (flags & shutdownFlag.force) !== 0, body.message)] }
  }
}

/** Guest clock: `set` = now (start, restore), `sample` = for the clock discipline. Time is 100 ns since 1601. */
export function timeAnswerer(clock: { reference(): number; set(time: bigint): void; sample(time: bigint): void }): IcAnswerer {
  return (body) => {
    if (body.kind !== 'time3' && body.kind !== 'time4') return refused
    const elapsed = body.kind === 'time4' ? clock.reference() - body.referenceTime : 0
    const time = body.parentTime + BigInt(Math.max(0, Math.round(elapsed)))
    if ((body.flags & timeFlag.sync) !== 0) clock.set(time)
    else if ((body.flags & timeFlag.sample) !== 0) clock.sample(time)
    return ok
  }
}

/** Keys of pool 2 in the order of the reference; a guest may add more behind them. */
export const intrinsicKeys = [
  'FullyQualifiedDomainName',
  'IntegrationServicesVersion',
  'NetworkAddressIPv4',
  'NetworkAddressIPv6',
  'OSBuildNumber',
  'OSName',
  'OSMajorVersion',
  'OSMinorVersion',
  'OSVersion',
  'ProcessorArchitecture',
] as const

export interface KvpGuest {
  /** Items of the guest's own pools, in order. */
  intrinsic(): readonly (readonly [key: string, value: string])[]
  /** Pools that the host writes: 0 external, 3 host facts. */
  readonly pools: Map<number, Map<string, string>>
  ipInfo?(adapterId: string): (IcBody & { readonly kind: 'kvpIpInfo' }) | undefined
  setIpInfo?(info: IcBody & { readonly kind: 'kvpIpInfo' }): boolean
}

export function kvpAnswerer(guest: KvpGuest): IcAnswerer {
  const writable = (pool: number): Map<string, string> | undefined => {
    if (pool !== kvpPool.external && pool !== kvpPool.autoExternal) return undefined
    const items = guest.pools.get(pool) ?? new Map<string, string>()
    guest.pools.set(pool, items)
    return items
  }
  const itemsOf = (pool: number): readonly (readonly [string, string])[] =>
    pool === kvpPool.auto ? guest.intrinsic() : [...(guest.pools.get(pool) ?? [])]
  return (body) => {
    switch (body.kind) {
      case 'kvpEnumerate': {
        const item = itemsOf(body.pool)[body.index]
        if (item === undefined) return { status: icStatus.noMoreItems }
        const [key, value] = item
        return {
          status: icStatus.ok,
          body: { ...body, type: kvpType.string, keyBytes: 2 * key.length + 2, valueBytes: 2 * value.length + 2, key, value },
        }
      }
      case 'kvpExchange': {
        if (body.operation === kvpOperation.set) {
          const items = writable(body.pool)
          items?.set(body.key, body.value)
          return items === undefined ? refused : ok
        }
        const found = itemsOf(body.pool).find(([key]) => key === body.key)
        if (found === undefined) return { status: icStatus.notFound }
        return { status: icStatus.ok, body: { ...body, value: found[1], valueBytes: 2 * found[1].length + 2 } }
      }
      case 'kvpDelete':
        return writable(body.pool)?.delete(body.key) === true ? ok : { status: icStatus.notFound }
      case 'kvpIpInfo': {
        if (body.operation === kvpOperation.setIpInfo) return guest.setIpInfo?.(body) === true ? ok : { status: icStatus.failure }
        const info = guest.ipInfo?.(body.adapterId)
        return info === undefined ? { status: icStatus.notFound } : { status: icStatus.ok, body: info }
      }
      default:
        return refused
    }
  }
}

/** Guest backup: `freeze` may fail or take long (`later`, then {@link IcClient.answer}). */
export function vssAnswerer(guest: {
  readonly hotBackup: boolean
  readonly autoRecovery: boolean
  freeze(): 'ok' | 'failure' | 'later'
  thaw(): void
}): IcAnswerer {
  return (body) => {
    if (body.kind !== 'vss') return refused
    switch (body.operation) {
      case vssOperation.hotBackup: {
        const flags = (guest.hotBackup ? vssFlag.hotBackup : 0) | (guest.autoRecovery ? 0 : vssFlag.noAutoRecovery)
        return { status: icStatus.ok, body: { ...body, flags } }
      }
      case vssOperation.freeze: {
        const result = guest.freeze()
        return result === 'later' ? 'later' : { status: result === 'ok' ? icStatus.ok : icStatus.failure }
      }
      case vssOperation.thaw:
        guest.thaw()
        return ok
      case vssOperation.backupComplete:
      case vssOperation.autoRecover:
      case vssOperation.delete:
        return ok
      case vssOperation.deviceInfo:
        return { status: icStatus.ok, body: { ...body, flags: vssFlag.noDirectMapped } }
      default:
        return { status: icStatus.notSupported }
    }
  }
}

/** Files that arrive in the guest. */
export interface CopyTarget {
  exists(path: string): boolean
  folderExists(path: string): boolean
  /** Free bytes of the guest's volume. */
  freeBytes(): number
  done(path: string, name: string, bytes: number): void
}

export function copyAnswerer(target: CopyTarget): IcAnswerer {
  let current: { readonly path: string; readonly name: string; readonly size: number; written: number } | undefined
  return (body) => {
    if (body.kind === 'copyStart') {
      current = undefined
      const full = `${body.path}\\${body.name}`
      if ((body.flags & copyFlag.overwrite) === 0 && target.exists(full)) return { status: icStatus.exists }
      if ((body.flags & copyFlag.createPath) === 0 && !target.folderExists(body.path)) return { status: icStatus.invalidArgument }
      if (body.size > target.freeBytes()) return { status: icStatus.diskFull }
      current = { path: body.path, name: body.name, size: body.size, written: 0 }
      return ok
    }
    if (current === undefined) return refused
    if (body.kind === 'copyWrite') {
      if (body.offset !== current.written || current.written + body.bytes > current.size) return { status: icStatus.invalidArgument }
      current.written += body.bytes
      return ok
    }
    if (body.kind !== 'copyOther') return refused
    const { path, name, written, size } = current
    current = undefined
    if (body.operation === copyOperation.cancel) return ok
    if (written !== size) return refused
    target.done(path, name, written)
    return ok
  }
}
