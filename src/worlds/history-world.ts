import { isPassingStatus } from '../domain/fault.ts'
import type { Answer } from '../domain/request.ts'
import type { Profile } from '../domain/row.ts'
import type { Attempted, World } from '../domain/world.ts'
import { type Asks, unasked } from '../engine/validators.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import { ladderTargets } from '../policy/ladders.ts'
import type { Policy } from '../policy/policy.ts'
import { type EvidenceAt, evidenceOfHistory } from './evidence-answers.ts'
import type { History } from './history.ts'
import { HistoryBreakers } from './history-breakers.ts'
import type { HistoryCache } from './history-cache.ts'
import { type FactsAt, historyFacts } from './history-facts.ts'
import { HistoryLabels, type LabelAt } from './history-labels.ts'
import { type HistoryLedger, openHistoryLedger } from './history-ledger.ts'
import type { HistoryPrefix } from './history-prefix.ts'
import { HistoryTargets, type Prediction } from './history-targets.ts'
import { loggedAnswer } from './logged-answer.ts'
import { type CostOf, tokenRatios } from './model-costs.ts'
import { type NeighbourClassifiers, noNeighbours } from './neighbour-classifier.ts'
import { targetStateOf } from './target-state.ts'

export type HistorySightOptions = {
  readonly history: History
  /** With models in the place of tiers (`nameTiers`). */
  readonly policy: Policy
  readonly costOf: CostOf
  readonly evidence?: Evidence | null
  /** Without it, prompt caches read what the log says they read, and nothing at other models. */
  readonly prefix?: HistoryPrefix | null
  readonly labelAt?: LabelAt
  /** Without it classifiers by neighbours say "medium". */
  readonly neighbours?: NeighbourClassifiers
}

/** How a policy's rules see the requests of a history, and what calls come to. */
export type HistorySight = Pick<World, 'classify'> & {
  readonly factsAt: FactsAt
  readonly asks: Asks
  readonly targets: HistoryTargets
  readonly breakers: HistoryBreakers
  readonly known: EvidenceAt | null
  /** What was taken for granted so far: labels that nobody gave, token ratios in words. */
  assumptions(): { readonly labels: number; readonly ratios: readonly string[] }
}

export function openHistorySight(options: HistorySightOptions): HistorySight {
  const { history, policy, costOf, evidence = null, prefix = null } = options
  const known = evidence === null ? null : evidenceOfHistory(history, evidence)
  const ratioOf = tokenRatios(history, evidence)
  const targets = new HistoryTargets({ history, costOf, ratioOf, prefix, known })
  const breakers = new HistoryBreakers(policy.failure.breaker)
  const labels = new HistoryLabels({
    classifiers: policy.classifiers,
    labelAt: options.labelAt ?? (() => null),
    neighbours: options.neighbours ?? noNeighbours,
    costOf,
    medianLatencyOf: (target) => targets.medianLatencyOf(target),
  })
  return {
    factsAt: historyFacts(history, policy, {
      label: labels.of,
      target: targetStateOf({ history, costOf, targets, breakers }),
    }),
    asks: async () => unasked,
    classify: (classifier, asked) => labels.ask(classifier, asked),
    targets,
    breakers,
    known,
    assumptions: () => ({ labels: labels.assumed, ratios: targets.assumptions() }),
  }
}

export type HistoryWorldOptions = HistorySightOptions & { readonly cache: HistoryCache }

export type HistoryWorld = World &
  Pick<HistorySight, 'factsAt' | 'asks' | 'assumptions'> & { readonly ledger: HistoryLedger }

/**
 * The world as a log tells it. The model that a request was sent to answers as it did; of any other model the log knows
 * no answer: its tokens, cost and time are modelled, unless evidence has them. `Asked.id` is the place in the history.
 */
export function openHistoryWorld(options: HistoryWorldOptions): HistoryWorld {
  const { history, cache, policy } = options
  const sight = openHistorySight(options)
  const { factsAt, asks, classify, targets, breakers, known, assumptions } = sight
  const ladders = ladderTargets(policy.routes)
  const reserve = (place: number) => targets.reservationOf(place, ladders)
  const ledger = openHistoryLedger(history, { policy, factsAt, reserve })
  return {
    cache,
    ledger,
    factsAt,
    asks,
    classify,
    assumptions,
    ask(target, asked, { timeoutMs }) {
      const place = asked.id as number
      const isLogged = target === null || targets.isLogged(place, target)
      const attempted = isLogged
        ? loggedAttempt(history, place, targets.asLogged(place), target === null ? null : timeoutMs)
        : otherAttempt(targets.elsewhere(place, target), place, target, known)
      const isTold = !isLogged || attempted.kind !== 'failed' || isFaultOfTarget(history, place)
      const name = target ?? requestedTarget(history, place)
      breakers.note(name, asked.at, isTold ? attempted : null)
      return attempted
    },
    // A request without a route has nobody else to go to: the log shows what came of it.
    isUp: (target, { at }) => target === null || breakers.stateOf(target, at) !== 'open',
    wait: () => undefined,
  }
}

/** Whom a request asked for, as the gateway would have called it. */
function requestedTarget({ profiles, columns }: History, place: number): string {
  const { provider, requestedModel, model } = profiles[columns.profile[place] as number] as Profile
  const name = requestedModel ?? model
  return provider === null ? (name ?? '') : `${provider}:${name ?? ''}`
}

/** Whether a logged failure says something of the target, as a bad request or a caller who left does not. */
function isFaultOfTarget({ profiles, columns }: History, place: number): boolean {
  const { status, statusCode } = profiles[columns.profile[place] as number] as Profile
  return status !== 'cancelled' && (statusCode === null || isPassingStatus(Number(statusCode)))
}

/** What the log says came of a request; cut off where the policy would not have waited so long. */
function loggedAttempt(
  history: History,
  place: number,
  prediction: Prediction,
  timeoutMs: number | null,
): Attempted {
  const { profiles, columns } = history
  const status = profiles[columns.profile[place] as number]?.status ?? 'ok'
  if (timeoutMs !== null && prediction.latencyMs > timeoutMs)
    return ended(prediction, 'timeout', `no answer within ${timeoutMs} ms`, timeoutMs)
  if (status === 'ok') {
    const { usage, costNanoUsd, latencyMs } = prediction
    const answer = loggedAnswer(history, place)
    return { kind: 'answered', answer, usage, costNanoUsd, latencyMs }
  }
  const kind = status === 'timeout' ? 'timeout' : 'failed'
  return ended(prediction, kind, status, prediction.latencyMs)
}

/** The log's own retries are requests of their own: it is not asked again. */
const ended = (
  { usage, costNanoUsd }: Prediction,
  kind: 'failed' | 'timeout',
  reason: string,
  latencyMs: number,
): Attempted => ({ kind, reason, usage, costNanoUsd, latencyMs, retryAfterMs: null })

/** A score alone is no answer that a validator could judge. */
function otherAttempt(
  prediction: Prediction,
  place: number,
  target: string,
  known: EvidenceAt | null,
): Attempted {
  const output = known?.(place, target)?.output ?? null
  if (output === null) return { kind: 'unknown', ...prediction }
  const answer: Answer = { text: output }
  return { kind: 'answered', answer, ...prediction }
}
