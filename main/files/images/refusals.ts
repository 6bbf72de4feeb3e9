/**
 * Why an image file is not opened, or an operation on one not carried out: a code with its values, a sentence, and the number that the
 * virtual disk stack of Windows reports for the same thing (formats reference 1.10; Win32 errors as HRESULT).
 */

interface RefusalText {
  /** Words in braces are replaced by the values of the same name. */
  readonly sentence: string
  /** HRESULT. */
  readonly status: number
}

const CORRUPT = 0x80070570

/** Every refusal of the library. `{file}` is always among the values. */
export const refusalTexts = {
  'file-not-found': { sentence: 'The file {file} was not found.', status: 0x80070002 },
  'file-exists': { sentence: 'The file {file} already exists.', status: 0x80070050 },
  'access-denied': { sentence: 'Access to the file {file} is denied.', status: 0x80070005 },
  'not-a-file': { sentence: '{file} is not an ordinary file.', status: 0x80070005 },
  'outside-folder': { sentence: 'The path {file} leads out of the folder of the lab.', status: 0x80070005 },
  'volume-full': { sentence: 'There is not enough space on the disk for the file {file}.', status: 0x80070070 },
  'io-error': { sentence: 'The file {file} could not be read or written: {detail}.', status: 0x8007045d },
  cancelled: { sentence: 'The operation on the file {file} was cancelled.', status: 0x800704c7 },
  'file-too-short': { sentence: 'The file {file} is cut off: {needed} bytes are needed, it has {size}.', status: 0xc03a0013 },
  'file-too-large': { sentence: 'The file {file} claims {size} bytes, more than any virtual disk needs.', status: 0xc03a0013 },
  'not-an-image': { sentence: 'The file {file} is not a virtual hard disk.', status: 0xc03a0015 },
  'version-unsupported': { sentence: 'The file {file} has the format version {version}, which is not supported.', status: 0xc03a0005 },
  'footer-missing': { sentence: 'The virtual hard disk {file} has no footer.', status: 0xc03a0001 },
  'footer-checksum': { sentence: 'The checksum of the footer of the virtual hard disk {file} is wrong.', status: 0xc03a0002 },
  'footer-corrupt': { sentence: 'The footer of the virtual hard disk {file} is corrupt: {detail}.', status: 0xc03a0003 },
  'dynamic-header-checksum': {
    sentence: 'The checksum of the sparse header of the virtual hard disk {file} is wrong.',
    status: 0xc03a0006,
  },
  'dynamic-header-corrupt': { sentence: 'The sparse header of the virtual hard disk {file} is corrupt: {detail}.', status: 0xc03a0008 },
  'type-invalid': { sentence: 'The virtual hard disk {file} has the unknown type {type}.', status: 0xc03a001b },
  'block-size-invalid': {
    sentence: 'The virtual hard disk {file} has the block size {blockSize}, which is not allowed.',
    status: 0xc03a000b,
  },
  'size-invalid': { sentence: 'The size of {size} bytes is not allowed for the virtual hard disk {file}.', status: 0xc03a0012 },
  'sector-size-invalid': {
    sentence: 'The virtual hard disk {file} has sectors of {sectorSize} bytes, which is not supported.',
    status: 0xc03a001d,
  },
  'header-corrupt': { sentence: 'The virtual hard disk {file} has no valid header.', status: CORRUPT },
  'region-table-corrupt': { sentence: 'The region table of the virtual hard disk {file} is corrupt: {detail}.', status: CORRUPT },
  'region-unknown': { sentence: 'The virtual hard disk {file} needs the unknown region {id}.', status: 0xc03a0005 },
  'metadata-corrupt': { sentence: 'The metadata of the virtual hard disk {file} is corrupt: {detail}.', status: CORRUPT },
  'metadata-unknown': { sentence: 'The virtual hard disk {file} needs the unknown metadata item {id}.', status: 0xc03a0005 },
  'metadata-full': { sentence: 'The metadata region of the virtual hard disk {file} has no room left.', status: 0xc03a0011 },
  'log-dirty': {
    sentence: 'The virtual hard disk {file} was not closed properly. Its log must be replayed, and the file is open for reading only.',
    status: 0x80070013,
  },
  'log-corrupt': { sentence: 'The log of the virtual hard disk {file} is corrupt: {detail}.', status: CORRUPT },
  'bat-corrupt': { sentence: 'The block allocation table of the virtual hard disk {file} is corrupt: {detail}.', status: 0xc03a000a },
  'bat-outside-file': {
    sentence: 'Block {block} of the virtual hard disk {file} lies outside the file, at byte {offset} of {size}.',
    status: 0xc03a000a,
  },
  'blocks-overlap': { sentence: 'Blocks of the virtual hard disk {file} overlap at byte {offset}.', status: 0xc03a000a },
  'locator-corrupt': { sentence: 'The parent locator of the virtual hard disk {file} is corrupt: {detail}.', status: CORRUPT },
  'set-corrupt': { sentence: 'The VHD Set {file} is corrupt: {detail}.', status: CORRUPT },
  'parent-not-found': {
    sentence: 'The parent virtual hard disk {parent} of the differencing disk {file} was not found.',
    status: 0xc03a000d,
  },
  'parent-id-mismatch': {
    sentence:
      'The chain of virtual hard disks is corrupted. There is a mismatch in the identifiers of the parent virtual hard disk {parent} and differencing disk {file}.',
    status: 0xc03a000e,
  },
  'parent-timestamp-mismatch': {
    sentence: 'The parent virtual hard disk {parent} was changed after the differencing disk {file} was made.',
    status: 0xc03a000f,
  },
  'parent-error': { sentence: 'The parent of the virtual hard disk {file} cannot be used: {detail}', status: 0xc03a0019 },
  'parent-size-mismatch': {
    sentence: 'The virtual hard disk {file} and its parent {parent} have different sizes.',
    status: 0xc03a0017,
  },
  'parent-format-mismatch': {
    sentence: 'The virtual hard disk {file} and its parent {parent} have different formats.',
    status: 0xc03a001b,
  },
  'chain-cycle': { sentence: 'The chain of the virtual hard disk {file} leads back to {parent}.', status: 0xc03a0018 },
  'chain-too-deep': { sentence: 'The chain of the virtual hard disk {file} has more than {limit} files.', status: 0xc03a0019 },
  'not-differencing': { sentence: 'The virtual hard disk {file} is not a differencing disk.', status: 0xc03a001b },
  'not-for-type': { sentence: '{operation} is not possible for the virtual hard disk {file}: {detail}.', status: 0xc03a001b },
  'not-larger': { sentence: 'The new size of the virtual hard disk {file} must be larger than {size} bytes.', status: 0xc03a0012 },
  'not-smaller': { sentence: 'The new size of the virtual hard disk {file} must be smaller than {size} bytes.', status: 0xc03a0012 },
  'below-minimum': {
    sentence: 'The virtual hard disk {file} cannot be smaller than {minimum} bytes, the end of its last partition.',
    status: 0xc03a0012,
  },
  'no-partitions': {
    sentence: 'The virtual hard disk {file} has no partition table that tells how far it can shrink.',
    status: 0xc03a0012,
  },
  'not-in-chain': { sentence: 'The file {parent} is not an ancestor of the virtual hard disk {file}.', status: 0xc03a000d },
  'name-too-long': { sentence: 'The path of the parent of the virtual hard disk {file} is too long.', status: 0x800700ce },
  'read-only': { sentence: 'The virtual hard disk {file} is open for reading only.', status: 0x80070013 },
  'iso-invalid': { sentence: 'The file {file} is not a CD or DVD image: {detail}.', status: 0xc03a0015 },
  'floppy-invalid': {
    sentence: 'The file {file} is not a virtual floppy disk: it has {size} bytes, a floppy disk has 1474560.',
    status: 0xc03a0015,
  },
} as const satisfies Record<string, RefusalText>

