import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ForecastScore } from '../../src/domain/forecast.ts'
import type { Served } from '../../src/domain/served.ts'
import type { WindowName } from '../../src/serve/gateway-figures.ts'
import { openLiveStats } from '../../src/serve/live-stats.ts'
import { leastToActOn } from '../../src/serve/watched-metrics.ts'
import { quantiles } from '../../src/stats/quantile.ts'
import { gatewayState, policyFacts } from '../support/live-stats.ts'
import {
  attempt,
  auditedHit,
  auditedRoute,
  hit,
  missed,
  nano,
  seededTraffic,
  servedOf,
} from '../support/served.ts'

const start = Date.UTC(2026, 9, 31, 9, 30)
const [secondMs, minuteMs, hourMs] = [1000, 60_000, 3_600_000]

function open(parts: Parameters<typeof policyFacts>[0] = {}) {
  let now = start
  const stats = openLiveStats({ policy: policyFacts(parts), now: () => now, state: gatewayState })
  return {
    ...stats,
    add: (served: Served) => stats.add(served),
    addCost: stats.addCost.bind(stats),
    addAudit: stats.addAudit.bind(stats),
    followPolicy: stats.followPolicy.bind(stats),
    snapshot: () => stats.snapshot(),
    goTo(at: number) {
      now = at
    },
  }
}

/** Served so many milliseconds apart, with the moments at which it was. */
function serve(stats: ReturnType<typeof open>, count: number, everyMs: number, seed = 'live') {
  const next = seededTraffic(seed)
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * everyMs
    const served = next(index, at)
    stats.goTo(at)
    stats.add(served)
    return { at, served }
  })
}

/** The figures once more, from the list of requests and by other means. */
function countAgain(all: readonly Served[]) {
  const steps = (served: Served) => served.receipt.steps
  const asked = (layer: string) =>
    all.filter((served) =>
      steps(served).some(
        (step) => (step.kind === 'hit' || step.kind === 'miss') && step.layer === layer,
      ),
    )
  const hits = (layer: string) =>
    all.filter((served) =>
      steps(served).some((step) => step.kind === 'hit' && step.layer === layer),
    )
  const attempts = (served: Served) =>
    steps(served).flatMap((step) => (step.kind === 'attempt' ? [step] : []))
  const answered = all.filter(({ receipt }) => receipt.outcome === 'answered')
  const judged = all.filter((served) => steps(served).some(({ kind }) => kind === 'validate'))
  const escalated = all.filter((served) =>
    attempts(served).some(
      ({ outcome }, index, list) => outcome === 'rejected' && index + 1 < list.length,
    ),
  )
  const letThrough = all.filter(({ receipt }) => receipt.outcome !== 'blocked')
  const known = letThrough.filter(({ baselineNanoUsd }) => baselineNanoUsd !== null)
  const failed = all.filter(({ receipt }) => receipt.outcome === 'failed')
  const cost = (list: readonly Served[]) =>
    list.reduce((sum, { receipt }) => sum + receipt.costNanoUsd, 0)
  // Whoever got no answer would have paid nothing either way here: failures cost nothing in this traffic.
  const baseline = known
    .filter(({ receipt }) => receipt.outcome !== 'failed')
    .reduce((sum, { baselineNanoUsd }) => sum + (baselineNanoUsd ?? 0), 0)
  return {
    requests: all.length,
    costUsd: cost(all) / 1e9,
    cacheable: new Set([...asked('exact'), ...asked('semantic')]).size,
    exact: { lookUps: asked('exact').length, hits: hits('exact').length },
    semantic: { lookUps: asked('semantic').length, hits: hits('semantic').length },
    topTier: answered.filter((served) => attempts(served).at(-1)?.target === 'openai:gpt-4o')
      .length,
    answered: answered.length,
    judged: judged.length,
    escalated: escalated.length,
    refused: all.length - letThrough.length,
    failed: failed.length,
    known: known.length,
    letThrough: letThrough.length,
    savedUsd: (baseline - cost(known)) / 1e9,
  }
}

