import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { FRAME_BYTES_MAX } from '../../preload/contract/version.ts'
import { newToken } from './access.ts'
import { CONNECTIONS_MAX, type PageServer, startServer } from './server.ts'

const TOKEN = newToken()
/** What a page on this computer may learn of a file outside the built page: nothing. */
const SECRET = 'outside'

let place = ''
let server: PageServer
let log: string[] = []
/** The engine's ends of all connections. */
let engines: MessagePort[] = []

/** An engine that sends every frame back, and as many bytes as `flood N` asks for. */
function connectEcho(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port2.on('message', (frame: string) => {
    const flood = /^flood (\d+)$/.exec(frame)
    if (flood === null) return port2.postMessage(frame)
    for (let i = 0; i < Number(flood[1]); i++) port2.postMessage('x'.repeat(1_000_000))
  })
  engines.push(port2)
  return port1
}

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'viridian-server-'))
  const pageFolder = mkdtempSync(join(place, 'renderer-'))
  writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><html lang="en"></html>')
  writeFileSync(join(place, 'secret.json'), SECRET)
  log = []
  engines = []
  server = await startServer(0, {
    pageFolder,
    token: TOKEN,
    connect: connectEcho,
    log: (text) => log.push(text),
    waitingBytesMax: 8_000_000,
  })
})

afterEach(async () => {
  await server.close()
  for (const engine of engines) engine.close()
  rmSync(place, { recursive: true })
})

interface Offer {
  readonly host?: string
  readonly origin?: string
  readonly protocols?: string[]
  readonly path?: string
}

function socket(offer: Offer = {}): WebSocket {
  const host = `127.0.0.1:${server.port}`
  return new WebSocket(`ws://${host}${offer.path ?? '/frames'}`, offer.protocols ?? ['viridian', TOKEN], {
    origin: offer.origin ?? `http://${host}`,
    headers: offer.host === undefined ? {} : { Host: offer.host },
  })
}

/** The status of a refused upgrade, or 101. */
function upgradeStatus(client: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    client.on('open', () => {
      resolve(101)
      client.close()
    })
    client.on('unexpected-response', (sent, response) => {
      resolve(response.statusCode ?? 0)
      sent.destroy()
    })
    client.on('error', () => {})
  })
}

function opened(client: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('open', () => resolve())
    client.once('error', reject)
  })
}

function nextFrame(client: WebSocket): Promise<string> {
  return new Promise((resolve) => client.once('message', (data) => resolve(String(data))))
}

function closeCode(client: WebSocket): Promise<number> {
  return new Promise((resolve) => client.once('close', resolve))
}

