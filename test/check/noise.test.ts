import { describe, expect, it } from 'vitest'
import type { CheckResult } from '../../src/check/result.ts'
import {
  atMost,
  checked,
  normals,
  pairedRuns,
  type Traffic,
  traffic,
  unpairedRun,
} from '../support/noisy-runs.ts'

const runs = 200

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

it('of 200 pairs of unpaired samples catches the detectable increase that it prints in 85 % at least, and fails 6 falsely at most', () => {
  let caught = 0
  let falsely = 0
  for (let run = 0; run < runs; run++) {
    const normal = normals(`unpaired ${run}`)
    const before = unpairedRun(normal, 'before', 1)
    const same = checked(before, unpairedRun(normal, 'after', 1))
    expect(same.comparison.mode).toBe('unpaired')
    if (same.verdict === 'fail') falsely++
    const rise = same.comparison.detectableIncrease ?? 0
    const risen = checked(before, unpairedRun(normal, 'after', 1 + rise))
    if (risen.verdict === 'fail') caught++
  }
  expect(caught).toBeGreaterThanOrEqual(170)
  expect(falsely).toBeLessThanOrEqual(6)
}, 180_000)

describe('rates and percentiles of 300 traces a side, alike within a trace', () => {
  const usual: Traffic = { traces: 300, errorRate: 0.1, slower: 1 }
  const assertions = [atMost('errorRate', 0), atMost('latencyMs.p95', 0)]
  const against = (other: Partial<Traffic>, run: number) =>
    checked(
      traffic(usual, `before ${run}`),
      traffic({ ...usual, ...other }, `after ${run}`),
      assertions,
    )
  const times = 100
  const failed = (other: Partial<Traffic>, metric: string) =>
    Array.from({ length: 40 }, (_, run) => against(other, run)).filter(({ findings }) =>
      findings.some((each) => each.metric === metric && each.outcome === 'fail'),
    ).length

  it('fail falsely once in a hundred or so, and warn with an interval instead', () => {
    const results = Array.from({ length: times }, (_, run) => against({}, run))
    // The 99.9th percentile of Bin(100, 1 %) is 5.
    expect(failures(results)).toBeLessThanOrEqual(5)
    const warned = results.flatMap(({ findings }) => findings.filter((f) => f.outcome === 'warn'))
    expect(warned.length).toBeGreaterThan(50)
    for (const { reason, interval, pValue } of warned) {
      expect(reason).toBe('inside-noise')
      expect(interval?.low).toBeLessThan(interval?.high ?? 0)
      expect(pValue).toBeGreaterThan(0.01)
    }
  }, 60_000)

  it('fail where errors rise from 10 % to 25 %, or requests take 1.8 times as long', () => {
    expect(failed({ errorRate: 0.25 }, 'errorRate')).toBeGreaterThanOrEqual(38)
    expect(failed({ slower: 1.8 }, 'latencyMs.p95')).toBeGreaterThanOrEqual(38)
  }, 60_000)
})
