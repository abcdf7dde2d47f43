import type {
  AnalyzeResult,
  CostByClassUsd,
  Group,
  Opportunity,
  PerRequest,
} from '../../src/analyze/result.ts'

/** Weekends at half, a slow climb, and one day on which retries ran away. Cents are kept whole. */
export const daily = Array.from({ length: 31 }, (_, index) => {
  const isWeekend = index % 7 === 2 || index % 7 === 3
  const cents =
    index === 17 ? 120_431 : Math.round((isWeekend ? 22_560 : 48_020) * (1 + index / 150))
  return {
    day: `2026-10-${String(index + 1).padStart(2, '0')}`,
    requests: index === 17 ? 24_810 : isWeekend ? 7_055 : 14_606 + index * 31,
    errors: index === 17 ? 6_120 : 41 + (index % 5),
    costUsd: cents / 100,
  }
})

const spend = Math.round(daily.reduce((sum, { costUsd }) => sum + costUsd * 100, 0)) / 100

const costByClass: CostByClassUsd = {
  input: Math.round(spend * 31) / 100,
  cacheRead: Math.round(spend * 3) / 100,
  cacheWrite: Math.round(spend * 5.4) / 100,
  output: Math.round(spend * 58) / 100,
  tools: Math.round(spend * 2.3) / 100,
  other: 4.12,
}

export const totals: AnalyzeResult['totals'] = {
  requests: 412_906,
  attempts: 431_377,
  errors: 7_408,
  inputTokens: 2_104_331_092,
  cacheReadTokens: 301_220_440,
  cacheWrite5mTokens: 41_200_118,
  cacheWrite1hTokens: 0,
  outputTokens: 611_904_228,
  reasoningTokens: 120_331_002,
  costUsd: spend,
  costByClass,
  loggedCostUsd: 3_402.118,
  computedCostOfLoggedUsd: 3_377.204118,
  loggedRequests: 111_464,
  comparedRequests: 111_464,
  comparedLoggedCostUsd: 3_402.118,
  unpricedRequests: 1_652,
  unpricedShare: 0.0040009,
  estimatedRequests: 8_671,
  estimatedShare: 0.021,
  servedFromCacheRequests: 2_044,
  undatedRequests: 28,
  unpricedModels: [
    {
      model: 'acme-7b-instruct',
      requests: 1_652,
      snippet: 'models:\n  acme-7b-instruct: { input: 0.10, output: 0.40 }',
    },
  ],
}

export const emptyTotals: AnalyzeResult['totals'] = {
  requests: 0,
  attempts: 0,
  errors: 0,
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costUsd: 0,
  costByClass: { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, tools: 0, other: 0 },
  loggedCostUsd: null,
  computedCostOfLoggedUsd: null,
  loggedRequests: 0,
  comparedRequests: 0,
  comparedLoggedCostUsd: null,
  unpricedRequests: 0,
  unpricedShare: 0,
  estimatedRequests: 0,
  estimatedShare: 0,
  servedFromCacheRequests: 0,
  undatedRequests: 0,
  unpricedModels: [],
}

const group = (
  by: Group['by'],
  share: number,
  requests: number,
  perRequest: PerRequest,
  latency: readonly [number | null, number | null],
): Group => ({
  by,
  requests,
  costUsd: Math.round(spend * share * 100) / 100,
  costShare: share,
  costByClass: {
    input: Math.round(spend * share * 30) / 100,
    cacheRead: 0,
    cacheWrite: 0,
    output: Math.round(spend * share * 70) / 100,
    tools: 0,
    other: 0,
  },
  inputTokens: requests * 5_100,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: requests * 1_480,
  errors: Math.round(requests / 60),
  unpricedRequests: 0,
  perRequest,
  latencyMs: { p50: latency[0], p95: latency[1], p99: null },
  firstTokenMs: { p50: null, p95: null },
})

