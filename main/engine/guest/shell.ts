/**
 * The command prompts of text consoles: a few commands of bash and of COMMAND.COM, enough to look around and to end the system.
 *
 * A command is a pure function from what the guest is to the lines that it prints.
 */
import { TICKS_PER_SECOND } from '../kernel/ticks.ts'
import type { GuestProduct } from '../products/guests.ts'
import type { GuestRow, VirtualMachineRow } from '../rows.ts'
import type { World } from '../world.ts'
import { clockTextWithHalf, dosDateText, guestClock, shortDateText, unixDateText } from './calendar.ts'
import type { PhaseInput } from './phases.ts'
import { guestNow } from './row.ts'
import { addressesOn } from './status.ts'

/** What a command leads to: lines, a cleared screen, or an end of the sign-in or the system. */
export interface CommandResult {
  readonly lines: readonly string[]
  readonly clears?: true
  readonly input?: PhaseInput
}

interface Prompt {
  readonly world: World
  readonly vm: VirtualMachineRow
  readonly guest: GuestRow
  readonly product: GuestProduct
  readonly words: readonly string[]
}

/** Host name of the guest: the machine's name in the form that systems allow. */
export function hostNameOf(vm: VirtualMachineRow): string {
  const name = vm.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63)
  return name === '' ? 'localhost' : name
}

/** Text in front of what is typed. */
export function promptOf(vm: VirtualMachineRow, guest: GuestRow, product: GuestProduct): string {
  if (product.family === 'dos') return 'C:\\>'
  const user = guest.user ?? 'root'
  const root = user === 'root'
  if (product.family === 'freebsd') return `${user}@${hostNameOf(vm)}:~ ${root ? '#' : '$'} `
  return `${user}@${hostNameOf(vm)}:~${root ? '#' : '$'} `
}

/** Carries out a command line. */
export function runCommand(world: World, vm: VirtualMachineRow, guest: GuestRow, product: GuestProduct, line: string): CommandResult {
  const words = line.trim().split(/\s+/)
  const name = words[0] ?? ''
  if (name === '') return { lines: [] }
  const command = commandOf(product, name)
  if (command === undefined) return print(unknownCommand(product, name))
  return command({ world, vm, guest, product, words })
}

type Command = (prompt: Prompt) => CommandResult

const print = (...lines: string[]): CommandResult => ({ lines })

function commandOf(product: GuestProduct, name: string): Command | undefined {
  const commands =
    product.family === 'dos' ? DOS_COMMANDS : product.family === 'linux' ? { ...UNIX_COMMANDS, ...LINUX_COMMANDS } : UNIX_COMMANDS
  const key = product.family === 'dos' ? name.toLowerCase() : name
  return Object.hasOwn(commands, key) ? commands[key] : undefined
}

/** What COMMAND.COM, sh and bash say about a command that they do not know. */
function unknownCommand(product: GuestProduct, name: string): string {
  if (product.family === 'dos') return 'Bad command or file name'
  return product.family === 'freebsd' ? `-sh: ${name}: not found` : `-bash: ${name}: command not found`
}

/** Seconds since the system came to its prompt. */
function upSeconds({ world, guest }: Prompt): number {
  return Math.max(0, Math.floor((guestNow(world, guest) - guest.phaseTick) / TICKS_PER_SECOND))
}

const UNIX_COMMANDS: Readonly<Record<string, Command>> = {
  uname: ({ vm, product, words }) => {
    const system = product.family === 'freebsd' ? 'FreeBSD' : 'Linux'
    if (words[1] === '-r') return print(product.kernelVersion)
    if (words[1] !== '-a') return print(system)
    return print(
      `${system} ${hostNameOf(vm)} ${product.kernelVersion} #1 SMP x86_64 ${product.family === 'freebsd' ? 'GENERIC' : 'GNU/Linux'}`,
    )
  },
  ls: ({ words }) => {
    if (words[1] === '/') return print('bin  boot  dev  etc  home  lib  lib64  mnt  opt  proc  root  run  sbin  srv  sys  tmp  usr  var')
    if (words[1]?.startsWith('/var/lib/hyperv')) return print('.kvp_pool_0  .kvp_pool_1  .kvp_pool_2  .kvp_pool_3  .kvp_pool_4')
    return print('backup.sh  notes.txt  snap')
  },
  pwd: ({ guest }) => print(guest.user === 'root' ? '/root' : `/home/${guest.user}`),
  whoami: ({ guest }) => print(guest.user ?? 'root'),
  hostname: ({ vm }) => print(hostNameOf(vm)),
  echo: ({ words }) => print(words.slice(1).join(' ')),
  date: ({ world, guest }) => print(unixDateText(guestClock(world, guest))),
  uptime: (prompt) => {
    const minutes = Math.floor(upSeconds(prompt) / 60)
    return print(` up ${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')},  1 user,  load average: 0.00, 0.01, 0.00`)
  },
  ifconfig: addressLines,
  clear: () => ({ lines: [], clears: true }),
  exit: () => ({ lines: [], input: 'sign-out' }),
  logout: () => ({ lines: [], input: 'sign-out' }),
  reboot: () => ({ lines: [], input: 'restart' }),
  poweroff: () => ({ lines: [], input: 'shut-down' }),
  halt: () => ({ lines: [], input: 'shut-down' }),
  shutdown: ({ words }) => {
    if (words.includes('-r')) return { lines: [], input: 'restart' }
    const now = words.includes('now') || words.includes('-h') || words.includes('-p')
    return now ? { lines: [], input: 'shut-down' } : print('Usage: shutdown [-h|-r] now')
  },
}

