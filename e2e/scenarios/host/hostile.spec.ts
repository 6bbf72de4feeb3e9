/** A real browser-shell process under bad input: it lives, the lab is unchanged, and an honest client still works. */
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { expect, test } from '@playwright/test'
import fc from 'fast-check'
import { WebSocket } from 'ws'
import type { contract } from '../../../preload/contract/methods.ts'
import { FRAME_BYTES_MAX } from '../../../preload/contract/version.ts'
import { endProcess, type Host, startHost } from '../../shells/browser.ts'

type Client = ContractRouterClient<typeof contract>

let folder = ''
let host: Host
let origin = ''
let token = ''

test.describe.configure({ mode: 'serial' })

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'viridian-hostile-'))
  host = await startHost(folder, ['--test'])
  const address = new URL(host.address)
  origin = address.origin
  token = address.searchParams.get('token') ?? ''
})

test.afterAll(async () => {
  await endProcess(host.process, 'SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

interface Door {
  readonly token?: string
  readonly origin?: string
  readonly host?: string
  readonly path?: string
}

function knock({ token: secret = token, origin: from = origin, host: name, path = '/frames' }: Door = {}): WebSocket {
  const headers = name === undefined ? {} : { Host: name }
  return new WebSocket(`${origin.replace('http', 'ws')}${path}`, ['viridian', secret], { origin: from, headers })
}

/** The open socket, or the HTTP status that refused it. */
function opened(socket: WebSocket): Promise<WebSocket | number> {
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(socket))
    socket.on('unexpected-response', (_request, response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    socket.on('error', reject)
  })
}

async function open(door?: Door): Promise<WebSocket> {
  const socket = await opened(knock(door))
  if (typeof socket === 'number') throw new Error(`refused with ${socket}`)
  socket.on('error', () => {})
  return socket
}

/** Code with which the other side closes. */
const closeCode = (socket: WebSocket): Promise<number> => new Promise((resolve) => socket.on('close', resolve))

/** An honest client: the page's own way, over a socket of its own. */
async function honest<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const socket = await open()
  const link = new RPCLink({
    port: {
      addEventListener: (type: string, listener: unknown) => {
        if (type === 'message' && typeof listener === 'function') socket.on('message', (data) => listener({ data: String(data) }))
      },
      postMessage: (frame: unknown) => socket.send(String(frame)),
    },
  })
  try {
    return await work(createORPCClient<Client>(link))
  } finally {
    socket.close()
  }
}

const stateHash = (): Promise<string> => honest(async (client) => (await client.test.stateHash()).hash)

/** Sends the frames; when this returns the engine has seen each that was let through, or the socket was closed. */
async function send(frames: readonly (string | Buffer)[]): Promise<void> {
  let socket = await open()
  for (const frame of frames) {
    if (socket.readyState !== socket.OPEN) socket = await open()
    socket.send(frame)
  }
  const echoed = new Promise<void>((resolve) => {
    socket.on('pong', () => resolve())
    socket.on('close', () => resolve())
  })
  if (socket.readyState === socket.OPEN) socket.ping()
  else socket.terminate()
  await echoed
  socket.terminate()
}

/** What happens within the block changes nothing and stops nothing. */
async function unharmed(attack: () => Promise<void>): Promise<void> {
  const before = await stateHash()
  await attack()
  expect(await stateHash()).toBe(before)
  expect(host.process.exitCode).toBeNull()
  const { vmId, state } = await honest(async (client) => {
    const messages = await client.state.subscribe({ hostId: null, vmId: null, since: null })
    for await (const { patch } of messages) {
      const hostId = Object.keys(patch.hosts ?? {})[0] ?? ''
      const listed = await client.host.listFiles({ hostId, path: '', extensions: [] })
      return { vmId: hostId, state: listed.ok }
    }
    return { vmId: '', state: false }
  })
  expect(vmId).not.toBe('')
  expect(state).toBe(true)
}

/** Outlines as the page sends them, with anything inside. */
const PATHS = [
  '/lab/setSpeed',
  '/lab/step',
  '/state/subscribe',
  '/state/metrics',
  '/host/startService',
  '/host/stopService',
  '/host/listFiles',
  '/vm/check',
  '/vm/create',
  '/vm/act',
  '/vm/rename',
  '/vm/whyNot',
  '/job/cancel',
  '/console/watch',
  '/console/sendKeys',
  '/preference/set',
  '/nothing/here',
  '/__proto__/polluted',
  '/constructor',
  '/vm/act/../../test/advance',
]

const path = fc.oneof(fc.constantFrom(...PATHS), fc.webPath(), fc.string())
/** Ids of nothing: whatever they hit, no machine is touched. */
const body = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      hostId: fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
      vmId: fc.oneof(fc.string(), fc.constant('__proto__')),
      vmIds: fc.oneof(fc.array(fc.string(), { maxLength: 5 }), fc.constant('all'), fc.integer()),
      action: fc.constantFrom('start', 'delete', 'turn-off', 'explode', '__proto__'),
      name: fc.string({ maxLength: 2000 }),
      path: fc.string({ maxLength: 2000 }),
      key: fc.constantFrom('', 'x'.repeat(1000)),
      value: fc.oneof(fc.string(), fc.integer()),
      speed: fc.oneof(fc.integer({ min: 2, max: 9 }), fc.string()),
      milliseconds: fc.oneof(fc.constant(0), fc.constant(-1), fc.double(), fc.string()),
      keys: fc.array(fc.string(), { maxLength: 3 }),
      text: fc.string(),
    },
    { requiredKeys: [] },
  ),
)
const outline = fc
  .record(
    {
      i: fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
      t: fc.oneof(fc.integer({ min: -2, max: 9 }), fc.string()),
      p: fc.oneof(
        fc.record(
          { u: path, b: fc.oneof(body, fc.record({ json: body, meta: fc.jsonValue() })), m: fc.constantFrom('GET', 'POST', 'X') },
          { requiredKeys: ['u'] },
        ),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: ['i'] },
  )
  .map((value) => JSON.stringify(value))

const SAMPLE = { seed: 20261123, numRuns: 400 }

test('generated text, JSON and outlines', async () => {
  await unharmed(() => send(fc.sample(fc.string({ maxLength: 400 }), SAMPLE)))
  await unharmed(() => send(fc.sample(fc.json(), SAMPLE)))
  await unharmed(() => send(fc.sample(outline, SAMPLE)))
})

test('valid frames that are cut off, doubled or full of strange characters', async () => {
  const valid = JSON.stringify({ i: '1', p: { u: '/lab/about', b: {} } })
  const cut = Array.from({ length: valid.length }, (_, at) => valid.slice(0, at))
  const strange = [
    '\0',
    '\uFEFF',
    '\u202E',
    '{"i":"1","i":"2"}',
    `${'['.repeat(50_000)}`,
    `{"i":"${'9'.repeat(5000)}"}`,
    valid + valid,
    '1e999',
    '{"__proto__":{"x":1}}',
  ]
  await unharmed(() => send([...cut, ...strange]))
})

test('an answer goes to the one who asked', async () => {
  // The same number of a call on two sockets at once.
  const [first, second] = await Promise.all([honest((client) => client.lab.about()), honest((client) => client.test.stateHash())])
  expect(first.contractVersion).toBeGreaterThan(0)
  expect(second.hash).not.toBe('')
})

test('binary and oversized frames end their connection alone', async () => {
  await unharmed(async () => {
    const binary = await open()
    const binaryClosed = closeCode(binary)
    binary.send(Buffer.from([0, 1, 2, 3, 255]))
    expect(await binaryClosed).toBe(1003)
    const large = await open()
    const largeClosed = closeCode(large)
    large.send('x'.repeat(FRAME_BYTES_MAX + 1))
    expect(await largeClosed).toBe(1009)
  })
})

test('callers that come without the token, or from elsewhere, are refused', async () => {
  await unharmed(async () => {
    const port = new URL(origin).port
    const doors: readonly (readonly [Door, number])[] = [
      [{ token: 'guess' }, 401],
      [{ token: token.slice(0, -1) }, 401],
      [{ token: `${token}x` }, 401],
      [{ origin: 'http://evil.example' }, 403],
      [{ origin: 'null' }, 403],
      [{ origin: `http://evil.example:${port}` }, 403],
      [{ host: 'evil.example' }, 403],
      [{ host: `evil.example:${port}`, origin: `http://evil.example:${port}` }, 403],
      [{ path: '/other' }, 404],
      [{ path: `/frames?token=${token}`, token: 'none' }, 404],
    ]
    for (const [door, status] of doors) expect(await opened(knock(door)), JSON.stringify(door)).toBe(status)
  })
})

test('half-open and broken connections', async () => {
  await unharmed(async () => {
    const { port } = new URL(origin)
    const raw = (text: string): Promise<void> =>
      new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port: Number(port) }, () => {
          socket.write(text, () => socket.destroy())
        })
        socket.on('error', () => {})
        socket.on('close', () => resolve())
      })
    const upgrade = `GET /frames HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
    const garbage = [
      'GET',
      '\r\n\r\n',
      '\0\0\0\0',
      'FOO / HTTP/9.9\r\n\r\n',
      `${upgrade}\r\n`,
      `${upgrade}Sec-WebSocket-Version: 99\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Protocol: viridian, ${token}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`,
      `POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 1000\r\n\r\nshort`,
      `POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n`,
    ]
    for (const text of garbage) await raw(text)
    // Connections that are opened and left in the middle of a handshake or of a call.
    const sockets = await Promise.all(Array.from({ length: 8 }, () => open()))
    for (const socket of sockets) {
      socket.send(JSON.stringify({ i: '1', p: { u: '/state/subscribe', b: { json: { hostId: null, vmId: null, since: null } } } }))
      socket.terminate()
    }
  })
})

function get(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<{ status: number; body: string }> {
  const { port } = new URL(origin)
  return new Promise((resolve, reject) => {
    // The path goes out as it stands; fetch would tidy it.
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    })
    asked.on('error', reject)
    asked.end()
  })
}

test('no path leads out of the page', async () => {
  await unharmed(async () => {
    const paths = [
      '/../package.json',
      '/../../etc/passwd',
      '/assets/../../main/node.js',
      '/%2e%2e/package.json',
      '/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
      '/..%5c..%5cpackage.json',
      '/assets/%00',
      '/%',
      '/%ff%fe',
      '//etc/passwd',
      '/C:/Windows/win.ini',
      '/lab.sqlite',
    ]
    for (const path of paths) {
      const { status, body } = await get(path)
      expect([path, status]).toEqual([path, 404])
      expect(body).not.toContain('root:')
      expect(body).not.toContain('"dependencies"')
    }
    expect((await get('/', {}, 'DELETE')).status).toBe(405)
    expect((await get('/', { Host: 'evil.example' })).status).toBe(403)
    expect((await get('/')).status).toBe(200)
  })
})

test('the process said nothing of an internal error, and never the token', () => {
  expect(host.errors()).not.toContain(token)
  expect(host.errors()).not.toMatch(/^error/m)
})
