import type { FaultKind } from '../domain/fault.ts'
import type { Preference } from '../score/scorer.ts'
import type { ArmAnswer, ReplayCase } from './case.ts'
import { answerTextOf } from './compare.ts'
import type { Arms, Compared, Measured } from './measured.ts'

/** What sums need of a pair: that an answer came, not what it said. Samples of a hundred thousand are kept so. */
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

/** Makes sums of pairs; their numbers stand side by side, a third of what objects of their own would take. */
export function openSums(): (measured: Measured) => MeasuredSum {
  let numbers = new Float64Array(0)
  let used = 0
  return (measured) => {
    if (used === numbers.length) {
      numbers = new Float64Array(sumsAtOnce * numbersPerSum)
      used = 0
    }
    const sum = new PackedSum(measured, numbers, used)
    used += numbersPerSum
    return sum
  }
}

const sumsAtOnce = 4096
const armNames = ['baseline', 'again', 'candidate'] as const
/** Cost, latency, first token, output tokens and score; NaN: null. */
const numbersPerArm = 5
const numbersPerSum = 1 + armNames.length * numbersPerArm

class PackedSum implements MeasuredSum {
  readonly why: MeasuredSum['why']
  readonly stratum: MeasuredSum['stratum']
  readonly cluster: string
  readonly change: MeasuredSum['change']
  readonly judged: MeasuredSum['judged']
  readonly judgedRungs: readonly RungSum[]
  /** Of each arm; false: it was not asked. */
  readonly #ends: ArmEnds
  readonly #numbers: Float64Array
  readonly #at: number

  constructor(measured: Measured, numbers: Float64Array, at: number) {
    const { case: each, arms, scores, judged, rungScores } = measured
    this.why = measured.why
    this.stratum = each.stratum
    this.cluster = each.cluster
    this.change = each.change
    this.judged = judged === null ? null : { ...judged, id: each.id }
    const { rungs } = arms.candidate
    this.judgedRungs = rungs.some(({ isJudged }) => isJudged) ? rungsOf(rungs, rungScores) : nothing
    const ends = armNames.map((name) => endOf(arms[name]))
    this.#ends = ends.every((end) => end === answered) ? allAnswered : ends
    this.#numbers = numbers
    this.#at = at
    numbers[at] = orNaN(measured.difference)
    for (const [index, name] of armNames.entries())
      numbers.set(numbersOf(arms[name], scores[name]), at + 1 + index * numbersPerArm)
  }

  get difference(): number | null {
    return orNull(this.#numbers[this.#at])
  }

  get arms(): MeasuredSum['arms'] {
    return {
      baseline: this.#arm(0) as ArmSum,
      again: this.#arm(1),
      candidate: this.#arm(2) as ArmSum,
    }
  }

  #arm(index: number): ArmSum | null {
    const end = this.#ends[index] as ArmEnds[number]
    if (end === notAsked) return null
    const from = this.#at + 1 + index * numbersPerArm
    const [cost, latencyMs, firstTokenMs, outputTokens, score] = this.#numbers
      .subarray(from, from + numbersPerArm)
      .values()
    return {
      costNanoUsd: orNull(cost) as ArmSum['costNanoUsd'],
      latencyMs: latencyMs as number,
      firstTokenMs: orNull(firstTokenMs),
      isAnswered: end.isAnswered,
      fault: end.fault,
      outputTokens: orNull(outputTokens),
      score: orNull(score),
    }
  }
}

type ArmEnd = Pick<ArmSum, 'isAnswered' | 'fault'>
type ArmEnds = readonly (ArmEnd | null)[]

const notAsked = null
const answered: ArmEnd = { isAnswered: true, fault: null }
const allAnswered: ArmEnds = armNames.map(() => answered)
const nothing: readonly never[] = []

function endOf(arm: ArmAnswer | null): ArmEnd | null {
  if (arm === null) return notAsked
  const isAnswered = answerTextOf(arm) !== null
  return isAnswered && arm.fault === null
    ? answered
    : { isAnswered, fault: arm.fault?.kind ?? null }
}

const numbersOf = (arm: ArmAnswer | null, score: number | null): readonly number[] => [
  orNaN(arm?.costNanoUsd),
  orNaN(arm?.latencyMs),
  orNaN(arm?.firstTokenMs),
  orNaN(arm?.usage?.outputTokens),
  orNaN(score),
]

const orNaN = (value: number | null | undefined): number => value ?? Number.NaN
const orNull = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value

const rungsOf = (rungs: ArmAnswer['rungs'], scores: Measured['rungScores']): readonly RungSum[] =>
  rungs.flatMap(({ target, isJudged, verdict, isEscalated }, index) =>
    isJudged
      ? [{ target, isPassed: verdict === 'accepted', isEscalated, score: scores[index] ?? null }]
      : [],
  )
