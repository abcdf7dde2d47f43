import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { outcomeText } from './table.ts'
import { benchVectors } from './vectors.ts'

/** sqlite-vec has binaries for the common platforms only. */
const hasPeer = (() => {
  try {
    return existsSync(createRequire(import.meta.url)('sqlite-vec').getLoadablePath())
  } catch {
    return false
  }
})()

test.runIf(hasPeer && process.platform !== 'win32')(
  'the benchmark of vectors compares each way with its peer, at growing sizes',
  async () => {
    const outcome = await benchVectors({ sizeBytes: 400 * 4 * 384, runs: 1 })
    expect(outcome.input).toMatch(/^40, 80, 200, 400 vectors/)
    expect(outcome.figures.length).toBe(24)
    for (const { wallMs } of outcome.figures) expect(wallMs.median).toBeGreaterThan(0)
    for (const { role, ratios, name } of outcome.figures) {
      expect(ratios.length, name).toBe(role === 'measured' ? 1 : 0)
      for (const { time } of ratios) expect(time.median).toBeGreaterThan(0)
    }
    expect(outcomeText(outcome)).toMatch(
      /one look-up, exact, 400: \S+ × the time of one look-up, sqlite-vec/,
    )
  },
  60_000,
)