describe('the figures of a window', () => {
  const stats = open()
  // Two days and a bit, so that the rings have come round.
  const everything = serve(stats, 20_000, 9 * secondMs)
  const last = everything.at(-1)?.at ?? 0
  const snapshot = stats.snapshot()
  const within = (window: WindowName) =>
    everything
      .filter(({ at }) => at >= Date.parse(snapshot.windows[window].from))
      .map(({ served }) => served)

  test('the windows are an hour, a day and everything, and begin where they say', () => {
    expect(last - start).toBeGreaterThan(49 * hourMs)
    const length = (window: WindowName) => last - Date.parse(snapshot.windows[window].from)
    expect(length('hour')).toBeGreaterThan(59 * minuteMs)
    expect(length('hour')).toBeLessThanOrEqual(60 * minuteMs)
    expect(length('day')).toBeGreaterThan(24 * hourMs - 10 * minuteMs)
    expect(length('day')).toBeLessThanOrEqual(24 * hourMs)
    expect(snapshot.windows.start.from).toBe(new Date(start).toISOString())
  })

  test.each(['hour', 'day', 'start'] as const)('%s: counts are those of the requests', (window) => {
    const { cache, routing, refusals, errors, savings, ...figures } = snapshot.windows[window]
    const again = countAgain(within(window))
    expect(figures.requests).toBe(again.requests)
    expect(figures.costUsd).toBeCloseTo(again.costUsd, 9)
    expect(figures.costUsdPer1k).toBeCloseTo((1000 * again.costUsd) / again.requests, 8)
    const [exact, semantic] = cache.layers
    expect(cache.cacheable).toBe(again.cacheable)
    expect(cache.hits).toBe(again.exact.hits + again.semantic.hits)
    expect(cache.hitRate).toBeCloseTo(cache.hits / again.cacheable, 12)
    expect(exact).toMatchObject(again.exact)
    expect(semantic).toMatchObject(again.semantic)
    expect(routing.answered).toBe(again.answered)
    expect(routing.topTierShare).toBeCloseTo(again.topTier / again.answered, 12)
    expect(routing.escalationRate).toBeCloseTo(again.escalated / again.judged, 12)
    expect(refusals.budgetRejectionRate).toBeCloseTo(again.refused / again.requests, 12)
    expect(errors.errorRate).toBeCloseTo(again.failed / again.requests, 12)
    expect(savings).toMatchObject({ known: again.known, of: again.letThrough })
    expect(savings.savedUsd).toBeCloseTo(again.savedUsd, 8)
  })

  test.each(['hour', 'day', 'start'] as const)('%s: quantiles are within 2.2 %', (window) => {
    const latencies = within(window)
      .filter(({ receipt }) => ['hit', 'coalesced', 'answered'].includes(receipt.outcome))
      .map(({ receipt }) => receipt.latencyMs)
    const [p50 = 0, p95 = 0, p99 = 0] = quantiles(Float64Array.from(latencies), [0.5, 0.95, 0.99])
    const { latencyMs } = snapshot.windows[window]
    expect(latencyMs.count).toBe(latencies.length)
    for (const [found, exact] of [
      [latencyMs.p50, p50],
      [latencyMs.p95, p95],
      [latencyMs.p99, p99],
    ] as const)
      expect(Math.abs((found ?? 0) / exact - 1)).toBeLessThan(0.0225)
  })

  test.each(['hour', 'day', 'start'] as const)('%s: every mix adds up to the whole', (window) => {
    const { routes, segments, models, requests, routing, overheadMs, cache, ...figures } =
      snapshot.windows[window]
    const asked = within(window).filter(({ receipt }) =>
      receipt.steps.some(({ kind }) => kind === 'attempt'),
    )
    for (const [mix, whole] of [
      [routes, asked.length],
      [segments, requests],
    ] as const) {
      expect(mix.reduce((sum, line) => sum + line.requests, 0)).toBe(whole)
      expect(mix.reduce((sum, line) => sum + line.share, 0)).toBeCloseTo(1, 9)
      expect(mix.reduce((sum, line) => sum + line.costUsd, 0)).toBeCloseTo(figures.costUsd, 8)
    }
    expect(models.reduce((sum, line) => sum + line.costUsd, 0)).toBeCloseTo(figures.costUsd, 8)
    expect(routing.tiers.reduce((sum, tier) => sum + tier.requests, 0)).toBe(routing.answered)
    expect(overheadMs.histogram.reduce((sum, bar) => sum + bar.requests, 0)).toBe(requests)
    const layerShares = cache.layers.reduce((sum, layer) => sum + (layer.shareOfCacheable ?? 0), 0)
    expect(layerShares).toBeCloseTo(cache.hitRate ?? Number.NaN, 12)
  })

  test('the minutes of the last day add up to the requests since then', () => {
    const { series } = snapshot
    const from = Date.parse(series.from)
    expect(series.requests).toHaveLength(1440)
    const since = everything.filter(({ at }) => at >= from).map(({ served }) => served)
    expect(series.requests.reduce((sum, each) => sum + each, 0)).toBe(since.length)
    const again = countAgain(since)
    const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0)
    expect(sum(series.costUsd)).toBeCloseTo(again.costUsd, 8)
    expect(sum(series.savedUsd)).toBeCloseTo(again.savedUsd, 8)
    expect(sum(series.hits)).toBe(again.exact.hits + again.semantic.hits)
    expect(sum(series.refused)).toBe(again.refused)
  })

  test('today is a day of the calendar', () => {
    const { today } = snapshot
    const since = Date.parse(today.since)
    expect(today.day).toBe('2026-11-02')
    expect(since).toBe(Date.UTC(2026, 10, 2))
    const cost = everything
      .filter(({ at }) => at >= since)
      .reduce((sum, { served }) => sum + served.receipt.costNanoUsd, 0)
    expect(today.costUsd).toBeCloseTo(cost / 1e9, 8)
  })

  test('the last hundred receipts are kept, newest first', () => {
    expect(snapshot.recent.map(({ id }) => id)).toEqual(
      everything
        .slice(-100)
        .reverse()
        .map(({ served }) => served.receipt.id),
    )
  })
})

