import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Served } from '../../src/domain/served.ts'
import { openMetrics } from '../../src/serve/metrics.ts'
import { writeMetrics } from '../../src/serve/write-metrics.ts'
import { gatewayState } from '../support/live-stats.ts'
import { parsePrometheusText, type Sample } from '../support/prometheus-text.ts'
import {
  attempt,
  auditedHit,
  auditedRoute,
  hit,
  missed,
  nano,
  seededTraffic,
  servedOf,
  usageOf,
} from '../support/served.ts'

const hostileName = '<img src=x onerror=alert(1)>"\\\n# HELP fake 1\nfake 1'

function fold(list: readonly Served[], state = gatewayState()) {
  const metrics = openMetrics(() => state)
  for (const served of list) metrics.add(served)
  return { metrics, families: parsePrometheusText(metrics.text()) }
}

const traffic = (count: number) => {
  const next = seededTraffic('metrics')
  return Array.from({ length: count }, (_, index) => next(index, index))
}

/** The sum of a family's samples with these labels. */
function total(
  families: ReturnType<typeof fold>['families'],
  sampleName: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const family =
    families.get(sampleName.replace(/_(?:bucket|sum|count)$/, '')) ?? families.get(sampleName)
  const matches = (sample: Sample) =>
    sample.name === sampleName &&
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
  return (family?.samples ?? []).filter(matches).reduce((sum, { value }) => sum + value, 0)
}

