import type { Served } from '../domain/served.ts'
import { totalInputTokens } from '../domain/usage.ts'
import type { Tier } from '../policy/routing.ts'
import type { SavingPart, SidePurpose } from './gateway-figures.ts'
import {
  type AttemptStep,
  baselineOf,
  isCacheable,
  isFailed,
  isHit,
  type ServedFacts,
} from './served-facts.ts'
import type { WindowedCounts } from './windowed-counts.ts'

/** The counters of all requests; money in nano-dollars. */
export const counter = {
  requests: 0,
  receiptsNano: 1,
  unpriced: 2,
  letThrough: 3,
  savingKnown: 4,
  baselineNano: 5,
  knownCostNano: 6,
  savedExactNano: 7,
  savedSemanticNano: 8,
  savedCoalescedNano: 9,
  savedModelsNano: 10,
  auditNano: 11,
  judgeNano: 12,
  embeddingNano: 13,
  classifiersNano: 14,
  validatorsNano: 15,
  cacheable: 16,
  exactLookUps: 17,
  exactHits: 18,
  semanticLookUps: 19,
  semanticHits: 20,
  coalesced: 21,
  guarded: 22,
  inputTokens: 23,
  readTokens: 24,
  writtenTokens: 25,
  audited: 26,
  agreeing: 27,
  answeredByModel: 28,
  tierSmall: 29,
  tierMedium: 30,
  tierLarge: 31,
  validated: 32,
  escalated: 33,
  retries: 34,
  fallbacks: 35,
  refusedByBudget: 36,
  failed: 37,
  cancelled: 38,
  status2xx: 39,
  status3xx: 40,
  status4xx: 41,
  status5xx: 42,
  /** Of calls that a crash left open, as somebody said later what they came to. */
  reconciledNano: 43,
  /** One for each bar of the overhead histogram, to the end. */
  overhead: 44,
} as const

/** Upper ends of the overhead histogram, milliseconds; one more bar takes the rest. */
export const overheadBarsMs = [0.1, 0.2, 0.3, 0.5, 1, 1.5, 3, 5, 10, 25, 100] as const

export const counterSize = counter.overhead + overheadBarsMs.length + 1

/** The counters of a line of a mix. */
export const mixCounter = { requests: 0, costNano: 1, savedNano: 2, hits: 3, failed: 4 } as const
export const mixSize = 5

/** The counters of a model. */
export const modelCounter = {
  calls: 0,
  costNano: 1,
  unpriced: 2,
  failed: 3,
  rejected: 4,
  inputTokens: 5,
  outputTokens: 6,
} as const
export const modelSize = 7

/** Counts a request among all. `tier` is that of the model that answered. */
export function countRequest(
  counts: WindowedCounts,
  served: Served,
  facts: ServedFacts,
  tier: Tier | null,
): void {
  counts.add(counter.requests, 1)
  counts.add(counter.receiptsNano, served.receipt.costNanoUsd)
  if (facts.isUnpriced) counts.add(counter.unpriced, 1)
  countSaving(counts, served, facts)
  countCache(counts, served, facts)
  countRouting(counts, served, facts, tier)
  countEnd(counts, served, facts)
  const bar = overheadBarsMs.findIndex((upToMs) => served.overheadMs <= upToMs)
  counts.add(counter.overhead + (bar === -1 ? overheadBarsMs.length : bar), 1)
}

function countSaving(counts: WindowedCounts, served: Served, facts: ServedFacts): void {
  if (facts.classifiersNanoUsd > 0) counts.add(counter.classifiersNano, facts.classifiersNanoUsd)
  if (facts.validatorsNanoUsd > 0) counts.add(counter.validatorsNano, facts.validatorsNanoUsd)
  if (served.receipt.outcome === 'blocked') return
  counts.add(counter.letThrough, 1)
  const { savedNanoUsd } = facts
  if (savedNanoUsd === null || served.baselineNanoUsd === null) return
  counts.add(counter.savingKnown, 1)
  counts.add(counter.baselineNano, baselineOf(served, served.baselineNanoUsd))
  counts.add(counter.knownCostNano, served.receipt.costNanoUsd)
  counts.add(savedIn[facts.savingPart], savedNanoUsd)
}

