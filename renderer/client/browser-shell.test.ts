import { describe, expect, expectTypeOf, it } from 'vitest'
import type { ShellAbilities } from '../../preload/contract/host.ts'
import { type browserShell, takeToken } from './browser-shell.ts'
import { type electronShell, findBridge } from './electron-shell.ts'

/** The parts of a window that hold a token. */
function page(href: string, stored: Record<string, string> = {}) {
  const store = new Map(Object.entries(stored))
  const replaced: string[] = []
  const parts = {
    location: { href },
    history: { state: null, replaceState: (_state: unknown, _title: string, address: URL) => replaced.push(String(address)) },
    sessionStorage: { getItem: (key: string) => store.get(key) ?? null, setItem: (key: string, value: string) => store.set(key, value) },
  }
  return { parts: parts as unknown as Window, store, replaced }
}

describe('takeToken', () => {
  it('moves the token out of the address and keeps the rest', () => {
    const { parts, store, replaced } = page('http://127.0.0.1:8017/?token=abc&window=connect&vm=7')
    expect(takeToken(parts)).toBe('abc')
    expect([...store]).toEqual([['viridian.token', 'abc']])
    expect(replaced).toEqual(['http://127.0.0.1:8017/?window=connect&vm=7'])
  })

  it('remembers it over a reload and in a pop-up, which start with the storage alone', () => {
    const { parts, replaced } = page('http://127.0.0.1:8017/', { 'viridian.token': 'abc' })
    expect(takeToken(parts)).toBe('abc')
    expect(replaced).toEqual([])
  })

  it('prefers a newer token of the address to the remembered one', () => {
    expect(takeToken(page('http://127.0.0.1:8017/?token=new', { 'viridian.token': 'old' }).parts)).toBe('new')
  })

  it('has none where there is none', () => {
    expect(takeToken(page('http://127.0.0.1:8017/').parts)).toBe('')
  })
})

describe('abilities', () => {
  it('are the same in both shells', () => {
    expectTypeOf<ReturnType<typeof browserShell>>().toEqualTypeOf<ShellAbilities>()
    expectTypeOf<ReturnType<typeof electronShell>>().toEqualTypeOf<ShellAbilities>()
  })

  it('come from the bridge only where there is one', () => {
    const bridge = { kind: 'electron' }
    expect(findBridge({ viridianShell: bridge })).toBe(bridge)
    expect(findBridge({})).toBeNull()
  })
})
