import { describe, expect, it } from 'vitest'
import type { PciMessage } from '../../providers/pci/protocol.ts'
import { pciVersions } from '../../providers/pci/protocol.ts'
import { PciProvider } from '../../providers/pci/provider.ts'
import { DeviceBench } from '../../providers/testing.ts'
import { classOffer } from '../../vmbus/offers.ts'
import { PciClient } from './client.ts'

const nic = { vendorId: 0x15b3, deviceId: 0x1016, revision: 0, progIf: 0, subClass: 0, baseClass: 2, subsystemId: 0, slot: 2, serial: 77 }

describe('a virtual PCI bus', () => {
  it.each(pciVersions.map((version) => [version.toString(16), version] as const))(
    'starts at %s, and is ejected politely',
    (_name, versionMax) => {
      const bench = new DeviceBench()
      bench.describe = (payload) => (payload as PciMessage).kind
      const log: string[] = []
      const provider = new PciProvider({
        versionMax,
        function: nic,
        bars: [0xffff0000, 0, 0, 0, 0, 0],
        ejected: () => log.push('host: ejected'),
      })
      const client = new PciClient({
        windowGpa: 0xf9000000,
        vectors: 2,
        ready: (found) => log.push(`ready ${found.serial}`),
        ejected: () => log.push('guest: ejected'),
      })
      bench.add({ offer: classOffer('vpci', '33333333-0000-0000-0000-000000000001'), provider, driver: client, pages: 4 })
      bench.start()
      bench.run()
      const tries = pciVersions.filter((one) => one >= versionMax).flatMap(() => ['> queryProtocolVersion', '< version'])
      expect(bench.lines).toEqual([
        ...tries,
        '> d0Entry',
        '< status',
        '> queryBusRelations',
        versionMax >= 0x10003 ? '< busRelations2' : '< busRelations',
        '> currentResourceRequirements',
        '< requirements',
        versionMax >= 0x10002 ? '> assignedResources2' : '> assignedResources',
        '< status',
        '> createInterrupt2',
        '< interrupt',
        '> createInterrupt2',
        '< interrupt',
      ])
      expect([log, client.state.step, provider.state.step, provider.state.interrupts]).toEqual([['ready 77'], 'ready', 'assigned', 2])
      provider.eject()
      bench.run()
      expect([log.slice(1), client.state.step, provider.state.step]).toEqual([['guest: ejected', 'host: ejected'], 'ejected', 'gone'])
    },
  )
})