const perRequest = (meanUsd: number): PerRequest => ({
  meanUsd,
  p50Usd: Math.round((meanUsd / 3) * 1e9) / 1e9,
  p95Usd: Math.round(meanUsd * 4e9) / 1e9,
  p99Usd: Math.round(meanUsd * 17e9) / 1e9,
})

export const groups: readonly Group[] = [
  group(
    { feature: 'support-copilot', model: 'gpt-4o' },
    0.412,
    120_332,
    perRequest(0.0507),
    [1_310, 5_900],
  ),
  group(
    { feature: 'agent-runs', model: 'claude-sonnet-4-5' },
    0.228,
    31_204,
    perRequest(0.1083),
    [4_020, 22_400],
  ),
  group(
    { feature: 'summaries', model: 'gpt-4o' },
    0.141,
    28_770,
    perRequest(0.0726),
    [2_210, 7_100],
  ),
  group(
    { feature: 'support-copilot', model: 'gpt-4o-mini' },
    0.083,
    171_090,
    perRequest(0.0072),
    [610, 1_700],
  ),
  group({ feature: '検索アシスタント', model: 'gpt-4.1' }, 0.061, 22_400, perRequest(0.0403), [
    null,
    null,
  ]),
  group({ feature: null, model: 'gpt-4o' }, 0.039, 9_112, perRequest(0.0634), [1_280, 4_400]),
]

const opportunity = (
  kind: Opportunity['kind'],
  savingUsdPerMonth: number,
  text: Pick<Opportunity, 'title' | 'evidence' | 'caveat' | 'command'>,
): Opportunity => ({
  kind,
  ...text,
  savingUsdPerMonth,
  savingUsd: Math.round(savingUsdPerMonth * 102) / 100,
  share: Math.round((savingUsdPerMonth / spend) * 1e6) / 1e6,
  requests: Math.round(savingUsdPerMonth * 13),
  examples: [`req_${kind.slice(0, 5)}_01`, `req_${kind.slice(0, 5)}_02`],
})

export const opportunities: readonly Opportunity[] = [
  opportunity('expensive-model-on-simple', 3_118.4, {
    title: '98,204 of 160,220 gpt-4o requests look simple and cost 16 times gpt-4o-mini',
    evidence: 'short questions without code, tools or images, by the built-in signals preset',
    caveat: 'no quality was measured; replay a sample before routing',
    command: 'llmcost simulate logs/*.jsonl --preset signals',
  }),
  opportunity('unused-prompt-caching', 1_902.77, {
    title: '71% of agent-runs input repeats a prefix of 6,200 tokens without prompt caching',
    evidence: '24,010 requests within 5 minutes of the same prefix, claude-sonnet-4-5',
    caveat: 'the first request of each prefix pays 1.25 times for the write',
    command: 'llmcost simulate logs/agents.jsonl --layer prefix',
  }),
  opportunity('exact-repeats', 641.2, {
    title: '41,204 of 412,906 requests repeat an earlier one exactly',
    evidence: 'same model, messages and parameters within 24 hours',
    caveat: '9,120 of them have temperature above 0: users may expect variety',
    command: 'llmcost simulate logs/*.jsonl --layer exact',
  }),
  opportunity('batch-eligible', 604.9, {
    title: '22,804 summaries requests ran between 01:00 and 04:00 and nobody waited for them',
    evidence: 'feature summaries, regular bursts of 700 or more within a minute',
    caveat: 'a batch may take 24 hours',
    command: 'llmcost simulate logs/*.jsonl --layer batch',
  }),
  opportunity('failed-attempts', 212.04, {
    title: '18,471 attempts failed or were retried, 6,120 of them on 2026-10-18',
    evidence: 'status 429, 500 and 529; input tokens billed on 3,911 of them',
    caveat: 'a breaker with a fallback would have avoided most, not all',
    command: 'llmcost explain req_faile_01',
  }),
]
