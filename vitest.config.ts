import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    // Commands are run as a user runs them; starting Node twice takes a second on a busy machine.
    testTimeout: 30_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    // What a developer's shell holds must not change what a test sees.
    env: { LLMCOST_DB: '', LLMCOST_PRICES: '', LLMCOST_PRICE_DATA: '' },
    unstubEnvs: true,
    restoreMocks: true,
  },
})