test('what happened before the window is no longer in it, and stays in the whole', () => {
  const stats = open()
  serve(stats, 50, secondMs)
  stats.goTo(start + 61 * minuteMs)
  const { windows } = stats.snapshot()
  expect([windows.hour.requests, windows.day.requests, windows.start.requests]).toEqual([0, 50, 50])
  expect(windows.hour.costUsdPer1k).toBeNull()
  expect(windows.hour.cache.hitRate).toBeNull()
  expect(windows.hour.latencyMs).toEqual({ count: 0, p50: null, p95: null, p99: null })
  stats.goTo(start + 25 * hourMs)
  expect(stats.snapshot().windows.day.requests).toBe(0)
})

test('a clock that is set back loses nothing', () => {
  const stats = open()
  stats.goTo(start + 5 * minuteMs)
  stats.add(servedOf())
  stats.goTo(start - 2 * hourMs)
  stats.add(servedOf())
  expect(stats.snapshot().windows.hour.requests).toBe(2)
})

test('a restart knows what the day cost before, where the ledger does', () => {
  const options = { policy: policyFacts(), now: () => start, state: gatewayState }
  const unknown = openLiveStats(options).snapshot().today
  expect(unknown).toMatchObject({ costUsd: 0, since: new Date(start).toISOString() })
  const stats = openLiveStats(options)
  stats.spentEarlier(nano(12.5))
  const known = stats.snapshot().today
  expect(known).toMatchObject({ costUsd: 12.5, since: '2026-10-31T00:00:00.000Z' })
})

