import { rightFromScore } from '../domain/measurement.ts'
import type { Interval } from '../domain/report.ts'
import { clopperPearson, clopperPearsonUpper } from '../stats/intervals.ts'
import type { MeasuredSum } from './measured-sum.ts'

/** How a rung's validators did, against whether its answers were right. */
export type ValidatorRates = {
  readonly target: string
  /** Answers that were judged and scored. */
  readonly answers: number
  /** Of wrong answers, those let through. */
  readonly falsePass: Rate
  /** Of right answers, those sent up for nothing. */
  readonly falseFail: Rate
}

export type Rate = {
  readonly count: number
  readonly of: number
  /** Null where there was none. */
  readonly rate: number | null
  readonly interval: Interval | null
  /** With 95 % confidence it is not above this. */
  readonly upperBound: number
}

export function validatorRates(measured: readonly MeasuredSum[]): readonly ValidatorRates[] {
  const judged = measured.flatMap(judgedAnswers)
  const targets = [...new Set(judged.map(({ target }) => target))].sort()
  return targets.map((target) => {
    const own = judged.filter((each) => each.target === target)
    const right = own.filter(({ isRight }) => isRight)
    const wrong = own.filter(({ isRight }) => !isRight)
    return {
      target,
      answers: own.length,
      falsePass: rateOf(wrong.filter(({ isPassed }) => isPassed).length, wrong.length),
      falseFail: rateOf(right.filter(({ isPassed }) => !isPassed).length, right.length),
    }
  })
}

type JudgedAnswer = {
  readonly target: string
  readonly isRight: boolean
  readonly isPassed: boolean
}

const judgedAnswers = ({ judgedRungs }: MeasuredSum): readonly JudgedAnswer[] =>
  judgedRungs.flatMap(({ target, isPassed, score }) =>
    score === null ? [] : [{ target, isRight: score >= rightFromScore, isPassed }],
  )

function rateOf(count: number, of: number): Rate {
  const proportion = { successes: count, trials: of }
  return {
    count,
    of,
    rate: of === 0 ? null : count / of,
    interval: of === 0 ? null : clopperPearson(proportion),
    upperBound: clopperPearsonUpper(proportion),
  }
}
