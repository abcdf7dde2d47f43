import { describe, expect, it } from 'vitest'
import { check } from '../../src/check/check.ts'
import { exitCodeOf } from '../../src/check/judge-finding.ts'
import { figuresOf, metricsOf } from '../../src/check/metrics.ts'
import type { CheckResult, Finding } from '../../src/check/result.ts'
import type { Snapshot } from '../../src/check/snapshot.ts'
import { readSnapshot, snapshotText } from '../../src/check/snapshot-text.ts'
import type { Assertion, NoData } from '../../src/policy/governance.ts'
import { findingSentence } from '../../src/report/check-phrases.ts'
import { scenario, snapshotOf } from '../support/snapshots.ts'

const atMost = (maxShare: number, metric = 'cost'): Assertion => ({
  name: metric,
  metric,
  where: {},
  limit: { kind: 'increase', maxShare },
  level: 'error',
})

const checked = (
  before: Snapshot | null,
  after: Snapshot,
  options: {
    readonly assertions?: readonly Assertion[]
    readonly exact?: boolean
    readonly noData?: NoData
  } = {},
): CheckResult =>
  check(before, after, {
    generatedAt: '2026-11-02T00:00:00.000Z',
    inputs: [],
    warnings: [],
    policy: { noData: 'fail', exact: false, assertions: [atMost(0)], ...options },
  })

const costs = (list: readonly number[], prefix = 's') =>
  list.map((cost, index) => scenario(`${prefix}${index}`, cost))
const ten = Array.from({ length: 10 }, (_, index) => 1_000_000 * (index + 1))
const first = ({ findings }: CheckResult) => findings[0]

it('a report, which holds no scenarios, has not lost those of the baseline', () => {
  const report: Snapshot = {
    ...snapshotOf(costs(ten)),
    source: { kind: 'simulate', inputs: ['after.json'] },
    scenarioCount: 0,
    scenarios: [],
    runs: { count: 0, samples: [] },
  }
  const { scenarioChanges, comparison, warnings } = checked(snapshotOf(costs(ten)), report)
  expect({ scenarioChanges, gone: comparison.gone }).toEqual({ scenarioChanges: 0, gone: 0 })
  expect(warnings.map(({ code }) => code)).not.toContain('scenarios-gone')
  const nothing = checked(snapshotOf(costs(ten)), snapshotOf([]))
  expect(nothing.scenarioChanges).toBe(10)
})

describe('an increase', () => {
  it('of one nano-dollar fails where answers are as they were', () => {
    const dearer = costs([...ten.slice(0, 9), 10_000_001])
    const result = checked(snapshotOf(costs(ten)), snapshotOf(dearer))
    expect(result.comparison.mode).toBe('exact')
    expect(result.verdict).toBe('fail')
    expect(result.scenarios.map((each) => each.scenario)).toEqual(['s9'])
  })

  it('of a few scenarios fails exactly where all others are as they were', () => {
    const changed = [scenario('s0', 1_500_000, { calls: 2, outputTokens: 1500, inputTokens: 200 })]
    const after = snapshotOf([...changed, ...costs(ten.slice(0, 4)).slice(1)])
    const result = checked(snapshotOf(costs(ten.slice(0, 4))), after)
    expect(result.comparison.mode).toBe('exact')
    expect(result.verdict).toBe('fail')
  })

  it('of scenarios that all ask otherwise is noise where answers vary', () => {
    const noisy = ten.map((cost, i) => scenario(`s${i}`, cost * 1.1, { inputTokens: 100 + i }))
    // Three ask as before, by chance, and are answered as before.
    const same = costs(ten).slice(0, 3)
    const after = snapshotOf([...same, ...noisy.slice(3)])
    expect(checked(snapshotOf(costs(ten)), after).comparison.mode).toBe('paired')
  })

  it('that few noisy runs show warns with its interval', () => {
    const result = checked(
      snapshotOf(costs(ten.slice(0, 5))),
      snapshotOf(costs(ten.slice(0, 5).map((cost) => cost * 1.1))),
    )
    expect(result.comparison.mode).toBe('paired')
    expect(result.verdict).toBe('warn')
    expect(first(result)).toMatchObject({ reason: 'too-few-runs', interval: { level: 0.95 } })
  })

  it('of every one of ten scenarios is no noise', () => {
    const dearer = snapshotOf(costs(ten.map((cost) => cost * 1.1)))
    expect(checked(snapshotOf(costs(ten)), dearer).verdict).toBe('fail')
    const bound = { assertions: [atMost(0.2)] }
    expect(checked(snapshotOf(costs(ten)), dearer, bound).verdict).toBe('pass')
  })

  it('that goes up here and down there warns', () => {
    const mixed = ten.map((cost, index) => (index % 2 === 0 ? cost * 1.4 : cost * 0.8))
    const result = checked(snapshotOf(costs(ten)), snapshotOf(costs(mixed)))
    expect(first(result)).toMatchObject({ outcome: 'warn', reason: 'inside-noise' })
  })

  it('warns only, or is not looked at, where its level says so', () => {
    const [before, after] = [snapshotOf(costs([1000])), snapshotOf(costs([2000]))]
    const level = (word: Assertion['level']) =>
      checked(before, after, { exact: true, assertions: [{ ...atMost(0), level: word }] })
    expect(level('warn').verdict).toBe('warn')
    expect(level('off').findings).toEqual([])
  })

  it('in the unit of the metric is held to its own bound', () => {
    const by = (max: number): Assertion => ({ ...atMost(0), limit: { kind: 'increase-by', max } })
    const [before, after] = [snapshotOf(costs([1e9])), snapshotOf(costs([1.5e9]))]
    const verdict = (max: number) =>
      checked(before, after, { exact: true, assertions: [by(max)] }).verdict
    expect([verdict(0.49), verdict(0.5)]).toEqual(['fail', 'pass'])
  })
})

