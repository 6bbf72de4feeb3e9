/**
 * The browser shell under hostile callers: generated frames and broken requests against a real process. It lives, answers a page as before,
 * and what it refuses changes nothing in the lab. The seed is printed; VIRIDIAN_FUZZ_SEED=N repeats a run.
 */
import { randomInt } from 'node:crypto'
import { request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { test as base, expect } from '@playwright/test'
import fc from 'fast-check'
import { WebSocket } from 'ws'
import { contract, FRAME_BYTES_MAX } from '../../../preload/contract/index.ts'
import { App } from '../../fixtures/app.ts'

const SEED = Number(process.env.VIRIDIAN_FUZZ_SEED ?? randomInt(0x7fff_ffff))
/** Frames without a sense, and calls with random content, per run. */
const FRAMES = 400
const CALLS = 600
/** Connections that the server takes at the same time (docs: 64). */
const CONNECTIONS = 64

const test = base.extend<{ app: App; server: Server }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs from this pattern
  app: async ({}, use) => {
    const app = new App('browser', {
      words: ['--test'],
      manual: false,
      size: { width: 1280, height: 800 },
      scheme: 'light',
      forced: 'none',
    })
    await app.start()
    await use(app)
    await app.dispose()
  },
  server: async ({ app }, use) => {
    const { host, token } = await app.page.evaluate(() => ({
      host: window.location.host,
      token: window.sessionStorage.getItem('viridian.token') ?? '',
    }))
    await use({ host, token })
  },
})

interface Server {
  readonly host: string
  readonly token: string
}

interface Offer {
  readonly path?: string
  readonly origin?: string | undefined
  readonly host?: string
  readonly protocols?: readonly string[]
}

function socket({ host, token }: Server, offer: Offer = {}): WebSocket {
  return new WebSocket(`ws://${host}${offer.path ?? '/frames'}`, [...(offer.protocols ?? ['viridian', token])], {
    ...('origin' in offer ? (offer.origin === undefined ? {} : { origin: offer.origin }) : { origin: `http://${host}` }),
    ...(offer.host === undefined ? {} : { headers: { Host: offer.host } }),
  })
}

/** 101, or the status with which the connection was refused. */
function upgrade(client: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    client.on('open', () => resolve(101))
    client.on('unexpected-response', (sent, response) => {
      sent.destroy()
      resolve(response.statusCode ?? 0)
    })
    // Ending a refused request raises an error as well; the answer has been given by then.
    client.on('error', () => resolve(0))
  })
}

async function opened(server: Server): Promise<WebSocket> {
  const client = socket(server)
  expect(await upgrade(client)).toBe(101)
  return client
}

/** One request as bytes; the first line of the answer. */
function raw({ host }: Server, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const line = connectTcp({ host: '127.0.0.1', port: Number(new URL(`http://${host}`).port) })
    line.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
    })
    line.on('error', () => {})
    line.on('close', () => resolve(answer.split('\r\n')[0] ?? ''))
    line.on('connect', () => line.end(bytes))
  })
}

/** Every procedure of the contract by its path. */
const PATHS: readonly string[] = Object.entries(contract).flatMap(([group, procedures]) =>
  Object.keys(procedures).map((name) => `/${group}/${name}`),
)

const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    '..\\..\\etc',
    'C:\\',
    "'; DROP TABLE lab; --",
    '\u0000',
    '\ud800',
    'NaN',
    '9'.repeat(400),
  ),
)
const oddNumber = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-1, 0, 0.5, 2 ** 53, 1e308, -0))
const anyValue = fc.oneof(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), hostileText, oddNumber)
/** Names of the contract's fields with anything behind them: gets past the first check more often than chance. */
const FIELDS = [
  'hostId',
  'vmId',
  'vmIds',
  'jobId',
  'action',
  'name',
  'path',
  'extensions',
  'speed',
  'milliseconds',
  'since',
  'key',
  'value',
  'keys',
  'text',
  'rate',
  'disk',
  'install',
  'generation',
  'startupMemoryMb',
]
const outline = fc.dictionary(fc.constantFrom(...FIELDS), anyValue, { maxKeys: 12 })
const callNumber = fc.oneof(fc.nat().map(String), fc.nat(), hostileText)

/** A frame of a client that is broken or hostile; the server takes none of these for a request, or finds nothing to do. */
const senseless = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 500 }),
  fc.json({ maxDepth: 5 }),
  fc.record({ i: anyValue, t: anyValue, p: anyValue }, { requiredKeys: [] }).map((frame) => JSON.stringify(frame)),
  fc
    .record({ i: callNumber, p: fc.record({ u: hostileText, b: anyValue, h: anyValue }, { requiredKeys: ['u'] }) })
    .map((frame) => JSON.stringify(frame)),
  fc.record({ i: callNumber, t: fc.constantFrom(2, 3, 5, 99), p: anyValue }).map((frame) => JSON.stringify(frame)),
  // The end of a call that never was.
  fc.record({ i: callNumber, t: fc.constant(4) }).map((frame) => JSON.stringify(frame)),
  fc.uint8Array({ maxLength: 300 }),
)

