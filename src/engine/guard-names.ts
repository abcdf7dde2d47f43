import { isCalendarWord } from './guard-calendar.ts'
import { isUnitWord } from './guard-numbers.ts'
import { wordsOf } from './guard-text.ts'

/**
 * The names of a text: words with a capital inside a sentence, identifiers, addresses, paths, and
 * what stands in quotes; each in lower case between two spaces, sorted. A text in lower case has no
 * capitalised names, nor has one in which nearly every word has a capital: there it says nothing.
 */
export function namesIn(text: string): readonly string[] {
  if (!moreThanWords.test(text)) return []
  const tokens = tokensOf(text)
  const telling = capitalsTell(tokens)
  const names = new Set<string>()
  for (const token of tokens) {
    if (isName(token, telling)) names.add(padded(token.bare.replace(possessive, '')))
  }
  for (const groups of text.matchAll(quoted)) {
    names.add(padded(groups.slice(1).find((inside) => inside !== undefined) ?? ''))
  }
  names.delete(padded(''))
  return [...names].sort()
}

/** Most questions are typed without a capital, a sign of an identifier or a quote. */
const moreThanWords = /[^a-z\s?!,;'-]|(?<![a-z])'|'(?![a-z])/

const padded = (text: string): string => ` ${wordsOf(text).join(' ')} `

const possessive = /'s?$/i
/** Up to this many characters; an apostrophe is a quote only where a word could not go on. */
const quoted =
  /"([^"\n]{1,80})"|“([^”\n]{1,80})”|«([^»\n]{1,80})»|`([^`\n]{1,80})`|(?<=^|[\s(])'([^'\n]{1,80})'(?=$|[\s).,;:!?])/gu

type Token = {
  readonly bare: string
  readonly lower: string
  /** At the start of a text, a line or a sentence, where any word has a capital. */
  readonly opening: boolean
  readonly afterNumber: boolean
}

const sentenceEnd = /[.!?:]["'”’)]?$/

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  let opening = true
  let afterNumber = false
  let last = 0
  for (const match of text.matchAll(/\S+/g)) {
    const [raw] = match
    opening ||= text.slice(last, match.index).includes('\n')
    last = match.index + raw.length
    const bare = withoutEdges(raw)
    if (bare === '') continue
    tokens.push({ bare, lower: bare.toLowerCase(), opening, afterNumber })
    opening = sentenceEnd.test(raw)
    afterNumber = /\d$/.test(bare)
  }
  return tokens
}

const begins = /[\p{L}\p{N}\p{M}\p{Cs}@/~]/u
const ends = /[\p{L}\p{N}\p{M}\p{Cs}+#)]/u

/**
 * By code units, so halves of a pair stay. A loop, as a pattern would try every place of a long row
 * of dashes again.
 */
function withoutEdges(raw: string): string {
  let from = 0
  let to = raw.length
  while (from < to && !begins.test(raw[from] as string)) from++
  while (to > from && !ends.test(raw[to - 1] as string)) to--
  return raw.slice(from, to)
}

/** From this many words on, a text with more capitals than this share writes titles or shouts. */
const wordsToTell = 4
const mostCapitals = 0.75

function capitalsTell(tokens: readonly Token[]): boolean {
  const words = tokens.filter(({ bare }) => /^\p{L}/u.test(bare))
  const capitals = words.filter(hasCapital).length
  return words.length < wordsToTell || capitals <= mostCapitals * words.length
}

const hasCapital = ({ bare, lower }: Token): boolean => bare.codePointAt(0) !== lower.codePointAt(0)

const notNames = /^(?:i|i'\p{L}+|ok|okay|am|pm|yes|no|not|never|\p{L}+n't)$/u
/** Longer runs without a space are keys, paths or encoded data. */
const longestWord = 100

function isName(token: Token, telling: boolean): boolean {
  const { bare, lower } = token
  if (bare.length > longestWord) return true
  if (notNames.test(lower) || isCalendarWord(lower)) return false
  if (token.afterNumber && isUnitWord(lower)) return false
  if (isIdentifier(bare)) return true
  if (!telling) return false
  return isWrittenAsIdentifier(bare) || (hasCapital(token) && !token.opening)
}

/**
 * By its signs, in any case: user@host, snake_case, a::b, call(), /path, ~/path, file.ext, https://…,
 * C#, and letters followed by digits.
 */
const isIdentifier = (bare: string): boolean =>
  /[@_\\]|::|:\/\/|\(\)$|^[/~].|\p{L}{2}\.\p{L}{2}|\p{L}[+#]+$|^\p{L}[\p{L}-]*\d/u.test(bare)

/** By its capitals: camelCase, iPhone, and two capitals or more without a small letter. */
const isWrittenAsIdentifier = (bare: string): boolean =>
  /\p{Ll}\p{Lu}/u.test(bare) || (/\p{Lu}.*\p{Lu}/u.test(bare) && !/\p{Ll}/u.test(bare))
