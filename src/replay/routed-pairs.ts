import type { Measurement } from '../domain/measurement.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { PairLabel } from '../score/blind-pairs.ts'
import type { ScoredPair } from '../score/scorer.ts'

/** A routed request's answer, the candidate, beside the strongest model's, as a gateway's audit found them. */
export type RoutedPair = ScoredPair & {
  readonly route: string
  /** Who answered, and the strongest model: "provider:model". */
  readonly target: string
  readonly strong: string
  /** The request's number in the store, and that of the record with the strongest model's answer. */
  readonly seq: number
  readonly freshSeq: number
}

/** What the store knows of a pair besides: what was asked, the keys that find it again, and what the answers cost. */
export type PairFacts = Pick<Measurement, 'promptKey' | 'questionKey' | 'call'> & {
  readonly costNanoUsd: NanoUsd | null
  readonly strongCostNanoUsd: NanoUsd | null
}

/** The run under which a person's verdicts on routed pairs are kept. */
export const routedRun = (by: string): string => `${routedRuns}${by}`
const routedRuns = 'routed:'

/** As of replays that people judge: their verdicts are of one kind. */
const scorer = 'people'

/**
 * A person's verdict as scores of both models on the question: the better answer 1 and the other 0, both a half where
 * one is as good, none where the person could not tell.
 */
export function routedMeasurements(
  pair: RoutedPair,
  { difference }: Pick<PairLabel, 'difference'>,
  by: string,
  { costNanoUsd, strongCostNanoUsd, ...question }: PairFacts,
): readonly Measurement[] {
  const measured = (target: string, output: string, cost: NanoUsd | null, won: number) => ({
    run: routedRun(by),
    caseId: pair.id,
    target,
    seq: pair.seq,
    ...question,
    scorer,
    score: difference === null ? null : 0.5 + (won * difference) / 2,
    output,
    question: pair.question,
    costNanoUsd: cost,
    inputTokens: null,
    outputTokens: null,
    latencyMs: null,
  })
  return [
    measured(pair.target, pair.candidate, costNanoUsd, 1),
    measured(pair.strong, pair.baseline, strongCostNanoUsd, -1),
  ]
}

/** Ids of the pairs that anybody has judged. */
export const judgedPairs = (measurements: readonly Measurement[]): ReadonlySet<string> =>
  new Set(measurements.filter(({ run }) => run.startsWith(routedRuns)).map(({ caseId }) => caseId))

/** What a person said of the answers of one route. */
export type RouteVerdicts = {
  readonly route: string
  readonly better: number
  readonly same: number
  readonly worse: number
  readonly unsettled: number
}

/** All that a person has said so far, by route; routes by name. */
export function routeVerdicts(
  pairs: readonly RoutedPair[],
  measurements: readonly Measurement[],
  by: string,
): readonly RouteVerdicts[] {
  const run = routedRun(by)
  const scores = new Map(
    measurements
      .filter((each) => each.run === run)
      .map(({ caseId, target, score }) => [`${caseId} ${target}`, score]),
  )
  const routes = new Map<
    string,
    { better: number; same: number; worse: number; unsettled: number }
  >()
  for (const { id, route, target } of pairs) {
    const score = scores.get(`${id} ${target}`)
    if (score === undefined) continue
    const counts = routes.get(route) ?? { better: 0, same: 0, worse: 0, unsettled: 0 }
    routes.set(route, counts)
    if (score === null) counts.unsettled++
    else if (score === 0.5) counts.same++
    else if (score > 0.5) counts.better++
    else counts.worse++
  }
  return [...routes]
    .map(([route, counts]) => ({ route, ...counts }))
    .sort((a, b) => (a.route < b.route ? -1 : 1))
}