const MOVES_TIME: ReadonlySet<string> = new Set(['/lab/step', '/test/advance'])

function movesTime(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'milliseconds' in input && Number.isInteger(input.milliseconds)
}

/** A call as a page makes it, with content that no page sends. */
const call = fc
  .record({
    i: fc.uuid(),
    path: fc.constantFrom(...PATHS),
    // Some calls take nothing.
    body: fc.option(fc.record({ json: fc.oneof({ weight: 3, arbitrary: outline }, anyValue) }), { nil: undefined }),
  })
  // Chance also finds a number of milliseconds: that call is one that a page makes, and moves the clock.
  .filter(({ path, body }) => !(MOVES_TIME.has(path) && movesTime(body?.json)))
  .map(({ i, path, body }) => ({ id: i, path, text: JSON.stringify({ i, p: { u: path, b: body } }) }))

/** A call whose body is none that a page makes: only what it wraps may be odd. */
const misshapen = fc
  .record({
    i: fc.uuid(),
    u: fc.constantFrom(...PATHS),
    b: fc.oneof(
      anyValue,
      fc.record({ json: outline, meta: fc.oneof(anyValue, fc.array(fc.array(anyValue, { maxLength: 4 }), { maxLength: 4 })) }),
    ),
  })
  .filter(({ u, b }) => !(MOVES_TIME.has(u) && typeof b === 'object' && b !== null && 'json' in b && movesTime(b.json)))
  .map(({ i, u, b }) => JSON.stringify({ i, p: { u, b } }))

test.beforeAll(() => {
  process.stdout.write(`fuzz: VIRIDIAN_FUZZ_SEED=${SEED}\n`)
})

/** A page that was there all along and one that comes now both work, and the lab is the one of before. */
async function worksAsBefore(app: App, hash: string): Promise<void> {
  expect(await app.stateHash()).toBe(hash)
  const late = await app.shell.secondConsole()
  await expect(late?.getByRole('gridcell', { name: 'APP01', exact: true }) ?? app.page.getByText('no second page')).toBeVisible()
  await late?.close()
  await app.console.run('DC02', 'Start')
  await app.console.expectState('DC02', 'Starting')
  await app.advance(90_000)
  await app.console.expectState('DC02', 'Running')
  const complaints = app.shell
    .errors()
    .split('\n')
    .filter((line) => /^error /.test(line))
  expect(complaints).toEqual([])
}

for (const [title, frames] of [
  ['frames without a sense', senseless],
  ['calls with a body that is none', misshapen],
] as const) {
  test(title, async ({ app, server }) => {
    const hash = await app.stateHash()
    let client = await opened(server)
    for (const frame of fc.sample<string | Uint8Array>(frames, { numRuns: FRAMES, seed: SEED })) {
      if (client.readyState !== WebSocket.OPEN) client = await opened(server)
      client.send(frame)
      // A refusal is seen a little later; a few frames may go down with a connection that is being closed, most do not.
      if (frame.length % 3 > 0) await new Promise((resolve) => setTimeout(resolve, 3))
    }
    client.terminate()
    await worksAsBefore(app, hash)
  })
}

test('calls with random content for every procedure', async ({ app, server }) => {
  const calls = fc.sample(call, { numRuns: CALLS, seed: SEED })
  const hash = await app.stateHash()
  const client = await opened(server)
  const answers = new Map<string, number>()
  client.on('message', (data) => {
    const frame: unknown = JSON.parse(data.toString())
    if (typeof frame !== 'object' || frame === null || !('i' in frame) || !('p' in frame)) return
    const { p } = frame
    if (typeof p === 'object' && p !== null) answers.set(String(frame.i), 's' in p ? Number(p.s) : 200)
  })
  for (const { id, text } of calls) {
    client.send(text)
    // Some are given up as soon as they are made.
    if (id.charCodeAt(0) % 5 === 0) client.send(JSON.stringify({ i: id, t: 4 }))
  }
  const asked = calls.filter(({ id }) => id.charCodeAt(0) % 5 !== 0)
  await expect.poll(() => asked.filter(({ id }) => !answers.has(id)).map(({ text }) => text)).toEqual([])
  expect(client.readyState).toBe(WebSocket.OPEN)
  expect(asked.filter(({ id }) => (answers.get(id) ?? 0) >= 500).map(({ text }) => text)).toEqual([])
  client.terminate()
  expect([...new Set(asked.map(({ path }) => path))].sort()).toEqual([...PATHS].sort())
  await worksAsBefore(app, hash)
})

