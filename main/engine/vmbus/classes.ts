/** Device classes of the VMBus (hypervisor reference 5.1, devices reference 1). GUIDs in lower case. */
import type { Guid } from './guid.ts'

/** Short name of a class, used throughout the engine. */
export type DeviceClassName =
  | 'scsi'
  | 'ideAccelerator'
  | 'fibreChannel'
  | 'network'
  | 'networkDirect'
  | 'video'
  | 'keyboard'
  | 'mouse'
  | 'heartbeat'
  | 'shutdown'
  | 'timeSync'
  | 'kvp'
  | 'vss'
  | 'guestServices'
  | 'icNegotiate'
  | 'rdv'
  | 'rdpControl'
  | 'rdpData'
  | 'avma'
  | 'dynamicMemory'
  | 'vpci'
  | 'vmbfs'
  | 'virtualSmb'
  | 'uart'
  | 'crashDump'

export interface DeviceClass {
  readonly name: DeviceClassName
  /** As inspectors show it. */
  readonly title: string
  /** Interface type. */
  readonly interfaceId: Guid
  /** Fixed instances; empty = chosen per device. */
  readonly instanceIds: readonly Guid[]
  /** Virtual machine generations that have it. */
  readonly generations: readonly (1 | 2)[]
  /** First host release. */
  readonly since: string
  readonly windowsDriver: string
  readonly linuxDriver: string
  /** Who sends the first packet; undefined = either. */
  readonly firstSpeaker: 'guest' | 'host' | undefined
  /** Packets are pipe messages. */
  readonly pipe: boolean
  /** Usual data size of one ring in a Linux guest, bytes without control page; 0 = not used by Linux. */
  readonly ringBytes: number
  readonly subchannels: boolean
}

type Row = readonly [
  name: DeviceClassName,
  title: string,
  interfaceId: Guid,
  instanceIds: readonly Guid[],
  generations: readonly (1 | 2)[],
  since: string,
  windowsDriver: string,
  linuxDriver: string,
  firstSpeaker: 'guest' | 'host' | undefined,
  pipe: boolean,
  ringKb: number,
  subchannels: boolean,
]

const rdpDataInstances = [1, 2, 3, 4, 5].map((n) => `99221fa${n}-24ad-11e2-be98-001aa01bbf6e`)

const ideInstances = ['00', '01', '10', '11'].map((pair) => `0000000${pair[0]}-000${pair[1]}-8899-0000-000000000000`)

const both = [1, 2] as const

