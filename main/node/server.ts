/**
 * HTTP and WebSocket server of the browser shell, on the loopback address alone: serves the built page and passes frames between pages and the
 * engine thread. It reads no frame.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { MessagePort } from 'node:worker_threads'
import { type WebSocket, WebSocketServer } from 'ws'
import { FRAME_BYTES_MAX } from '../../preload/contract/version.ts'
import { readPageFile } from '../page/page-files.ts'
import { isOwnHost, judgeUpgrade, SUBPROTOCOL } from './access.ts'

const LOOPBACK = '127.0.0.1'
/** Pages that may be connected at the same time: a classroom. */
export const CONNECTIONS_MAX = 64
/** Bytes that may wait for a page that does not read; beyond it the page is cut off and will come back for a snapshot. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024

export interface ServerSettings {
  /** Folder of the built page. */
  readonly pageFolder: string
  /** Secret that a page must show. */
  readonly token: string
  /** Opens a way to the engine thread. */
  readonly connect: () => MessagePort
  /** Receives one line for each refused caller and closed connection. Never holds the token. */
  readonly log: (text: string) => void
  /** Default {@link WAITING_BYTES_MAX}. */
  readonly waitingBytesMax?: number
}

export interface PageServer {
  readonly port: number
  close(): Promise<void>
}

/** Listens; `port` 0 = any. Rejects with Node's error (`code` EADDRINUSE when the port is taken). */
export async function startServer(port: number, settings: ServerSettings): Promise<PageServer> {
  const http = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 30_000 })
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_BYTES_MAX,
    perMessageDeflate: false,
    handleProtocols: () => SUBPROTOCOL,
  })
  const ownPort = await listen(http, port)
  http.on('request', (request, response) => void answer(request, response, ownPort, settings))
  http.on('upgrade', (request, socket, head) => {
    // A caller that goes away in the middle is no event for anyone.
    socket.on('error', () => {})
    const verdict =
      request.url === '/frames' ? judgeUpgrade(request.headers, ownPort, settings.token) : { ok: false, status: 404, reason: 'no such way' }
    if (!verdict.ok) return refuseUpgrade(socket, verdict.status, verdict.reason, settings)
    if (sockets.clients.size >= CONNECTIONS_MAX) return refuseUpgrade(socket, 503, 'too many connections', settings)
    sockets.handleUpgrade(request, socket, head, (client) => passFrames(client, settings))
  })
  return {
    port: ownPort,
    close: () => close(http, sockets),
  }
}

function listen(http: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject)
    http.listen({ host: LOOPBACK, port }, () => {
      http.off('error', reject)
      resolve((http.address() as AddressInfo).port)
    })
  })
}

async function close(http: Server, sockets: WebSocketServer): Promise<void> {
  for (const client of sockets.clients) client.close(1001, 'Viridian has ended.')
  const closed = new Promise<void>((resolve) => http.close(() => resolve()))
  // Pages get a moment to read the farewell; then the doors are shut.
  setTimeout(() => {
    for (const client of sockets.clients) client.terminate()
    http.closeAllConnections()
  }, 200).unref()
  await closed
}

async function answer(request: IncomingMessage, response: ServerResponse, port: number, settings: ServerSettings): Promise<void> {
  if (!isOwnHost(request.headers.host, port)) {
    settings.log('refused a request: foreign Host')
    return refuse(response, 403)
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405)
  const path = (request.url ?? '').split(/[?#]/, 1)[0] ?? ''
  const file = await readPageFile(settings.pageFolder, path, ["'self'", `ws://${request.headers.host}`])
  if (file === null) return refuse(response, 404)
  response.writeHead(200, { ...file.headers, 'Content-Length': file.body.byteLength })
  response.end(request.method === 'HEAD' ? undefined : file.body)
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Security-Policy': "default-src 'none'",
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(`${STATUS_CODES[status] ?? 'Refused'}\n`)
}

function refuseUpgrade(socket: Duplex, status: number, reason: string, settings: ServerSettings): void {
  settings.log(`refused a connection: ${reason}`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** Joins one page with the engine. What goes wrong here ends this connection and nothing else. */
function passFrames(client: WebSocket, settings: ServerSettings): void {
  const port = settings.connect()
  const waitingBytesMax = settings.waitingBytesMax ?? WAITING_BYTES_MAX
  client.on('message', (data, binary) => {
    if (binary) {
      settings.log('closed a connection: binary frame')
      return client.close(1003, 'Frames must be text.')
    }
    port.postMessage(data.toString())
  })
  // Oversized and malformed frames: ws answers with its close code (1009, 1007, 1002) by itself.
  client.on('error', (error) => settings.log(`closed a connection: ${error.message}`))
  client.on('close', () => port.close())
  port.on('message', (frame: unknown) => {
    if (typeof frame !== 'string' || client.readyState !== client.OPEN) return
    client.send(frame)
    if (client.bufferedAmount > waitingBytesMax) {
      settings.log('closed a connection: it does not read what it is sent')
      // The farewell waits behind what the page has not read; ws gives it half a minute, then cuts the line.
      client.close(1013, 'The page did not keep up.')
      port.close()
    }
  })
  port.on('close', () => {
    if (client.readyState === client.OPEN) client.close(1011, 'The simulation closed this connection.')
  })
}