describe('savings', () => {
  const one = (served: Served) => {
    const stats = open()
    stats.add(served)
    return stats.snapshot().windows.start.savings
  }

  test('a hit saves what the answer would have cost, under its layer', () => {
    const steps = [missed('exact'), hit('semantic', 0.95)]
    const receipt = { outcome: 'hit', steps, costNanoUsd: nano(0) } as const
    const saved = one(servedOf({ receipt, served: { baselineNanoUsd: nano(0.02) } }))
    expect(saved).toMatchObject({ savedUsd: 0.02, share: 1, known: 1, of: 1 })
    expect(saved.parts.filter(({ savedUsd }) => savedUsd !== 0)).toEqual([
      { part: 'semantic', savedUsd: 0.02 },
    ])
  })

  test('a pass-through saves nothing, and an escalation costs', () => {
    expect(one(servedOf())).toMatchObject({ savedUsd: 0, share: 0 })
    const dearer = servedOf({ receipt: { costNanoUsd: nano(0.004) } })
    expect(one(dearer).savedUsd).toBeCloseTo(-0.001, 9)
  })

  test('audits, judges and embeddings are taken off, and are spend', () => {
    const stats = open()
    const receipt = { outcome: 'hit', steps: [hit('exact')], costNanoUsd: nano(0) } as const
    stats.add(servedOf({ receipt, served: { baselineNanoUsd: nano(0.02) } }))
    stats.addCost('audit', nano(0.004))
    stats.addCost('embedding', nano(0.001))
    const { windows, today, series } = stats.snapshot()
    expect(windows.start.savings).toMatchObject({ savedUsd: 0.015, share: 0.75, besideUsd: 0.005 })
    expect(windows.start.costUsd).toBe(0.005)
    expect(today.costUsd).toBe(0.005)
    expect(series.costUsd).toEqual([0.005])
  })

  test('parts and what stands beside them add up, whatever happened', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 60 }), (seed, count) => {
        const stats = open()
        serve(stats, count, secondMs, seed)
        stats.addCost('judge', nano(0.001))
        const { parts, besideUsd, savedUsd, known } = stats.snapshot().windows.start.savings
        const sum = parts.reduce((total, part) => total + part.savedUsd, -besideUsd)
        if (known > 0) expect(sum).toBeCloseTo(savedUsd ?? Number.NaN, 9)
        else expect(savedUsd).toBeNull()
      }),
      { numRuns: 50 },
    )
  })

  test('without a baseline, or with a call of unknown price, a saving is unknown and counted so', () => {
    const noBaseline = one(servedOf({ served: { baselineNanoUsd: null } }))
    expect(noBaseline).toMatchObject({ savedUsd: null, share: null, unknownShare: 1 })
    const steps = [attempt({ costNanoUsd: null })]
    expect(one(servedOf({ receipt: { steps, costNanoUsd: nano(0) } }))).toMatchObject({
      savedUsd: null,
      known: 0,
      of: 1,
    })
  })

  test('who gets no answer saves nothing, and pays what it cost', () => {
    const nothing = { request: { status: 'error' }, receipt: { outcome: 'failed' } } as const
    const free = one(
      servedOf({ ...nothing, receipt: { ...nothing.receipt, costNanoUsd: nano(0) } }),
    )
    expect(free.savedUsd).toBe(0)
    const twice = servedOf({
      ...nothing,
      receipt: { ...nothing.receipt, costNanoUsd: nano(0.006) },
    })
    expect(one(twice).savedUsd).toBeCloseTo(-0.003, 9)
  })

  test('a refusal is no saving', () => {
    const steps = [{ kind: 'budget', budget: 'day', action: 'block' }] as const
    const blocked = servedOf({ receipt: { outcome: 'blocked', steps, costNanoUsd: nano(0) } })
    expect(one(blocked)).toMatchObject({ savedUsd: null, known: 0, of: 0 })
  })
})

