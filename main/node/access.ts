/**
 * Who may reach the browser shell. A page of another site can make this computer's browser send requests to a loopback address, so the address
 * alone protects nothing: the names in the request and a secret of this run decide.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** Name of the WebSocket subprotocol; the client offers it first and the token as the second. */
export const SUBPROTOCOL = 'viridian'

/** A secret for one run: 256 random bits, in characters that an address and a header can carry. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** True when the request was meant for this server: a name that was pointed at the loopback address (DNS rebinding) is another one. */
export function isOwnHost(host: string | undefined, port: number): boolean {
  return host === `127.0.0.1:${port}` || host === `localhost:${port}`
}

export type UpgradeVerdict = { readonly ok: true } | { readonly ok: false; readonly status: 401 | 403; readonly reason: string }

/** Whether a WebSocket may be opened: own Host, own Origin, this run's token. */
export function judgeUpgrade(headers: IncomingHttpHeaders, port: number, token: string): UpgradeVerdict {
  if (!isOwnHost(headers.host, port)) return { ok: false, status: 403, reason: 'foreign Host' }
  if (headers.origin !== `http://${headers.host}`) return { ok: false, status: 403, reason: 'foreign Origin' }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim())
  if (offered.length !== 2 || offered[0] !== SUBPROTOCOL || !sameSecret(offered[1] ?? '', token)) {
    return { ok: false, status: 401, reason: 'missing or wrong token' }
  }
  return { ok: true }
}

function sameSecret(given: string, expected: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(expected)
  return a.length === b.length && timingSafeEqual(a, b)
}
