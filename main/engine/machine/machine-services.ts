/** What the host does through a machine's integration services and its keyboard, on behalf of the console. */
import type { KeyEvent } from '../providers/input/keyboard-protocol.ts'
import { icStatus } from '../providers/integration/protocol.ts'
import type { HeartbeatStatus } from '../providers/integration/services.ts'
import { KeyboardEnds } from './ends/input-ends.ts'
import { IntegrationEnds } from './ends/integration-ends.ts'
import type { MachineStack } from './machine-stack.ts'
import type { DeviceKind } from './stack-types.ts'

export class MachineServices {
  readonly #machine: MachineStack

  constructor(machine: MachineStack) {
    this.#machine = machine
  }

  /** Asks the guest to shut down; whether it answered that it will. */
  requestShutdown(): boolean {
    return this.#machine.traffic.sendShutdown().completed && this.#service('shutdown')?.shutdownStatus === icStatus.ok
  }

  /** Reads the guest's data exchange items and, where it can tell them, the addresses of these adapters. */
  exchangeData(adapterIds: readonly string[]): void {
    const { isOn, suspended, stage, hung, host } = this.#machine
    const service = this.#service('kvp')
    if (service === undefined || !isOn || suspended || stage === 'crashed' || hung) return
    service.pollItems()
    for (const id of adapterIds) service.askAddresses(id)
    host.settle()
  }

  /** Addresses of an adapter as the guest has told them last; undefined when it has not. */
  addressesOf(adapterId: string): readonly string[] | undefined {
    return this.#service('kvp')?.addressesOf(adapterId)
  }

  /** Tells the guest the host's time at once: its own clock stood still. */
  syncTime(): void {
    this.#service('timesync')?.syncTime()
    this.#machine.host.settle()
  }

  /** What the host knows of the guest's heartbeat. */
  heartbeatStatus(): HeartbeatStatus {
    return this.#service('heartbeat')?.heartbeatStatus(this.#machine.host.now()) ?? 'NoContact'
  }

  /**
   * Key events of the connection window go to the guest by its keyboard's channel; false when no driver of it runs. A provider that does not answer
   * takes none: they are lost.
   */
  press(events: readonly KeyEvent[]): boolean {
    const pair = this.#machine.vmbus.pairs.find(({ device }) => device.kind === 'keyboard')
    if (pair?.started !== true || !(pair.ends instanceof KeyboardEnds)) return false
    if (!pair.stalled) pair.ends.provider.press(events)
    this.#machine.host.settle()
    return true
  }

  #service(kind: DeviceKind): IntegrationEnds | undefined {
    const pair = this.#machine.vmbus.pairs.find(({ device }) => device.kind === kind)
    return pair?.started === true && pair.ends instanceof IntegrationEnds ? pair.ends : undefined
  }
}
