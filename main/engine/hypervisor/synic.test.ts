import { describe, expect, it } from 'vitest'
import { earlyPlatform } from './example-platforms.ts'
import { HvCall } from './hypercall-codes.ts'
import { Msr } from './msrs.ts'
import { RETRY_TICKS } from './synic.ts'
import { TestHost } from './test-host.ts'

const message = (type: number) => ({ connectionId: 1, type, payloadSize: 8, payload: { type } })

/** A guest with SINT 2 and a message path from the root; notes of the preparation are dropped. */
function guestOf(host: TestHost, sint2 = 0x2_00f3n): number {
  const id = host.start()
  host.enlighten(id, 0, sint2)
  host.messagePath(id)
  host.eventPath(id)
  host.takeNotes()
  return id
}

describe('messages (reference 3.4)', () => {
  it('refuses by the rules of PostMessage', () => {
    const host = new TestHost()
    const id = guestOf(host)
    const post = (change: object): string => host.status(HvCall.PostMessage, { ...message(1), ...change })
    expect({
      'type 0': post({ type: 0 }),
      'bit 31': post({ type: 0x8000_0001 }),
      '241 bytes': post({ payloadSize: 241 }),
      '240 bytes': post({ payloadSize: 240 }),
      'no connection': post({ connectionId: 77 }),
      'event connection': post({ connectionId: 2 }),
      'port deleted': [host.status(HvCall.DeletePort, { portPartition: id, portId: 1 }), post({})],
    }).toEqual({
      'type 0': 'INVALID_PARAMETER',
      'bit 31': 'INVALID_PARAMETER',
      '241 bytes': 'INVALID_PARAMETER',
      '240 bytes': 'SUCCESS',
      'no connection': 'INVALID_CONNECTION_ID',
      'event connection': 'INVALID_PORT_ID',
      'port deleted': ['SUCCESS', 'INVALID_PORT_ID'],
    })
    host.hypervisor.writeMsr(id, 0, Msr.Scontrol, 0n)
    expect(host.status(HvCall.SignalEvent, { connectionId: 2, flagNumber: 0 })).toBe('INVALID_SYNIC_STATE')
  })

  it('S21 fills the slot and raises the vector of this guest only', () => {
    const host = new TestHost()
    const other = host.start()
    host.enlighten(other)
    const id = guestOf(host)
    expect(host.status(HvCall.PostMessage, message(1))).toBe('SUCCESS')
    expect(host.takeNotes()).toEqual([`message ${id}/0 sint 2`, `interrupt ${id}/0 vector f3 sint 2`])
    expect(host.hypervisor.messageSlot(id, 0, 2)).toEqual({
      type: 1,
      payloadSize: 8,
      payload: { type: 1 },
      originationId: 1,
      messagePending: false,
    })
    expect(host.hypervisor.messageSlot(other, 0, 2)).toBeUndefined()
  })

  it('marks an occupied slot pending, and EOM brings the next message', () => {
    const host = new TestHost()
    const id = guestOf(host)
    for (const type of [1, 2, 3]) host.call(HvCall.PostMessage, message(type))
    expect(host.takeNotes()).toHaveLength(2)
    expect(host.hypervisor.messageSlot(id, 0, 2)).toMatchObject({ type: 1, messagePending: true })
    expect(host.hypervisor.receiveMessage(id, 0, 2)).toMatchObject({ type: 1, messagePending: true })
    expect(host.takeNotes()).toEqual([`message ${id}/0 sint 2`, `interrupt ${id}/0 vector f3 sint 2`])
    expect(host.hypervisor.receiveMessage(id, 0, 2)).toMatchObject({ type: 2, messagePending: true })
    const exits = host.hypervisor.vpEvent(id, 0, 'MsrAccesses')
    expect(host.hypervisor.receiveMessage(id, 0, 2)).toMatchObject({ type: 3, messagePending: false })
    expect(host.hypervisor.vpEvent(id, 0, 'MsrAccesses')).toBe(exits)
    expect(host.hypervisor.validate()).toEqual([])
  })

  it('costs a retry of about a millisecond when EOM comes before the slot is free', () => {
    const host = new TestHost()
    const id = guestOf(host)
    for (const type of [1, 2]) host.call(HvCall.PostMessage, message(type))
    host.hypervisor.writeMsr(id, 0, Msr.Eom, 0n)
    host.hypervisor.freeMessageSlot(id, 0, 2)
    expect(host.hypervisor.nextDue()).toBe(RETRY_TICKS)
    host.pass(RETRY_TICKS - 1)
    expect(host.hypervisor.messageSlot(id, 0, 2)).toBeUndefined()
    host.pass(1)
    expect(host.hypervisor.messageSlot(id, 0, 2)).toMatchObject({ type: 2, messagePending: false })
    expect(host.hypervisor.nextDue()).toBe(Number.POSITIVE_INFINITY)
  })

  it('has sixteen buffers per port', () => {
    const host = new TestHost()
    const id = guestOf(host)
    const answers = Array.from({ length: 18 }, (_, index) => host.status(HvCall.PostMessage, message(index + 1)))
    // The first one is in the slot already and has given its buffer back.
    expect(answers.lastIndexOf('SUCCESS')).toBe(16)
    expect(answers[17]).toBe('INSUFFICIENT_BUFFERS')
    host.hypervisor.receiveMessage(id, 0, 2)
    expect(host.status(HvCall.PostMessage, message(99))).toBe('SUCCESS')
    expect(host.hypervisor.validate()).toEqual([])
  })

  it('keeps the message and loses the interrupt of a masked SINT', () => {
    const host = new TestHost()
    const id = guestOf(host, 0x1_00f3n)
    expect(host.status(HvCall.PostMessage, message(1))).toBe('SUCCESS')
    expect(host.takeNotes()).toEqual([`message ${id}/0 sint 2`])
    expect(host.status(HvCall.SignalEvent, { connectionId: 2, flagNumber: 0 })).toBe('INVALID_SYNIC_STATE')
  })

  it('drops undelivered messages with the port, and keeps the one in the slot', () => {
    const host = new TestHost()
    const id = guestOf(host)
    for (const type of [1, 2, 3]) host.call(HvCall.PostMessage, message(type))
    host.call(HvCall.DeletePort, { portPartition: id, portId: 1 })
    expect(host.hypervisor.receiveMessage(id, 0, 2)?.type).toBe(1)
    expect(host.hypervisor.receiveMessage(id, 0, 2)).toBeUndefined()
    expect(host.hypervisor.validate()).toEqual([])
  })

  it('leaves queued messages intact when the sender disconnects', () => {
    const host = new TestHost()
    const id = guestOf(host)
    for (const type of [1, 2]) host.call(HvCall.PostMessage, message(type))
    host.call(HvCall.DisconnectPort, { connectionPartition: host.hypervisor.rootId, connectionId: 1 })
    expect([host.hypervisor.receiveMessage(id, 0, 2)?.type, host.hypervisor.receiveMessage(id, 0, 2)?.type]).toEqual([1, 2])
  })
})

