import { openLiveStats } from '../../src/serve/live-stats.ts'
import { randomFrom } from '../../src/stats/random.ts'
import { gatewayState, policyFacts } from './live-stats.ts'
import { nano, seededAudit, seededTraffic } from './served.ts'

const [minuteMs, hourMs] = [60_000, 3_600_000]

/** A gateway after a day of traffic that rises and falls, with a forecast, budgets, and a breaker that is open. */
export function seededGateway(end = Date.UTC(2026, 9, 31, 14, 30)) {
  let now = end - 26 * hourMs
  const next = seededTraffic('dashboard')
  const random = randomFrom('pace')
  const interval = (low: number, high: number) => ({ low, high, level: 0.95, method: 'bootstrap' })
  const stats = openLiveStats({
    policy: policyFacts({
      forecast: {
        policy: '1f00c0ffee12ab34',
        generatedAt: '2026-10-29T08:00:00.000Z',
        requests: 4200,
        figures: [
          { metric: 'costUsdPer1k', route: null, value: 1.44, interval: interval(1.31, 1.58) },
          { metric: 'hitRate', route: null, value: 0.44, interval: interval(0.42, 0.46) },
          { metric: 'savedShare', route: null, value: 0.8, interval: interval(0.77, 0.83) },
          { metric: 'p95LatencyMs', route: null, value: 1400, interval: null },
        ],
      },
    }),
    now: () => now,
    state: () =>
      gatewayState({
        breakers: [
          { target: 'openai:gpt-4o', state: 'closed', failures: 0, nextTryAt: null },
          {
            target: 'anthropic:claude-sonnet-5',
            state: 'open',
            failures: 7,
            nextTryAt: '2026-10-31T14:30:40.000Z',
          },
        ],
        budgets: [
          budget('all a month', null, 210, 148.2, 0.35),
          budget('user a day', 'u_1093', 5, 4.91, 0.12),
          budget('team a month', 'search', 80, 83.4, 0),
        ],
        trials: [
          {
            layer: 'semantic',
            group: 'faq',
            purpose: 'audit',
            mode: 'on',
            threshold: 0.95,
            compared: 148,
            wrong: 6,
            better: 0,
            unsettled: 21,
            rate: 6 / 127,
            interval: { low: 0.0218, high: 0.0993, level: 0.95, method: 'wilson' },
            limit: 0.03,
            confidence: 0.95,
            evidence: 0.17,
            isProved: false,
          },
        ],
        audits: { inFlight: 1, compared: 148, dropped: 3, refused: 0, failed: 2 },
      }),
  })
  let id = 0
  const serve = () => {
    const served = next(++id, now)
    stats.add(served)
    const audit = seededAudit(served)
    if (audit !== null) stats.addAudit(audit)
  }
  for (; now < end; now += minuteMs) {
    const load = 9 + 6 * Math.sin((now / hourMs / 24) * 2 * Math.PI) + 4 * random()
    for (let count = 0; count < load; count++) serve()
    stats.addCost('embedding', nano(0.00002))
    if (random() < 0.1) stats.addCost('audit', nano(0.004))
  }
  return {
    stats,
    serve,
    add: stats.add.bind(stats),
    snapshot: stats.snapshot.bind(stats),
    wait(ms: number) {
      now += ms
    },
  }
}

const budget = (
  name: string,
  member: string | null,
  limitUsd: number,
  spentUsd: number,
  reservedUsd: number,
) => ({
  budget: name,
  member,
  window: 'month',
  limitUsd,
  spentUsd,
  reservedUsd,
  action: 'block' as const,
  resetsAt: '2026-11-01T00:00:00.000Z',
})
