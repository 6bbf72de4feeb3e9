import { describe, expect, it } from 'vitest'
import { findGuestProduct, GUEST_PRODUCTS, guestProduct, keyWithServices } from './guests.ts'

describe('S29 enlightened guests: Server 2008+, Vista+, Linux 3.4+, FreeBSD', () => {
  it.each([
    ['ms-dos-6.22', false],
    ['windows-nt-4', false],
    ['windows-2000', false],
    ['windows-xp-sp3', false],
    ['windows-server-2003-r2', false],
    ['windows-vista-sp2', true],
    ['windows-server-2008', true],
    ['windows-7-sp1', true],
    ['windows-server-2022', true],
    ['linux-3.3', false],
    ['linux-3.4', true],
    ['freebsd-14', true],
  ])('%s: %s', (key, enlightened) => {
    expect(guestProduct(key).enlightened).toBe(enlightened)
  })
})

describe('S63 task priority register', () => {
  it('is written often by XP and its forerunners, not by Server 2003 and later', () => {
    const often = GUEST_PRODUCTS.filter((product) => product.writesTprOften && !product.key.endsWith('+services')).map(
      (product) => product.key,
    )
    expect(often).toEqual(['windows-nt-4', 'windows-2000', 'windows-xp-sp3'])
  })
})

describe('catalogue of guest systems', () => {
  it('has every key once', () => {
    const keys = GUEST_PRODUCTS.map((product) => product.key)
    expect(new Set(keys).size).toBe(keys.length)
    expect(keys).toEqual(
      expect.arrayContaining(['windows-11', 'windows-server-2025', 'ubuntu-24.04', 'centos-6', 'sles-15', 'rhel-9', 'debian-12']),
    )
  })

  it('does not find a key that it does not have', () => {
    expect(findGuestProduct('windows-12')).toBeUndefined()
    expect(() => guestProduct('windows-12')).toThrow('no guest system windows-12')
  })

  it.each(GUEST_PRODUCTS.map((product) => [product.key, product] as const))('%s is consistent', (_key, product) => {
    const ranges = [...Object.values(product.durations), ...(product.setup === null ? [] : Object.values(product.setup))]
    expect(ranges.filter(([low, high]) => low > high || low < 0)).toEqual([])
    expect(Object.values(product.theme).filter((value) => value.startsWith('#') && !/^#[0-9a-f]{6}$/.test(value))).toEqual([])
    // Synthetic devices hang on the VMBus, Secure Boot on Generation 2, and a heartbeat on integration services.
    expect(product.drivers.length > 0).toBe(product.vmbus !== null)
    expect(product.enlightened).toBe(product.vmbus !== null)
    expect(product.secureBoot === null).toBe(!product.generation2)
    expect(product.heartbeat === null).toBe(product.integration.kind === 'none' || product.integration.kind === 'installable')
    if (product.guestId !== null) expect(product.guestId).toMatch(/^[0-9A-F]{16}$/)
    expect(product.generation1 || product.generation2).toBe(true)
  })

  it('writes the guest identities of the TLFS layout', () => {
    // Vendor 1, OS 4 (Windows NT), version 10.0, no service pack, build 20348 = 0x4F7C.
    expect(guestProduct('windows-server-2022').guestId).toBe('0001040A00004F7C')
    // Open source bit, OS type 1, kernel 6.8.1.
    expect(guestProduct('ubuntu-24.04').guestId).toBe('8100000608010000')
  })

  it('turns XP into an enlightened system when its services are installed, and only once', () => {
    const key = keyWithServices('windows-xp-sp3')
    expect(key).toBe('windows-xp-sp3+services')
    const product = guestProduct(key ?? '')
    expect(product).toMatchObject({
      enlightened: true,
      vmbus: '1.1',
      heartbeat: 'application',
      integration: { kind: 'installed', version: '6.3.9600.18907' },
    })
    expect(keyWithServices('windows-xp-sp3+services')).toBeNull()
    expect(keyWithServices('windows-10')).toBeNull()
  })
})
