// Loaded before the launcher, in plain JavaScript: an older Node cannot even read the launcher's TypeScript and would answer with a stack trace.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `Viridian needs Node 22.18 or newer, and this is ${process.versions.node}. Run "npm ci" in this folder: it brings a suitable Node along.\n`,
  )
  process.exit(1)
}
