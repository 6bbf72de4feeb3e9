import { describe, expect, it } from 'vitest'
import { bootCandidates } from './firmware.ts'
import { firmwareList } from './firmware-list.ts'
import { powerOnGuest, sendKeys } from './guest.ts'
import { runUntil, testLab } from './test-lab.ts'

const both = () => testLab([{ id: 'vm', generation: 2, disk: 'windows-server-2022', disc: 'ubuntu-24.04' }])
const machine = (world: ReturnType<typeof both>) => world.tables.virtual_machine.require('vm')

describe('the list of a Generation 2 firmware', () => {
  it('follows the classes until it has an order of its own', () => {
    const world = both()
    expect(firmwareList(world, machine(world)).map(({ key }) => key)).toEqual(['vm dvd', 'vm hard-disk', 'vm adapter'])
    world.tables.virtual_machine.patch('vm', { bootDevices: ['vm adapter', 'gone', 'vm hard-disk'] })
    expect(firmwareList(world, machine(world)).map(({ key }) => key)).toEqual(['vm adapter', 'vm hard-disk', 'vm dvd'])
    expect(bootCandidates(world, machine(world)).map(({ id }) => id)).toEqual(['vm adapter', 'vm hard-disk', 'vm dvd'])
  })

  it('decides what starts', () => {
    for (const [first, product] of [
      ['vm dvd', 'ubuntu-24.04'],
      ['vm hard-disk', 'windows-server-2022'],
    ] as const) {
      const world = both()
      world.tables.virtual_machine.patch('vm', { bootDevices: [first] })
      powerOnGuest(world, 'vm')
      const loading = runUntil(world, 'vm', 'loader')
      expect({ from: loading.bootSource, product: loading.productId }).toEqual({ from: first, product })
    }
  })

  it("has a line for a system's loader, which stands for the disk that carries it", () => {
    const world = both()
    world.tables.virtual_machine.patch('vm', { bootOrder: ['file', 'dvd', 'hard-drive', 'network'] })
    expect(firmwareList(world, machine(world))[0]).toEqual({ key: 'file', kind: 'file', id: 'vm hard-disk' })
    expect(bootCandidates(world, machine(world)).map(({ id }) => id)).toEqual(['vm hard-disk', 'vm dvd', 'vm adapter'])
  })
})

describe('Num Lock of the BIOS', () => {
  it.each([
    [false, 'a'],
    [true, 'a7'],
  ])('%s: typing a and 7 on the number pad gives %s', (numLock, expected) => {
    const world = testLab([{ id: 'vm', generation: 1, disk: 'debian-12' }])
    world.tables.virtual_machine.patch('vm', { numLock })
    powerOnGuest(world, 'vm')
    runUntil(world, 'vm', 'console-login')
    sendKeys(world, 'vm', ['KeyA', 'Numpad7'], '')
    expect(world.tables.guest.require('vm').input).toBe(expected)
  })
})
