/**
 * Catalogue of guest systems. Rules ask this catalogue; no version number of a guest appears in an `if` elsewhere.
 *
 * A system whose integration services are installable has a second key with the suffix `+services`: the same system with them installed.
 */
import { invariant } from '../kernel/result.ts'
import type { GuestProduct } from './guests/types.ts'
import { UNIX_SYSTEMS } from './guests/unix.ts'
import { CLASSIC_SERVICES } from './guests/windows-base.ts'
import { WINDOWS_CLIENTS } from './guests/windows-clients.ts'
import { WINDOWS_SERVERS } from './guests/windows-servers.ts'

export type {
  ConsoleTheme,
  GuestDurations,
  GuestFamily,
  GuestProduct,
  Integration,
  IntegrationService,
  MsRange,
  ScreenSize,
  SetupDurations,
  SignInStyle,
  SyntheticDriver,
  VmbusVersion,
} from './guests/types.ts'

const WITH_SERVICES = '+services'

const SERVICES_DRIVERS = ['storage', 'network', 'video', 'mouse', 'integration'] as const

/** All systems, oldest Windows first, those with installed services after their originals. */
export const GUEST_PRODUCTS: readonly GuestProduct[] = [...WINDOWS_CLIENTS, ...WINDOWS_SERVERS, ...UNIX_SYSTEMS].flatMap((product) =>
  product.integration.kind === 'installable' ? [product, withServices(product, product.integration.version)] : [product],
)

const byKey: ReadonlyMap<string, GuestProduct> = new Map(GUEST_PRODUCTS.map((product) => [product.key, product]))

/** The system of that key; undefined for a key that the catalogue does not have. */
export function findGuestProduct(key: string): GuestProduct | undefined {
  return byKey.get(key)
}

/** The system of that key, which must exist. */
export function guestProduct(key: string): GuestProduct {
  const product = byKey.get(key)
  invariant(product !== undefined, `no guest system ${key}`)
  return product
}

/** Key of the same system after the setup of integration services; null when they cannot be installed or are there already. */
export function keyWithServices(key: string): string | null {
  return guestProduct(key).integration.kind === 'installable' ? key + WITH_SERVICES : null
}

/** What an installation of the services changes: synthetic storage, network, video and mouse (devices 10, kind I). */
function withServices(product: GuestProduct, version: string): GuestProduct {
  const onlyOldHosts = product.maximumProcessors === 1
  return {
    ...product,
    key: product.key + WITH_SERVICES,
    enlightened: true,
    vmbus: onlyOldHosts ? '0.13' : '1.1',
    drivers: product.server && !onlyOldHosts ? [...SERVICES_DRIVERS, 'dynamic-memory'] : SERVICES_DRIVERS,
    integration: { kind: 'installed', version, services: CLASSIC_SERVICES },
    heartbeat: 'application',
    startServices: [...product.startServices, 'vmicheartbeat', 'vmickvpexchange', 'vmicshutdown', 'vmictimesync', 'vmicvss'],
  }
}
