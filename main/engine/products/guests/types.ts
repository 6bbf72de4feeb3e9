/** What the catalogue of guest systems says about one system. Durations are ranges in ms, on an SSD host with two virtual processors. */

/** From low to high, ms; which value is taken is drawn by the lab's seed. */
export type MsRange = readonly [low: number, high: number]

export type GuestFamily = 'dos' | 'windows' | 'linux' | 'freebsd'

/** VMBus versions as the guest offers them, lowest first. */
export type VmbusVersion = '0.13' | '1.1' | '2.4' | '3.0' | '4.0' | '4.1' | '5.0' | '5.1' | '5.2' | '5.3' | '6.0'

/** Synthetic devices that the system has a driver for. */
export type SyntheticDriver =
  | 'storage'
  | 'network'
  | 'video'
  | 'keyboard'
  | 'mouse'
  | 'integration'
  | 'dynamic-memory'
  | 'pci'
  | 'hv-socket'

/** Integration services as the settings page names them (devices 5.8). */
export type IntegrationService = 'shutdown' | 'time-synchronization' | 'data-exchange' | 'heartbeat' | 'backup' | 'guest-services'

/**
 * How the system comes by its integration services: `built-in` with its own version, `installable` from the host's setup disk (the version
 * that the last such disk carries), or `none`.
 */
export type Integration =
  | { readonly kind: 'built-in'; readonly version: string; readonly services: readonly IntegrationService[] }
  | { readonly kind: 'installed'; readonly version: string; readonly services: readonly IntegrationService[] }
  | { readonly kind: 'installable'; readonly version: string }
  | { readonly kind: 'none' }

/** How a user gets in: none (DOS), a text login, a page that opens on a key, or one that wants Ctrl+Alt+Delete first. */
export type SignInStyle = 'none' | 'text' | 'lock-screen' | 'ctrl-alt-delete' | 'welcome-list'

/** What the console looks like: one of the drawn styles, and its colours as `#rrggbb`. */
export interface ConsoleTheme {
  readonly style:
    | 'dos'
    | 'text'
    | 'nt4'
    | 'classic'
    | 'luna'
    | 'aero'
    | 'metro'
    | 'modern'
    | 'server-2008'
    | 'server-metro'
    | 'server-modern'
  /** Behind the sign-in page. */
  readonly background: string
  /** Second colour of a gradient; equal to `background` where there is none. */
  readonly backgroundTo: string
  readonly accent: string
  readonly desktop: string
  readonly desktopTo: string
  readonly taskbar: string
}

export interface ScreenSize {
  readonly width: number
  readonly height: number
}

/** How long each phase of a start and of an end takes. */
export interface GuestDurations {
  readonly loader: MsRange
  readonly kernel: MsRange
  readonly devices: MsRange
  readonly services: MsRange
  readonly signIn: MsRange
  readonly shutDown: MsRange
}

/** How long each phase of an installation takes. */
export interface SetupDurations {
  readonly loading: MsRange
  readonly copying: MsRange
  readonly features: MsRange
  readonly firstBoot: MsRange
  /** Questions that the first start asks; here answered by defaults. */
  readonly welcome: MsRange
}

export interface GuestProduct {
  /** Key such as `windows-server-2022`. */
  readonly key: string
  /** Full name: `Windows Server 2022 Datacenter`. */
  readonly name: string
  /** Name as a thumbnail or boot line has it: `Windows Server 2022`. */
  readonly shortName: string
  readonly family: GuestFamily
  readonly server: boolean
  /** Version of its kernel, such as `10.0.20348` or `6.8.0-31-generic`. */
  readonly kernelVersion: string
  readonly architecture: 'x86' | 'x64'
  /** Uses synthetic storage and network (statements S28, S29). Systems with installable services become so when they are installed. */
  readonly enlightened: boolean
  /** Highest VMBus version that it speaks; null without VMBus driver. */
  readonly vmbus: VmbusVersion | null
  readonly drivers: readonly SyntheticDriver[]
  readonly integration: Integration
  /** Virtual processors supported at the most. */
  readonly maximumProcessors: number
  readonly generation2: boolean
  /** False for systems whose setup and disk need Generation 2. */
  readonly generation1: boolean
  /** Secure Boot template that lets it start; `off` when Secure Boot must be off; null for Generation 1 only. */
  readonly secureBoot: 'Microsoft Windows' | 'Microsoft UEFI Certificate Authority' | 'off' | null
  /** Least memory with which its loader goes on, MB. Requirements of the maker may be higher. */
  readonly minimumMemoryMb: number
  /** Guest OS identity that it writes to MSR 0x40000000, hexadecimal, 16 digits (TLFS 2.6); null when it writes none. */
  readonly guestId: string | null
  /** Touches the task priority register at every interrupt-level change (statements S63 to S65). */
  readonly writesTprOften: boolean
  /** Waits for keys in a loop instead of halting: its processor is always busy. */
  readonly busyWaits: boolean
  /** Heartbeat carries application state (Windows) or none (Linux, FreeBSD); null without heartbeat. */
  readonly heartbeat: 'application' | 'none' | null
  /** Services in the order in which they start. */
  readonly startServices: readonly string[]
  readonly durations: GuestDurations
  /** Null for systems that the catalogue offers no installation of. */
  readonly setup: SetupDurations | null
  /** Processor use when idle, part of one virtual processor, 0 to 1. */
  readonly idleCpu: number
  /** Memory in use when idle, MB. */
  readonly idleMemoryMb: number
  readonly screen: ScreenSize
  readonly signIn: SignInStyle
  /** The account that signs in. */
  readonly user: string
  readonly theme: ConsoleTheme
  /** Powers the machine off at the end of its shutdown (ACPI); older systems ask the user to. */
  readonly powersOff: boolean
}
