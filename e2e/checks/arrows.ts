/** Checks that imports run one way: every import of every source file against `layers.ts`. Prints each wrong one; exit code 1 when there is any. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { LAYERS, type Layer, TEST_IMPORTS, TEST_PACKAGES } from './layers.ts'

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g

export interface Wrong {
  readonly file: string
  readonly specifier: string
  readonly why: string
}

function layerOf(path: string): Layer | undefined {
  const inside = LAYERS.filter(({ folder }) => path === folder || path.startsWith(`${folder}/`))
  return inside.sort((a, b) => b.folder.length - a.folder.length)[0]
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

/** The imports of a file that its layer does not allow. */
export function wrongImports(file: string, text: string): Wrong[] {
  const layer = layerOf(file)
  const isTest = /\.(test|spec)\.tsx?$/.test(file)
  const wrong: Wrong[] = []
  for (const match of text.matchAll(IMPORT)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? ''
    if (layer === undefined) {
      wrong.push({ file, specifier, why: 'the file lies in no folder of the design' })
      continue
    }
    const why = specifier.startsWith('.') ? refuseFile(layer, file, specifier, isTest) : refusePackage(layer, specifier, isTest)
    if (why !== undefined) wrong.push({ file, specifier, why })
  }
  return wrong
}

function refuseFile(layer: Layer, file: string, specifier: string, isTest: boolean): string | undefined {
  const target = normalize(join(dirname(file), specifier))
    .split(sep)
    .join('/')
  const allowed = [layer.folder, ...layer.imports, ...(isTest ? TEST_IMPORTS : [])]
  if (!allowed.some((folder) => isInside(target, folder))) return `${layer.folder} may not import ${target}`
  // Snap-ins know nothing of one another.
  const from = /^renderer\/snapins\/([^/]+)/.exec(file)?.[1]
  const to = /^renderer\/snapins\/([^/]+)/.exec(target)?.[1]
  return from !== undefined && to !== undefined && from !== to ? `snap-in ${from} may not import snap-in ${to}` : undefined
}

function refusePackage(layer: Layer, specifier: string, isTest: boolean): string | undefined {
  const allowed = [...layer.packages, ...(isTest ? TEST_PACKAGES : [])]
  const matches = (name: string): boolean =>
    name === '*' || specifier === name || specifier.startsWith(`${name}/`) || (name.endsWith(':') && specifier.startsWith(name))
  return allowed.some(matches) ? undefined : `${layer.folder} may not import the package ${specifier}`
}

function main(): void {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.tsx'], { encoding: 'utf8' })
    .split('\n')
    // The checks' own test holds wrong imports as text.
    .filter((file) => /^(main|preload|renderer|db|e2e)\//.test(file) && file !== 'e2e/checks/checks.test.ts')
  const wrong = files.flatMap((file) => wrongImports(file, readFileSync(file, 'utf8')))
  for (const { file, specifier, why } of wrong) process.stderr.write(`${file}: '${specifier}': ${why}\n`)
  process.stdout.write(`arrows: ${files.length} files, ${wrong.length} wrong imports\n`)
  process.exitCode = wrong.length === 0 ? 0 : 1
}

if (process.argv[1]?.endsWith('arrows.ts')) main()
