/** The ends of each kind of device. */
import { invariant } from '../../kernel/result.ts'
import type { DeviceEnds, EndsParts } from './device-ends.ts'
import { KeyboardEnds, MouseEnds, RemoteEnds, VideoEnds } from './input-ends.ts'
import { IntegrationEnds, serviceOf } from './integration-ends.ts'
import { MemoryEnds } from './memory-ends.ts'
import { NetworkEnds } from './network-ends.ts'
import { StorageEnds } from './storage-ends.ts'

export function makeEnds(parts: EndsParts): DeviceEnds {
  const { kind } = parts.device
  switch (kind) {
    case 'scsi':
    case 'ide-filter':
      return new StorageEnds(parts)
    case 'network':
      return new NetworkEnds(parts)
    case 'video':
      return new VideoEnds(parts)
    case 'keyboard':
      return new KeyboardEnds(parts)
    case 'mouse':
      return new MouseEnds(parts)
    case 'dynamic-memory':
      return new MemoryEnds(parts)
    case 'rdv':
      return new RemoteEnds()
    default: {
      const service = serviceOf(kind)
      invariant(service !== undefined, `a device pair of ${kind}`)
      return new IntegrationEnds(parts, service)
    }
  }
}
