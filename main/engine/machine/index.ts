/** The simulated stack of a host: one `HostStack` per physical computer, one `MachineStack` per running machine. */
export { guestFactsOf, NO_GUEST } from './guest-facts.ts'
export { HostStack, type StackEffect } from './host-stack.ts'
export { MachineStack } from './machine-stack.ts'
export { hostRelease, offersDevice, platformOf } from './platform.ts'
export * from './stack-types.ts'