describe('/metrics', () => {
  const requests = traffic(2000)
  const breakers = [
    { target: 'openai:gpt-4o', state: 'open', failures: 5, nextTryAt: null },
    { target: hostileName, state: 'half-open', failures: 5, nextTryAt: null },
  ] as const
  const health = {
    status: 'degraded',
    problems: ['the disk is full'],
    ledger: 'spooling',
    inFlight: 7,
    openIntents: 2,
    missedHits: { scanned: 500, missed: 3 },
  } as const
  const { families } = fold(requests, gatewayState({ breakers, health }))
  const attempts = requests.flatMap(({ receipt }) =>
    receipt.steps.flatMap((step) => (step.kind === 'attempt' ? [step] : [])),
  )

  test('has the metrics of the GenAI conventions under the names and bounds that dashboards expect', () => {
    const bounds = (name: string) => {
      const { samples = [] } = families.get(name) ?? {}
      return [...new Set(samples.flatMap(({ labels: { le } }) => (le === undefined ? [] : [le])))]
    }
    expect(families.get('gen_ai_client_token_usage')?.type).toBe('histogram')
    expect(bounds('gen_ai_client_token_usage')).toEqual(
      ['1', '4', '16', '64', '256', '1024', '4096', '16384', '65536', '262144', '1048576'].concat([
        '4194304',
        '16777216',
        '67108864',
        '+Inf',
      ]),
    )
    expect(bounds('gen_ai_client_operation_duration_seconds')).toEqual(
      ['0.01', '0.02', '0.04', '0.08', '0.16', '0.32', '0.64', '1.28', '2.56', '5.12'].concat([
        '10.24',
        '20.48',
        '40.96',
        '81.92',
        '+Inf',
      ]),
    )
    expect(bounds('gen_ai_server_time_to_first_token_seconds')).toContain('0.25')
    expect(families.has('gen_ai_server_request_duration_seconds')).toBe(true)
    const [sample] = families.get('gen_ai_client_token_usage')?.samples ?? []
    expect(Object.keys(sample?.labels ?? {}).filter((label) => label !== 'le')).toEqual([
      'gen_ai_operation_name',
      'gen_ai_provider_name',
      'gen_ai_request_model',
      'gen_ai_token_type',
    ])
  })

  test('counts what the requests say', () => {
    const ended = (outcome: string) =>
      requests.filter(({ receipt }) => receipt.outcome === outcome).length
    for (const outcome of ['hit', 'coalesced', 'answered', 'failed', 'blocked'])
      expect(total(families, 'llmcost_requests_total', { outcome })).toBe(ended(outcome))
    expect(total(families, 'llmcost_budget_rejections_total')).toBe(ended('blocked'))
    expect(total(families, 'llmcost_overhead_seconds_count')).toBe(requests.length)
    const cost = requests.reduce((sum, { receipt }) => sum + receipt.costNanoUsd, 0) / 1e9
    expect(total(families, 'llmcost_request_spend_usd_total')).toBeCloseTo(cost, 9)
    expect(total(families, 'llmcost_spend_usd_total')).toBeCloseTo(cost, 9)
    const saved =
      total(families, 'llmcost_baseline_usd_total') -
      requests
        .filter(
          ({ baselineNanoUsd, receipt }) =>
            baselineNanoUsd !== null && receipt.outcome !== 'blocked',
        )
        .reduce((sum, { receipt }) => sum + receipt.costNanoUsd / 1e9, 0)
    expect(total(families, 'llmcost_savings_usd')).toBeCloseTo(saved, 9)
    expect(families.get('llmcost_savings_usd')?.type).toBe('gauge')
    expect(total(families, 'llmcost_attempts_total')).toBe(attempts.length)
    expect(total(families, 'gen_ai_client_operation_duration_seconds_count')).toBe(attempts.length)
    const made = attempts.filter(({ outcome }) => outcome !== 'failed')
    const tokens = (type: string) =>
      total(families, 'gen_ai_client_token_usage_sum', { gen_ai_token_type: type })
    expect(tokens('input')).toBe(made.reduce((sum, { usage }) => sum + usage.inputTokens, 0))
    expect(tokens('output')).toBe(made.reduce((sum, { usage }) => sum + usage.outputTokens, 0))
    const hits = (layer: string) =>
      total(families, 'llmcost_cache_decisions_total', { layer, outcome: 'hit' })
    expect(hits('exact') + hits('semantic')).toBe(ended('hit'))
    expect(total(families, 'llmcost_escalations_total', { route: 'everything else' })).toBe(
      attempts.filter(({ outcome }) => outcome === 'rejected').length,
    )
  })

  test('says how the gateway is', () => {
    expect(total(families, 'llmcost_in_flight_requests')).toBe(7)
    expect(total(families, 'llmcost_open_intents')).toBe(2)
    expect(total(families, 'llmcost_healthy')).toBe(0)
    expect(total(families, 'llmcost_ledger_healthy')).toBe(0)
    expect(total(families, 'llmcost_missed_hits')).toBe(3)
    expect(total(families, 'llmcost_breaker_state', { provider: 'openai', model: 'gpt-4o' })).toBe(
      2,
    )
    expect(total(families, 'llmcost_breaker_state', { model: hostileName })).toBe(1)
  })

  test('counts what shadow and audits found, and nothing of what nobody could tell', () => {
    const { metrics } = fold([], gatewayState())
    for (const verdict of ['right', 'right', 'wrong', 'unsettled'] as const)
      metrics.addAudit({ ...auditedHit(verdict), of: 'req_1' })
    for (const difference of [1, 0, -1, null] as const)
      metrics.addAudit({ ...auditedRoute(difference), of: 'req_2' })
    for (const verdict of ['wrong', null] as const)
      metrics.add(
        servedOf({ request: { shadow: [{ ...auditedHit('right'), verdict, ageMs: 5 }] } }),
      )
    const all = parsePrometheusText(metrics.text())
    const of = (name: string, labels: Record<string, string>) => total(all, name, labels)
    expect(of('llmcost_audited_hits_total', { outcome: 'agrees' })).toBe(2)
    expect(of('llmcost_audited_hits_total', { outcome: 'differs' })).toBe(1)
    for (const outcome of ['better', 'same', 'worse', 'unsettled'])
      expect(of('llmcost_route_audits_total', { outcome })).toBe(1)
    const layer = 'semantic'
    expect(of('llmcost_shadow_hits_total', { layer, outcome: 'wrong' })).toBe(1)
    expect(of('llmcost_shadow_hits_total', { layer, outcome: 'open' })).toBe(1)
  })

  test('every metric is described in docs/observe.md, and no other', () => {
    const docs = readFileSync(new URL('../../docs/observe.md', import.meta.url), 'utf8')
    const described = [...docs.matchAll(/^\| `((?:gen_ai|llmcost)_\w+)` +\| (\w+)/gm)]
    const { metrics } = fold(requests, gatewayState({ breakers, health }))
    metrics.addCost('audit', nano(0.001))
    metrics.addTurnedAway({ reason: 'rate-limit', statusCode: 429, endpoint: '/', message: '' })
    metrics.addAudit({ ...auditedHit('right'), of: 'req_1' })
    metrics.addAudit({ ...auditedRoute(-1), of: 'req_2' })
    metrics.add(servedOf({ request: { shadow: [{ ...auditedHit('wrong'), ageMs: 5 }] } }))
    const all = parsePrometheusText(metrics.text())
    expect(Object.fromEntries(described.map(([, name, type]) => [name, type]))).toEqual(
      Object.fromEntries([...all.values()].map(({ name, type }) => [name, type])),
    )
  })

  test('every label is of the short list', () => {
    const allowed = new Set(
      ['provider', 'model', 'route', 'layer', 'outcome', 'purpose', 'le', 'error_type'].concat(
        ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'],
        'gen_ai_token_type',
      ),
    )
    for (const { name, samples } of families.values()) {
      expect(name).toMatch(/^(?:gen_ai_(?:client|server)|llmcost)_/)
      for (const { labels } of samples)
        for (const label of Object.keys(labels)) expect(allowed).toContain(label)
    }
  })
})

