import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: 'test/temp-folder.ts',
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // Behaviour is asserted, never speed: the limit only ends a test that hangs on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