describe('interrupts', () => {
  it('waits for the end of the interrupt in service without AutoEOI', () => {
    const host = new TestHost(earlyPlatform('Intel'))
    const id = guestOf(host, 0xf3n)
    host.call(HvCall.SignalEvent, { connectionId: 2, flagNumber: 0 })
    host.call(HvCall.SignalEvent, { connectionId: 2, flagNumber: 1 })
    expect(host.takeNotes()).toEqual([`flag ${id}/0 sint 2 flag 100`, `interrupt ${id}/0 vector f3 sint 2`, `flag ${id}/0 sint 2 flag 101`])
    expect(host.hypervisor.endOfInterrupt(id, 0)).toBe('msr')
    expect(host.takeNotes()).toEqual([`interrupt ${id}/0 vector f3 sint 2`])
    expect(host.hypervisor.vpEvent(id, 0, 'ApicEoiAccesses')).toBe(1)
  })

  it('saves the EOI exit by the assist page when nothing else waits, and by APIC virtualization always', () => {
    const early = new TestHost(earlyPlatform('Intel'))
    const first = guestOf(early, 0xf3n)
    early.hypervisor.writeMsr(first, 0, Msr.VpAssistPage, 0x300_001n)
    early.call(HvCall.SignalEvent, { connectionId: 2, flagNumber: 0 })
    expect(early.hypervisor.endOfInterrupt(first, 0)).toBe('assist')
    const modern = new TestHost()
    const second = guestOf(modern, 0xf3n)
    modern.call(HvCall.SignalEvent, { connectionId: 2, flagNumber: 0 })
    expect(modern.hypervisor.endOfInterrupt(second, 0)).toBe('apic-virtualization')
    expect(early.hypervisor.vpEvent(first, 0, 'ApicEoiAccesses') + modern.hypervisor.vpEvent(second, 0, 'ApicEoiAccesses')).toBe(0)
  })

  it('holds interrupts back while the interrupt flag is clear or the task priority is high', () => {
    const host = new TestHost()
    const id = guestOf(host)
    host.hypervisor.setInterruptFlag(id, 0, false)
    host.call(HvCall.SignalEvent, { connectionId: 2, flagNumber: 0 })
    expect(host.takeNotes()).toEqual([`flag ${id}/0 sint 2 flag 100`])
    host.hypervisor.writeTaskPriority(id, 0, 0xf0, 'mmio')
    host.hypervisor.setInterruptFlag(id, 0, true)
    expect(host.takeNotes()).toEqual([])
    host.hypervisor.writeTaskPriority(id, 0, 0, 'mmio')
    expect(host.takeNotes()).toEqual([`interrupt ${id}/0 vector f3 sint 2`])
  })

  it('wakes a halted VP; guest idle also ends with interrupts disabled', () => {
    const host = new TestHost()
    const id = guestOf(host)
    host.hypervisor.setInterruptFlag(id, 0, false)
    host.hypervisor.halt(id, 0)
    host.call(HvCall.SignalEvent, { connectionId: 2, flagNumber: 0 })
    expect(host.hypervisor.vp(id, 0).halted).toBe(true)
    host.hypervisor.setInterruptFlag(id, 0, true)
    expect(host.hypervisor.vp(id, 0).halted).toBe(false)
    host.hypervisor.setInterruptFlag(id, 0, false)
    host.hypervisor.readMsr(id, 0, Msr.GuestIdle)
    expect(host.hypervisor.vp(id, 0).halted).toBe(true)
    host.call(HvCall.SignalEvent, { connectionId: 2, flagNumber: 1 })
    expect(host.hypervisor.vp(id, 0).halted).toBe(false)
  })
})

