/**
 * Sentences for refusals of the settings sheet (hyper-v-manager 5.6, 5.15). The reference gives most of them by their sense only; the wording
 * stands here and nowhere else.
 */
import type { RefusalView } from './refusals.ts'

type Values = RefusalView['values']
type Sentence = (v: (key: string) => string, values: Values) => string

const IN_STATE = 'The operation cannot be performed while the virtual machine is in its current state.'

export const SETTINGS_BODIES = {
  'settings-changed': (v) =>
    `The settings of '${v('name')}' have been changed elsewhere since this window read them. Nothing was applied. Refresh the window to see the present settings.`,
  'setting-locked': (v) => `'${v('name')}': Cannot modify property without stopping the virtual machine. ${IN_STATE}`,
  'value-range': (v) => `The value must be between ${v('minimum')} and ${v('maximum')}.`,
  'boot-order': () => 'The startup order must name each device once.',
  'processor-number': (v) =>
    `The number of virtual processors must be between 1 and ${v('maximum')}${v('counts') === '' ? '' : `, and one of ${v('counts')}`} on this computer.`,
  'reserve-above-limit': () => 'The virtual machine reserve cannot be greater than the virtual machine limit.',
  'memory-not-added': (v) =>
    `Not all of the requested memory could be added to the virtual machine. '${v('name')}' keeps ${v('presentMb')} MB.`,
  'memory-in-use': (v) =>
    `Not all of the requested memory could be removed from the virtual machine, because its guest operating system uses it. '${v('name')}' keeps ${v('presentMb')} MB.`,
  'not-supported': (v) => `This setting is not supported by ${v('product')}.`,
  'checkpoints-exist': (v) => `'${v('name')}': This setting cannot be changed because checkpoints exist for this virtual machine.`,
  'drive-fixed': () => 'The drive is a fixed part of the virtual machine. It can be neither added, moved nor removed.',
  'drive-place': (v) => `The drive cannot be attached to ${v('controller')} at location ${v('location')}.`,
  'location-taken': (v) => `Location ${v('location')} of ${v('controller')} is already in use.`,
  'attachment-not-found': (v) =>
    `Failed to open attachment '${v('path')}'. Error: 'The system cannot find the file specified.' (0x80070002).`,
  'attachment-in-use': (v) =>
    `Failed to open attachment '${v('path')}'. Error: 'The process cannot access the file because it is being used by another process.' (0x80070020).`,
  'disk-connected': (v) =>
    `Attachment '${v('path')}' cannot be added. The disk is already connected to the virtual machine '${v('name')}'.`,
  'disk-holds-system': (v) =>
    `Failed to remove device 'Virtual Hard Disk'. The guest operating system of '${v('name')}' runs from it and does not let go of it.`,
  'drive-captured': (v) => `The drive '${v('drive')}' is already captured by '${v('user')}'. Only one virtual machine can use it.`,
} as const satisfies Record<string, Sentence>
