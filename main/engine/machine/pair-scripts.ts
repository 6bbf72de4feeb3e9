/**
 * What the two ends of each device say to each other when a channel opens: the protocol's messages in order, with their sizes
 * (core sheet 6.1 rows 19 to 31; devices 2 to 5; linux: storvsc_drv.c, netvsc.c, hv_util.c, hv_balloon.c, hyperv-keyboard.c, hid-hyperv.c, hyperv_fb).
 */
import { versionText, vmbusVersion } from '../vmbus/versions.ts'
import type { DeviceKind } from './stack-types.ts'

/** One message of a start sequence and what answers it. */
export interface Exchange {
  readonly name: string
  readonly from: 'guest' | 'host'
  /** Payload, bytes. */
  readonly bytes: number
  readonly answer: 'completion' | 'packet' | 'none'
  readonly answerBytes: number
  /** Guest memory that is shared before the message is sent, pages. Such a message has an answer. */
  readonly sharePages?: number
  /** The host offers sub-channels when it has answered. */
  readonly offersSubchannels?: boolean
}

export interface PairScript {
  readonly exchanges: readonly Exchange[]
  /** Version of the device protocol, as its documents write it. */
  readonly version: string
  /** Pages of each ring's data area. */
  readonly ringPages: number
}

/** What the script of a pair depends on. */
export interface PairFacts {
  /** Negotiated VMBus version: it tells how old the younger of the two ends is. */
  readonly vmbus: number
  readonly units: number
  readonly subchannels: number
  readonly memoryMb: number
}

const ask = (name: string, bytes: number, answerBytes = bytes): Exchange => ({
  name,
  from: 'guest',
  bytes,
  answer: 'completion',
  answerBytes,
})
const message = (name: string, bytes: number): Exchange => ({ name, from: 'guest', bytes, answer: 'none', answerBytes: 0 })
const talk = (name: string, bytes: number, answerBytes: number): Exchange => ({ name, from: 'guest', bytes, answer: 'packet', answerBytes })
const hostAsks = (name: string, bytes: number, answerBytes: number): Exchange => ({
  name,
  from: 'host',
  bytes,
  answer: 'packet',
  answerBytes,
})

/** Requests of the storage protocol are 64 bytes (52 and padding before version 6, sent as 64). */
const VSTOR_BYTES = 64
const NVSP_BYTES = 40
const PAGES_PER_MB = 256
const SMALL_MEMORY_MB = 256

function storage({ vmbus, units, subchannels }: PairFacts): PairScript {
  const versions =
    vmbus >= vmbusVersion.v3_0
      ? ['6.2']
      : vmbus >= vmbusVersion.v2_4
        ? ['6.2', '6.0', '5.1']
        : vmbus >= vmbusVersion.v1_1
          ? ['4.2']
          : ['2.0']
  const exchanges: Exchange[] = [ask('BEGIN_INITIALIZATION', VSTOR_BYTES)]
  for (const version of versions) exchanges.push(ask(`QUERY_PROTOCOL_VERSION ${version}`, VSTOR_BYTES))
  exchanges.push(ask('QUERY_PROPERTIES', VSTOR_BYTES), ask('END_INITIALIZATION', VSTOR_BYTES))
  if (subchannels > 0) exchanges.push({ ...ask(`CREATE_SUB_CHANNELS ${subchannels}`, VSTOR_BYTES), offersSubchannels: true })
  exchanges.push(ask('EXECUTE_SRB REPORT LUNS', VSTOR_BYTES))
  for (let unit = 0; unit < units; unit++) {
    for (const command of [
      'INQUIRY',
      'INQUIRY VPD 00',
      'INQUIRY VPD 83',
      'READ CAPACITY(16)',
      'MODE SENSE(6)',
      'READ(10) partition table',
    ]) {
      exchanges.push(ask(`EXECUTE_SRB ${command}`, VSTOR_BYTES))
    }
  }
  return { exchanges, version: versions[versions.length - 1] ?? '', ringPages: 32 }
}

