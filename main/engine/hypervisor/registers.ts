/** Names and codes of the virtual processor registers that the model keeps (HV_REGISTER_NAME, x64; hypervisor reference 1.6). */
export const REGISTERS = {
  ExplicitSuspend: 0x0000_0000,
  InterceptSuspend: 0x0000_0001,
  PendingInterruption: 0x0001_0002,
  InterruptState: 0x0001_0003,
  Rax: 0x0002_0000,
  Rcx: 0x0002_0001,
  Rdx: 0x0002_0002,
  Rbx: 0x0002_0003,
  Rsp: 0x0002_0004,
  Rbp: 0x0002_0005,
  Rsi: 0x0002_0006,
  Rdi: 0x0002_0007,
  Rip: 0x0002_0010,
  Rflags: 0x0002_0011,
  Cr0: 0x0004_0000,
  Cr2: 0x0004_0001,
  Cr3: 0x0004_0002,
  Cr4: 0x0004_0003,
  Cr8: 0x0004_0004,
  Es: 0x0006_0000,
  Cs: 0x0006_0001,
  Ss: 0x0006_0002,
  Ds: 0x0006_0003,
  Idtr: 0x0007_0000,
  Gdtr: 0x0007_0001,
  Efer: 0x0008_0001,
  ApicBase: 0x0008_0003,
  VpRuntime: 0x0009_0000,
  Hypercall: 0x0009_0001,
  GuestOsId: 0x0009_0002,
  VpIndex: 0x0009_0003,
  TimeRefCount: 0x0009_0004,
  VpAssistPage: 0x0009_0013,
  ReferenceTsc: 0x0009_0017,
  Sint0: 0x000a_0000,
  Sint1: 0x000a_0001,
  Sint2: 0x000a_0002,
  Scontrol: 0x000a_0010,
  Sversion: 0x000a_0011,
  Siefp: 0x000a_0012,
  Simp: 0x000a_0013,
  Eom: 0x000a_0014,
} as const

export type RegisterName = keyof typeof REGISTERS

/** True for a name that the model knows. */
export function isRegisterName(name: string): name is RegisterName {
  return Object.hasOwn(REGISTERS, name)
}

/** Values after creation or reset of an x64 processor (real mode, first instruction at F000:FFF0). Others are 0. */
export const RESET_REGISTERS: ReadonlyMap<RegisterName, bigint> = new Map<RegisterName, bigint>([
  ['Rip', 0xfff0n],
  ['Cs', 0xf000n],
  ['Rflags', 0x2n],
  ['Cr0', 0x6000_0010n],
  ['Rdx', 0x600n],
  ['ApicBase', 0xfee0_0800n],
])

/** The bootstrap processor carries bit 8 in its APIC base. */
export const APIC_BASE_BSP = 0x100n

/** Registers that are the synthetic MSR of this address. */
export const REGISTER_MSRS: ReadonlyMap<RegisterName, number> = new Map<RegisterName, number>([
  ['VpRuntime', 0x4000_0010],
  ['Hypercall', 0x4000_0001],
  ['GuestOsId', 0x4000_0000],
  ['VpIndex', 0x4000_0002],
  ['TimeRefCount', 0x4000_0020],
  ['VpAssistPage', 0x4000_0073],
  ['ReferenceTsc', 0x4000_0021],
  ['Sint0', 0x4000_0090],
  ['Sint1', 0x4000_0091],
  ['Sint2', 0x4000_0092],
  ['Scontrol', 0x4000_0080],
  ['Sversion', 0x4000_0081],
  ['Siefp', 0x4000_0082],
  ['Simp', 0x4000_0083],
  ['Eom', 0x4000_0084],
])