const rows: readonly Row[] = [
  // biome-ignore format: one row per class
  ['scsi', 'SCSI controller', 'ba6163d9-04a1-4d29-b605-72e2ffb1dc7f', [], both, '2008', 'storvsc.sys', 'hv_storvsc', 'guest', false, 128, true],
  // biome-ignore format: one row per class
  ['ideAccelerator', 'IDE accelerator', '32412632-86cb-44a2-9b5c-50d1417354f5', ideInstances, [1], '2008', 'storflt.sys', 'hv_storvsc', 'guest', false, 128, false],
  // biome-ignore format: one row per class
  ['fibreChannel', 'Fibre Channel adapter', '2f9bcc4a-0069-4af3-b76b-6fd0be528cda', [], both, '2012', 'fcvsc.sys', 'hv_storvsc', 'guest', false, 128, true],
  // biome-ignore format: one row per class
  ['network', 'Network adapter', 'f8615163-df3e-46c5-913f-f2d2f965ed0e', [], both, '2008', 'netvsc.sys', 'hv_netvsc', 'guest', false, 512, true],
  // biome-ignore format: one row per class
  ['networkDirect', 'NetworkDirect', '8c2eaf3d-32a7-4b09-ab99-bd1f1c86b501', [], both, '2016', '', '', undefined, false, 0, false],
  // biome-ignore format: one row per class
  ['video', 'Synthetic video', 'da0a7802-e377-4aac-8e77-0558eb1073f8', ['5620e0c7-8062-4dce-aeb7-520c7ef76171'], both, '2008', 'HyperVideo.sys', 'hyperv_drm', 'guest', true, 256, false],
  // biome-ignore format: one row per class
  ['keyboard', 'Keyboard', 'f912ad6d-2b17-48ea-bd65-f927a61c7684', ['d34b2567-b9b6-42b9-8778-0a4ec0b955bf'], both, '2012', 'hyperkbd.sys', 'hyperv-keyboard', 'guest', true, 36, false],
  // biome-ignore format: one row per class
  ['mouse', 'Mouse', 'cfa8b69e-5b4a-4cc0-b98b-8ba1a1f3f95a', ['58f75a6d-d949-4320-99e1-a2a2576d581c'], both, '2008', 'VMBusHID.sys', 'hid-hyperv', 'guest', true, 36, false],
  // biome-ignore format: one row per class
  ['heartbeat', 'Heartbeat', '57164f39-9115-4e78-ab55-382f3bd5422d', ['fd149e91-82e0-4a7d-afa6-2a4166cbd7c0'], both, '2008', 'vmicheartbeat', 'hv_utils', 'host', true, 12, false],
  // biome-ignore format: one row per class
  ['shutdown', 'Operating system shutdown', '0e0b6031-5213-4934-818b-38d90ced39db', ['b6650ff7-33bc-4840-8048-e0676786f393'], both, '2008', 'vmicshutdown', 'hv_utils', 'host', true, 12, false],
  // biome-ignore format: one row per class
  ['timeSync', 'Time synchronization', '9527e630-d0ae-497b-adce-e80ab0175caf', ['2dd1ce17-079e-403c-b352-a1921ee207ee'], both, '2008', 'vmictimesync', 'hv_utils', 'host', true, 12, false],
  // biome-ignore format: one row per class
  ['kvp', 'Data exchange', 'a9a0f4e7-5a45-4d96-b827-8a841e8c03e6', ['242ff919-07db-4180-9c2e-b86cb68c8c55'], both, '2008', 'vmickvpexchange', 'hv_utils', 'host', true, 12, false],
  // biome-ignore format: one row per class
  ['vss', 'Backup (volume checkpoint)', '35fa2e29-ea23-4236-96ae-3a6ebacba440', ['2450ee40-33bf-4fbd-892e-9fb06e9214cf'], both, '2008', 'vmicvss', 'hv_utils', 'host', true, 12, false],
  // biome-ignore format: one row per class
  ['guestServices', 'Guest services', '34d14be3-dee4-41c8-9ae7-6b174977c192', ['eb765408-105f-49b6-b4aa-c123b64d17d4'], both, '2012 R2', 'vmicguestinterface', 'hv_utils', 'host', true, 12, false],
  // biome-ignore format: one row per class
  ['icNegotiate', 'Integration component negotiation', '9722c3e7-8f86-456d-8b6c-6009da4ccd0b', ['77b80a1a-c226-427b-b65b-dba0df85c812'], both, '2008', '', '', 'host', true, 0, false],
  // biome-ignore format: one row per class
  ['rdv', 'Remote Desktop virtualization', '276aacf4-ac15-426c-98dd-7521ad3f01fe', ['f5bee29c-1741-4aad-a4c2-8fdedb46dcc2'], both, '2008 R2', 'vmicrdv', '', 'host', true, 0, false],
  // biome-ignore format: one row per class
  ['rdpControl', 'Synthetic RDP control', 'f8e65716-3cb3-4a06-9a60-1889c5cccab5', ['99221fa0-24ad-11e2-be98-001aa01bbf6e'], both, '2012 R2', 'rdpcorets', '', 'host', true, 0, false],
  // biome-ignore format: one row per class
  ['rdpData', 'Synthetic RDP data', 'f9e9c0d3-b511-4a48-8046-d38079a8830c', rdpDataInstances, both, '2012 R2', 'rdpcorets', '', undefined, true, 0, false],
  // biome-ignore format: one row per class
  ['avma', 'Inherited activation', '3375baf4-9e15-4b30-b765-67acb10d607b', ['4487b255-b88c-403f-bb51-d1f69cf17f87'], both, '2012 R2', 'vmgencounter', '', undefined, true, 0, false],
  // biome-ignore format: one row per class
  ['dynamicMemory', 'Dynamic memory', '525074dc-8985-46e2-8057-a307dc18a502', ['1eccfd72-4b41-45ef-b73a-4a6e44c12924'], both, '2008 R2', 'dmvsc.sys', 'hv_balloon', 'guest', false, 16, false],
  // biome-ignore format: one row per class
  ['vpci', 'PCI pass-through', '44c4f61d-4444-4400-9d52-802e27ede19f', [], both, '2012', 'vpci.sys', 'pci-hyperv', 'guest', false, 16, false],
  // biome-ignore format: one row per class
  ['vmbfs', 'Boot file system', 'c376c1c3-d276-48d2-90a9-c04748072c60', ['c63c9bdf-5fa5-4208-b03f-6b458b365592', 'c4e5e7d1-d748-4afc-979d-683167910a55'], both, '2012', '', '', 'guest', true, 0, false],
  // biome-ignore format: one row per class
  ['virtualSmb', 'Virtual SMB', '4d12e519-17a0-4ae4-8eaa-5270fc6abdb7', ['dcc079ae-60ba-4d07-847c-3493609c0870'], [], '2016', '', '', 'guest', true, 0, false],
  // biome-ignore format: one row per class
  ['uart', 'VMBus UART', '8b60ccf6-709f-4c11-90b5-229c959a9e6a', ['700df40e-b947-4776-b839-d1b0a35af034', '7e55f4b8-af84-4e98-9f1a-8e8d0bde3744', '3f158fa1-b0aa-45e9-ba54-9fc73f6c59ec', '8688a06f-9b53-48ce-b408-7581626228c5'], [], '2022', '', '', 'guest', true, 0, false],
  // biome-ignore format: one row per class
  ['crashDump', 'Crash dump', '427b03e7-4ceb-4286-b5fc-486f4a1dd439', [], [], '2022', '', '', 'guest', true, 0, false],
]

/** All classes, in the order of the reference. */
export const deviceClasses: readonly DeviceClass[] = rows.map(
  ([name, title, interfaceId, instanceIds, generations, since, windowsDriver, linuxDriver, firstSpeaker, pipe, ringKb, subchannels]) => ({
    name,
    title,
    interfaceId,
    instanceIds,
    generations,
    since,
    windowsDriver,
    linuxDriver,
    firstSpeaker,
    pipe,
    ringBytes: ringKb * 1024,
    subchannels,
  }),
)

const byName = new Map(deviceClasses.map((row) => [row.name, row]))
const byInterface = new Map(deviceClasses.map((row) => [row.interfaceId, row]))

/** The class of this name. */
export function deviceClass(name: DeviceClassName): DeviceClass {
  const found = byName.get(name)
  if (found === undefined) throw new Error(`no device class ${name}`)
  return found
}

/** The class of an interface GUID; undefined for hv_sock services and unknown devices. */
export function deviceClassOf(interfaceId: Guid): DeviceClass | undefined {
  return byInterface.get(interfaceId)
}

/** Instance GUID of the IDE accelerator for an IDE channel (0, 1) and device (0, 1). */
export function ideInstance(channel: 0 | 1, device: 0 | 1): Guid {
  return `0000000${channel}-000${device}-8899-0000-000000000000`
}
