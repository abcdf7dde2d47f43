import type { AuditNote, HitComparison, RouteComparison } from '../domain/comparison.ts'
import type { FaultKind } from '../domain/fault.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { CacheLayer } from '../domain/receipt.ts'
import type { Served } from '../domain/served.ts'
import type { SidePurpose } from './gateway-figures.ts'
import type { ModelLabels } from './gen-ai-metrics.ts'
import { Counter, Histogram } from './instruments.ts'
import { isCacheable, type ServedFacts } from './served-facts.ts'
import type { MetricFamily } from './write-metrics.ts'

/** Seconds. */
const overheadBounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1]

const nanoPerUsd = 1e9

/** What only this gateway measures: what was decided, and what that saved. */
export class GatewayMetrics {
  readonly #cache = new CacheMetrics()
  readonly #routing = new RoutingMetrics()
  readonly #money = new MoneyMetrics()
  readonly #requests = new Counter(
    'llmcost_requests_total',
    'Requests by how they ended.',
    'outcome',
    'route',
  )
  readonly #overhead = new Histogram(
    overheadBounds,
    'llmcost_overhead_seconds',
    "The gateway's own share of each request: all of it without waiting for models.",
  )
  readonly #rejections = new Counter(
    'llmcost_budget_rejections_total',
    'Requests refused by a budget or the loop guard.',
  )

  readonly #turnedAway = new Counter(
    'llmcost_turned_away_requests_total',
    'Requests that nobody decided: no key, a rate limit, or a form that nobody can read.',
    'reason',
    'status',
  )

  addTurnedAway(reason: FaultKind, statusCode: number): void {
    this.#turnedAway.add(1, reason, String(statusCode))
  }

  add(served: Served, facts: ServedFacts, route: string, called: readonly ModelLabels[]): void {
    this.#requests.add(1, served.receipt.outcome, route)
    this.#overhead.observe(served.overheadMs / 1000)
    if (facts.refusedBy !== null) this.#rejections.add(1)
    this.#cache.add(served, facts)
    this.#routing.add(facts, route, called)
    this.#money.add(served, facts, route, called)
  }

  addAudit(note: AuditNote): void {
    if (note.kind === 'hit') this.#cache.addAudit(note)
    else this.#routing.addAudit(note)
  }

  addCost(purpose: SidePurpose, costNanoUsd: NanoUsd): void {
    this.#money.addCost(purpose, costNanoUsd)
  }

  addReconciled(costNanoUsd: NanoUsd, called: ModelLabels): void {
    this.#money.addReconciled(costNanoUsd, called)
  }

  families(): readonly MetricFamily[] {
    return [
      this.#requests.family(),
      this.#overhead.family(),
      this.#rejections.family(),
      this.#turnedAway.family(),
      ...this.#cache.families(),
      ...this.#routing.families(),
      ...this.#money.families(),
    ]
  }
}

class CacheMetrics {
  readonly #cacheable = new Counter(
    'llmcost_cacheable_requests_total',
    'Requests that a cache layer was asked for: the denominator of the combined hit rate.',
  )
  readonly #decisions = new Counter(
    'llmcost_cache_decisions_total',
    "What each layer said: hit, miss or bypass. Hits over hits and misses is the layer's hit rate.",
    'layer',
    'outcome',
  )
  readonly #guarded = new Counter(
    'llmcost_guarded_hits_total',
    'Similar entries that a guard spoke against.',
  )
  readonly #audited = new Counter(
    'llmcost_audited_hits_total',
    'Cached answers that were asked for again, by whether the fresh one agreed.',
    'outcome',
  )

  readonly #shadow = new Counter(
    'llmcost_shadow_hits_total',
    'Hits of layers that only watch, by whether the fresh answer says the same.',
    'layer',
    'outcome',
  )

  addAudit({ verdict }: HitComparison): void {
    if (verdict !== 'unsettled') this.#audited.add(1, verdict === 'right' ? 'agrees' : 'differs')
  }

  add({ request }: Served, facts: ServedFacts): void {
    if (isCacheable(facts)) this.#cacheable.add(1)
    this.#note('exact', facts.exact)
    this.#note('semantic', facts.semantic)
    for (const { layer } of facts.bypasses) this.#decisions.add(1, layer, 'bypass')
    if (facts.guarded > 0) this.#guarded.add(facts.guarded)
    for (const note of request.shadow ?? [])
      if (note.kind === 'hit') this.#shadow.add(1, note.layer, note.verdict ?? 'open')
  }

  families(): readonly MetricFamily[] {
    return [this.#cacheable, this.#decisions, this.#guarded, this.#audited, this.#shadow].map(
      (each) => each.family(),
    )
  }

  #note(layer: CacheLayer, said: 'hit' | 'miss' | null): void {
    if (said !== null) this.#decisions.add(1, layer, said)
  }
}

