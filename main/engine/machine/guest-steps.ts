/** The steps of a guest from its firmware to its end, as its stack sees them. */
import { disableInterface, enlightenFirmware, enlightenKernel, reportCrash, selfTest, startProcessors } from './guest-boot.ts'
import { DEVICE_ROWS } from './guest-facts.ts'
import type { MachineStack } from './machine-stack.ts'
import type { GuestStage, GuestStep } from './stack-types.ts'

/** Reads of the Generation 2 firmware: partition table, loader, boot configuration, kernel (model: a sample of the hundreds). */
const FIRMWARE_READS = 8
const FIRMWARE_READ_BYTES = 65_536
/** Reads of the Generation 1 firmware through the emulated disk: boot sector and loader (model). */
const BIOS_READS = 2
const toStage: Readonly<Record<Exclude<GuestStep, 'shutdown' | 'crash'>, GuestStage>> = {
  firmware: 'firmware',
  kernel: 'kernel',
  devices: 'devices',
  services: 'services',
}

/** Takes a step; false when the guest has nothing for it, or is not where it follows. */
export function takeStep(machine: MachineStack, step: GuestStep, asked: boolean): boolean {
  switch (step) {
    case 'firmware':
      return firmware(machine)
    case 'kernel':
      return kernel(machine)
    case 'devices':
      return openDevices(machine, 'devices')
    case 'services':
      return openDevices(machine, 'services')
    case 'shutdown':
      return shutDown(machine, asked)
    case 'crash':
      return crash(machine)
  }
}

function firmware(machine: MachineStack): boolean {
  if (machine.stage !== 'created') return false
  machine.stage = toStage.firmware
  if (machine.spec.generation === 1) {
    selfTest(machine.context)
    const disk = machine.spec.devices.find((device) => device.kind === 'ide-filter')
    if (disk !== undefined) for (let read = 0; read < BIOS_READS; read++) machine.traffic.emulatedDisk(disk, 'read', 4096)
    return true
  }
  enlightenFirmware(machine.context)
  const bus = machine.vmbus.begin('firmware')
  machine.vmbus.setTrace(machine.context.log.on)
  bus.connect()
  machine.host.settle()
  machine.vmbus.openDevices((device) => machine.vmbus.usedBy(device))
  machine.host.settle()
  const boot = machine.spec.devices.find((device) => machine.vmbus.usedBy(device))
  const unit = boot?.units?.[0]
  if (boot !== undefined && unit !== undefined && machine.vmbus.pairOf(boot)?.started === true) {
    for (let read = 0; read < FIRMWARE_READS; read++) machine.traffic.readDisk(boot, unit, read * FIRMWARE_READ_BYTES, FIRMWARE_READ_BYTES)
  }
  return true
}

function kernel(machine: MachineStack): boolean {
  if (machine.stage !== 'created' && machine.stage !== 'firmware') return false
  leaveFirmware(machine)
  machine.stage = toStage.kernel
  if (machine.enlightened) enlightenKernel(machine.context)
  const started = startProcessors(machine.context, machine.enlightened)
  if (machine.spec.guest.vmbus !== null) {
    const bus = machine.vmbus.begin('kernel')
    machine.vmbus.setTrace(machine.context.log.on)
    bus.connect()
  }
  return machine.enlightened || started > 0
}

/** ExitBootServices: the firmware's client unloads and its interface goes. */
function leaveFirmware(machine: MachineStack): void {
  if (machine.vmbus.bus === undefined) return
  machine.vmbus.bus.unload()
  machine.host.settle()
  machine.vmbus.end()
  disableInterface(machine.context)
}

function openDevices(machine: MachineStack, step: 'devices' | 'services'): boolean {
  const from: GuestStage = step === 'devices' ? 'kernel' : 'devices'
  if (machine.stage !== from) return false
  machine.stage = toStage[step]
  const { bus } = machine.vmbus
  if (bus === undefined) return false
  const before = bus.openChannels().length
  machine.vmbus.openDevices((device) => DEVICE_ROWS[device.kind].step === step && machine.vmbus.usedBy(device))
  machine.host.settle()
  return bus.openChannels().length > before
}

/** True when the host's request was answered, or was not needed; the guest ends in any case. */
function shutDown(machine: MachineStack, asked: boolean): boolean {
  if (machine.stage !== 'kernel' && machine.stage !== 'devices' && machine.stage !== 'services') return false
  machine.traffic.stop()
  const answered = !asked || machine.requestShutdown()
  machine.stage = 'shut-down'
  const { bus } = machine.vmbus
  if (bus !== undefined) {
    for (const channel of bus.openChannels()) bus.closeChannel(channel.channelId)
    machine.host.settle()
    bus.unload()
    machine.host.settle()
    machine.vmbus.end()
  }
  if (machine.enlightened) disableInterface(machine.context)
  return answered
}

function crash(machine: MachineStack): boolean {
  machine.traffic.stop()
  reportCrash(machine.context, [machine.stopCode, 0n, 0n, 0n, 0n], machine.enlightened)
  machine.stage = 'crashed'
  machine.host.addEffect({ kind: 'crashed', machineId: machine.spec.id })
  return machine.enlightened
}
