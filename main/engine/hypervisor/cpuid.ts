/** CPUID leaves 0x40000000 and up, as a guest sees them (hypervisor reference 1.12). */
import type { HypervisorPlatform, PrivilegeMask } from './types.ts'

export interface CpuidRegisters {
  readonly eax: number
  readonly ebx: number
  readonly ecx: number
  readonly edx: number
}

const ZERO: CpuidRegisters = { eax: 0, ebx: 0, ecx: 0, edx: 0 }
const bit = (number: number, set: boolean): number => (set ? 2 ** number : 0)

/** What of a partition the leaves depend on. */
export interface CpuidSubject {
  readonly privileges: PrivilegeMask
  readonly isRoot: boolean
}

/** Spin count before NotifyLongSpinWait (reference 1.12, [U]). */
const SPIN_COUNT = 0xfff

/** EDX of leaf 0x40000003: features that are no privileges. */
function featureBits(platform: HypervisorPlatform, subject: CpuidSubject): number {
  const xmmInput = 4
  const guestIdle = 5
  const frequencies = 8
  const crash = 10
  const extendedRanges = 14
  const directTimers = 19
  return (
    bit(3, subject.isRoot) +
    bit(xmmInput, true) +
    bit(guestIdle, true) +
    bit(frequencies, true) +
    bit(crash, true) +
    bit(extendedRanges, platform.release.extendedProcessorMasks) +
    bit(directTimers, platform.release.directTimers)
  )
}

/** EAX of leaf 0x40000004: what a guest should use. Bits 0 and 1 help only without second-level translation. */
export function recommendations(platform: HypervisorPlatform): number {
  const { features, release } = platform
  return (
    bit(0, !features.slat) +
    bit(1, !features.slat) +
    bit(2, true) +
    bit(3, !features.apicVirtualization) +
    bit(4, true) +
    bit(5, true) +
    bit(9, features.apicVirtualization) +
    bit(10, release.clusterIpi) +
    bit(11, release.extendedProcessorMasks)
  )
}

function hardwareFeatures(platform: HypervisorPlatform): number {
  const { features } = platform
  return (
    bit(0, features.flexPriority || features.apicVirtualization) +
    bit(1, true) +
    bit(3, features.slat) +
    bit(23, features.apicVirtualization)
  )
}

/** The answer of the hypervisor; leaves that it does not know give zeros. Leaf 1 shows only the hypervisor-present bit. */
export function cpuidLeaf(platform: HypervisorPlatform, subject: CpuidSubject, leaf: number): CpuidRegisters {
  const { release, physicalAddressBits } = platform
  const { version } = release
  if (leaf > release.maxCpuidLeaf) return ZERO
  switch (leaf) {
    case 0x1:
      return { ...ZERO, ecx: 0x8000_0000 }
    case 0x4000_0000:
      return { eax: release.maxCpuidLeaf, ebx: 0x7263_694d, ecx: 0x666f_736f, edx: 0x7648_2074 }
    case 0x4000_0001:
      return { ...ZERO, eax: 0x3123_7648 }
    case 0x4000_0002:
      return {
        eax: version.build,
        ebx: version.major * 0x1_0000 + version.minor,
        ecx: version.servicePack,
        edx: version.serviceBranch * 0x100_0000 + version.serviceNumber,
      }
    case 0x4000_0003:
      return { eax: subject.privileges.low, ebx: subject.privileges.high, ecx: 0, edx: featureBits(platform, subject) }
    case 0x4000_0004:
      return { eax: recommendations(platform), ebx: SPIN_COUNT, ecx: physicalAddressBits, edx: 0 }
    case 0x4000_0005:
      return { eax: release.maxVpsPerPartition, ebx: release.maxLogicalProcessors, ecx: release.maxInterruptVectors, edx: 0 }
    case 0x4000_0006:
      return { ...ZERO, eax: hardwareFeatures(platform) }
    case 0x4000_0007:
      return subject.isRoot ? { ...ZERO, eax: 0x8000_0007 } : ZERO
    default:
      return ZERO
  }
}

/** The text in EBX, ECX, EDX of leaf 0x40000000: `Microsoft Hv`. */
export function vendorText({ ebx, ecx, edx }: CpuidRegisters): string {
  let text = ''
  for (const word of [ebx, ecx, edx]) for (let i = 0; i < 4; i++) text += String.fromCharCode((word >>> (8 * i)) & 0xff)
  return text
}
