import type { MaybePromise } from '../domain/world.ts'
import type { PairJudge, Score, Scorer } from '../score/scorer.ts'
import type { ArmAnswer, ReplayCase } from './case.ts'
import type { Arms, Compared } from './measured.ts'

/** How candidate and baseline are compared. */
export type Comparison = {
  /**
   * `expected`: each is held to what a suite expects. `agreement`: candidate, and the log's model asked again, are
   * both held to the logged answer. `preference`: a judge says which of the two is better.
   */
  readonly kind: 'expected' | 'agreement' | 'preference'
  readonly name: string
  /** Not a measurement: similarity, or a judge. */
  readonly isEstimate: boolean
  compare(each: ReplayCase, arms: Arms): Promise<Compared>
}

export const compareWithExpected = (
  scorerOf: (each: ReplayCase) => Scorer,
  name: string,
): Comparison => ({
  kind: 'expected',
  name,
  isEstimate: false,
  async compare(each, { baseline, candidate }) {
    const score = scoreBy(scorerOf(each), each.question, each.expected)
    const [before, after] = [await score(baseline), await score(candidate)]
    return {
      ...differenceOf(before, after, [baseline, candidate]),
      scores: { baseline: before?.value ?? null, again: null, candidate: after?.value ?? null },
      judged: null,
      rungScores: await rungScores(candidate, score),
    }
  },
})

/** Against the logged answer itself the baseline would always be right: it is asked again, and held to it as well. */
export const compareByAgreement = (scorer: Scorer): Comparison => ({
  kind: 'agreement',
  name: scorer.name,
  isEstimate: scorer.isEstimate,
  async compare(each, { baseline, again, candidate }) {
    const score = scoreBy(scorer, each.question, answerTextOf(baseline))
    const before = again === null ? null : await score(again)
    const after = await score(candidate)
    return {
      ...differenceOf(before, after, again === null ? [candidate] : [again, candidate]),
      scores: { baseline: null, again: before?.value ?? null, candidate: after?.value ?? null },
      judged: null,
      rungScores: await rungScores(candidate, score),
    }
  },
})

export const compareByPreference = (judge: PairJudge): Comparison => ({
  kind: 'preference',
  name: judge.name,
  isEstimate: true,
  async compare({ id, question }, { baseline, candidate }) {
    const rungs = candidate.rungs.map(() => null)
    const nothing = { scores: noScores, judged: null, rungScores: rungs, reason: null }
    const [first, second] = [answerTextOf(baseline), answerTextOf(candidate)]
    if (first === null || second === null) return { ...nothing, difference: null, why: 'no-answer' }
    const preference = await judge.prefer({ id, question, baseline: first, candidate: second })
    const { difference, isFlip, parseFailures, reason } = preference
    const why = difference === null ? 'unscored' : null
    return { ...nothing, difference, why, reason, judged: { difference, isFlip, parseFailures } }
  },
})

const noScores = { baseline: null, again: null, candidate: null }

type ScoreAnswer = (arm: Pick<ArmAnswer, 'text' | 'toolCalls'>) => MaybePromise<Score | null>

/** Null where there is no answer. */
const scoreBy =
  (scorer: Scorer, question: string, expected: string | null): ScoreAnswer =>
  (arm) => {
    const answer = answerTextOf(arm)
    return answer === null ? null : scorer.score({ question, answer, expected })
  }

function differenceOf(
  before: Score | null,
  after: Score | null,
  arms: readonly ArmAnswer[],
): Pick<Compared, 'difference' | 'why' | 'reason'> {
  const reason = after?.reason ?? null
  if (arms.some((arm) => answerTextOf(arm) === null)) {
    return { difference: null, why: 'no-answer', reason }
  }
  if (before?.value == null || after?.value == null) {
    return { difference: null, why: 'unscored', reason }
  }
  return { difference: after.value - before.value, why: null, reason }
}

/** An answer as scorers see it: its text, or the tools that it wants called as JSON. */
export function answerTextOf({
  text,
  toolCalls,
}: Pick<ArmAnswer, 'text' | 'toolCalls'>): string | null {
  if (toolCalls.length === 0) return text
  const calls = JSON.stringify(toolCalls)
  return text === null || text === '' ? calls : `${text}\n${calls}`
}

/** Answers that validators judged on the way, held to the same. */
async function rungScores(
  { rungs }: ArmAnswer,
  score: ScoreAnswer,
): Promise<readonly (number | null)[]> {
  const found: (number | null)[] = []
  for (const rung of rungs) {
    const scored = rung.isJudged ? await score(rung) : null
    found.push(scored?.value ?? null)
  }
  return found
}
