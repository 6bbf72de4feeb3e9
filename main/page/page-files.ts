/**
 * The built page as both shells serve it: which file an address names, its content type, and the headers that keep the page closed.
 */
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'

const CONTENT_TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.json', 'application/json; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.ico', 'image/x-icon'],
  ['.woff2', 'font/woff2'],
])

/** One path segment of a built file. A leading dot, a backslash, a colon and a percent sign are not among its characters. */
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/

/**
 * File path below the page's folder that the path of an address names, `/` being the page itself; null when it cannot be one of the page's files.
 * Works on the raw path: nothing is decoded, because no built file needs it.
 */
export function pageFile(addressPath: string): string | null {
  if (addressPath === '/') return 'index.html'
  if (!addressPath.startsWith('/') || addressPath.length > 512) return null
  const segments = addressPath.slice(1).split('/')
  if (!segments.every((segment) => SEGMENT.test(segment))) return null
  return CONTENT_TYPES.has(extname(addressPath)) ? segments.join('/') : null
}

/** What a page may load and reach. `connect` lists the sources that it may open connections to. */
export function contentSecurityPolicy(connect: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    // React and Mantine write style elements and attributes; script stays closed, so that a style cannot turn into code.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src ${connect.join(' ')}`,
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

export interface PageFile {
  readonly body: Uint8Array<ArrayBuffer>
  readonly headers: Readonly<Record<string, string>>
}

/** Reads one of the page's files; null when there is none. `connect` as in {@link contentSecurityPolicy}. */
export async function readPageFile(folder: string, addressPath: string, connect: readonly string[]): Promise<PageFile | null> {
  const file = pageFile(addressPath)
  if (file === null) return null
  const body = await readFile(join(folder, file)).catch(() => null)
  if (body === null) return null
  return {
    body: new Uint8Array(body),
    headers: {
      'Content-Type': CONTENT_TYPES.get(extname(file)) ?? 'application/octet-stream',
      // Built assets carry a hash of their content in their names; everything else is asked for anew.
      'Cache-Control': file.startsWith('assets/') ? 'private, max-age=31536000, immutable' : 'no-store',
      'Content-Security-Policy': contentSecurityPolicy(connect),
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Permissions-Policy':
        'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-read=(self), clipboard-write=(self), fullscreen=(self)',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
    },
  }
}