export type ImageRefusalCode = keyof typeof refusalTexts

export type RefusalValues = Readonly<Record<string, string | number>>

/** A refusal: which, and the values of its sentence. */
export interface ImageRefusal {
  readonly code: ImageRefusalCode
  readonly values: RefusalValues
}

/** The sentence of a refusal with its values filled in. */
export function refusalSentence(refusal: ImageRefusal): string {
  return refusalTexts[refusal.code].sentence.replace(/\{(\w+)\}/g, (_, name: string) => String(refusal.values[name] ?? '?'))
}

/** The HRESULT that the product shows for a refusal, such as 0xC03A000E. */
export function refusalStatus(refusal: ImageRefusal): number {
  return refusalTexts[refusal.code].status
}

/** Carries a refusal out of deep parsing to the nearest public function, which makes a value of it. */
export class ImageRefused extends Error {
  readonly refusal: ImageRefusal

  constructor(refusal: ImageRefusal, cause?: unknown) {
    super(refusalSentence(refusal), { cause })
    this.name = 'ImageRefused'
    this.refusal = refusal
  }
}

/** Ends the present function with a refusal. */
export function refuse(code: ImageRefusalCode, file: string, values: RefusalValues = {}): never {
  throw new ImageRefused({ code, values: { file, ...values } })
}

const systemCodes: Readonly<Record<string, ImageRefusalCode>> = {
  ENOENT: 'file-not-found',
  ENOTDIR: 'file-not-found',
  EEXIST: 'file-exists',
  EACCES: 'access-denied',
  EPERM: 'access-denied',
  EROFS: 'access-denied',
  EBUSY: 'access-denied',
  ELOOP: 'not-a-file',
  EISDIR: 'not-a-file',
  ENXIO: 'not-a-file',
  ENAMETOOLONG: 'file-not-found',
  ENOSPC: 'volume-full',
  EDQUOT: 'volume-full',
  EFBIG: 'volume-full',
}

function hasCode(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

/** The refusal that an error stands for; null for a bug, which must go on as it is. */
export function refusalOf(error: unknown, file: string): ImageRefusal | null {
  if (error instanceof ImageRefused) return error.refusal
  // A path with a zero byte never reaches the system; Node refuses it by itself.
  if (hasCode(error) && error.code === 'ERR_INVALID_ARG_VALUE' && file.includes('\0')) return { code: 'file-not-found', values: { file } }
  // Errors of the operating system carry a number and a system call; those of Node itself, which are mistakes of callers, do not.
  if (!hasCode(error) || !('syscall' in error)) return null
  const code = systemCodes[error.code] ?? 'io-error'
  return { code, values: { file, detail: error.code } }
}

/** Runs a function and makes refusals and failures of the system a value; anything else is a bug and is thrown on. */
export function attempt<T>(file: string, run: () => T): { ok: true; value: T } | { ok: false; refusal: ImageRefusal } {
  try {
    return { ok: true, value: run() }
  } catch (error) {
    const refusal = refusalOf(error, file)
    if (refusal === null) throw error
    return { ok: false, refusal }
  }
}
