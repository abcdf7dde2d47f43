import { usdOf } from '../domain/money.ts'
import type { Served } from '../domain/served.ts'
import type { Tier, Tiers } from '../policy/routing.ts'
import { ratio } from './figures.ts'
import type { MixFigures, MixLine, ModelLine, WindowName } from './gateway-figures.ts'
import { NamedCounts } from './named-counts.ts'
import {
  countAttempt,
  countMix,
  mixCounter,
  mixSize,
  modelCounter,
  modelSize,
} from './served-counts.ts'
import { isRealName, type ServedFacts } from './served-facts.ts'
import { tierReader } from './tier-reader.ts'

/** More of either than a table shows; a policy rarely names as many. */
const mostNames = 40
const mostBypasses = 30

/** What requests are made of: by route, by customer segment, by model, and why caches were not asked. */
export class Mixes {
  readonly #routes = new NamedCounts(mixSize, mostNames)
  readonly #segments = new NamedCounts(mixSize, mostNames)
  readonly #models = new NamedCounts(modelSize, mostNames)
  readonly #bypasses = new NamedCounts(1, mostBypasses)
  readonly #turnedAway = new NamedCounts(1, mostNames)
  tierOf: (target: string) => Tier | null

  constructor(tiers: Tiers) {
    this.tierOf = tierReader(tiers)
  }

  setTiers(tiers: Tiers): void {
    this.tierOf = tierReader(tiers)
  }

  add(minute: number, served: Served, facts: ServedFacts): void {
    if (facts.attempts.length > 0) countMix(this.#routes.at(facts.route, minute), served, facts)
    countMix(this.#segments.at(served.request.plan ?? null, minute), served, facts)
    for (const attempt of facts.attempts) {
      const isKnown = isRealName(facts, attempt) || this.tierOf(attempt.target) !== null
      countAttempt(this.#models.at(attempt.target, minute, isKnown), attempt)
    }
    for (const { layer, reason } of facts.bypasses)
      if (reason !== 'off') this.#bypasses.at(`${layer}: ${reason}`, minute).add(0, 1)
  }

  addTurnedAway(minute: number, reason: string): void {
    this.#turnedAway.at(reason, minute).add(0, 1)
  }

  lines(window: WindowName, minute: number): MixFigures {
    return {
      routes: mixLines(this.#routes, window, minute),
      segments: mixLines(this.#segments, window, minute),
      models: this.#modelLines(window, minute),
      bypasses: reasonLines(this.#bypasses, window, minute),
      turnedAway: reasonLines(this.#turnedAway, window, minute),
    }
  }

  #modelLines(window: WindowName, minute: number): readonly ModelLine[] {
    const lines = this.#models.lines(window, minute)
    const sum = (index: number) =>
      lines.reduce((total, { counts }) => total + (counts[index] as number), 0)
    const [calls, costNano] = [sum(modelCounter.calls), sum(modelCounter.costNano)]
    return lines.map(({ name, none, counts }) => {
      const of = (index: number) => counts[index] as number
      return {
        name,
        none,
        tier: name === null ? null : this.tierOf(name),
        calls: of(modelCounter.calls),
        share: of(modelCounter.calls) / calls,
        costUsd: usdOf(of(modelCounter.costNano)),
        costShare: ratio(of(modelCounter.costNano), costNano),
        unpricedCalls: of(modelCounter.unpriced),
        failedCalls: of(modelCounter.failed),
        rejectedCalls: of(modelCounter.rejected),
        inputTokens: of(modelCounter.inputTokens),
        outputTokens: of(modelCounter.outputTokens),
      }
    })
  }
}

const reasonLines = (from: NamedCounts, window: WindowName, minute: number) =>
  from
    .lines(window, minute)
    .map(({ name, counts }) => ({ reason: name ?? 'other', requests: counts[0] as number }))

function mixLines(from: NamedCounts, window: WindowName, minute: number): readonly MixLine[] {
  const lines = from.lines(window, minute)
  const all = lines.reduce((sum, { counts }) => sum + (counts[mixCounter.requests] as number), 0)
  return lines.map(({ name, none, counts }) => {
    const of = (index: number) => counts[index] as number
    const requests = of(mixCounter.requests)
    const costNano = of(mixCounter.costNano)
    return {
      name,
      none,
      requests,
      share: requests / all,
      costUsd: usdOf(costNano),
      costUsdPerRequest: usdOf(Math.round(costNano / requests)),
      savedUsd: usdOf(of(mixCounter.savedNano)),
      hits: of(mixCounter.hits),
      failed: of(mixCounter.failed),
    }
  })
}