test('frames too long, binary, and too many', async ({ app, server }) => {
  const hash = await app.stateHash()
  const closeCode = async (frame: string | Uint8Array): Promise<number> => {
    const client = await opened(server)
    const code = new Promise<number>((resolve) => client.on('close', resolve))
    client.on('error', () => {})
    client.send(frame)
    return code
  }
  expect(await closeCode('x'.repeat(FRAME_BYTES_MAX + 1))).toBe(1009)
  expect(await closeCode(new Uint8Array(FRAME_BYTES_MAX + 1))).toBe(1009)
  expect(await closeCode(new Uint8Array([1, 2, 3]))).toBe(1003)
  expect(await closeCode('not a request')).toBe(1011)
  expect(await closeCode('['.repeat(FRAME_BYTES_MAX))).toBe(1011)
  // Characters, not only bytes, are counted: this one is short in one measure and long in the other.
  expect(await closeCode('\u{1f5a5}'.repeat(FRAME_BYTES_MAX / 4 + 1))).toBe(1009)

  const flood = await opened(server)
  for (let at = 0; at < 2000; at++)
    flood.send(JSON.stringify({ i: String(at), p: { u: '/state/subscribe', b: { json: { hostId: null, vmId: null, since: null } } } }))
  flood.terminate()
  await worksAsBefore(app, hash)
})

test('callers that may not come in', async ({ app, server }) => {
  const hash = await app.stateHash()
  const { host, token } = server
  const offers: readonly (readonly [status: number, offer: Offer])[] = [
    [401, { protocols: ['viridian', 'x'.repeat(43)] }],
    [401, { protocols: ['viridian', token.toLowerCase() === token ? token.toUpperCase() : token.toLowerCase()] }],
    [401, { protocols: ['viridian'] }],
    [401, { protocols: [] }],
    [401, { protocols: ['other', token] }],
    [401, { protocols: ['viridian', token, 'more'] }],
    [403, { origin: 'http://attacker.example' }],
    [403, { origin: `https://${host}` }],
    [403, { origin: 'null' }],
    [403, { origin: undefined }],
    [403, { host: 'attacker.example', origin: 'http://attacker.example' }],
    [403, { host: `attacker.example:${new URL(`http://${host}`).port}` }],
    [404, { path: '/' }],
    [404, { path: '/frames/../frames?x' }],
    [404, { path: `/frames?token=${token}` }],
  ]
  for (const [status, offer] of offers) {
    expect({ offer, status: await upgrade(socket(server, offer)) }).toEqual({ offer, status })
  }
  expect(app.shell.errors()).not.toContain(token)
  await worksAsBefore(app, hash)
})

test('plain requests: garbage, foreign names, ways out of the folder', async ({ app, server }) => {
  const hash = await app.stateHash()
  const status = (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<number> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(`http://${server.host}`)
      const sent = request({ hostname, port, path, method, headers }, (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode ?? 0))
      })
      sent.on('error', reject)
      sent.end()
    })
  for (const way of [
    '/../package.json',
    '/../../package.json',
    '/%2e%2e/%2e%2e/package.json',
    '/..%2f..%2fpackage.json',
    '/..%5c..%5cpackage.json',
    '/assets/../../main/node.js',
    '/assets/%2e%2e%2f%2e%2e%2fmain/thread.js',
    '//etc/passwd',
    '/%00',
    '/index.html%00.js',
    '/%',
    '/C:/Windows/win.ini',
    '/file:///etc/passwd',
  ]) {
    expect({ way, status: await status(way) }).toEqual({ way, status: 404 })
  }
  expect(await status('/', { Host: 'attacker.example' })).toBe(403)
  expect(await status('/', {}, 'POST')).toBe(405)
  expect(await status('/', {}, 'DELETE')).toBe(405)
  expect(await status('/')).toBe(200)

  const { host } = server
  expect(await raw(server, 'complete nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  expect(await raw(server, `GET /${'x'.repeat(40_000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 (414|431) /)
  expect(await raw(server, `GET / HTTP/1.1\r\nHost: ${host}\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
  expect(await raw(server, 'GET / HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  expect(await raw(server, `GET http://attacker.example/ HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 403 /,
  )
  for (const bytes of fc.sample(fc.uint8Array({ maxLength: 400 }), { numRuns: 40, seed: SEED })) {
    expect(await raw(server, bytes)).toMatch(/^$|^HTTP\/1\.1 4\d\d /)
  }
  await worksAsBefore(app, hash)
})

test('more connections than a classroom has', async ({ app, server }) => {
  const hash = await app.stateHash()
  const clients = Array.from({ length: CONNECTIONS + 20 }, () => socket(server))
  const verdicts = await Promise.all(clients.map(upgrade))
  // The page of this test holds one of them.
  expect(verdicts.filter((verdict) => verdict === 101)).toHaveLength(CONNECTIONS - 1)
  expect(verdicts.filter((verdict) => verdict === 503)).toHaveLength(21)
  expect(await app.stateHash()).toBe(hash)
  const gone = clients
    .filter((client) => client.readyState === WebSocket.OPEN)
    .map((client) => new Promise((resolve) => client.on('close', resolve)))
  for (const client of clients) client.terminate()
  await Promise.all(gone)
  await expect.poll(() => upgrade(socket(server))).toBe(101)
  await worksAsBefore(app, hash)
})
