import { usdOf } from '../domain/money.ts'
import type { AlertRule } from '../policy/governance.ts'
import type { Tier } from '../policy/routing.ts'
import { wilson } from '../stats/intervals.ts'
import {
  type AuditFigures,
  type CacheFigures,
  type Figures,
  type HistogramBar,
  type MixFigures,
  type Quantiles,
  type RoutingFigures,
  type Savings,
  savingParts,
  sidePurposes,
} from './gateway-figures.ts'
import { answeredIn, counter, overheadBarsMs, paidFor, savedIn } from './served-counts.ts'
import { watchedMetrics } from './watched-metrics.ts'

/** What was counted in one window. */
export type Counted = {
  readonly from: string
  readonly counts: Float64Array
  readonly latencyMs: Quantiles
  readonly firstTokenMs: Quantiles
  readonly overheadMs: Quantiles
  readonly mixes: MixFigures
}

export type FigureFacts = {
  readonly rules: readonly AlertRule[]
  /** Null: nobody knows how long requests take without the policy. */
  readonly baselineP95Ms: number | null
}

/** The figures of one window. */
export function figuresOf(counted: Counted, facts: FigureFacts): Figures {
  const { from, counts, latencyMs, firstTokenMs, mixes } = counted
  const of = (index: number) => counts[index] as number
  const requests = of(counter.requests)
  const costNano = sidePurposes.reduce(
    (sum, purpose) => sum + of(paidFor[purpose]),
    of(counter.receiptsNano),
  )
  const figures: Omit<Figures, 'watched'> = {
    from,
    requests,
    // Requests of an earlier run are none of these.
    costUsd: usdOf(costNano + of(counter.reconciledNano)),
    costUsdPer1k: requests === 0 ? null : usdOf(Math.round((1000 * costNano) / requests)),
    unpricedRequests: of(counter.unpriced),
    savings: savingsOf(counts),
    cache: cacheOf(counts),
    prefix: {
      inputTokens: of(counter.inputTokens),
      readTokens: of(counter.readTokens),
      writtenTokens: of(counter.writtenTokens),
      readShare: ratio(of(counter.readTokens), of(counter.inputTokens)),
    },
    audit: auditOf(counts),
    routing: routingOf(counts),
    refusals: {
      byBudget: of(counter.refusedByBudget),
      budgetRejectionRate: ratio(of(counter.refusedByBudget), requests),
    },
    errors: {
      failed: of(counter.failed),
      errorRate: ratio(of(counter.failed), requests),
      cancelled: of(counter.cancelled),
      statusCodes: {
        '2xx': of(counter.status2xx),
        '3xx': of(counter.status3xx),
        '4xx': of(counter.status4xx),
        '5xx': of(counter.status5xx),
      },
    },
    latencyMs,
    p95LatencyFactor: factorOf(latencyMs, facts.baselineP95Ms),
    firstTokenMs,
    overheadMs: { ...counted.overheadMs, histogram: overheadBars(counts) },
    ...mixes,
  }
  return { ...figures, watched: watchedMetrics(figures, facts.rules) }
}

export const ratio = (part: number, of: number): number | null => (of === 0 ? null : part / of)

function savingsOf(counts: Float64Array): Savings {
  const of = (index: number) => counts[index] as number
  const [known, letThrough] = [of(counter.savingKnown), of(counter.letThrough)]
  const [baseline, cost] = [of(counter.baselineNano), of(counter.knownCostNano)]
  const beside = sidePurposes.map((purpose) => ({
    purpose,
    costUsd: usdOf(of(paidFor[purpose])),
  }))
  const besideNano = sidePurposes.reduce((sum, purpose) => sum + of(paidFor[purpose]), 0)
  const savedNano = baseline - cost - besideNano
  return {
    baselineUsd: usdOf(baseline),
    costUsd: usdOf(cost),
    savedUsd: known === 0 ? null : usdOf(savedNano),
    share: known === 0 ? null : ratio(savedNano, baseline),
    parts: savingParts.map((part) => ({ part, savedUsd: usdOf(of(savedIn[part])) })),
    beside,
    besideUsd: usdOf(besideNano),
    classifiersUsd: usdOf(of(counter.classifiersNano)),
    validatorsUsd: usdOf(of(counter.validatorsNano)),
    known,
    of: letThrough,
    unknownShare: ratio(letThrough - known, letThrough),
  }
}

function cacheOf(counts: Float64Array): CacheFigures {
  const of = (index: number) => counts[index] as number
  const cacheable = of(counter.cacheable)
  const hits = of(counter.exactHits) + of(counter.semanticHits)
  const layer = (name: 'exact' | 'semantic', lookUps: number, found: number) => ({
    layer: name,
    lookUps,
    hits: found,
    hitRate: ratio(found, lookUps),
    shareOfCacheable: ratio(found, cacheable),
  })
  return {
    cacheable,
    hits,
    hitRate: ratio(hits, cacheable),
    layers: [
      layer('exact', of(counter.exactLookUps), of(counter.exactHits)),
      layer('semantic', of(counter.semanticLookUps), of(counter.semanticHits)),
    ],
    coalesced: of(counter.coalesced),
    guarded: of(counter.guarded),
  }
}

function auditOf(counts: Float64Array): AuditFigures {
  const [audited, agreeing] = [
    counts[counter.audited] as number,
    counts[counter.agreeing] as number,
  ]
  return {
    audited,
    agreeing,
    agreeRate: ratio(agreeing, audited),
    interval: audited === 0 ? null : wilson({ successes: agreeing, trials: audited }),
    auditedShare: ratio(audited, counts[counter.semanticHits] as number),
  }
}

function routingOf(counts: Float64Array): RoutingFigures {
  const of = (index: number) => counts[index] as number
  const answered = of(counter.answeredByModel)
  const tier = (name: Tier | null, requests: number) => ({
    tier: name,
    requests,
    share: ratio(requests, answered),
  })
  const named = (['small', 'medium', 'large'] as const).map((name) =>
    tier(name, of(answeredIn[name])),
  )
  const rest = answered - named.reduce((sum, { requests }) => sum + requests, 0)
  return {
    answered,
    tiers: [...named, tier(null, rest)],
    topTierShare: ratio(of(counter.tierLarge), answered),
    validated: of(counter.validated),
    escalated: of(counter.escalated),
    escalationRate: ratio(of(counter.escalated), of(counter.validated)),
    retries: of(counter.retries),
    fallbacks: of(counter.fallbacks),
  }
}

const factorOf = ({ p95 }: Quantiles, baselineP95Ms: number | null): number | null =>
  p95 === null || baselineP95Ms === null || baselineP95Ms <= 0 ? null : p95 / baselineP95Ms

const overheadBars = (counts: Float64Array): readonly HistogramBar[] =>
  [...overheadBarsMs, null].map((upToMs, index) => ({
    upToMs,
    requests: counts[counter.overhead + index] as number,
  }))
