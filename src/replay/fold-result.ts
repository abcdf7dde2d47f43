import { rightFromScore } from '../domain/measurement.ts'
import { usdOf } from '../domain/money.ts'
import { wilson } from '../stats/intervals.ts'
import { mcNemar } from '../stats/mcnemar.ts'
import { quantiles } from '../stats/quantile.ts'
import { lengthBins, stratumName } from './case.ts'
import type { ArmSum, MeasuredSum } from './measured-sum.ts'
import { qualityDelta, type ScoredDifference } from './quality-delta.ts'
import type { ArmName, ArmSummary, GroupDelta, ReplayResult, WorstPair } from './result.ts'

/** The parts of a result that are sums over what was measured. */
export type Folded = Pick<
  ReplayResult,
  | 'arms'
  | 'delta'
  | 'strata'
  | 'byLength'
  | 'byChange'
  | 'unsettled'
  | 'noiseFloor'
  | 'escalations'
  | 'worst'
>

export type FoldOptions = {
  readonly measured: readonly MeasuredSum[]
  readonly worst: readonly WorstPair[]
  readonly weightOf: (each: MeasuredSum) => number
  /** Of all requests, those that the policy changes; null for a suite. */
  readonly changedShare: number | null
  readonly seed: string
}

export function foldMeasured({
  measured,
  worst,
  weightOf,
  changedShare,
  seed,
}: FoldOptions): Folded {
  const pairs = pairsOf(measured, weightOf)
  const quality = qualityDelta(pairs, seed)
  const compared = measured.filter(({ difference }) => difference !== null)
  const group = (name: string, part: readonly MeasuredSum[]) =>
    groupDelta(name, part, weightOf, `${seed} ${name}`)
  return {
    arms: {
      baseline: armSummary('baseline', measured),
      again: armSummary('again', measured),
      candidate: armSummary('candidate', measured),
    },
    delta: {
      quality: quality.estimate,
      interval: quality.interval,
      qualityOverall:
        quality.estimate === null || changedShare === null ? null : quality.estimate * changedShare,
      costUsd: meanDifference(compared, ({ costNanoUsd }) => costNanoUsd, 1e9),
      latencyMs: meanDifference(compared, ({ latencyMs }) => latencyMs, 1),
      pairs: quality.pairs,
      discordant: quality.discordant,
      designEffect: quality.designEffect,
      mcNemar: mcNemarOf(compared),
    },
    strata: groupsBy(measured, ({ stratum }) => stratumName(stratum)).map(([name, part]) =>
      group(name, part),
    ),
    byLength: lengthBins.flatMap((length) => {
      const part = measured.filter(({ stratum }) => stratum.length === length)
      return part.length === 0 ? [] : [{ length, ...group(length, part) }]
    }),
    byChange: groupsBy(measured, ({ change }) => change).map(([change, part]) => ({
      change,
      ...group(change, part),
    })),
    unsettled: unsettledOf(measured),
    noiseFloor: noiseFloorOf(measured),
    escalations: escalationsOf(measured),
    worst,
  }
}

/** What statistics look at: the pairs that could be compared. */
export const pairsOf = (
  measured: readonly MeasuredSum[],
  weightOf: FoldOptions['weightOf'],
): readonly ScoredDifference[] =>
  measured.flatMap((each) =>
    each.difference === null
      ? []
      : [
          {
            difference: each.difference,
            weight: weightOf(each),
            cluster: each.cluster,
          },
        ],
  )

/** Those that could not be compared, as if the candidate had lost them all. */
export const lostPairs = (
  measured: readonly MeasuredSum[],
  weightOf: FoldOptions['weightOf'],
): readonly ScoredDifference[] =>
  measured.flatMap((each) =>
    each.difference === null
      ? [{ difference: -1, weight: weightOf(each), cluster: each.cluster }]
      : [],
  )

function groupDelta(
  name: string,
  part: readonly MeasuredSum[],
  weightOf: FoldOptions['weightOf'],
  seed: string,
): GroupDelta {
  const pairs = pairsOf(part, weightOf)
  const { estimate, interval } = qualityDelta(pairs, seed)
  return {
    name,
    pairs: pairs.length,
    better: pairs.filter(({ difference }) => difference > 0).length,
    worse: pairs.filter(({ difference }) => difference < 0).length,
    quality: estimate,
    interval,
  }
}

