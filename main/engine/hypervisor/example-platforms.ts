/** Hosts for examples and tests: a current one, and an old one without second-level translation. */
import type { HypervisorPlatform, HypervisorRelease, ProcessorFeatures } from './types.ts'

const PAGES_PER_GB = 262_144

/** Hypervisor of Windows Server 2022 (limits: hypervisor reference 2.3, 1.12). */
export const RELEASE_2022: HypervisorRelease = {
  version: { major: 10, minor: 0, build: 20348, servicePack: 0, serviceBranch: 0, serviceNumber: 1 },
  maxCpuidLeaf: 0x4000_000c,
  maxVpsPerPartition: 1024,
  maxLogicalProcessors: 512,
  maxInterruptVectors: 0x10_0000,
  maxPartitions: 1024,
  maxVpsTotal: 2048,
  directTimers: true,
  referenceTscPage: true,
  extendedProcessorMasks: true,
  clusterIpi: true,
  startVirtualProcessor: true,
  extendedHypercalls: true,
}

/** Hypervisor of Windows Server 2008. */
export const RELEASE_2008: HypervisorRelease = {
  version: { major: 6, minor: 0, build: 6001, servicePack: 1, serviceBranch: 0, serviceNumber: 0 },
  maxCpuidLeaf: 0x4000_0005,
  maxVpsPerPartition: 4,
  maxLogicalProcessors: 24,
  maxInterruptVectors: 0,
  maxPartitions: 192,
  maxVpsTotal: 192,
  directTimers: false,
  referenceTscPage: false,
  extendedProcessorMasks: false,
  clusterIpi: false,
  startVirtualProcessor: false,
  extendedHypercalls: false,
}

export const MODERN_FEATURES: ProcessorFeatures = {
  slat: true,
  flexPriority: true,
  apicVirtualization: true,
  taggedTlb: true,
  pages1G: false,
  mitigations: true,
}

export const EARLY_FEATURES: ProcessorFeatures = {
  slat: false,
  flexPriority: false,
  apicVirtualization: false,
  taggedTlb: false,
  pages1G: false,
  mitigations: false,
}

/** Server 2022 on one socket with eight cores, no hyper-threading, 16 GB in one NUMA node, 2.5 GHz. */
export function modernPlatform(changes: Partial<HypervisorPlatform> = {}): HypervisorPlatform {
  return {
    vendor: 'Intel',
    generation: 'ice-lake',
    frequencyHz: 2_500_000_000,
    threadsPerCore: 1,
    coresPerSocket: 8,
    nodes: [{ memoryPages: 16 * PAGES_PER_GB, logicalProcessors: 8 }],
    features: MODERN_FEATURES,
    physicalAddressBits: 46,
    release: RELEASE_2022,
    scheduler: 'classic',
    hostReserve: 0,
    rootWeight: 100,
    bootPages: 4096,
    ...changes,
  }
}

/** Server 2008 on four cores of 2006 (Intel) or 2007 (AMD), 8 GB, without any help for memory or task priority. */
export function earlyPlatform(vendor: 'Intel' | 'AMD', features: Partial<ProcessorFeatures> = {}): HypervisorPlatform {
  return modernPlatform({
    vendor,
    generation: vendor === 'Intel' ? 'core' : 'k10',
    coresPerSocket: 4,
    nodes: [{ memoryPages: 8 * PAGES_PER_GB, logicalProcessors: 4 }],
    features: { ...EARLY_FEATURES, ...features },
    physicalAddressBits: 40,
    release: RELEASE_2008,
  })
}
