import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import { randomFrom } from '../stats/random.ts'
import { compileTemplate } from './fill-template.ts'
import { pairWordIn, readReply } from './judge-reply.ts'
import { defaultPairTemplate, pairInstructions } from './judge-templates.ts'
import type { AskJudge, JudgePrompt, PairJudge, Preference, ScoredPair } from './scorer.ts'

export type PairJudgeOptions = {
  /** As the report names it: "judge:gpt-5-mini". */
  readonly name: string
  readonly ask: AskJudge
  /** A user's own words, with {question}, {a} and {b}. */
  readonly template?: string
  /** Draws, with the pair's id, which answer is shown first in the first of the two orders. */
  readonly seed: string
}

/**
 * A judge of pairs, asked in both orders. The same winner in both decides; another place, another winner is a flip and
 * counts as a tie, as do a tie in either order and, without asking, the same answer twice. Where one of the two verdicts
 * cannot be read or does not come, the other decides nothing: the preference is null, since a tie would count in favour
 * of "no worse". Throws a UserError for a template without its placeholders.
 */
export function openPairJudge({ name, ask, template, seed }: PairJudgeOptions): PairJudge {
  const fill = compileTemplate(template ?? defaultPairTemplate, ['question', 'a', 'b'])
  const askOnce = async (pair: ScoredPair, isCandidateFirst: boolean): Promise<OneVerdict> => {
    const { question, baseline, candidate } = pair
    const [a, b] = isCandidateFirst ? [candidate, baseline] : [baseline, candidate]
    const { text, costNanoUsd } = await ask({
      system: pairInstructions,
      user: fill({ question, a, b }),
    })
    const reply = readReply(text ?? '', pairWordIn)
    if (reply === null) return { difference: null, reasons: null, costNanoUsd }
    const inFavourOfA = isCandidateFirst ? 1 : -1
    const difference = { A: inFavourOfA, B: -inFavourOfA, tie: 0 }[reply.said] as -1 | 0 | 1
    const who = isCandidateFirst
      ? 'A is the candidate, B the baseline'
      : 'A is the baseline, B the candidate'
    const reasons = reply.reasons === null ? null : `${who}: ${reply.reasons}`
    return { difference, reasons, costNanoUsd }
  }
  return {
    name,
    async prefer(pair) {
      if (pair.baseline === pair.candidate) return sameAnswer
      const isCandidateFirst = randomFrom(`${seed}\n${pair.id}`)() < 0.5
      const first = await askOnce(pair, isCandidateFirst)
      return preferenceOf(first, await askOnce(pair, !isCandidateFirst))
    },
  }
}

/** What a judge of pairs is asked by default in one of the two orders; the other is as long. */
export const pairPrompt = ({ question, baseline, candidate }: ScoredPair): JudgePrompt => ({
  system: pairInstructions,
  user: fillDefault({ question, a: candidate, b: baseline }),
})

const fillDefault = compileTemplate(defaultPairTemplate, ['question', 'a', 'b'])

/** Nobody need be paid to say so. */
const sameAnswer: Preference = {
  difference: 0,
  isFlip: false,
  parseFailures: 0,
  reason: 'the same answer, word for word',
  costNanoUsd: zeroNanoUsd,
}

type OneVerdict = {
  /** Null: unreadable. */
  readonly difference: -1 | 0 | 1 | null
  readonly reasons: string | null
  readonly costNanoUsd: NanoUsd
}

function preferenceOf(first: OneVerdict, second: OneVerdict): Preference {
  const verdicts = [first.difference, second.difference]
  const parseFailures = verdicts.filter((each) => each === null).length
  const isSame = first.difference === second.difference
  const isDecided = parseFailures === 0 && !verdicts.includes(0)
  return {
    difference: parseFailures > 0 ? null : isSame ? first.difference : 0,
    isFlip: isDecided && !isSame,
    parseFailures,
    reason: first.reasons ?? second.reasons,
    costNanoUsd: (first.costNanoUsd + second.costNanoUsd) as NanoUsd,
  }
}