describe('event flags', () => {
  it('interrupts only on the change from 0 to 1, never runs out of buffers, and checks the flag number', () => {
    const host = new TestHost()
    const id = guestOf(host)
    const signal = (flagNumber: number): string => host.status(HvCall.SignalEvent, { connectionId: 2, flagNumber })
    expect([signal(3), signal(3), signal(7), signal(8)]).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS', 'INVALID_PARAMETER'])
    expect(host.takeNotes()).toEqual([
      `flag ${id}/0 sint 2 flag 103`,
      `interrupt ${id}/0 vector f3 sint 2`,
      `flag ${id}/0 sint 2 flag 107`,
      `interrupt ${id}/0 vector f3 sint 2`,
    ])
    expect(host.hypervisor.takeEventFlags(id, 0, 2)).toEqual([103, 107])
    expect(host.hypervisor.takeEventFlags(id, 0, 2)).toEqual([])
    expect(signal(3)).toBe('SUCCESS')
    expect(host.takeNotes()).toHaveLength(2)
  })
})

describe('monitored notification', () => {
  it('turns pending bits into one event after the latency, without an exit of the sender', () => {
    const host = new TestHost()
    const sender = guestOf(host)
    const root = host.hypervisor.rootId
    host.deposit(sender, 16)
    const port = { portPartition: root, connectionPartition: sender }
    host.call(HvCall.CreatePort, { ...port, portId: 9, info: { type: 'event', targetSint: 2, targetVp: 1, baseFlag: 0, flagCount: 16 } })
    host.call(HvCall.ConnectPort, { ...port, connectionId: 9, portId: 9, info: { type: 'event' } })
    host.call(HvCall.CreatePort, { ...port, portId: 3, info: { type: 'monitor', monitorPage: 0x400 } })
    host.call(HvCall.ConnectPort, { ...port, connectionId: 3, portId: 3, info: { type: 'monitor', monitorPage: 0x400 } })
    host.hypervisor.writeMsr(root, 1, Msr.Sint0 + 2, 0x2_0040n)
    const exits = host.hypervisor.vpEvent(sender, 0, 'TotalIntercepts')
    expect(host.hypervisor.triggerMonitor(sender, 3, 5)).toBe(false)
    expect(host.hypervisor.configureMonitor(sender, 3, { id: 5, latency: 1000, connectionId: 9, flagNumber: 4 })).toBe(true)
    host.takeNotes()
    expect([host.hypervisor.triggerMonitor(sender, 3, 5), host.hypervisor.triggerMonitor(sender, 3, 5)]).toEqual([true, true])
    host.pass(999)
    expect(host.takeNotes()).toEqual([])
    host.pass(1)
    expect(host.takeNotes()).toEqual([`flag ${root}/1 sint 2 flag 4`, `interrupt ${root}/1 vector 40 sint 2`])
    expect(host.hypervisor.partition(sender)?.monitors.get(3)).toMatchObject({ signals: 1, coalesced: 1 })
    expect(host.hypervisor.vpEvent(sender, 0, 'TotalIntercepts')).toBe(exits)
    expect(host.hypervisor.validate()).toEqual([])
  })
})
