import module from 'node:module'
import { join } from 'node:path'

// Loaded before the launcher, in plain JavaScript: an older Node cannot even read the launcher's TypeScript and would answer with a stack trace.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `Viridian needs Node 22.18 or newer, and this is ${process.versions.node}. Run "npm ci" in this folder: it brings a suitable Node along.\n`,
  )
  process.exit(1)
}

// Compiled code is kept beside the build: the second start does not compile the engine again.
const cache = join(import.meta.dirname, '../../out/compile-cache')
module.enableCompileCache?.(cache)
// Worker threads take it from the environment.
process.env.NODE_COMPILE_CACHE ??= cache