/** Commands that FreeBSD does not have. */
const LINUX_COMMANDS: Readonly<Record<string, Command>> = {
  nproc: ({ vm }) => print(String(vm.processorCount)),
  free: ({ vm, product }) => {
    const total = Math.floor(vm.assignedMemoryMb * 0.97)
    const used = Math.min(total, product.idleMemoryMb)
    const cell = (value: number) => String(value).padStart(12, ' ')
    return print(
      `${' '.repeat(7)}${['total', 'used', 'free'].map((word) => word.padStart(12, ' ')).join('')}`,
      `Mem:   ${cell(total)}${cell(used)}${cell(total - used)}`,
    )
  },
  ip: addressLines,
  lsmod: ({ product }) => print('Module                  Size  Used by', ...product.drivers.flatMap((driver) => MODULES[driver] ?? [])),
}

/** Kernel modules of the drivers as `lsmod` lists them (linux: drivers/hv, drivers/scsi, drivers/net/hyperv). */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  storage: ['hv_storvsc              24576  2'],
  network: ['hv_netvsc              110592  0'],
  video: ['hyperv_drm              20480  1'],
  keyboard: ['hyperv_keyboard         16384  0'],
  mouse: ['hid_hyperv              16384  0'],
  integration: ['hv_utils                49152  2', 'hv_vmbus               167936  7'],
  'dynamic-memory': ['hv_balloon              36864  0'],
  pci: ['pci_hyperv              36864  0'],
  'hv-socket': ['hv_sock                 20480  0'],
}

function addressLines({ world, vm, guest }: Prompt): CommandResult {
  const lines = ['1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536', '    inet 127.0.0.1/8 scope host lo']
  for (const [index, adapter] of world.by.adaptersOfVm.of(vm.id).entries()) {
    const network = adapter.switchId === null ? undefined : world.tables.virtual_switch.get(adapter.switchId)
    lines.push(`${index + 2}: eth${index}: <BROADCAST,MULTICAST${network === undefined ? '' : ',UP,LOWER_UP'}> mtu 1500`)
    if (network === undefined) continue
    for (const address of addressesOn(world, guest, adapter, network.kind === 'external')) {
      lines.push(address.includes(':') ? `    inet6 ${address}/64 scope link` : `    inet ${address}/24 scope global eth${index}`)
    }
  }
  return { lines }
}

const DOS_COMMANDS: Readonly<Record<string, Command>> = {
  ver: () => print('', 'MS-DOS Version 6.22', ''),
  dir: () =>
    print(
      '',
      ' Volume in drive C is MS-DOS_6',
      ' Volume Serial Number is 1B4E-16F3',
      ' Directory of C:\\',
      '',
      'DOS          <DIR>         05-31-94   6:22a',
      'COMMAND  COM        54,645 05-31-94   6:22a',
      'WINA20   386         9,349 05-31-94   6:22a',
      'CONFIG   SYS           144 05-31-94   6:30a',
      'AUTOEXEC BAT           178 05-31-94   6:30a',
      '        5 file(s)         64,316 bytes',
      '                     502,136,832 bytes free',
      '',
    ),
  cls: () => ({ lines: [], clears: true }),
  echo: ({ words }) => print(words.slice(1).join(' ')),
  date: ({ world, guest }) => print(`Current date is ${dosDateText(guestClock(world, guest))}`, ''),
  time: ({ world, guest }) => print(`Current time is ${clockTextWithHalf(guestClock(world, guest))}`, ''),
  mem: ({ vm }) =>
    print(
      '',
      'Memory Type        Total  =   Used  +   Free',
      '----------------  -------   -------   -------',
      'Conventional         640K       48K      592K',
      // DOS sees at most 64 MB (devices 10).
      `Extended (XMS)    ${String(Math.min(vm.assignedMemoryMb, 64) * 1024 - 1024).padStart(6)}K     2112K   ${String(Math.min(vm.assignedMemoryMb, 64) * 1024 - 3136).padStart(6)}K`,
      '',
    ),
  type: ({ words }) => print(words[1] === undefined ? 'Required parameter missing' : `File not found - ${words[1].toUpperCase()}`),
}

/** Lines that the start of the system leaves above its first prompt: what AUTOEXEC.BAT prints at DOS. */
export function startLines(product: GuestProduct | null): string[] {
  return product?.family === 'dos'
    ? ['HIMEM is testing extended memory...done.', '', 'C:\\>C:\\DOS\\SMARTDRV.EXE /X', 'C:\\>SET PATH=C:\\DOS', '']
    : []
}

/** Greeting after a sign-in on a text console. */
export function greeting(world: World, guest: GuestRow, product: GuestProduct): string[] {
  const clock = guestClock(world, guest)
  if (product.family === 'dos') return []
  if (product.family === 'freebsd') return [`${product.name} (GENERIC)`, '', 'Welcome to FreeBSD!', '']
  return [
    `Welcome to ${product.name} (GNU/Linux ${product.kernelVersion} x86_64)`,
    '',
    ` System information as of ${shortDateText(clock)} ${clockTextWithHalf(clock)}`,
    '',
  ]
}
