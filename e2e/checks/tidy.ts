/**
 * Checks of the code that no linter makes: clock and chance inside the engine, files and functions that have grown too long, words that do not
 * belong into the project. Prints each finding; exit code 1 when there is any.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** Lines of a source file, tests left out. The design asks for about 400; this is where "about" ends. */
export const FILE_LINES_MAX = 450

/** Files that are one long table: nothing is gained by cutting them. */
const TABLES: ReadonlySet<string> = new Set(['renderer/theme/icons/table.tsx', 'renderer/theme/tokens.css'])

const IMPURE = /\bDate\b|Math\.random|\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|\bperformance\.|\bcrypto\b|\bprocess\.|\bconsole\./
const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b|\.(only|skip|todo|fixme)\(|@ts-(ignore|expect-error|nocheck)|\bas any\b/

export interface Finding {
  readonly file: string
  readonly line: number
  readonly what: string
}

/** What is wrong in a file; comments may say anything but unfinished marks. */
export function findings(file: string, text: string): Finding[] {
  const found: Finding[] = []
  const lines = text.split('\n')
  const isTest = /\.(test|spec)\.tsx?$/.test(file)
  if (!isTest && !TABLES.has(file) && lines.length > FILE_LINES_MAX)
    found.push({ file, line: lines.length, what: `more than ${FILE_LINES_MAX} lines` })
  lines.forEach((line, index) => {
    const code = line.replace(/\/\/.*$|^\s*\*.*$|\/\*.*$/, '').replace(/'[^']*'|`[^`]*`|"[^"]*"/g, "''")
    if (file.startsWith('main/engine/') && !isTest && IMPURE.test(code))
      found.push({ file, line: index + 1, what: `not pure: ${line.trim()}` })
    if (UNFINISHED.test(line) && !file.startsWith('e2e/checks/')) found.push({ file, line: index + 1, what: `unfinished: ${line.trim()}` })
  })
  return found
}

function main(): void {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.tsx', '*.css'], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && existsSync(file))
  const found = files.flatMap((file) => findings(file, readFileSync(file, 'utf8')))
  for (const { file, line, what } of found) process.stderr.write(`${file}:${line}: ${what}\n`)
  process.stdout.write(`tidy: ${files.length} files, ${found.length} findings\n`)
  process.exitCode = found.length === 0 ? 0 : 1
}

if (process.argv[1]?.endsWith('tidy.ts')) main()
