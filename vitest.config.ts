import { defineConfig } from 'vitest/config'

// Unit and contract tests sit beside the file they test; end-to-end scenarios run under Playwright (playwright.config.ts).
export default defineConfig({
  test: {
    include: [
      'main/**/*.test.ts',
      'preload/**/*.test.ts',
      'db/**/*.test.ts',
      'renderer/**/*.test.ts',
      'renderer/**/*.test.tsx',
      'e2e/**/*.test.ts',
    ],
    environment: 'node',
    passWithNoTests: false,
    // No unit test is a stopwatch: the limit only ends what hangs, on the slowest computer.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