describe('runs that share no scenario', () => {
  const many = (prefix: string, factor: number) =>
    snapshotOf(
      costs(
        Array.from({ length: 40 }, (_, i) => factor * (1000 + 10 * i)),
        prefix,
      ),
    )

  it('are two samples, and a clear increase fails', () => {
    const result = checked(many('a', 1), many('b', 1.5))
    expect(result.comparison.mode).toBe('unpaired')
    expect(result.comparison.detectableIncrease).toBeGreaterThan(0)
    expect(result.verdict).toBe('fail')
    expect(checked(many('a', 1), many('b', 1.001)).verdict).toBe('warn')
  })

  it('warn where there are too few of them', () => {
    const result = checked(snapshotOf(costs([10, 20])), snapshotOf(costs([90, 80], 'b')))
    expect(first(result)).toMatchObject({ outcome: 'warn', reason: 'too-few-runs' })
  })

  it('are the same scenarios renamed, where they ask the same', () => {
    const named = (prefix: string) =>
      snapshotOf(ten.map((cost, i) => scenario(`${prefix}${i}`, cost, { question: `q-${i}` })))
    const { comparison, verdict } = checked(named('a'), named('b'))
    expect(comparison).toMatchObject({ mode: 'exact', renamed: 10, added: 0, gone: 0 })
    expect(verdict).toBe('pass')
  })
})

it('an additional call with the same question is a dearer scenario, not a new one', () => {
  const before = snapshotOf([scenario('q-1', 5000), scenario('q-2', 5000)])
  const after = snapshotOf([scenario('q-1', 5000), scenario('q-1#2', 4000), scenario('q-2', 5000)])
  const result = checked(before, after, { exact: true })
  expect(result.verdict).toBe('fail')
  expect(result.scenarios).toMatchObject([
    { scenario: 'q-1', change: 'changed', difference: { calls: 1 }, differenceUsd: 0.000004 },
  ])
})

it('new scenarios are told, not held against a run', () => {
  const after = snapshotOf([...costs(ten), scenario('added', 9_000_000)])
  const result = checked(snapshotOf(costs(ten)), after)
  expect(result.verdict).toBe('pass')
  expect(result.warnings.map(({ code }) => code)).toEqual(['scenarios-new'])
})

describe('without data', () => {
  it.each([
    ['an empty run', snapshotOf(costs(ten)), snapshotOf([]), 'no-requests'],
    ['an empty baseline', snapshotOf([]), snapshotOf(costs(ten)), 'no-requests'],
    [
      'a run without prices',
      snapshotOf(costs(ten)),
      snapshotOf([scenario('s0', 0, { unpriced: 1 })]),
      'nothing-priced',
    ],
  ] as const)('%s says so', (_, before, after, reason) => {
    const result = checked(before, after)
    expect(first(result)).toMatchObject({ outcome: 'no-data', reason, pass: false })
    expect(result.verdict).toBe('no-data')
    expect(exitCodeOf(result.verdict, 'fail')).toBe(2)
    expect(exitCodeOf(result.verdict, 'warn')).toBe(0)
  })

  it('an unknown figure does not hide a regression', () => {
    const unknown: Assertion = { ...atMost(0), metric: 'wrongHitRate' }
    const result = checked(snapshotOf(costs([1000])), snapshotOf(costs([2000])), {
      exact: true,
      assertions: [unknown, atMost(0)],
    })
    expect(result.findings.map(({ outcome }) => outcome)).toEqual(['no-data', 'fail'])
    expect(exitCodeOf(result.verdict, 'fail')).toBe(1)
  })
})

