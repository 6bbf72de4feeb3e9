/** This program's version, from its manifest. */
import manifest from '../../package.json' with { type: 'json' }

export const PROGRAM_VERSION: string = manifest.version
