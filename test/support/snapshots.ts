import { noCosts, noTokens } from '../../src/check/cost-cells.ts'
import type { Snapshot, SnapshotCell, SnapshotScenario } from '../../src/check/snapshot.ts'

/** A scenario of one run and one call that cost so many nano-dollars. */
export const scenario = (
  name: string,
  costNanoUsd: number,
  more: Partial<SnapshotScenario> = {},
): SnapshotScenario => ({
  scenario: name,
  feature: null,
  question: null,
  runs: 1,
  requests: 1,
  calls: 1,
  costNanoUsd,
  unpriced: 0,
  inputTokens: 100,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: Math.round(costNanoUsd / 1000),
  ...more,
})

/** Of one model, whose output costs all there is. */
const cellsOf = (
  count: number,
  sum: (field: 'requests' | 'costNanoUsd' | 'inputTokens' | 'outputTokens') => number,
): readonly SnapshotCell[] =>
  count === 0
    ? []
    : [
        {
          provider: 'openai',
          model: 'gpt-4o',
          feature: null,
          terms: {},
          band: null,
          pricing: 'tokens',
          failed: false,
          requests: sum('requests'),
          ...noTokens,
          inputTokens: Math.round(sum('inputTokens')),
          outputTokens: Math.round(sum('outputTokens')),
          costNanoUsd: { ...noCosts, outputTokens: Math.round(sum('costNanoUsd')) },
        },
      ]

/** A snapshot of these scenarios, each of them one run. */
export function snapshotOf(
  scenarios: readonly SnapshotScenario[],
  more: Partial<Snapshot> = {},
): Snapshot {
  const sum = (field: 'requests' | 'costNanoUsd' | 'inputTokens' | 'outputTokens' | 'unpriced') =>
    scenarios.reduce((total, each) => total + each[field], 0)
  const costs = scenarios.map(({ costNanoUsd }) => costNanoUsd).sort((a, b) => a - b)
  const costUsd = sum('costNanoUsd') / 1e9
  const perRun = scenarios.length === 0 ? null : costUsd / scenarios.length
  return {
    kind: 'llmcost-snapshot',
    version: 2,
    generatedAt: '2026-11-01T00:00:00.000Z',
    source: { kind: 'analyze', inputs: ['run.jsonl'] },
    fingerprints: { policy: null, prices: 'book-1', embedder: null },
    totals: {
      requests: sum('requests'),
      errors: 0,
      inputTokens: sum('inputTokens'),
      cacheReadTokens: 0,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: sum('outputTokens'),
      costNanoUsd: sum('costNanoUsd'),
      unpricedRequests: sum('unpriced'),
      estimatedRequests: 0,
      servedFromCacheRequests: 0,
    },
    period: { from: null, to: null, days: 0 },
    metrics: {
      requests: sum('requests'),
      costUsd,
      'totals.costUsd': costUsd,
      'perRun.meanUsd': perRun,
      'perRequest.p95Usd': perRun,
      hitRate: 0.25,
      wrongHitRate: null,
    },
    scenarioCount: scenarios.length,
    scenarios: [...scenarios].sort((a, b) => (a.scenario < b.scenario ? -1 : 1)),
    groups: [],
    cells: cellsOf(scenarios.length, sum),
    runs: { count: scenarios.length, samples: costs },
    ...more,
  }
}
