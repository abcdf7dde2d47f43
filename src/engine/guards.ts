import type { GuardName } from '../policy/caching.ts'
import { namesIn } from './guard-names.ts'
import { isNegated } from './guard-negation.ts'
import { type NumberFacts, numbersDiffer, numbersIn } from './guard-numbers.ts'
import { plainText, wordsOf } from './guard-text.ts'

/** What the guards judge a text by, made once per text. */
export type GuardFacts = {
  readonly numbers: NumberFacts
  /** Each between spaces and in words as `words` has them. */
  readonly names: readonly string[]
  readonly negated: boolean
  /** Lower-case words in order, each between two spaces; no courtesies. */
  readonly words: string
  /** Equal for equal words in any order. */
  readonly bag: number
}

/** Reads a text for the guards; the cost grows with its length alone. */
export function guardFacts(text: string): GuardFacts {
  const plain = plainText(text)
  const lower = plain.toLowerCase()
  const words = wordsOf(plain)
  return {
    numbers: numbersIn(lower, words),
    names: namesIn(plain),
    negated: isNegated(lower, words),
    words: ` ${words.join(' ')} `,
    bag: bagOf(words),
  }
}

/**
 * The guard that says why two texts must not share an answer, or null where none of those given
 * does. Symmetric. Of several the first of order, numbers, names, negation is named.
 */
export function guardPair(
  a: GuardFacts,
  b: GuardFacts,
  guards: readonly GuardName[],
): GuardName | null {
  if (a.words !== b.words && a.bag === b.bag && guards.includes('order')) return 'order'
  if (guards.includes('numbers') && numbersDiffer(a.numbers, b.numbers)) return 'numbers'
  if (guards.includes('names') && namesDiffer(a, b)) return 'names'
  if (a.negated !== b.negated && guards.includes('negation')) return 'negation'
  return null
}

/**
 * A name of one that the other does not have in any spelling: whoever types all in lower case still
 * names Paris.
 */
function namesDiffer(a: GuardFacts, b: GuardFacts): boolean {
  return isMissing(a.names, b.words) || isMissing(b.names, a.words)
}

function isMissing(names: readonly string[], words: string): boolean {
  for (const name of names) if (!words.includes(name)) return true
  return false
}

/**
 * Sums the words' hashes, so that order does not matter: two 32-bit FNV-1a lanes, of which a double
 * holds 53 bits.
 */
function bagOf(words: readonly string[]): number {
  let low = 0
  let high = 0
  for (const word of words) {
    low = (low + hashOf(word, 0x811c9dc5)) | 0
    high = (high + hashOf(word, 0x01000193)) | 0
  }
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0)
}

/** FNV-1a with the finaliser of MurmurHash3, from a start of one's own. */
function hashOf(word: string, start: number): number {
  let hash = start
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
