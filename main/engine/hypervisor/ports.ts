/** Ports and connections: how one partition reaches a SINT of another (hypervisor reference 3.5). */
import type { PageNumber, PartitionId, VpIndex } from './types.ts'

/** HV_PORT_TYPE. */
export const PortType = { Message: 1, Event: 2, Monitor: 3, Doorbell: 4 } as const

/** Where a port delivers to. SINT is 1 to 15; `targetVp` may be ANY_VP. Event flags are `baseFlag` to `baseFlag + flagCount - 1`, below 2048. */
export type PortInfo =
  | { readonly type: 'message'; readonly targetSint: number; readonly targetVp: VpIndex }
  | {
      readonly type: 'event'
      readonly targetSint: number
      readonly targetVp: VpIndex
      readonly baseFlag: number
      readonly flagCount: number
    }
  | { readonly type: 'monitor'; readonly monitorPage: PageNumber }
  | { readonly type: 'doorbell'; readonly targetSint: number; readonly targetVp: VpIndex }

/** The sender's part: monitor connections name the sender's page, doorbells the address that rings. */
export type ConnectionInfo =
  | { readonly type: 'message' }
  | { readonly type: 'event' }
  | { readonly type: 'monitor'; readonly monitorPage: PageNumber }
  | { readonly type: 'doorbell'; readonly gpaPage: PageNumber; readonly triggerValue: number }

export type PortProperty = 'PostCount' | 'PreferredTargetVp'

/** A receiving end; its memory comes from the receiver's pool. */
export interface Port {
  readonly id: number
  readonly ownerId: PartitionId
  /** The one partition that may connect. */
  readonly connectionPartition: PartitionId
  info: PortInfo
  /** Message buffers taken, 0 to 16. */
  buffersInUse: number
  postCount: number
}

/** A sending end; its memory comes from the sender's pool. */
export interface Connection {
  readonly id: number
  readonly ownerId: PartitionId
  readonly portPartition: PartitionId
  readonly portId: number
  readonly info: ConnectionInfo
  /** The port as long as it exists; looked up again when it is not the current one. */
  port: Port | undefined
}

/** Message buffers of a port (TLFS 11.2). */
export const PORT_BUFFERS = 16
/** Port and connection ids use 24 bits. */
export const PORT_ID_MAX = 0xff_ffff
/** Event flags of one SINT in the SIEF page. */
export const EVENT_FLAGS = 2048
/** Bytes of a message's payload at the most. */
export const MESSAGE_PAYLOAD_MAX = 240
