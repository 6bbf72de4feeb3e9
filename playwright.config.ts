import { defineConfig } from '@playwright/test'

/**
 * The same scenarios run in both shells; only the driver differs. Those in `host` speak to the browser shell's process itself and run once.
 * `pictures` makes the screenshots of the documentation and is run on its own.
 */
export default defineConfig({
  testDir: 'e2e/scenarios',
  outputDir: 'test-results',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  use: { actionTimeout: 10_000, trace: 'off' },
  projects: [
    { name: 'browser', testMatch: '**/*.spec.ts', metadata: { shell: 'browser' } },
    { name: 'electron', testMatch: '**/*.spec.ts', testIgnore: '**/host/**', metadata: { shell: 'electron' } },
    { name: 'pictures', testMatch: '**/*.pictures.ts', metadata: { shell: 'browser' } },
  ],
})