class RoutingMetrics {
  readonly #attempts = new Counter(
    'llmcost_attempts_total',
    'Calls to models by how they ended.',
    'provider',
    'model',
    'outcome',
  )
  readonly #validated = new Counter(
    'llmcost_validated_requests_total',
    'Requests with an answer that a validator judged: the denominator of the escalation rate.',
    'route',
  )
  readonly #escalations = new Counter(
    'llmcost_escalations_total',
    'Requests that went to a stronger model because a validator rejected.',
    'route',
  )
  readonly #retries = new Counter(
    'llmcost_retries_total',
    'Calls made again to the target that failed.',
  )
  readonly #fallbacks = new Counter(
    'llmcost_fallbacks_total',
    'Calls made to another target because one failed.',
  )

  readonly #audits = new Counter(
    'llmcost_route_audits_total',
    "Cheaper answers that were held against the strongest model's, by how they did.",
    'outcome',
  )

  addAudit({ difference }: RouteComparison): void {
    this.#audits.add(1, difference === null ? 'unsettled' : routeOutcomes[difference])
  }

  add(facts: ServedFacts, route: string, called: readonly ModelLabels[]): void {
    for (const [index, { outcome }] of facts.attempts.entries()) {
      const [provider = '', model = ''] = called[index] ?? []
      this.#attempts.add(1, provider, model, outcome)
    }
    if (facts.isValidated) this.#validated.add(1, route)
    if (facts.isEscalated) this.#escalations.add(1, route)
    if (facts.retries > 0) this.#retries.add(facts.retries)
    if (facts.fallbacks > 0) this.#fallbacks.add(facts.fallbacks)
  }

  families(): readonly MetricFamily[] {
    return [
      this.#attempts,
      this.#validated,
      this.#escalations,
      this.#retries,
      this.#fallbacks,
      this.#audits,
    ].map((each) => each.family())
  }
}

/** By the difference of the answer that the caller got. */
const routeOutcomes = { [1]: 'better', [0]: 'same', [-1]: 'worse' } as const

/** Sums are kept in nano-dollars, which stay exact, and written in dollars. */
class MoneyMetrics {
  readonly #spend = new Counter(
    'llmcost_spend_usd_total',
    'Spent on calls to models, without validators and classifiers.',
    'provider',
    'model',
  )
  readonly #routeSpend = new Counter(
    'llmcost_request_spend_usd_total',
    'Spent on requests: their calls, validators and classifiers.',
    'route',
  )
  readonly #sideSpend = new Counter(
    'llmcost_side_spend_usd_total',
    'Spent on audits, judges and embeddings, which are part of no request.',
    'purpose',
  )
  readonly #unpriced = new Counter(
    'llmcost_unpriced_attempts_total',
    'Calls whose price nobody knows: they count nothing.',
  )
  readonly #known = new Counter(
    'llmcost_savings_known_requests_total',
    'Requests whose saving is known.',
  )
  readonly #baseline = new Counter(
    'llmcost_baseline_usd_total',
    'What the requests whose saving is known would have cost without the policy.',
  )
  readonly #savings = new Counter(
    'llmcost_savings_usd',
    'Baseline less cost, of the requests whose saving is known; side spend is not taken off.',
    'layer',
  )

  add(served: Served, facts: ServedFacts, route: string, called: readonly ModelLabels[]): void {
    for (const [index, { costNanoUsd }] of facts.attempts.entries()) {
      if (costNanoUsd === null) this.#unpriced.add(1)
      else this.#spend.add(costNanoUsd, ...(called[index] ?? []))
    }
    const { outcome, costNanoUsd } = served.receipt
    this.#routeSpend.add(costNanoUsd, route)
    const { savedNanoUsd, savingPart } = facts
    if (savedNanoUsd === null || outcome === 'blocked') return
    this.#known.add(1)
    this.#baseline.add(savedNanoUsd + costNanoUsd)
    this.#savings.add(savedNanoUsd, savingPart)
  }

  addReconciled(costNanoUsd: NanoUsd, called: ModelLabels): void {
    this.#spend.add(costNanoUsd, ...called)
  }

  addCost(purpose: SidePurpose, costNanoUsd: NanoUsd): void {
    this.#sideSpend.add(costNanoUsd, purpose)
  }

  families(): readonly MetricFamily[] {
    return [
      this.#spend.family(nanoPerUsd),
      this.#routeSpend.family(nanoPerUsd),
      this.#sideSpend.family(nanoPerUsd),
      this.#unpriced.family(),
      this.#known.family(),
      this.#baseline.family(nanoPerUsd),
      // What a policy saves may also fall.
      { ...this.#savings.family(nanoPerUsd), type: 'gauge' },
    ]
  }
}