export const savedIn: Readonly<Record<SavingPart, number>> = {
  exact: counter.savedExactNano,
  semantic: counter.savedSemanticNano,
  coalesced: counter.savedCoalescedNano,
  models: counter.savedModelsNano,
}

export const paidFor: Readonly<Record<SidePurpose, number>> = {
  audit: counter.auditNano,
  judge: counter.judgeNano,
  embedding: counter.embeddingNano,
}

function countCache(counts: WindowedCounts, served: Served, facts: ServedFacts): void {
  if (isCacheable(facts)) counts.add(counter.cacheable, 1)
  if (facts.exact !== null) counts.add(counter.exactLookUps, 1)
  if (facts.exact === 'hit') counts.add(counter.exactHits, 1)
  if (facts.semantic !== null) counts.add(counter.semanticLookUps, 1)
  if (facts.semantic === 'hit') counts.add(counter.semanticHits, 1)
  if (facts.guarded > 0) counts.add(counter.guarded, 1)
  if (served.receipt.outcome === 'coalesced') counts.add(counter.coalesced, 1)
}

/** Counts a cached answer that was asked for again. */
export function countAudit(counts: WindowedCounts, agrees: boolean): void {
  counts.add(counter.audited, 1)
  if (agrees) counts.add(counter.agreeing, 1)
}

function countRouting(
  counts: WindowedCounts,
  { receipt }: Served,
  facts: ServedFacts,
  tier: Tier | null,
): void {
  for (const { usage } of facts.attempts) {
    counts.add(counter.inputTokens, totalInputTokens(usage))
    counts.add(counter.readTokens, usage.cacheReadTokens)
    counts.add(counter.writtenTokens, usage.cacheWrite5mTokens + usage.cacheWrite1hTokens)
  }
  if (receipt.outcome === 'answered') {
    counts.add(counter.answeredByModel, 1)
    if (tier !== null) counts.add(answeredIn[tier], 1)
  }
  if (facts.isValidated) counts.add(counter.validated, 1)
  if (facts.isEscalated) counts.add(counter.escalated, 1)
  if (facts.retries > 0) counts.add(counter.retries, facts.retries)
  if (facts.fallbacks > 0) counts.add(counter.fallbacks, facts.fallbacks)
}

export const answeredIn: Readonly<Record<Tier, number>> = {
  small: counter.tierSmall,
  medium: counter.tierMedium,
  large: counter.tierLarge,
}

function countEnd(counts: WindowedCounts, served: Served, { refusedBy }: ServedFacts): void {
  if (refusedBy !== null) counts.add(counter.refusedByBudget, 1)
  if (isFailed(served)) counts.add(counter.failed, 1)
  if (served.request.status === 'cancelled') counts.add(counter.cancelled, 1)
  const statusClass = Math.floor(served.statusCode / 100)
  if (statusClass >= 2 && statusClass <= 5) counts.add(counter.status2xx + statusClass - 2, 1)
}

/** Counts a request in its line of a mix. */
export function countMix(counts: WindowedCounts, served: Served, facts: ServedFacts): void {
  counts.add(mixCounter.requests, 1)
  counts.add(mixCounter.costNano, served.receipt.costNanoUsd)
  if (facts.savedNanoUsd !== null) counts.add(mixCounter.savedNano, facts.savedNanoUsd)
  if (isHit(facts)) counts.add(mixCounter.hits, 1)
  if (isFailed(served)) counts.add(mixCounter.failed, 1)
}

/** Counts one attempt at its model. */
export function countAttempt(counts: WindowedCounts, attempt: AttemptStep): void {
  const { outcome, usage, costNanoUsd } = attempt
  counts.add(modelCounter.calls, 1)
  if (costNanoUsd === null) counts.add(modelCounter.unpriced, 1)
  else counts.add(modelCounter.costNano, costNanoUsd)
  if (outcome === 'failed' || outcome === 'timeout') counts.add(modelCounter.failed, 1)
  if (outcome === 'rejected') counts.add(modelCounter.rejected, 1)
  counts.add(modelCounter.inputTokens, totalInputTokens(usage))
  counts.add(modelCounter.outputTokens, usage.outputTokens)
}