describe('rates', () => {
  test('prompt-cache reads are no hits', () => {
    const stats = open()
    const usage = { ...attempt().usage, inputTokens: 100, cacheReadTokens: 900 }
    stats.add(servedOf({ receipt: { steps: [missed('exact'), attempt({ usage })] } }))
    const { cache, prefix } = stats.snapshot().windows.start
    expect(cache).toMatchObject({ cacheable: 1, hits: 0, hitRate: 0 })
    expect(prefix).toMatchObject({ inputTokens: 1000, readTokens: 900, readShare: 0.9 })
  })

  test('a request that no layer was asked for is not in the denominator', () => {
    const stats = open()
    const bypass = { kind: 'bypass', reason: 'tool-call' } as const
    const steps = [
      { ...bypass, layer: 'exact' },
      { ...bypass, layer: 'semantic' },
      attempt(),
    ] as const
    stats.add(servedOf({ receipt: { steps } }))
    const { cache, bypasses } = stats.snapshot().windows.start
    expect(cache).toMatchObject({ cacheable: 0, hitRate: null })
    expect(bypasses).toContainEqual({ reason: 'exact: tool-call', requests: 1 })
  })

  test('the same target again is a retry, another one after a failure a fallback, after a rejection an escalation', () => {
    const stats = open()
    const broken = attempt({ outcome: 'failed', reason: '503' })
    const steps = [
      broken,
      broken,
      attempt({ target: 'anthropic:claude-sonnet-5', outcome: 'rejected', reason: 'hedge' }),
      attempt({ target: 'openai:gpt-4o' }),
    ]
    stats.add(servedOf({ receipt: { steps } }))
    expect(stats.snapshot().windows.start.routing).toMatchObject({
      retries: 1,
      fallbacks: 1,
      validated: 1,
      escalated: 1,
    })
  })

  test('a caller who left is no error', () => {
    const stats = open()
    const receipt = { outcome: 'failed' } as const
    stats.add(servedOf({ request: { status: 'cancelled' }, receipt, served: { statusCode: 499 } }))
    expect(stats.snapshot().windows.start.errors).toMatchObject({ failed: 0, cancelled: 1 })
  })

  test('a cache that has nothing for whoever wants no other answer is no error', () => {
    const stats = open()
    const receipt = { outcome: 'failed', steps: [missed('exact')] } as const
    const served = { statusCode: 504, isNotCached: true } as const
    stats.add(servedOf({ request: { status: 'error' }, receipt, served }))
    const { errors, segments } = stats.snapshot().windows.start
    expect(errors).toMatchObject({ failed: 0, errorRate: 0, statusCodes: { '5xx': 1 } })
    expect(segments).toMatchObject([{ failed: 0 }])
  })

  test('an audit that ends later is counted, and stands beside its request', () => {
    const stats = open()
    for (const id of ['req_1', 'req_2', 'req_3', 'req_4'])
      stats.add(servedOf({ receipt: { id, outcome: 'hit', steps: [hit('semantic', 0.95)] } }))
    stats.addAudit({ ...auditedHit('right'), of: 'req_1' })
    stats.addAudit({ ...auditedHit('wrong'), of: 'req_3' })
    // Nobody could tell, or it was of no cached answer: neither agrees nor differs.
    stats.addAudit({ ...auditedHit('unsettled'), of: 'req_4' })
    stats.addAudit({ ...auditedRoute(-1), of: 'req_2' })
    const { windows, recent } = stats.snapshot()
    expect(windows.start.audit).toMatchObject({ audited: 2, agreeing: 1, auditedShare: 0.5 })
    expect(recent.map(({ id, auditAgrees }) => [id, auditAgrees])).toEqual([
      ['req_4', null],
      ['req_3', false],
      ['req_2', null],
      ['req_1', true],
    ])
  })

  test('audited hits have an interval, beside the share that was audited', () => {
    const stats = open()
    const receipt = { outcome: 'hit', steps: [missed('exact'), hit('semantic', 0.95)] } as const
    for (const verdict of ['right', 'right', 'right', 'wrong', null, null, null, null] as const) {
      stats.add(servedOf({ receipt }))
      if (verdict !== null) stats.addAudit({ ...auditedHit(verdict), of: 'req_1' })
    }
    const { audit } = stats.snapshot().windows.start
    expect(audit).toMatchObject({ audited: 4, agreeing: 3, agreeRate: 0.75, auditedShare: 0.5 })
    // Wilson's interval for 3 of 4 by hand: (0.75 + 1.9207/4 ± 1.96·√(0.1875/4 + 3.8415/64)) / 1.9604.
    expect(audit.interval?.low).toBeCloseTo(0.3006, 3)
    expect(audit.interval?.high).toBeCloseTo(0.9544, 3)
  })
})

