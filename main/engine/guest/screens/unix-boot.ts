/**
 * The messages of a system that starts on a text console, as far as it has come. Times and order follow hypervisor-core 6.1 and devices 10,
 * boot profiles j to m; what a system without VMBus drivers finds are the emulated devices.
 */
import { startLines } from '../shell.ts'
import type { SystemView } from './view.ts'

/** Lines that have been printed by now. */
export function kernelMessages(view: SystemView): string[] {
  const all = sections(view)
  const at = ORDER.indexOf(view.phase as (typeof ORDER)[number])
  if (at < 0) return all.flat()
  return all.flatMap((lines, index) => (index < at ? lines : index === at ? lines.slice(0, Math.ceil(lines.length * view.progress)) : []))
}

const ORDER = ['kernel', 'devices', 'services'] as const

function sections(view: SystemView): string[][] {
  if (view.product.family === 'dos') return dosSections(view)
  return view.product.family === 'freebsd' ? freeBsdSections(view) : linuxSections(view)
}

function stamped(start: number, step: number, lines: readonly string[]): string[] {
  return lines.map((line, index) => `[${(start + step * index).toFixed(6).padStart(12, ' ')}] ${line}`)
}

function linuxSections(view: SystemView): string[][] {
  const { vm, product } = view
  const kernel = stamped(0, 0.011337, [
    `Linux version ${product.kernelVersion} (builder@build) #1 SMP`,
    'Command line: BOOT_IMAGE=/boot/vmlinuz root=/dev/sda2 ro',
    'x86/fpu: Supporting XSAVE feature 0x002: SSE registers',
    `DMI: Microsoft Corporation Virtual Machine/Virtual Machine, BIOS ${vm.generation === 2 ? 'Hyper-V UEFI Release v4.1' : '090008'}`,
    ...(product.vmbus === null
      ? []
      : ['Hypervisor detected: Microsoft Hyper-V', 'clocksource: hyperv_clocksource_tsc_page: mask: 0xffffffffffffffff']),
    `Memory: ${vm.assignedMemoryMb * 1024 - 61_440}K/${vm.assignedMemoryMb * 1024}K available`,
    `smpboot: Allowing ${vm.processorCount} CPUs, 0 hotplug CPUs`,
    'rcu: Hierarchical RCU implementation.',
    'Console: colour dummy device 80x25',
    `smp: Brought up 1 node, ${vm.processorCount} CPU${vm.processorCount === 1 ? '' : 's'}`,
    'NET: Registered PF_INET protocol family',
    'Freeing unused kernel image memory: 2528K',
  ])
  const devices = stamped(0.3, 0.094211, product.vmbus === null ? EMULATED_MESSAGES : syntheticMessages(view))
  return [kernel, devices, serviceMessages(view)]
}

/** Without VMBus drivers the kernel finds the emulated IDE controller and network adapter (devices 8.1). */
const EMULATED_MESSAGES = [
  'ata_piix 0000:00:07.1: version 2.13',
  'ata1: PATA max UDMA/33 cmd 0x1f0 ctl 0x3f6 bmdma 0xffa0 irq 14',
  'ata1.00: ATA-8: Virtual HD, 1.1.0, max MWDMA2',
  'ata2.00: ATAPI: Virtual CD, , max MWDMA2',
  'sd 0:0:0:0: [sda] Attached SCSI disk',
  'tulip0: EEPROM default media type Autosense.',
  'EXT4-fs (sda1): mounted filesystem with ordered data mode',
]

function syntheticMessages(view: SystemView): string[] {
  const has = (driver: SystemView['product']['drivers'][number]): boolean => view.product.drivers.includes(driver)
  return [
    `hv_vmbus: Vmbus version:${view.product.vmbus}`,
    ...(has('storage') ? ['scsi host0: storvsc_host_t', 'sd 0:0:0:0: [sda] Attached SCSI disk'] : []),
    ...(has('network') ? ['hv_netvsc: eth0: VF slot 1 removed', 'hv_netvsc eth0: link up'] : []),
    ...(has('keyboard') ? ['input: AT Translated Set 2 keyboard as /devices/virtual/input/input0'] : []),
    ...(has('video') ? ['hyperv_fb: Synthvid Version major 3, minor 5'] : []),
    ...(has('integration')
      ? [
          'hv_utils: Registering HyperV Utility Driver',
          'hv_utils: Heartbeat IC version 3.0',
          'hv_utils: Shutdown IC version 3.2',
          'hv_utils: TimeSync IC version 4.0',
        ]
      : []),
    ...(has('dynamic-memory') ? ['hv_balloon: Using Dynamic Memory protocol version 2.0'] : []),
    'EXT4-fs (sda2): mounted filesystem with ordered data mode',
  ]
}

function serviceMessages(view: SystemView): string[] {
  const old = view.product.startServices.includes('udev')
  const services = view.product.startServices
  if (old) return services.map((service) => `${`Starting ${service}:`.padEnd(60, ' ')}[ OK ]`)
  return [
    `         Starting ${services[0]}...`,
    '[  OK  ] Reached target Local File Systems.',
    ...services.flatMap((service) => [`[  OK  ] Started ${service}.service.`]),
    '[  OK  ] Reached target Network.',
    '[  OK  ] Reached target Multi-User System.',
  ]
}

function freeBsdSections(view: SystemView): string[][] {
  const { vm, product } = view
  return [
    [
      '---<<BOOT>>---',
      'Copyright (c) 1992-2023 The FreeBSD Project.',
      `FreeBSD ${product.kernelVersion} GENERIC amd64`,
      `VT(${vm.generation === 2 ? 'efifb' : 'vga'}): resolution 1024x768`,
      'Hyper-V Version: 10.0 [SP0]',
      '  Features=0x2e7f<VPRUNTIME,TMREFCNT,SYNIC,SYNTM,APIC,HYPERCALL,VPINDEX,REFTSC>',
      `real memory  = ${vm.assignedMemoryMb * 1_048_576} (${vm.assignedMemoryMb} MB)`,
      `FreeBSD/SMP: Multiprocessor System Detected: ${vm.processorCount} CPUs`,
      'Timecounter "Hyper-V" frequency 10000000 Hz quality 2000',
    ],
    [
      `vmbus0: <Hyper-V Vmbus> on acpi_syscontainer0`,
      `vmbus0: version ${product.vmbus}`,
      'hvheartbeat0: <Hyper-V Heartbeat> on vmbus0',
      'hvshutdown0: <Hyper-V Shutdown> on vmbus0',
      'hvtimesync0: <Hyper-V Timesync> on vmbus0',
      'storvsc0: <Hyper-V SCSI> on vmbus0',
      'da0 at storvsc0 bus 0 scbus0 target 0 lun 0',
      'hn0: <Hyper-V Network Interface> on vmbus0',
      'Trying to mount root from ufs:/dev/da0p2 [rw]...',
    ],
    ['Setting hostuuid.', 'Mounting local filesystems:.', ...product.startServices.map((service) => `Starting ${service}.`), ''],
  ]
}

function dosSections(view: SystemView): string[][] {
  return [['Starting MS-DOS...', ''], [], startLines(view.product)]
}
