import { describe, expect, it } from 'vitest'
import { addDistantRouter, cabled, frameText, plugged, testFabric } from './test-fabric.ts'

const MS = 10_000

describe('ping', () => {
  it('S04 a machine with two adapters on two external switches answers on both and reaches the world by both', () => {
    const fabric = testFabric([
      ['lan1', 'external'],
      ['lan2', 'external'],
    ])
    plugged(fabric, 'vm', [
      ['nic1', 'lan1', '192.168.1.20', 24],
      ['nic2', 'lan2', '10.2.0.20', 24],
    ])
    cabled(fabric, 'desk', '192.168.1.50', 24)
    cabled(fabric, 'bench', '10.2.0.50', 24)
    for (const [from, to] of [
      ['desk', '192.168.1.20'],
      ['bench', '10.2.0.20'],
      ['vm', '192.168.1.50'],
      ['vm', '10.2.0.50'],
    ] as const) {
      expect(fabric.ping(from, to, 0)).toMatchObject({ answered: true })
    }
  })

  it('S04 on a private switch machines answer each other and the host does not answer', () => {
    const fabric = testFabric([
      ['secret', 'private'],
      ['inside', 'internal'],
    ])
    plugged(fabric, 'vm1', [['nic1', 'secret', '10.0.0.1', 24]])
    plugged(fabric, 'vm2', [['nic2', 'secret', '10.0.0.2', 24]])
    plugged(fabric, 'host', [['adapter', 'inside', '10.0.0.254', 24]], 'internal')
    expect(fabric.ping('vm1', '10.0.0.2', 0)).toMatchObject({ answered: true })
    expect(fabric.ping('vm1', '10.0.0.254', 0)).toMatchObject({ answered: false, loss: 'host-unreachable', drop: null })
    expect(fabric.ping('host', '10.0.0.1', 0)).toMatchObject({ answered: false, loss: 'host-unreachable' })
  })

  it('on an internal switch the host answers and the world does not', () => {
    const fabric = testFabric([['inside', 'internal']])
    plugged(fabric, 'vm', [['nic', 'inside', '10.0.0.1', 24]])
    plugged(fabric, 'host', [['adapter', 'inside', '10.0.0.254', 24]], 'internal')
    cabled(fabric, 'desk', '10.0.0.50', 24)
    expect(fabric.ping('vm', '10.0.0.254', 0).answered).toBe(true)
    expect(fabric.ping('vm', '10.0.0.50', 0).answered).toBe(false)
  })

  it('is a chain of frames with times: question for the address, answer, echo request, echo reply', () => {
    const fabric = testFabric([['lan', 'external']])
    plugged(fabric, 'vm', [['nic', 'lan', '192.168.1.20', 24]])
    cabled(fabric, 'desk', '192.168.1.50', 24)
    const first = fabric.ping('vm', '192.168.1.50', 0)
    expect(first.hops.map(frameText)).toEqual([
      'vm sent arp request',
      'lan/nic switched arp request',
      'uplink lan carried arp request',
      'desk received arp request',
      'desk sent arp reply',
      'cable desk carried arp reply',
      'lan/uplink switched arp reply',
      'vm received arp reply',
      'vm sent echo-request',
      'lan/nic switched echo-request',
      'uplink lan carried echo-request',
      'desk received echo-request',
      'desk sent echo-reply',
      'cable desk carried echo-reply',
      'lan/uplink switched echo-reply',
      'vm received echo-reply',
    ])
    const ticks = first.hops.map(({ tick }) => tick)
    expect(ticks).toEqual([...ticks].sort((a, b) => a - b))
    // The neighbour is known now: half of the way.
    const second = fabric.ping('vm', '192.168.1.50', MS)
    expect(second.hops.length).toBe(8)
    if (!first.answered || !second.answered) throw new Error('no answer')
    expect(first.roundTripTicks).toBe(ticks.at(-1))
    expect(second.roundTripTicks).toBeLessThan(first.roundTripTicks)
    expect(second.roundTripTicks).toBeGreaterThan(500)
    expect(second.roundTripTicks).toBeLessThan(2 * MS)
  })

  it('between two machines of one switch never leaves the host', () => {
    const fabric = testFabric([['lan', 'external']])
    plugged(fabric, 'vm1', [['nic1', 'lan', '192.168.1.20', 24]])
    plugged(fabric, 'vm2', [['nic2', 'lan', '192.168.1.21', 24]])
    fabric.ping('vm1', '192.168.1.21', 0)
    const second = fabric.ping('vm1', '192.168.1.21', MS)
    expect(second.answered).toBe(true)
    expect(second.hops.filter(({ event }) => event === 'carried')).toEqual([])
  })

  it('reaches other networks and distant hosts through the router, and names the router when the time to live is over', () => {
    const fabric = testFabric([['lan', 'external']])
    addDistantRouter(fabric)
    plugged(fabric, 'vm', [['nic', 'lan', '192.168.1.20', 24]], 'synthetic', '192.168.1.1')
    const far = fabric.ping('vm', '203.0.113.10', 0)
    if (!far.answered) throw new Error(far.loss)
    expect(far.roundTripTicks).toBeGreaterThan(20 * MS)
    expect(far.roundTripTicks).toBeLessThan(21 * MS)
    expect(fabric.ping('vm', '203.0.113.10', MS, { timeToLive: 1 })).toMatchObject({ answered: false, loss: 'time-exceeded' })
    expect(fabric.ping('vm', '198.51.100.7', MS)).toMatchObject({ answered: false, loss: 'host-unreachable' })
  })

  it('crosses VLANs only by a router that is in both', () => {
    const fabric = testFabric([['lan', 'external']])
    plugged(fabric, 'vm1', [['nic1', 'lan', '10.10.0.2', 24]], 'synthetic', '10.10.0.1', { vlan: { mode: 'access', vlan: 10 } })
    plugged(fabric, 'vm2', [['nic2', 'lan', '10.20.0.2', 24]], 'synthetic', '10.20.0.1', { vlan: { mode: 'access', vlan: 20 } })
    expect(fabric.ping('vm1', '10.20.0.2', 0)).toMatchObject({ answered: false, loss: 'host-unreachable' })
    addDistantRouter(fabric, [
      ['v10', '10.10.0.1', 10],
      ['v20', '10.20.0.1', 20],
    ])
    const crossed = fabric.ping('vm1', '10.20.0.2', MS)
    expect(crossed).toMatchObject({ answered: true, timeToLive: 127 })
    expect(crossed.hops.filter(({ place, event }) => place === 'router' && event === 'sent').map(({ frame }) => frame.tag?.vlan)).toContain(
      20,
    )
  })

  it.each([
    ['no address in that network and no gateway', 'vm', '172.16.0.1', 'no-route', null],
    ['a firewall in the way', 'vm', '192.168.1.60', 'timed-out', null],
    ['the cable pulled', 'vm', '192.168.1.50', 'host-unreachable', 'Disconnected'],
    ['an adapter without a switch', 'loose', '192.168.1.50', 'not-connected', null],
  ] as const)('is lost by %s', (_what, from, to, loss, reason) => {
    const fabric = testFabric([['lan', 'external']])
    plugged(fabric, 'vm', [['nic', 'lan', '192.168.1.20', 24]])
    cabled(fabric, 'desk', '192.168.1.50', 24)
    cabled(fabric, 'wall', '192.168.1.60', 24, false)
    plugged(fabric, 'loose', [['nic2', null, '192.168.1.30', 24]])
    if (reason === 'Disconnected') fabric.switches.get('lan')?.setUplink({ bitsPerSecond: 1e9, latencyTicks: 50, up: false })
    const result = fabric.ping(from, to, 0)
    expect(result).toMatchObject({ answered: false, loss })
    if (!result.answered) expect(result.drop?.reason ?? null).toBe(reason)
  })

  it('of itself is answered without a frame', () => {
    const fabric = testFabric([['lan', 'external']])
    plugged(fabric, 'vm', [['nic', 'lan', '192.168.1.20', 24]])
    expect(fabric.ping('vm', '192.168.1.20', 0)).toMatchObject({ answered: true, hops: [] })
  })
})

describe('DHCP', () => {
  it('gives leases in order, the same one again, and none when the pool is empty', () => {
    const fabric = testFabric([['lan', 'external']])
    addDistantRouter(fabric)
    for (const id of ['vm1', 'vm2', 'vm3']) plugged(fabric, id, [[`nic ${id}`, 'lan', '0.0.0.0', 0]])
    const leased = ['vm1', 'vm2', 'vm1', 'vm3'].map((id) => fabric.lease(id, `nic ${id}`, 0).ip)
    expect(leased).toEqual(['192.168.1.100', '192.168.1.101', '192.168.1.100', null])
    expect(fabric.ping('vm1', '192.168.1.101', 0)).toMatchObject({ answered: true })
    // The lease brought the gateway with it.
    expect(fabric.ping('vm2', '203.0.113.10', 0)).toMatchObject({ answered: true })
  })

  it('finds no server on a private switch', () => {
    const fabric = testFabric([['secret', 'private']])
    addDistantRouter(fabric)
    plugged(fabric, 'vm', [['nic', 'secret', '0.0.0.0', 0]])
    expect(fabric.lease('vm', 'nic', 0).ip).toBeNull()
  })
})
