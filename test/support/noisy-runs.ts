import { check } from '../../src/check/check.ts'
import type { CheckResult } from '../../src/check/result.ts'
import type { RunSample, Snapshot } from '../../src/check/snapshot.ts'
import type { Assertion } from '../../src/policy/governance.ts'
import { normalQuantile } from '../../src/stats/normal.ts'
import { randomFrom } from '../../src/stats/random.ts'
import { scenario, snapshotOf } from './snapshots.ts'

/** A cent, so that rounding to nano-dollars is no matter. */
const typicalCost = 1e7
/** Of the logarithm of what scenarios cost. */
const spread = 1.5
/** Of the logarithm of what one scenario costs from run to run. */
const runNoise = 0.4

export const scenarioCount = 1_000

export const normals = (seed: string) => {
  const random = randomFrom(seed)
  return () => normalQuantile(random() + 2 ** -33)
}

/** An assertion that a figure rises by no more than a share. */
export const atMost = (metric: string, maxShare: number): Assertion => ({
  name: metric,
  metric,
  where: {},
  limit: { kind: 'increase', maxShare },
  level: 'error',
})

export const checked = (
  before: Snapshot,
  after: Snapshot,
  assertions: readonly Assertion[] = [atMost('cost', 0.05)],
): CheckResult =>
  check(before, after, {
    generatedAt: '2026-11-02T00:00:00.000Z',
    inputs: [],
    warnings: [],
    policy: { noData: 'fail', exact: false, assertions },
  })

/** Two runs of a suite of log-normal scenarios, the second dearer by a share. */
export function pairedRuns(rise: number, seed: string): readonly [Snapshot, Snapshot] {
  const normal = normals(seed)
  const sizes = Array.from(
    { length: scenarioCount },
    () => typicalCost * Math.exp(spread * normal()),
  )
  const run = (factor: number) =>
    snapshotOf(
      sizes.map((size, index) =>
        scenario(`s${index}`, Math.round(factor * size * Math.exp(runNoise * normal()))),
      ),
    )
  return [run(1), run(1 + rise)]
}

/** A run of log-normal scenarios that no other side has, dearer by a factor. */
export const unpairedRun = (normal: () => number, side: string, factor: number): Snapshot =>
  snapshotOf(
    Array.from({ length: scenarioCount }, (_, index) =>
      scenario(`${side}${index}`, Math.round(factor * typicalCost * Math.exp(spread * normal()))),
    ),
  )

export type Traffic = {
  readonly traces: number
  /** Of a trace's typical chance to fail: from 0 to 1. */
  readonly errorRate: number
  /** Times as slow as the other side. */
  readonly slower: number
}

/**
 * Traces of three requests, unlike one another and alike within: some are slow throughout, and where one request fails
 * the others often do.
 */
export function traffic({ traces, errorRate, slower }: Traffic, seed: string): Snapshot {
  const random = randomFrom(seed)
  const normal = normals(`${seed} sizes`)
  const lines = Array.from({ length: traces }, () => {
    const isBad = random() < errorRate
    const pace = slower * 1000 * Math.exp(0.8 * normal())
    const latencies = [0, 1, 2].map(() => Math.round(pace * Math.exp(0.3 * normal())))
    return { errors: isBad ? 3 : 0, cost: Math.round(1e6 * Math.exp(normal())), latencies }
  })
  const sample: RunSample = {
    runs: lines.map(({ errors, cost }) => [3, 0, errors, 0, 300, 0, 0, 60, cost]),
    requests: lines.flatMap(({ latencies, cost }, run) =>
      latencies.map((latency) => [run, Math.round(cost / 3), latency]),
    ),
  }
  const latencies = lines.flatMap((line) => line.latencies).sort((a, b) => a - b)
  const errors = lines.reduce((sum, line) => sum + line.errors, 0)
  const side = snapshotOf(
    lines.map(({ cost }, trace) => scenario(`${seed} ${trace}`, cost, { requests: 3, calls: 3 })),
  )
  const metrics = {
    ...side.metrics,
    errorRate: errors / (3 * traces),
    'latencyMs.p95': latencies[Math.ceil(0.95 * latencies.length) - 1] ?? null,
  }
  return { ...side, sample, metrics }
}
