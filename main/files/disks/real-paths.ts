/**
 * Where the files of simulated computers lie in the lab folder: `C:\Disks\a.vhdx` of HV01 at `HV01/C/Disks/a.vhdx` below `disks`.
 *
 * Every part of a path becomes one name: what a real file system cannot hold, or what would lead elsewhere, is written as `%XX`. Windows does
 * not tell cases apart, other systems do: folders are found in whatever case they were made.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { ImageRefused } from '../images/refusals.ts'

/** Bytes of one name that every file system takes, with room for the ending of unfinished files. */
const NAME_BYTES_MAX = 230
/** Characters of the mark that a shortened name carries: `%~` and 16 of its hash. */
const HASH_CHARACTERS = 16

const DEVICE = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])(?=\.|$)/i

function encodeCharacter(character: string): string {
  const code = character.charCodeAt(0)
  return code < 256 ? `%${code.toString(16).toUpperCase().padStart(2, '0')}` : `%u${code.toString(16).toUpperCase().padStart(4, '0')}`
}

/** One real name for one part of a Windows path; different parts get different names. Never empty, `.` or `..`, never with a separator. */
export function encodeName(part: string): string {
  let name = ''
  for (const character of part) {
    const code = character.codePointAt(0) ?? 0
    const lone = code >= 0xd800 && code <= 0xdfff
    name += code < 32 || code === 127 || lone || '<>:"/\\|?*%'.includes(character) ? encodeCharacter(character) : character
  }
  name = name.replace(/^\.+$/, (dots) => dots.replaceAll('.', '%2E')).replace(/[. ]$/, encodeCharacter)
  name = name.replace(DEVICE, (device) => `${encodeCharacter(device)}${device.slice(1)}`)
  return shorten(name === '' ? '%00' : name, part)
}

function shorten(name: string, part: string): string {
  if (Buffer.byteLength(name) <= NAME_BYTES_MAX) return name
  const ending = Buffer.byteLength(extname(name)) <= 16 ? extname(name) : ''
  const mark = `%~${createHash('sha256').update(part).digest('hex').slice(0, HASH_CHARACTERS)}${ending}`
  let head = ''
  for (const character of name) {
    if (Buffer.byteLength(head + character + mark) > NAME_BYTES_MAX) break
    head += character
  }
  return head + mark
}

/** The name that was encoded; a shortened one stays as it is. */
function decodeName(name: string): string {
  return name.replace(/%(?:u([0-9A-F]{4})|([0-9A-F]{2}))/g, (_, wide, narrow) => String.fromCharCode(Number.parseInt(wide ?? narrow, 16)))
}

/** The files of one simulated computer. */
export class HostFolder {
  readonly root: string

  /** `disksFolder`: the folder `disks` of the lab. It is made when it is missing. */
  constructor(disksFolder: string, host: string) {
    this.root = join(disksFolder, encodeName(host))
    mkdirSync(this.root, { recursive: true })
  }

  /**
   * Real path for a Windows path of a file that is there or is to be made. Throws ImageRefused when links would lead it out of the folder of this
   * computer. `make` makes the folders above it.
   */
  pathOf(windowsPath: string, make = false): string {
    const parts = windowsPath.split('\\').filter((part) => part !== '')
    const drive = parts[0] ?? ''
    if (!/^[a-z]:$/i.test(drive)) throw new ImageRefused({ code: 'outside-folder', values: { file: windowsPath } })
    let folder = this.#entry(this.root, drive.charAt(0).toUpperCase())
    const names = parts.slice(1).map(encodeName)
    for (const name of names.slice(0, -1)) folder = this.#entry(folder, name)
    if (make) mkdirSync(folder, { recursive: true })
    const path = this.#entry(folder, names.at(-1) ?? '')
    this.#stayInside(path, windowsPath)
    return path
  }

  /** Windows path of a real file below the folder; the real one where it lies elsewhere. */
  windowsPathOf(realPath: string): string {
    const rest = relative(this.root, realPath).split(sep)
    if (rest[0] === '..' || rest[0] === undefined || rest[0] === '') return realPath
    const [drive, ...names] = rest
    return `${drive}:\\${names.map(decodeName).join('\\')}`
  }

  /** The entry of a folder with that name, in another case when only that is there. */
  #entry(folder: string, name: string): string {
    const exact = join(folder, name)
    if (name === '' || existsSync(exact) || !existsSync(folder)) return exact
    const lower = name.toLowerCase()
    return join(folder, readdirSync(folder).find((entry) => entry.toLowerCase() === lower) ?? name)
  }

  /** What exists of a path, with links followed, must lie in the folder. */
  #stayInside(path: string, windowsPath: string): void {
    let present = path
    while (!existsSync(present)) present = join(present, '..')
    const rest = relative(realpathSync(this.root), realpathSync(present))
    if (rest === '..' || rest.startsWith(`..${sep}`)) throw new ImageRefused({ code: 'outside-folder', values: { file: windowsPath } })
  }
}
