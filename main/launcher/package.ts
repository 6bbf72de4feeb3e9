/**
 * `npm run package`: builds, packs the application for this system with electron-builder, and checks the fuses of what came out.
 *
 *   npm run package                installers for this system
 *   npm run package -- --dir       the unpacked application alone
 *
 * With ELECTRON_OVERRIDE_DIST_PATH the Electron of that folder is packed, unpacked only: such a package is for trials.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { build as pack } from 'electron-builder'
import { build } from './build.ts'

const ROOT = join(import.meta.dirname, '../..')
const DIST = join(ROOT, 'dist')

/** How every fuse of a package must stand; the settings themselves are in electron-builder.yml. */
const FUSES: ReadonlyMap<FuseV1Options, FuseState> = new Map([
  [FuseV1Options.RunAsNode, FuseState.DISABLE],
  [FuseV1Options.EnableCookieEncryption, FuseState.ENABLE],
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable, FuseState.DISABLE],
  [FuseV1Options.EnableNodeCliInspectArguments, FuseState.DISABLE],
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation, FuseState.ENABLE],
  [FuseV1Options.OnlyLoadAppFromAsar, FuseState.ENABLE],
  [FuseV1Options.GrantFileProtocolExtraPrivileges, FuseState.DISABLE],
])

/** Another Electron than the pinned one, where the environment names its folder. */
function otherElectron(): object {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH
  if (!folder) return {}
  const addon = process.env.VIRIDIAN_SQLITE_ADDON
  return {
    electronDist: folder,
    electronVersion: readFileSync(join(folder, 'version'), 'utf8').trim().replace(/^v/, ''),
    ...(addon ? { extraResources: [{ from: addon, to: 'better_sqlite3.node' }] } : {}),
  }
}

/** The packed programs of this system, one for each architecture that was asked for. */
function packedPrograms(): string[] {
  const folders = readdirSync(DIST, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return folders
    .flatMap(({ name }) => [
      join(DIST, name, 'viridian'),
      join(DIST, name, 'Viridian.exe'),
      join(DIST, name, 'Viridian.app/Contents/MacOS/Viridian'),
    ])
    .filter((path) => existsSync(path))
}

/** Names of the fuses that do not stand as they must. */
async function wrongFuses(program: string): Promise<string[]> {
  const wire = await getCurrentFuseWire(program)
  return [...FUSES].filter(([fuse, state]) => wire[fuse] !== state).map(([fuse]) => FuseV1Options[fuse])
}

async function makePackage(words: readonly string[]): Promise<string | null> {
  const unknown = words.find((word) => word !== '--dir')
  if (unknown !== undefined) return `Unknown option "${unknown}"; there is only --dir.`
  const failure = await build(ROOT)
  if (failure !== null) return failure
  const other = otherElectron()
  const dir = words.includes('--dir') || 'electronDist' in other
  await pack({ projectDir: ROOT, dir, publish: 'never', config: { extends: join(ROOT, 'electron-builder.yml'), ...other } })
  const programs = packedPrograms()
  if (programs.length === 0) return `No program was found in ${DIST}.`
  for (const program of programs) {
    const wrong = await wrongFuses(program)
    if (wrong.length > 0) return `${program} has fuses that stand wrong: ${wrong.join(', ')}.`
    process.stdout.write(`${program}: fuses checked\n`)
  }
  return null
}

const failure = await makePackage(process.argv.slice(2))
if (failure !== null) {
  process.stderr.write(`${failure}\n`)
  process.exitCode = 1
}
