import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

const fromRoot = (path: string): string => `${import.meta.dirname}/${path}`

export default defineConfig({
  main: {
    build: {
      // Node 20.18 is inside Electron 33, the oldest that the product runs on.
      target: 'node20.18',
      // Everything else goes into the bundles: a start reads a few files instead of hundreds.
      externalizeDeps: { exclude: ['@orpc/client', '@orpc/contract', '@orpc/server', 'drizzle-orm', 'zod'] },
      rolldownOptions: {
        input: {
          electron: fromRoot('main/electron/index.ts'),
          node: fromRoot('main/node/index.ts'),
          thread: fromRoot('main/thread/index.ts'),
          'disk-thread': fromRoot('main/files/disks/disk-thread.ts'),
        },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      target: 'node20.18',
      // A sandboxed preload script is one CommonJS file with everything inside.
      externalizeDeps: false,
      rolldownOptions: {
        input: { bridge: fromRoot('preload/bridge/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: fromRoot('renderer'),
    plugins: [react()],
    server: { host: '127.0.0.1' },
    build: {
      target: 'chrome130',
      minify: true,
      rolldownOptions: { input: { index: fromRoot('renderer/index.html') } },
    },
  },
})