test('a counter is there before anything was counted', () => {
  const { families } = fold([])
  expect(total(families, 'llmcost_budget_rejections_total')).toBe(0)
  expect(families.get('llmcost_budget_rejections_total')?.samples).toHaveLength(1)
})

test('audits, judges and embeddings have a line of their own', () => {
  const { metrics } = fold([])
  metrics.addCost('audit', nano(0.25))
  const families = parsePrometheusText(metrics.text())
  expect(total(families, 'llmcost_side_spend_usd_total', { purpose: 'audit' })).toBe(0.25)
})

test('whatever a model is called, a line stays a line', () => {
  const steps = [attempt({ target: hostileName })]
  const { families } = fold([servedOf({ request: { model: hostileName }, receipt: { steps } })])
  expect(families.has('fake')).toBe(false)
  expect(total(families, 'llmcost_attempts_total', { model: hostileName })).toBe(1)
})

test('models beyond the fiftieth share a series, and made-up ones open none', () => {
  const made = (target: string, outcome: 'accepted' | 'failed') =>
    servedOf({
      request: { requestedModel: target },
      receipt: {
        outcome: outcome === 'accepted' ? 'answered' : 'failed',
        steps: [attempt({ target, outcome, reason: 'not-found' })],
      },
    })
  const invented = Array.from({ length: 300 }, (_, index) => made(`made-up-${index}`, 'failed'))
  const real = Array.from({ length: 60 }, (_, index) => made(`openai:gpt-${index}`, 'accepted'))
  const { families } = fold([...invented, ...real])
  const { samples = [] } = families.get('llmcost_attempts_total') ?? {}
  const models = new Set(samples.map(({ labels }) => labels['model']))
  expect(models.size).toBe(51)
  expect(total(families, 'llmcost_attempts_total', { model: 'other', outcome: 'failed' })).toBe(300)
  expect(total(families, 'llmcost_attempts_total', { model: 'other', outcome: 'accepted' })).toBe(
    10,
  )
})

test('why a call failed is one of few words', () => {
  const failed = (reason: string) =>
    servedOf({ receipt: { outcome: 'failed', steps: [attempt({ outcome: 'failed', reason })] } })
  const { families } = fold([failed('rate-limit'), failed('you said: my password is hunter2')])
  const { samples = [] } = families.get('gen_ai_client_operation_duration_seconds') ?? {}
  expect([...new Set(samples.map(({ labels }) => labels['error_type']))].sort()).toEqual([
    '_OTHER',
    'rate-limit',
  ])
})

test('time per output token is what came after the first', () => {
  const request = { streamed: true, firstTokenMs: 200, usage: usageOf(100, 61) } as const
  const { families } = fold([servedOf({ request })])
  // 800 ms less 200 ms over 60 tokens.
  expect(total(families, 'gen_ai_server_time_per_output_token_seconds_sum')).toBeCloseTo(0.01, 12)
  const cached = { outcome: 'hit', steps: [missed('exact'), hit('exact')] } as const
  const { families: without } = fold([servedOf({ request, receipt: cached })])
  expect(without.has('gen_ai_server_time_per_output_token_seconds')).toBe(false)
})

test('nothing to say is an empty text; infinities and tiny numbers are written as the format has them', () => {
  expect(writeMetrics([])).toBe('')
  const series = [
    { values: ['a'], value: Number.POSITIVE_INFINITY },
    { values: ['b'], value: 1e-9 },
  ]
  const text = writeMetrics([
    { name: 'x', help: 'one\\two\nthree', labels: ['of'], type: 'gauge', series },
  ])
  const [, family] = [...parsePrometheusText(text)][0] ?? []
  expect(family?.help).toBe('one\\two\nthree')
  expect(family?.samples.map(({ value }) => value)).toEqual([Number.POSITIVE_INFINITY, 1e-9])
})
