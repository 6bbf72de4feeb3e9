import type { BrowserWindow, IpcMainEvent } from 'electron'
import { describe, expect, it } from 'vitest'
import { isOwnAddress, trustedWindow } from './trusted-sender.ts'

describe('isOwnAddress', () => {
  it.each(['viridian://app', 'viridian://app/', 'viridian://app/?window=connect&vm=1'])('%s is', (address) => {
    expect(isOwnAddress(address, null)).toBe(true)
  })

  it.each(['viridian://apple/', 'viridian://other/', 'file:///index.html', 'https://app/', 'http://127.0.0.1:5173/', 'about:blank', ''])(
    '%j is not',
    (address) => {
      expect(isOwnAddress(address, null)).toBe(false)
    },
  )

  it("knows the development server's pages while there is one", () => {
    expect(isOwnAddress('http://127.0.0.1:5173/', 'http://127.0.0.1:5173')).toBe(true)
    expect(isOwnAddress('http://127.0.0.1:51730/', 'http://127.0.0.1:5173')).toBe(false)
  })
})

describe('trustedWindow', () => {
  const contents = { name: 'contents' }
  const own = { webContents: contents, isDestroyed: () => false } as unknown as BrowserWindow
  const event = (senderFrame: object | null, sender: object = contents) => ({ sender, senderFrame }) as unknown as IpcMainEvent
  const main = { parent: null, url: 'viridian://app/' }

  it('knows the main frame of an own window on an own address', () => {
    expect(trustedWindow(event(main), [own], null)).toBe(own)
  })

  it.each<[string, IpcMainEvent]>([
    ['a frame inside a page', event({ parent: main, url: 'viridian://app/' })],
    ['a frame that is gone', event(null)],
    ['a page of another address', event({ parent: null, url: 'https://evil.example/' })],
    ['a window that is not ours', event(main, { name: 'other contents' })],
  ])('refuses %s', (_name, caller) => {
    expect(trustedWindow(caller, [own], null)).toBeNull()
  })

  it('refuses a window that is destroyed', () => {
    const gone = { ...own, isDestroyed: () => true } as unknown as BrowserWindow
    expect(trustedWindow(event(main), [gone], null)).toBeNull()
  })
})
