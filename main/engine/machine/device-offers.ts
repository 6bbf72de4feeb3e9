/** How a machine's devices are offered on its bus. */
import { type DeviceClassName, deviceClass } from '../vmbus/classes.ts'
import { classOffer } from '../vmbus/offers.ts'
import type { ChannelOffer } from '../vmbus/server-types.ts'
import { DEVICE_ROWS } from './guest-facts.ts'
import type { DeviceSpec } from './stack-types.ts'

const offerTemplates = new Map<DeviceClassName, ChannelOffer>()

/** The offer of a device; those of one class share their texts. */
export function offerOf(device: DeviceSpec): ChannelOffer {
  const className = DEVICE_ROWS[device.kind].className ?? 'scsi'
  const instanceId = device.instanceId ?? deviceClass(className).instanceIds[0] ?? ''
  let template = offerTemplates.get(className)
  if (template === undefined) {
    template = classOffer(className, instanceId)
    offerTemplates.set(className, template)
  }
  return template.instanceId === instanceId ? template : { ...template, instanceId }
}

export function offerKey(offer: { readonly interfaceId: string; readonly instanceId: string; readonly subchannelIndex: number }): string {
  return `${offer.interfaceId}/${offer.instanceId}/${offer.subchannelIndex}`
}
