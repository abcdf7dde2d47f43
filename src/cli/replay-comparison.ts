import { zeroNanoUsd } from '../domain/money.ts'
import { askText } from '../replay/ask-text.ts'
import type { Asker } from '../replay/asker.ts'
import type { ReplayCase } from '../replay/case.ts'
import {
  type Comparison,
  compareByAgreement,
  compareByPreference,
  compareWithExpected,
} from '../replay/compare.ts'
import type { Similarity } from '../score/equivalence.ts'
import { openPairJudge } from '../score/pair-judge.ts'
import type { AskJudge, Scorer } from '../score/scorer.ts'
import { parseScorer, type ScorerMeans } from '../score/scorers.ts'
import { readText } from './read-text.ts'
import type { ReplayFlags } from './replay-flags.ts'
import { isJudgedByPeople } from './replay-people.ts'
import { runProgram } from './run-program.ts'

export type ReplayComparison = {
  readonly comparison: Comparison
  /** The judge's target, and how often it is asked for a case; null: no model judges. */
  readonly judge: { readonly target: string; readonly calls: number } | null
  /** The model that judges answers to a case; null: none. Throws a UserError where it names a scorer that is none. */
  readonly judgeOf: (each: ReplayCase) => string | null
}

export type ComparisonJob = {
  readonly flags: ReplayFlags
  readonly asker: Asker
  readonly similarity: Similarity
  /** Draws the order in which a judge sees two answers. */
  readonly seed: string
}

/** For logs the whole ladder of answers, for suites what most of them mean. */
const usualScorer = { log: 'equivalent', suite: 'normalised' } as const

/** Two orders of a pair, or two answers that are graded. */
const judgeCalls = 2

/** People say which is better, when all is answered. */
const byPeople = compareByPreference({
  name: 'people',
  prefer: () => ({
    difference: null,
    isFlip: false,
    parseFailures: 0,
    reason: null,
    costNanoUsd: zeroNanoUsd,
  }),
})

/** How the flags want answers compared: by a judge of pairs or by people, else by a scorer. */
export function comparisonOf(job: ComparisonJob): ReplayComparison {
  const { flags, asker, seed } = job
  const template = flags.judgePrompt === undefined ? undefined : templateOf(flags.judgePrompt)
  if (flags.judge !== undefined) {
    const judge = openPairJudge({
      name: `judge:${flags.judge}`,
      ask: judgeOf(asker)(flags.judge),
      seed,
      ...(template !== undefined && { template }),
    })
    return {
      comparison: compareByPreference(judge),
      judge: { target: flags.judge, calls: judgeCalls },
      judgeOf: () => flags.judge ?? null,
    }
  }
  if (isJudgedByPeople(flags)) return { comparison: byPeople, judge: null, judgeOf: () => null }
  const isSuite = flags.suite !== undefined
  const name = flags.scorer ?? usualScorer[isSuite ? 'suite' : 'log']
  const means = meansOf(job, template)
  const scorer = parseScorer(name, means)
  const scorerOf = scorersOf(scorer, means)
  const target = judgeIn(name)
  return {
    comparison: isSuite ? compareWithExpected(scorerOf, name) : compareByAgreement(scorer),
    judge: target === undefined ? null : { target, calls: judgeCalls },
    judgeOf(each) {
      scorerOf(each)
      return judgeIn(each.scorer ?? name) ?? null
    },
  }
}

const judgeIn = (scorer: string): string | undefined => /^judge:(.+)$/.exec(scorer)?.[1]

/** A suite's rows may name scorers of their own. */
function scorersOf(usual: Scorer, means: ScorerMeans) {
  const known = new Map<string, Scorer>()
  return ({ scorer: name }: { readonly scorer: string | null }): Scorer => {
    if (name === null) return usual
    const scorer = known.get(name) ?? parseScorer(name, means)
    known.set(name, scorer)
    return scorer
  }
}

const meansOf = (
  { asker, similarity }: ComparisonJob,
  gradeTemplate: string | undefined,
): ScorerMeans => ({
  readFile: (path) => readText(path, 'the file that a scorer names'),
  similarity,
  run: runProgram,
  judgeOf: judgeOf(asker),
  ...(gradeTemplate !== undefined && { gradeTemplate }),
})

/** A judge gives its reasons first: enough for those, and for a model that thinks. */
const judgeOutputTokens = 2_000

const judgeOf =
  (asker: Asker) =>
  (target: string): AskJudge =>
  ({ system, user }) =>
    askText(asker, { target, system, user, maxOutputTokens: judgeOutputTokens })

const templateOf = (path: string): string => readText(path, 'a template for the judge')
