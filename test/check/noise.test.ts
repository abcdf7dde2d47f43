import { describe, expect, it } from 'vitest'
import { check } from '../../src/check/check.ts'
import type { CheckResult } from '../../src/check/result.ts'
import type { Snapshot } from '../../src/check/snapshot.ts'
import { normalQuantile } from '../../src/stats/normal.ts'
import { randomFrom } from '../../src/stats/random.ts'
import { scenario, snapshotOf } from '../support/snapshots.ts'

const runs = 200
const scenarios = 1_000
/** A cent, so that rounding to nano-dollars is no matter. */
const typicalCost = 1e7

const normals = (seed: string) => {
  const random = randomFrom(seed)
  return () => normalQuantile(random() + 2 ** -33)
}

const checked = (before: Snapshot, after: Snapshot): CheckResult =>
  check(before, after, {
    generatedAt: '2026-11-02T00:00:00.000Z',
    inputs: [],
    warnings: [],
    policy: {
      noData: 'fail',
      exact: false,
      assertions: [
        {
          name: 'cost',
          metric: 'cost',
          where: {},
          limit: { kind: 'increase', maxShare: 0.05 },
          level: 'error',
        },
      ],
    },
  })

/** Log-normal scenarios (σ 1.5), each run of them with noise (σ 0.4). */
function pairedRuns(rise: number, seed: string): readonly [Snapshot, Snapshot] {
  const normal = normals(seed)
  const sizes = Array.from({ length: scenarios }, () => typicalCost * Math.exp(1.5 * normal()))
  const run = (factor: number) =>
    snapshotOf(
      sizes.map((size, index) =>
        scenario(`s${index}`, Math.round(factor * size * Math.exp(0.4 * normal()))),
      ),
    )
  return [run(1), run(1 + rise)]
}

const failures = (results: readonly CheckResult[]): number =>
  results.filter(({ verdict }) => verdict === 'fail').length

const pairedFailures = (rise: number): number =>
  failures(Array.from({ length: runs }, (_, run) => checked(...pairedRuns(rise, `${rise} ${run}`))))

describe('of 200 noisy runs of 1,000 scenarios', () => {
  it('catches a rise of 10 % in 190 at least', () => {
    expect(pairedFailures(0.1)).toBeGreaterThanOrEqual(190)
  }, 120_000)

  it('fails 6 falsely at most where nothing changed', () => {
    expect(pairedFailures(0)).toBeLessThanOrEqual(6)
  }, 120_000)
})

describe('of 200 pairs of unpaired samples', () => {
  const sample = (normal: () => number, side: string, factor: number): Snapshot =>
    snapshotOf(
      Array.from({ length: scenarios }, (_, index) =>
        scenario(`${side}${index}`, Math.round(factor * typicalCost * Math.exp(1.5 * normal()))),
      ),
    )

  it('catches the detectable increase that it prints in 85 % at least, and fails 6 falsely at most', () => {
    let caught = 0
    let falsely = 0
    for (let run = 0; run < runs; run++) {
      const normal = normals(`unpaired ${run}`)
      const before = sample(normal, 'before', 1)
      const same = checked(before, sample(normal, 'after', 1))
      expect(same.comparison.mode).toBe('unpaired')
      if (same.verdict === 'fail') falsely++
      const rise = same.comparison.detectableIncrease ?? 0
      const risen = checked(before, sample(normal, 'after', 1 + rise))
      if (risen.verdict === 'fail') caught++
    }
    expect(caught).toBeGreaterThanOrEqual(170)
    expect(falsely).toBeLessThanOrEqual(6)
  }, 180_000)
})