describe('metrics with an action threshold', () => {
  test('are crossed beyond their limit, on their side, and only with enough requests', () => {
    const stats = open()
    const miss = servedOf()
    for (let index = 1; index < leastToActOn; index++) stats.add(miss)
    const watched = () =>
      Object.fromEntries(
        stats.snapshot().windows.start.watched.map((each) => [each.metric, each] as const),
      )
    expect(watched()['hitRate']).toMatchObject({ value: 0, limit: 0.25, isCrossed: null })
    stats.add(miss)
    expect(watched()['hitRate']).toMatchObject({ value: 0, of: leastToActOn, isCrossed: true })
    expect(watched()['topTierShare']).toMatchObject({ value: 1, limit: 0.3, isCrossed: true })
    expect(watched()['budgetRejectionRate']).toMatchObject({ value: 0, isCrossed: false })
    expect(watched()['p95LatencyFactor']).toMatchObject({ limit: 2, isCrossed: false })
    expect(watched()['escalationRate']).toMatchObject({ value: null, of: 0, isCrossed: null })
  })

  test('come from the policy, which may be another one from now on', () => {
    const stats = open()
    for (let index = 0; index < 40; index++) stats.add(servedOf())
    stats.followPolicy(
      policyFacts({ alerts: [{ metric: 'errorRate', side: 'above', limit: 0.02 }] }),
    )
    expect(stats.snapshot().windows.hour.watched).toEqual([
      { metric: 'errorRate', value: 0, of: 40, side: 'above', limit: 0.02, isCrossed: false },
    ])
  })

  test('p95 over the baseline is unknown without one', () => {
    const stats = open({ baselineP95Ms: null })
    stats.add(servedOf())
    expect(stats.snapshot().windows.start.p95LatencyFactor).toBeNull()
  })
})

