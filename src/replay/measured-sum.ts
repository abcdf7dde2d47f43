import type { FaultKind } from '../domain/fault.ts'
import type { Preference } from '../score/scorer.ts'
import type { ArmAnswer, ReplayCase } from './case.ts'
import { answerTextOf } from './compare.ts'
import type { Arms, Compared, Measured } from './measured.ts'

/**
 * What sums need of a pair: that an answer came, not what it said. Samples of a hundred thousand are kept so, which is
 * why it is flat.
 */
export type MeasuredSum = Pick<Compared, 'difference' | 'why'> &
  Pick<ReplayCase, 'stratum' | 'cluster' | 'change'> & {
    /** With the case's id; null where no judge was asked. */
    readonly judged:
      | (Pick<Preference, 'difference' | 'isFlip' | 'parseFailures'> & { readonly id: string })
      | null
    readonly arms: {
      readonly [Name in keyof Arms]: ArmSum | (null extends Arms[Name] ? null : never)
    }
    /** Of the candidate's answers those that validators judged. */
    readonly judgedRungs: readonly RungSum[]
  }

export type ArmSum = Pick<ArmAnswer, 'costNanoUsd' | 'latencyMs' | 'firstTokenMs'> & {
  readonly isAnswered: boolean
  readonly fault: FaultKind | null
  readonly outputTokens: number | null
  /** Null: it has none of its own. */
  readonly score: number | null
}

export type RungSum = {
  readonly target: string
  readonly isPassed: boolean
  readonly isEscalated: boolean
  /** Whether it would have done; null: not told. */
  readonly score: number | null
}

const nothing: readonly never[] = []

export function sumOf({ case: each, arms, scores, judged, ...rest }: Measured): MeasuredSum {
  const { stratum, cluster, change, id } = each
  const { again } = arms
  return {
    difference: rest.difference,
    why: rest.why,
    stratum,
    cluster,
    change,
    judged: judged === null ? null : { ...judged, id },
    arms: {
      baseline: armSum(arms.baseline, scores.baseline),
      again: again === null ? null : armSum(again, scores.again),
      candidate: armSum(arms.candidate, scores.candidate),
    },
    judgedRungs: arms.candidate.rungs.some(({ isJudged }) => isJudged)
      ? rungsOf(arms.candidate, rest.rungScores)
      : nothing,
  }
}

const armSum = (arm: ArmAnswer, score: number | null): ArmSum => ({
  costNanoUsd: arm.costNanoUsd,
  latencyMs: arm.latencyMs,
  firstTokenMs: arm.firstTokenMs,
  isAnswered: answerTextOf(arm) !== null,
  fault: arm.fault?.kind ?? null,
  outputTokens: arm.usage?.outputTokens ?? null,
  score,
})

const rungsOf = ({ rungs }: ArmAnswer, scores: Measured['rungScores']): readonly RungSum[] =>
  rungs.flatMap(({ target, isJudged, verdict, isEscalated }, index) =>
    isJudged
      ? [{ target, isPassed: verdict === 'accepted', isEscalated, score: scores[index] ?? null }]
      : [],
  )
