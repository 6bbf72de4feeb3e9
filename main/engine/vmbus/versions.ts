/**
 * VMBus protocol versions: values, what each adds, which host stops where, what guests offer
 * (hypervisor reference 4.1, core sheet 4.1, devices reference 10; openvmm: vmbus_core/src/protocol.rs Version).
 */

/** Versions by the short names used in texts, as u32 values: high half major, low half minor. */
export const vmbusVersion = {
  v0_13: 0x0000000d,
  v1_1: 0x00010001,
  v2_4: 0x00020004,
  v3_0: 0x00030000,
  v4_0: 0x00040000,
  v4_1: 0x00040001,
  v5_0: 0x00050000,
  v5_1: 0x00050001,
  v5_2: 0x00050002,
  v5_3: 0x00050003,
  v6_0: 0x00060000,
} as const

export type VmbusVersion = (typeof vmbusVersion)[keyof typeof vmbusVersion]

/** All versions, oldest first. */
export const vmbusVersions: readonly VmbusVersion[] = Object.values(vmbusVersion)

/** What stands in tables and in the inspector about a version. */
export interface VmbusVersionRow {
  readonly version: VmbusVersion
  /** Name in the product's source or release that brought it. */
  readonly release: string
  /** Hosts whose highest version this is. */
  readonly hosts: readonly string[]
  readonly adds: string
}

export const vmbusVersionTable: readonly VmbusVersionRow[] = [
  { version: vmbusVersion.v0_13, release: 'Windows Server 2008', hosts: ['2008'], adds: 'base protocol, shared interrupt page' },
  {
    version: vmbusVersion.v1_1,
    release: 'Windows 7',
    hosts: ['2008 R2'],
    adds: 'dedicated interrupts, connection id in the offer, UnloadComplete',
  },
  {
    version: vmbusVersion.v2_4,
    release: 'Windows 8',
    hosts: ['2012', '8'],
    adds: 'sub-channels, target VP per channel, event flag per channel, pending send size',
  },
  { version: vmbusVersion.v3_0, release: 'Windows 8.1', hosts: ['2012 R2', '8.1', '10 1507', '10 1511'], adds: 'target VP of messages' },
  { version: vmbusVersion.v4_0, release: 'Windows 10', hosts: ['2016', '10 1607', '10 1703'], adds: 'hv_sock, reserved channels' },
  { version: vmbusVersion.v4_1, release: 'Windows 10 1709', hosts: [], adds: 'ModifyChannel, result of TL connect requests' },
  { version: vmbusVersion.v5_0, release: 'Windows 10 1709', hosts: ['10 1709'], adds: 'messages on connection 4, SINT in the contact' },
  { version: vmbusVersion.v5_1, release: 'Windows 10 1803', hosts: ['10 1803'], adds: 'VTL in the contact' },
  {
    version: vmbusVersion.v5_2,
    release: 'Windows 10 1809',
    hosts: ['2019', '10 1809', '10 1903', '10 1909', '10 2004', '10 20H2', '10 21H1', '10 21H2', '10 22H2'],
    adds: 'silo id in TL connect requests',
  },
  { version: vmbusVersion.v5_3, release: 'Iron', hosts: ['2022', '11 21H2', '11 22H2', '11 23H2'], adds: 'ModifyChannelResponse' },
  {
    version: vmbusVersion.v6_0,
    release: 'Copper',
    hosts: ['2025', '11 24H2'],
    adds: 'feature flags, client id, guest-specified signal parameters, pause and resume, ModifyConnection',
  },
]

/** Highest version of a host release named as in {@link vmbusVersionTable}; undefined for an unknown name. */
export function hostVersionMax(release: string): VmbusVersion | undefined {
  return vmbusVersionTable.find((row) => row.hosts.includes(release))?.version
}

/** `5.3` for 0x00050003. Any u32. */
export function versionText(version: number): string {
  return `${Math.floor(version / 65536)}.${version % 65536}`
}

/** The version with this value, or undefined if the protocol has none such. */
export function knownVersion(value: number): VmbusVersion | undefined {
  return vmbusVersions.find((version) => version === value)
}

/**
 * What a client offers, in the order in which it asks: from its highest version down to its lowest.
 * Linux up to 5.18 goes down to 0.13, later kernels to 2.4; Windows down to 0.13.
 */
export function versionsOffered(highest: VmbusVersion, lowest: VmbusVersion = vmbusVersion.v0_13): readonly VmbusVersion[] {
  return vmbusVersions.filter((version) => version <= highest && version >= lowest).reverse()
}

/** Feature flags of version 6.0. */
export const vmbusFeature = {
  guestSpecifiedSignalParameters: 0x01,
  channelInterruptRedirection: 0x02,
  modifyConnection: 0x04,
  clientId: 0x08,
  confidentialChannels: 0x10,
  pauseResume: 0x20,
  serverSpecifiedMonitorPages: 0x40,
  gpaPinning: 0x80,
} as const

/** Flags that the server grants to an ordinary (not confidential) guest (openvmm: SUPPORTED_FEATURE_FLAGS, no relay, guest's own monitor pages). */
export const serverFeatures =
  vmbusFeature.guestSpecifiedSignalParameters |
  vmbusFeature.channelInterruptRedirection |
  vmbusFeature.modifyConnection |
  vmbusFeature.clientId |
  vmbusFeature.pauseResume

/** What both sides agreed on. `features` is 0 below 6.0. */
export interface NegotiatedVersion {
  readonly version: VmbusVersion
  readonly features: number
}

/** Connection ids that a guest sees (hypervisor reference 4.2). */
export const vmbusConnection = {
  /** Messages, versions below 5.0. */
  messages: 1,
  /** Shared event port of old guests. */
  sharedEvents: 2,
  monitor: 3,
  /** Messages, 5.0 and later. */
  messages5: 4,
} as const

/** SynIC interrupt source of all VMBus traffic of a guest without paravisor. */
export const vmbusSint = 2

/** Highest channel id. */
export const channelIdMax = 2047

/** Connection id on which a guest signals a channel: `channel | SINT << 12 | VTL << 16`. */
export function channelConnectionId(channelId: number, vtl = 0): number {
  return channelId | (vmbusSint << 12) | (vtl << 16)
}

/** Target VP value in OpenChannel that means "no interrupts". */
export const vpDisabled = 0xffffffff
