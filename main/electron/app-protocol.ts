/** The protocol `viridian://app/`: serves the built page to our windows. No `file:` address is ever loaded. */
import { protocol, type Session } from 'electron'
import { readPageFile } from '../page/page-files.ts'

const SCHEME = 'viridian'
const HOST = 'app'

/** To be called before the application is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true, codeCache: true } }])
}

/** Serves the page from its folder to a session's windows. */
export function serveApp(session: Session, pageFolder: string): void {
  session.protocol.handle(SCHEME, async (request) => {
    const address = new URL(request.url)
    if (address.host !== HOST || request.method !== 'GET') return new Response(null, { status: 403 })
    const file = await readPageFile(pageFolder, address.pathname, ["'self'"])
    return file === null ? new Response(null, { status: 404 }) : new Response(file.body, { headers: file.headers })
  })
}