describe('a quality that was measured', () => {
  const replayed = (quality: number, low: number, high: number): Snapshot =>
    readSnapshot(
      JSON.stringify({
        kind: 'replay',
        version: 1,
        generatedAt: '2026-11-01T00:00:00.000Z',
        fingerprints: { policy: null, prices: 'book-1', embedder: null },
        arms: { candidate: { answers: 400, costUsd: 1, unpriced: 0 } },
        delta: { quality, interval: { low, high, level: 0.9, method: 'tango' } },
      }),
      'replay.json',
    )
  const drop: Assertion = {
    ...atMost(0, 'qualityDelta'),
    limit: { kind: 'value', operator: '>=', value: -0.01 },
  }

  it.each([
    [-0.03, -0.05, -0.015, 'fail', 'beyond'],
    [-0.03, -0.07, 0.01, 'warn', 'inside-noise'],
    [-0.005, -0.02, 0.01, 'pass', 'within'],
  ] as const)(
    'of %d between %d and %d against -1 point: %s',
    (quality, low, high, outcome, reason) => {
      const result = checked(null, replayed(quality, low, high), { assertions: [drop] })
      expect(first(result)).toMatchObject({ outcome, reason, interval: { low, high, level: 0.9 } })
    },
  )

  it('is told with its interval', () => {
    const result = checked(null, replayed(-0.03, -0.07, 0.01), { assertions: [drop] })
    expect(findingSentence(result.findings[0] as Finding)).toBe(
      '-3.0% (90% interval -7.0% to +1.0%): beyond the bound, but noise alone may look like this (>= -1.0%)',
    )
  })
})

it.each([
  [0, null, 0],
  [3, { low: 0, high: 0.1 }, 0.1],
  [3, null, null],
])(
  'a cache of %d hits has a wrong-hit rate that is known, or none',
  (hits, wrongPerRequest, expected) => {
    const report = { layers: { semantic: { hits, wrongPerRequest } } }
    expect(metricsOf('simulate', figuresOf(report))['wrongHitRate']).toBe(expected)
  },
)

it('something from nothing fails, nothing from something passes', () => {
  const [zero, some] = [snapshotOf(costs([0])), snapshotOf(costs([1000]))]
  expect(first(checked(zero, some, { exact: true }))).toMatchObject({
    outcome: 'fail',
    change: null,
  })
  expect(first(checked(some, zero, { exact: true }))).toMatchObject({ outcome: 'pass', change: -1 })
})

it('says what is other about a baseline', () => {
  const other = { fingerprints: { policy: null, prices: 'book-0', embedder: 'other' } }
  const { warnings } = checked(snapshotOf(costs(ten), other), snapshotOf(costs(ten)))
  expect(warnings.map(({ code }) => code)).toEqual([
    'baseline-other-prices',
    'baseline-other-embedder',
  ])
})

it('refuses a figure that nobody knows, and a baseline that is missing', () => {
  const misspelt = { assertions: [atMost(0, 'totals.costUds')] }
  const same = snapshotOf(costs(ten))
  expect(() => checked(same, same, misspelt)).toThrow('no figure of this run')
  expect(() => checked(null, same)).toThrow('held against a baseline')
})

describe('a snapshot as a file', () => {
  it('reads back as it was', () => {
    const snapshot = snapshotOf(costs(ten))
    expect(readSnapshot(snapshotText(snapshot), 'x.json')).toEqual(snapshot)
  })

  it.each([
    ['cut off', '{"kind":"llmcost-snap', 'is no JSON object'],
    ['something else', '{"kind":"package"}', 'is no snapshot'],
    ['of a later version', '{"kind":"llmcost-snapshot","version":9}', 'version 9 is not known'],
    ['incomplete', '{"kind":"llmcost-snapshot","version":1}', 'source is missing'],
    ['a report without its head', '{"kind":"simulate"}', 'is an incomplete report'],
    [
      'with text for a number',
      snapshotText(snapshotOf([scenario('s', 1)])).replace(
        '"costNanoUsd":1,',
        '"costNanoUsd":"1",',
      ),
      'is a broken snapshot',
    ],
  ])('that is %s names its problem', (_, text, problem) => {
    expect(() => readSnapshot(text, 'x.json')).toThrow(problem)
  })
})