function groupsBy<Name extends string>(
  measured: readonly MeasuredSum[],
  nameOf: (each: MeasuredSum) => Name,
): readonly (readonly [Name, readonly MeasuredSum[]])[] {
  const groups = new Map<Name, MeasuredSum[]>()
  for (const each of measured) {
    const list = groups.get(nameOf(each))
    if (list === undefined) groups.set(nameOf(each), [each])
    else list.push(each)
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Of pairs where both are known, candidate less baseline. */
function meanDifference(
  measured: readonly MeasuredSum[],
  amountOf: (arm: ArmSum) => number | null,
  unit: number,
): number | null {
  const differences = measured.flatMap(({ arms }) => {
    const [before, after] = [amountOf(arms.baseline), amountOf(arms.candidate)]
    return before === null || after === null ? [] : [after - before]
  })
  if (differences.length === 0) return null
  return differences.reduce((sum, each) => sum + each, 0) / differences.length / unit
}

/** Right or wrong of both arms, where both have a score of their own. */
function mcNemarOf(measured: readonly MeasuredSum[]): ReplayResult['delta']['mcNemar'] {
  const counts = { both: 0, onlyFirst: 0, onlySecond: 0, neither: 0 }
  for (const { arms } of measured) {
    const before = arms.baseline.score ?? arms.again?.score ?? null
    const after = arms.candidate.score
    if (before === null || after === null) return null
    const isBefore = before >= rightFromScore
    const isAfter = after >= rightFromScore
    if (isAfter) counts[isBefore ? 'both' : 'onlyFirst']++
    else counts[isBefore ? 'onlySecond' : 'neither']++
  }
  return measured.length === 0 ? null : mcNemar(counts)
}

function armSummary(name: ArmName, measured: readonly MeasuredSum[]): ArmSummary | null {
  const arms = measured.flatMap(({ arms }) => arms[name] ?? [])
  if (arms.length === 0) return null
  const answered = arms.filter(({ isAnswered }) => isAnswered)
  const scores = arms.flatMap(({ score }) => score ?? [])
  const tokens = answered.flatMap(({ outputTokens }) => outputTokens ?? [])
  const priced = arms.flatMap(({ costNanoUsd }) => costNanoUsd ?? [])
  return {
    answers: answered.length,
    failures: arms.length - answered.length,
    costUsd: usdOf(priced.reduce((sum, cost) => sum + cost, 0)),
    unpriced: arms.length - priced.length,
    latencyMs: middleAndTail(answered.map(({ latencyMs }) => latencyMs)),
    firstTokenMs: middleAndTail(answered.flatMap(({ firstTokenMs }) => firstTokenMs ?? [])),
    score: scores.length === 0 ? null : mean(scores),
    outputTokens: tokens.length === 0 ? null : mean(tokens),
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

function middleAndTail(values: readonly number[]): { p50: number; p95: number } | null {
  if (values.length === 0) return null
  const [p50 = 0, p95 = 0] = quantiles(Float64Array.from(values), [0.5, 0.95])
  return { p50, p95 }
}

function unsettledOf(measured: readonly MeasuredSum[]): ReplayResult['unsettled'] {
  const faults: Record<string, number> = {}
  for (const { arms } of measured) {
    for (const arm of [arms.baseline, arms.again, arms.candidate]) {
      if (arm?.fault != null) faults[arm.fault] = (faults[arm.fault] ?? 0) + 1
    }
  }
  const sorted = Object.entries(faults).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    noAnswer: measured.filter(({ why }) => why === 'no-answer').length,
    unscored: measured.filter(({ why }) => why === 'unscored').length,
    faults: Object.fromEntries(sorted),
  }
}

function noiseFloorOf(measured: readonly MeasuredSum[]): ReplayResult['noiseFloor'] {
  const scores = measured.flatMap(({ arms }) => arms.again?.score ?? [])
  if (scores.length === 0) return null
  const right = scores.filter((score) => score >= rightFromScore).length
  return {
    agreement: right / scores.length,
    pairs: scores.length,
    interval: wilson({ successes: right, trials: scores.length }),
  }
}

/** Candidates that more than one model was asked for because a validator had rejected. */
function escalationsOf(measured: readonly MeasuredSum[]): ReplayResult['escalations'] {
  const judged = measured.filter(({ judgedRungs }) => judgedRungs.length > 0)
  const count = judged.filter(({ judgedRungs }) =>
    judgedRungs.some(({ isEscalated }) => isEscalated),
  ).length
  const of = judged.length
  return { count, of, rate: of === 0 ? null : count / of }
}
