/** Size of what a browser loads before the first paint: the page's own scripts and styles and what those import at once. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ROOT } from '../shells/browser.ts'
import { type Figure, figure } from './report.ts'

const STATIC_IMPORT = /(?:^|[;}\n])\s*import\s*(?:[^'"()]*?from\s*)?["']\.\/([^"']+\.js)["']/g

/** Files of the first paint, relative to the renderer's folder. */
export function firstPaintFiles(folder: string): string[] {
  const page = readFileSync(join(folder, 'index.html'), 'utf8')
  const waiting = [...page.matchAll(/(?:src|href)="\.?\/([^"]+\.(?:js|css))"/g)].map((match) => match[1] ?? '')
  const files = new Set<string>()
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue
    files.add(file)
    if (!file.endsWith('.js')) continue
    const folderOfFile = file.slice(0, file.lastIndexOf('/') + 1)
    for (const match of readFileSync(join(folder, file), 'utf8').matchAll(STATIC_IMPORT)) waiting.push(`${folderOfFile}${match[1]}`)
  }
  return [...files].sort()
}

export function bundleFigures(): Figure[] {
  const folder = join(ROOT, 'out/renderer')
  const bytes = firstPaintFiles(folder).reduce((total, file) => total + gzipSync(readFileSync(join(folder, file)), { level: 9 }).length, 0)
  return [figure('renderer bundle at first paint', bytes / 1000, 'kB gzip', 500, 'at most', 'scripts and styles, fonts not counted')]
}