function network({ vmbus, subchannels, memoryMb }: PairFacts): PairScript {
  const version =
    vmbus >= vmbusVersion.v5_0
      ? '6.1'
      : vmbus >= vmbusVersion.v4_0
        ? '6.0'
        : vmbus >= vmbusVersion.v3_0
          ? '5.0'
          : vmbus >= vmbusVersion.v2_4
            ? '4.0'
            : '2.0'
  // Small machines share a smaller receive buffer.
  const receiveMb = memoryMb < SMALL_MEMORY_MB ? 2 : 16
  const exchanges: Exchange[] = [
    ask(`NVSP INIT ${version}`, NVSP_BYTES),
    message('NVSP SEND_NDIS_CONFIG', NVSP_BYTES),
    message('NVSP SEND_NDIS_VER 6.30', NVSP_BYTES),
    { ...ask('NVSP SEND_RECV_BUF', NVSP_BYTES), sharePages: receiveMb * PAGES_PER_MB },
    { ...ask('NVSP SEND_SEND_BUF', NVSP_BYTES), sharePages: PAGES_PER_MB },
    ...['INITIALIZE', 'QUERY permanent address', 'QUERY frame size', 'QUERY link', 'SET offload', 'SET packet filter'].map((name) =>
      talk(`RNDIS ${name}`, NVSP_BYTES, NVSP_BYTES),
    ),
  ]
  if (subchannels > 0) exchanges.push({ ...ask(`NVSP SUBCHANNEL ${subchannels}`, NVSP_BYTES), offersSubchannels: true })
  exchanges.push({ name: 'RNDIS INDICATE_STATUS media connect', from: 'host', bytes: NVSP_BYTES, answer: 'none', answerBytes: 0 })
  return { exchanges, version, ringPages: 128 }
}

/** Integration services: the host negotiates framework and message versions, the guest answers (devices 5). Pipe and message headers included. */
function integration(version: string, ...more: readonly Exchange[]): PairScript {
  return { exchanges: [hostAsks(`NEGOTIATE ${version}`, 56, 56), ...more], version, ringPages: 3 }
}

function icVersion(vmbus: number): string {
  return vmbus >= vmbusVersion.v2_4 ? '3.0' : '1.0'
}

const scripts = new Map<string, PairScript>()

/** The script of a device at these facts. Machines with the same facts share one. */
export function pairScript(kind: DeviceKind, facts: PairFacts): PairScript {
  const key = `${kind} ${facts.vmbus} ${facts.units} ${facts.subchannels} ${facts.memoryMb < SMALL_MEMORY_MB}`
  let script = scripts.get(key)
  if (script === undefined) {
    script = makeScript(kind, facts)
    scripts.set(key, script)
  }
  return script
}

function makeScript(kind: DeviceKind, facts: PairFacts): PairScript {
  switch (kind) {
    case 'scsi':
    case 'ide-filter':
      return storage(facts)
    case 'network':
      return network(facts)
    case 'video': {
      const version = facts.vmbus >= vmbusVersion.v4_0 ? '3.5' : facts.vmbus >= vmbusVersion.v2_4 ? '3.2' : '3.0'
      const exchanges = [
        talk(`VERSION_REQUEST ${version}`, 24, 28),
        talk('VRAM_LOCATION', 36, 28),
        message('SITUATION_UPDATE', 48),
        message('POINTER_POSITION', 32),
        message('POINTER_SHAPE', 56),
      ]
      return { exchanges, version, ringPages: 64 }
    }
    case 'keyboard':
      return { exchanges: [talk('PROTOCOL_REQUEST 1.0', 16, 16)], version: '1.0', ringPages: 9 }
    case 'mouse': {
      const exchanges = [talk('PROTOCOL_REQUEST 2.0', 24, 24), hostAsks('INITIAL_DEVICE_INFO', 112, 24)]
      return { exchanges, version: '2.0', ringPages: 9 }
    }
    case 'dynamic-memory': {
      const version = facts.vmbus >= vmbusVersion.v4_0 ? '2.0' : facts.vmbus >= vmbusVersion.v2_4 ? '1.0' : '0.3'
      const exchanges = [talk(`VERSION_REQUEST ${version}`, 16, 16), talk('CAPABILITIES_REPORT', 24, 16), message('STATUS_REPORT', 40)]
      return { exchanges, version, ringPages: 4 }
    }
    case 'kvp':
      return integration(icVersion(facts.vmbus), hostAsks('ENUMERATE OSName', 2608, 2608))
    case 'timesync':
      return integration(icVersion(facts.vmbus), hostAsks('TIMESYNC sync', 56, 36))
    case 'heartbeat':
    case 'shutdown':
    case 'vss':
    case 'file-copy':
      return integration(icVersion(facts.vmbus))
    case 'rdv':
      return { exchanges: [hostAsks('CAPABILITIES', 40, 40)], version: versionText(0x0001_0000), ringPages: 4 }
    case 'legacy-network':
      return { exchanges: [], version: '', ringPages: 1 }
  }
}
