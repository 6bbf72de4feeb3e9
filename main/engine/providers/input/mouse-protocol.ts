/** Synthetic mouse (HID) protocol (devices reference 4.3; linux: drivers/hid/hid-hyperv.c). Pipe messages. */
import { pipeCodec } from '../../vmbus/pipe.ts'
import { type MessageOf, messageSet } from '../message-set.ts'
import { boolean8, hexBytes, i16, padding, struct, u8, u16, u32 } from '../wire.ts'

/** The only version: 2.0. */
export const mouseVersion = 0x00020000

/** Largest absolute coordinate. */
export const mouseCoordinateMax = 32767

/** Button bits of a report. */
export const mouseButton = { left: 1, right: 2, middle: 4, fourth: 8, fifth: 16 } as const

const deviceInfo = struct({
  attributesBytes: u32,
  vendor: u16,
  product: u16,
  version: u16,
  _reserved: padding(22),
  hidDescriptor: hexBytes(9),
  reportDescriptor: hexBytes(67),
})

const table = {
  protocolRequest: [0, struct({ version: u32 })],
  protocolResponse: [1, struct({ version: u32, accepted: boolean8 })],
  initialDeviceInfo: [2, deviceInfo],
  initialDeviceInfoAck: [3, struct({ reserved: u8 })],
  inputReport: [4, struct({ buttons: u8, x: u16, y: u16, wheel: i16 })],
} as const

export type MouseMessage = MessageOf<typeof table>
export const mouseMessages = messageSet({ typeBytes: 4, sizeBytes: 4, sizeOf: 'body' }, table)
export const mouseCodec = pipeCodec(mouseMessages)

/** Report of an absolute five-button mouse with a wheel: 3 padding bits, X and Y 0…32767, wheel −32767…32767. 67 bytes. */
const reportDescriptor = [
  '05010902a1010901a100', // generic desktop, mouse, pointer
  '0509190129051500250195057501810295017503' + '8101', // five buttons and three bits of padding
  '05010930093115003500' + '26ff7f' + '751095028102', // X and Y, absolute
  '093816018026ff7f751095018106', // wheel, relative
  'c0c0',
].join('')

/** What the provider tells about its mouse: vendor 045E, product 0621, HID 1.01. */
export const mouseDeviceInfo: MouseMessage & { readonly kind: 'initialDeviceInfo' } = {
  kind: 'initialDeviceInfo',
  attributesBytes: 32,
  vendor: 0x045e,
  product: 0x0621,
  version: 1,
  hidDescriptor: '092101010001224300',
  reportDescriptor,
}
