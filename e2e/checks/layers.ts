/**
 * Which folder may import which: the arrows of the design, as data.
 *
 * A rule names a folder (the longest matching one counts), the folders of the project that it may import besides itself, and the packages that
 * it may name. Everything not listed is refused.
 */
export interface Layer {
  readonly folder: string
  readonly imports: readonly string[]
  /** Package names, or `*` for any. */
  readonly packages: readonly string[]
}

const ENGINE = 'main/engine'
const REACT = [
  'react',
  'react-dom',
  '@mantine/core',
  '@mantine/hooks',
  '@tanstack/react-table',
  '@tanstack/react-virtual',
  'react-resizable-panels',
]

export const LAYERS: readonly Layer[] = [
  { folder: 'preload/contract', imports: [], packages: ['zod', '@orpc/contract'] },
  { folder: 'preload/bridge', imports: ['preload/contract'], packages: ['electron'] },
  { folder: ENGINE, imports: [], packages: [] },
  { folder: `${ENGINE}/kernel`, imports: [], packages: [] },
  { folder: `${ENGINE}/hypervisor`, imports: [`${ENGINE}/kernel`], packages: [] },
  { folder: `${ENGINE}/vmbus`, imports: [`${ENGINE}/kernel`], packages: [] },
  { folder: 'main/service', imports: [ENGINE, 'preload/contract'], packages: ['zod'] },
  { folder: 'main/rpc', imports: [ENGINE, 'main/service', 'preload/contract'], packages: ['@orpc/server', 'zod', 'node:'] },
  { folder: 'main/files', imports: [ENGINE, 'db'], packages: ['node:', 'better-sqlite3'] },
  { folder: 'db', imports: [ENGINE], packages: ['better-sqlite3', 'drizzle-orm', 'node:'] },
  {
    folder: 'main/thread',
    imports: ['main/rpc', 'main/service', 'main/files', 'db', 'preload/contract'],
    packages: ['@orpc/server', 'node:'],
  },
  { folder: 'main/page', imports: [], packages: ['node:'] },
  { folder: 'main/electron', imports: ['main/thread', 'main/launcher', 'main/page', 'preload/contract'], packages: ['electron', 'node:'] },
  { folder: 'main/node', imports: ['main/thread', 'main/launcher', 'main/page', 'preload/contract'], packages: ['ws', 'node:'] },
  { folder: 'main/launcher', imports: ['preload/contract', 'main/thread', 'package.json'], packages: ['*'] },
  { folder: 'main/testing', imports: [ENGINE, 'main/service', 'preload/contract'], packages: ['node:'] },
  { folder: 'renderer/theme', imports: [], packages: [...REACT, '@fontsource-variable/open-sans'] },
  { folder: 'renderer/mmc', imports: ['renderer/theme'], packages: REACT },
  { folder: 'renderer/client', imports: ['preload/contract'], packages: ['react', '@orpc/client', '@orpc/contract'] },
  { folder: 'renderer/picture', imports: ['preload/contract', 'renderer/theme'], packages: REACT },
  {
    folder: 'renderer/vm-actions',
    imports: ['preload/contract', 'renderer/client', 'renderer/mmc', 'renderer/theme'],
    packages: REACT,
  },
  {
    folder: 'renderer/connect',
    imports: ['preload/contract', 'renderer/client', 'renderer/mmc', 'renderer/theme', 'renderer/picture', 'renderer/vm-actions'],
    packages: REACT,
  },
  {
    folder: 'renderer/snapins',
    imports: ['preload/contract', 'renderer/client', 'renderer/mmc', 'renderer/theme', 'renderer/picture', 'renderer/vm-actions'],
    packages: REACT,
  },
  { folder: 'renderer/app', imports: ['renderer', 'preload/contract'], packages: REACT },
  { folder: 'e2e', imports: ['main', 'db', 'preload/contract'], packages: ['*'] },
]

/** Code of tests may also use the test builders and test libraries. */
export const TEST_IMPORTS = ['main/testing']
export const TEST_PACKAGES = [
  'vitest',
  'fast-check',
  'node:',
  'ws',
  'better-sqlite3',
  'zod',
  '@orpc/server',
  '@orpc/client',
  '@orpc/contract',
  'drizzle-orm',
  'react',
  'react-dom',
]
