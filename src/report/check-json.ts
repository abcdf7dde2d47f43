import type { CheckResult } from '../check/result.ts'
import { effectOrder, otherOrder, scenarioOrder } from './diff-json.ts'
import { formatJson, headOrder, type KeyOrder, orderKeys } from './json.ts'

/** The result as `--format json` prints it. Described in docs/json-output.md. */
export const checkJson = (result: CheckResult): string => formatJson(orderKeys(result, checkOrder))

const side = {
  generatedAt: true,
  source: { kind: true, inputs: true },
  requests: true,
  costUsd: true,
  scenarios: true,
  unpricedRequests: true,
} as const

const checkOrder: KeyOrder<CheckResult> = {
  ...headOrder,
  verdict: true,
  noData: true,
  baseline: side,
  current: side,
  comparison: {
    mode: true,
    pairs: true,
    added: true,
    gone: true,
    renamed: true,
    runs: { before: true, after: true },
    detectableIncrease: true,
    familyLevel: true,
  },
  findings: {
    name: true,
    metric: true,
    filter: 'sorted',
    level: true,
    expected: true,
    actual: true,
    operator: true,
    baseline: true,
    change: true,
    interval: { low: true, high: true, level: true, method: true },
    typicalChange: true,
    pValue: true,
    outcome: true,
    reason: true,
    pass: true,
  },
  scenarios: scenarioOrder,
  scenarioChanges: true,
  diff: { fromUsd: true, toUsd: true, effects: effectOrder, other: otherOrder },
}
