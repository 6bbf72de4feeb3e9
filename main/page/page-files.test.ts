import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contentSecurityPolicy, pageFile, readPageFile } from './page-files.ts'

describe('pageFile', () => {
  it.each([
    ['/', 'index.html'],
    ['/index.html', 'index.html'],
    ['/assets/index-DSBYvF7v.js', 'assets/index-DSBYvF7v.js'],
    ['/assets/open-sans-latin-wght-normal.woff2', 'assets/open-sans-latin-wght-normal.woff2'],
  ])('%s is %s', (address, file) => {
    expect(pageFile(address)).toBe(file)
  })

  it.each([
    '',
    'index.html',
    '//etc/passwd.html',
    '/../main/electron.js',
    '/assets/../../main/electron.js',
    '/%2e%2e/main/electron.js',
    '/..%2fmain/electron.js',
    '/..\\main\\electron.js',
    '/assets/..js',
    '/.env.json',
    '/C:/x.js',
    '/a\0.js',
    '/assets/',
    '/assets',
    '/thread.ts',
    `/${'a'.repeat(600)}.js`,
  ])('%j is none', (address) => {
    expect(pageFile(address)).toBeNull()
  })
})

it('lets scripts come from the page itself alone', () => {
  const rules = contentSecurityPolicy(["'self'"]).split('; ')
  expect(rules).toContain("default-src 'none'")
  expect(rules).toContain("script-src 'self'")
  expect(rules).toContain("connect-src 'self'")
  expect(rules.join()).not.toMatch(/unsafe-eval|\*|https?:/)
})

describe('readPageFile', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'viridian-page-'))
    mkdirSync(join(folder, 'assets'))
    writeFileSync(join(folder, 'index.html'), '<!doctype html>')
    writeFileSync(join(folder, 'assets/a-1.css'), 'a{}')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('gives the page with its headers, never from a cache', async () => {
    const page = await readPageFile(folder, '/', ["'self'"])
    expect(Buffer.from(page?.body ?? []).toString()).toBe('<!doctype html>')
    expect(page?.headers).toMatchObject({
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
    })
  })

  it('gives assets for good, and nothing where nothing is', async () => {
    const asset = await readPageFile(folder, '/assets/a-1.css', ["'self'"])
    expect(asset?.headers).toMatchObject({
      'Content-Type': 'text/css; charset=utf-8',
      'Cache-Control': 'private, max-age=31536000, immutable',
    })
    expect(await readPageFile(folder, '/assets/b.css', ["'self'"])).toBeNull()
  })
})
