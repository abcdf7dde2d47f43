import type { DiffResult } from '../check/diff-result.ts'
import { formatJson, headOrder, type KeyOrder, orderKeys } from './json.ts'

/** The result as `--format json` prints it. Described in docs/json-output.md. */
export const diffJson = (result: DiffResult): string => formatJson(orderKeys(result, diffOrder))

export const effectOrder = {
  price: true,
  volume: true,
  mix: true,
  tokensPerRequest: true,
  cache: true,
  retries: true,
  other: true,
} as const

export const otherOrder = {
  newCells: true,
  goneCells: true,
  unpriced: true,
  fees: true,
  unknown: true,
} as const

export const scenarioOrder = {
  scenario: true,
  feature: true,
  change: true,
  formerly: true,
  beforeUsd: true,
  afterUsd: true,
  differenceUsd: true,
  difference: {
    calls: true,
    inputTokens: true,
    cacheReadTokens: true,
    cacheWriteTokens: true,
    outputTokens: true,
  },
} as const

const side = {
  name: true,
  generatedAt: true,
  source: { kind: true, inputs: true },
  period: { from: true, to: true, days: true },
  requests: true,
  costUsd: true,
  unpricedRequests: true,
  prices: true,
} as const

const row = {
  status: true,
  fromRequests: true,
  toRequests: true,
  fromUsd: true,
  toUsd: true,
  differenceUsd: true,
  effects: effectOrder,
} as const

const repricedSide = { requests: true, keptRequests: true, keptUsd: true } as const

const diffOrder: KeyOrder<DiffResult> = {
  ...headOrder,
  from: side,
  to: side,
  differenceUsd: true,
  change: true,
  effects: effectOrder,
  other: otherOrder,
  models: { provider: true, model: true, ...row },
  features: { feature: true, ...row },
  cells: { provider: true, model: true, feature: true, ...row },
  scenarios: scenarioOrder,
  scenarioChanges: true,
  scenarioCoverage: true,
  requests: {
    side: true,
    id: true,
    at: true,
    provider: true,
    model: true,
    feature: true,
    costUsd: true,
    differenceUsd: true,
  },
  repriced: { prices: true, from: repricedSide, to: repricedSide },
}