/** Sends a request's path as it is; `fetch` would tidy it up first. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: server.port, path, headers, method, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += String(chunk)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    call.on('error', reject)
    call.end()
  })
}

describe('pages', () => {
  it('serves the page without a token, since it holds no data', async () => {
    const response = await fetch(`http://127.0.0.1:${server.port}/?token=${TOKEN}`)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('<html')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-security-policy')).toContain(`connect-src 'self' ws://127.0.0.1:${server.port};`)
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
  })

  it.each([
    '/../secret.json',
    '/%2e%2e/secret.json',
    '/..%2fsecret.json',
    '/..\\secret.json',
    '//secret.json',
    '/assets/../../secret.json',
  ])('does not leave its folder for %s', async (path) => {
    const { status, text } = await get(path)
    expect(status).toBe(404)
    expect(text).not.toContain(SECRET)
  })

  it('refuses a foreign Host: a name that was pointed at this address', async () => {
    expect((await get('/', { Host: 'evil.example' })).status).toBe(403)
    expect((await get('/', { Host: `evil.example:${server.port}` })).status).toBe(403)
    expect((await get('/', { Host: `localhost:${server.port}` })).status).toBe(200)
  })

  it('refuses every method that changes something', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) expect((await get('/', {}, method)).status).toBe(405)
  })

  it('listens on the loopback address alone, and says when a port is taken', async () => {
    await expect(startServer(server.port, { pageFolder: place, token: TOKEN, connect: connectEcho, log: () => {} })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      address: '127.0.0.1',
    })
  })
})

describe('who may connect', () => {
  it('takes its own page', async () => {
    expect(await upgradeStatus(socket())).toBe(101)
    const name = `localhost:${server.port}`
    expect(await upgradeStatus(socket({ host: name, origin: `http://${name}` }))).toBe(101)
  })

  it.each<[string, number, () => Offer]>([
    ['no token', 401, () => ({ protocols: ['viridian'] })],
    ['a wrong token', 401, () => ({ protocols: ['viridian', newToken()] })],
    ['a token cut short', 401, () => ({ protocols: ['viridian', TOKEN.slice(0, -1)] })],
    ['the token under another name', 401, () => ({ protocols: ['other', TOKEN] })],
    ['a foreign Origin', 403, () => ({ origin: 'https://evil.example' })],
    ['the Origin of another local port', 403, () => ({ origin: 'http://127.0.0.1:1' })],
    ['an Origin over TLS', 403, () => ({ origin: `https://127.0.0.1:${server.port}` })],
    ['a foreign Host', 403, () => ({ host: 'evil.example' })],
    ['a foreign Host with the matching Origin', 403, () => ({ host: 'evil.example', origin: 'http://evil.example' })],
    ['another path', 404, () => ({ path: '/' })],
  ])('refuses %s', async (_name, status, offer) => {
    expect(await upgradeStatus(socket(offer()))).toBe(status)
    expect(engines).toHaveLength(0)
    expect(log).toHaveLength(1)
    expect(log.join()).not.toContain(TOKEN)
  })

  it('refuses a connection without an Origin, which no browser page makes', async () => {
    const answer = await new Promise<string>((resolve) => {
      const tcp = connectTcp(server.port, '127.0.0.1', () => {
        tcp.write(
          `GET /frames HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: viridian, ${TOKEN}\r\n\r\n`,
        )
      })
      tcp.on('data', (chunk) => resolve(String(chunk)))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
  })

  it('takes as many as it is said to, and one more when one has gone', async () => {
    const clients = Array.from({ length: CONNECTIONS_MAX }, () => socket())
    await Promise.all(clients.map(opened))
    expect(await upgradeStatus(socket())).toBe(503)
    const gone = closeCode(clients[0] as WebSocket)
    clients[0]?.close()
    await gone
    expect(await upgradeStatus(socket())).toBe(101)
  })
})

describe('frames', () => {
  it('passes text both ways, in order, up to the largest', async () => {
    const client = socket()
    await opened(client)
    const largest = 'ä'.repeat(FRAME_BYTES_MAX / 2)
    client.send('one')
    expect(await nextFrame(client)).toBe('one')
    client.send(largest)
    expect(await nextFrame(client)).toBe(largest)
  })

  it.each<[string, number, (client: WebSocket) => void]>([
    ['an oversized frame', 1009, (client) => client.send('x'.repeat(FRAME_BYTES_MAX + 1))],
    ['a binary frame', 1003, (client) => client.send(Buffer.from('{}'))],
    ['text that is not UTF-8', 1007, (client) => client.send(Buffer.from([0xff]), { binary: false })],
  ])('%s ends that connection and no other', async (_name, code, misbehave) => {
    const bad = socket()
    const good = socket()
    await Promise.all([opened(bad), opened(good)])
    const goodbye = new Promise<void>((resolve) => engines[0]?.once('close', resolve))
    const ended = closeCode(bad)
    misbehave(bad)
    expect(await ended).toBe(code)
    await goodbye
    good.send('still here')
    expect(await nextFrame(good)).toBe('still here')
  })

  it('cuts off a page that does not read', async () => {
    const client = socket()
    await opened(client)
    client.pause()
    const cut = new Promise<void>((resolve) => engines[0]?.once('close', resolve))
    client.send('flood 60')
    await cut
    const ended = closeCode(client)
    client.resume()
    expect(await ended).toBe(1013)
    expect(log).toEqual(['closed a connection: it does not read what it is sent'])
  })

  it("tells the engine of a page's end, and the page of the engine's", async () => {
    const first = socket()
    await opened(first)
    const goodbye = new Promise<void>((resolve) => engines[0]?.once('close', resolve))
    first.close()
    await goodbye
    const second = socket()
    await opened(second)
    const ended = closeCode(second)
    engines[1]?.close()
    expect(await ended).toBe(1011)
  })
})
