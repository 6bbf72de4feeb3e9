/**
 * Synthetic RDP control channel of the enhanced session: only the version handshake is known (hypervisor reference 5.9). Pipe messages. What the data
 * channels carry is RDP itself and no part of this model.
 */
import { pipeCodec } from '../../vmbus/pipe.ts'
import { type MessageOf, messageSet } from '../message-set.ts'
import { boolean8, padding, struct, u32 } from '../wire.ts'

/** 1.0. */
export const rdpControlVersion = 0x00010000

/** TCP-like port of xrdp behind hv_sock in Linux guests. */
export const xrdpVsockPort = 3389

const table = {
  versionRequest: [1, struct({ version: u32, _reserved: padding(4) })],
  versionResponse: [2, struct({ version: u32, _reserved: padding(4), accepted: boolean8 })],
} as const

export type RdpControlMessage = MessageOf<typeof table>
export const rdpControlMessages = messageSet({ typeBytes: 4, sizeBytes: 4, sizeOf: 'either' }, table)
export const rdpControlCodec = pipeCodec(rdpControlMessages)
