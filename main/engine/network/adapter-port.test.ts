import { describe, expect, it } from 'vitest'
import { adapterFrameOf, adapterPort, switchFrameOf } from './adapter-port.ts'
import type { EthernetFrame } from './frames.ts'
import { defaultPort } from './port.ts'
import { VirtualSwitch } from './virtual-switch.ts'

const ping: EthernetFrame = {
  destination: '00155D010A01',
  source: '00155D010A00',
  tag: null,
  payload: {
    kind: 'icmp',
    sourceIp: '10.0.0.1',
    targetIp: '10.0.0.2',
    timeToLive: 128,
    type: 'echo-request',
    identifier: 1,
    sequence: 1,
    dataBytes: 32,
  },
}

describe('port of a synthetic adapter', () => {
  it('takes frames as the provider has them and gives them on as the switch has them', () => {
    const item = new VirtualSwitch({ id: 's', kind: 'private', minimumMode: 'none', defaultFlowWeight: 10 }, null)
    const a = item.connect({ ...defaultPort, id: 'a', kind: 'synthetic', macAddress: ping.source }, 0)
    const b = item.connect({ ...defaultPort, id: 'b', kind: 'synthetic', macAddress: ping.destination }, 0)
    if (!a.ok || !b.ok) throw new Error('not connected')
    const received: EthernetFrame[] = []
    b.value.onReceive((frame) => received.push(frame))
    const frame = adapterFrameOf(ping)
    if (frame === undefined) throw new Error('no frame')
    expect(frame).toMatchObject({ destination: '00-15-5D-01-0A-01', etherType: 0x800 })
    expect(switchFrameOf(frame)).toEqual(ping)
    const port = adapterPort(a.value, () => 100)
    expect(port.send(frame, {})).toMatchObject({ accepted: true })
    expect(received).toEqual([ping])
    // An untagged port takes no VLAN that the guest names beside the frame.
    expect(port.send(frame, { vlan: 10 << 4 })).toMatchObject({ accepted: false })
    expect(port.send(frame, { vlan: 5 })).toMatchObject({ accepted: true })
    expect(port.send({ ...frame, source: '00-15-5D-01-0A-77' }, {})).toMatchObject({ accepted: false })
  })
})
