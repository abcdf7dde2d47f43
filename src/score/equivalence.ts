import { guardFacts, guardPair } from '../engine/guards.ts'
import type { GuardName } from '../policy/caching.ts'
import { normalised, sameJson } from './same-answer.ts'
import type { Judgement } from './verdict.ts'

/** An answer as a log has it; null where the log has none. */
export type GivenAnswer = {
  readonly text: string | null
  /** The class or id that the log states; two labels decide by themselves. */
  readonly label: string | null
}

/** The cosine of two answers; null where a text has no vector. */
export type Similarity = (a: string, b: string) => number | null

/** Changes whenever this ladder could judge a pair otherwise. */
export const ladderVersion = 'ladder-1'

/** At least this alike is right; docs/decisions says what it was chosen on, as of the other two. */
export const rightFrom = 0.95
/** Less alike than this is wrong. */
export const wrongBelow = 0.35
/** In longer answers a number or a name more or less is no sign of a different answer. */
export const longestDecisiveWords = 40

/**
 * Judges an answer that a cache would have served by the one that was really given: equal labels;
 * else identical, identical but for case, spacing and closing marks, or equal as JSON → right;
 * another number, date, name or negation → wrong in short answers and in those otherwise alike;
 * else by similarity. What it says without labels is an estimate. Symmetric.
 */
export function verdictOf(
  served: GivenAnswer,
  own: GivenAnswer,
  options: { readonly similarity?: Similarity } = {},
): Judgement {
  if (served.label !== null && own.label !== null) {
    return { verdict: served.label === own.label ? 'right' : 'wrong', rung: 'label' }
  }
  if (served.text === null || own.text === null) return unsettled
  if (served.text === own.text) return { verdict: 'right', rung: 'identical' }
  if (normalised(served.text) === normalised(own.text)) {
    return { verdict: 'right', rung: 'normalised' }
  }
  if (sameJson(served.text, own.text)) return { verdict: 'right', rung: 'json' }
  return byContent(served.text, own.text, options.similarity)
}

const unsettled: Judgement = { verdict: 'unsettled', rung: null }

function byContent(served: string, own: string, similarity: Similarity | undefined): Judgement {
  const guard = differenceOf(served, own)
  if (guard !== null && isShort(served) && isShort(own)) return wrongBy(guard)
  const alike = similarity?.(served, own) ?? null
  if (alike === null) return unsettled
  if (alike < wrongBelow) return { verdict: 'wrong', rung: 'similarity' }
  if (alike < rightFrom) return unsettled
  return guard === null ? { verdict: 'right', rung: 'similarity' } : wrongBy(guard)
}

const wrongBy = (guard: GuardName): Judgement => ({ verdict: 'wrong', rung: 'guard', guard })

/** Order is no guard here: the same words otherwise arranged are mostly the same answer. */
const answerGuards = ['numbers', 'names', 'negation'] as const
/** The numbers of a list are not what it says. */
const listMarker = /^\s*\d+[.)]\s/gm

const differenceOf = (a: string, b: string): GuardName | null =>
  guardPair(
    guardFacts(a.replace(listMarker, '')),
    guardFacts(b.replace(listMarker, '')),
    answerGuards,
  )

const isShort = (text: string): boolean =>
  text.trim().split(/\s+/, longestDecisiveWords + 1).length <= longestDecisiveWords