describe('a forecast', () => {
  const interval = { low: 2, high: 4, level: 0.95, method: 'bootstrap' }
  const forecast = {
    policy: '1f00c0ffee12ab34',
    generatedAt: '2026-10-30T00:00:00.000Z',
    requests: 1000,
    figures: [
      { metric: 'costUsdPer1k', route: null, value: 3.1, interval },
      {
        metric: 'hitRate',
        route: null,
        value: 0.5,
        interval: { ...interval, low: 0.45, high: 0.55 },
      },
      { metric: 'p95LatencyMs', route: null, value: 900, interval: null },
    ],
  } as const

  test('stands beside what came of it', () => {
    const stats = open({ forecast })
    stats.add(servedOf())
    const score = stats.snapshot().forecast
    expect(score?.scored.map(({ metric, actual, isInside }) => [metric, actual, isInside])).toEqual(
      [
        ['costUsdPer1k', 3, true],
        ['hitRate', 0, false],
        ['p95LatencyMs', expect.closeTo(800, -1.3), null],
      ],
    )
  })

  test('says nothing of what is inside before the first request', () => {
    const score = open({ forecast }).snapshot().forecast
    expect(score?.scored.every(({ isInside }) => isInside === null)).toBe(true)
  })

  test('is held to what came since its policy is in force, by routes too', () => {
    const stats = open()
    stats.add(servedOf())
    expect(stats.snapshot().forecast).toBeNull()
    const routeShare = { metric: 'routeShare', route: 'cheap', value: 0.5, interval: null } as const
    const figures = [...forecast.figures, routeShare]
    const policy = '2f00c0ffee12ab34'
    stats.followPolicy(policyFacts({ fingerprint: policy, forecast: { ...forecast, figures } }))
    const actuals = () =>
      stats.snapshot().forecast?.scored.map(({ actual, requests }) => [actual, requests])
    expect(actuals()).toEqual([
      [null, 0],
      [null, 0],
      [null, 0],
      [null, 0],
    ])
    stats.add(servedOf({ receipt: { costNanoUsd: nano(0.005) } }))
    expect(actuals()).toEqual([
      [5, 1],
      [0, 1],
      [expect.closeTo(800, -1.3), 1],
      [0, 1],
    ])
    expect(stats.snapshot().windows.start.requests).toBe(2)
  })

  test('is not among the earlier ones while it runs', () => {
    const runs: ForecastScore[] = []
    const stats = openLiveStats({
      policy: policyFacts({ forecast }),
      now: () => start,
      state: () => gatewayState({ scoredForecasts: runs }),
    })
    stats.add(servedOf())
    const score = stats.snapshot().forecast as ForecastScore
    runs.push(score, { ...score, from: '2026-10-01T00:00:00.000Z' })
    expect(stats.snapshot().earlierForecasts.map(({ from }) => from)).toEqual([
      '2026-10-01T00:00:00.000Z',
    ])
  })
})

describe('names that callers invent', () => {
  test('do not hide a target of the policy that has only ever failed', () => {
    const stats = open({ tiers: { small: null, medium: null, large: null } })
    const broken = { outcome: 'failed', reason: 'server', costNanoUsd: nano(0) } as const
    const steps = [
      attempt({ target: 'made-up', ...broken }),
      attempt({ target: 'anthropic:claude-haiku-4-5', ...broken }),
    ]
    stats.add(servedOf({ receipt: { outcome: 'failed', steps, costNanoUsd: nano(0) } }))
    const { models } = stats.snapshot().windows.start
    expect(models.map(({ name, failedCalls }) => [name, failedCalls])).toEqual([
      ['anthropic:claude-haiku-4-5', 1],
      [null, 1],
    ])
  })

  test('are held to a number and a length, and no model that never answered has a line', () => {
    const stats = open()
    for (let index = 0; index < 500; index++) {
      const target = `made-up-${index}`
      const steps = [attempt({ target, outcome: 'failed', reason: '404', costNanoUsd: nano(0) })]
      const receipt = { outcome: 'failed', steps, costNanoUsd: nano(0) } as const
      stats.add(servedOf({ request: { plan: `${index}${'x'.repeat(10_000)}` }, receipt }))
    }
    stats.add(servedOf())
    const { models, segments } = stats.snapshot().windows.start
    expect(models.map(({ name, calls }) => [name, calls])).toEqual([
      [null, 500],
      ['openai:gpt-4o', 1],
    ])
    expect(segments).toHaveLength(42)
    expect(Math.max(...segments.map(({ name }) => name?.length ?? 0))).toBe(120)
    expect(JSON.stringify(stats.snapshot()).length).toBeLessThan(200_000)
  })
})

test('recent receipts hold no text of a request, and nobody’s name', () => {
  const stats = open()
  const secret = 'my pension is 1,200'
  stats.add(
    servedOf({
      request: {
        user: 'ada@example.com',
        key: 'key-of-ada',
        prompt: { system: secret, messages: [{ role: 'user', content: secret }] },
        answer: { text: secret },
      },
      receipt: { steps: [attempt({ outcome: 'failed', reason: `bad-request: ${secret}` })] },
    }),
  )
  const text = JSON.stringify(stats.snapshot())
  expect(text).toContain('bad-request')
  for (const word of [secret, 'ada@example.com', 'key-of-ada']) expect(text).not.toContain(word)
})
