/** What near repeats are judged by. */
export type Fingerprint = {
  /**
   * Lower-case words between single spaces, without punctuation at their ends; '' of nothing but
   * punctuation.
   */
  readonly normalised: string
  /** Numbers, names and negations in order: texts that differ in it mean different things. */
  readonly guard: string
}

/**
 * The fingerprints of a collection, made together because a name is told from how the others write
 * the word.
 */
export class Fingerprints {
  readonly all: readonly Fingerprint[]

  constructor(texts: readonly string[]) {
    const split = texts.map(wordsOf)
    const names = namesAmong(split)
    this.all = split.map((words) => ({
      normalised: words.map((word) => word.lower).join(' '),
      guard: words.map((word) => guardOf(word.lower, names)).join(''),
    }))
  }
}

type Word = {
  readonly lower: string
  readonly capital: boolean
  /** At the start of a text, a line or a sentence, where any word has a capital. */
  readonly opening: boolean
}

const nonSpace = /\S+/g
const edge = new Set('.,!?;:"\'“”‘’«»…()[]{}*_`')

function wordsOf(text: string): readonly Word[] {
  const words: Word[] = []
  let opening = true
  let end = 0
  for (const match of text.normalize('NFKC').matchAll(nonSpace)) {
    const [raw] = match
    opening ||= match.input.slice(end, match.index).includes('\n')
    end = match.index + raw.length
    const bare = trimEdges(raw)
    if (bare !== '') {
      const lower = bare.toLowerCase()
      words.push({ lower, capital: isCapital(bare, lower), opening })
    }
    opening = sentenceEnd.test(raw)
  }
  return words
}

const sentenceEnd = /[.!?:]["'”’)]?$/

function trimEdges(raw: string): string {
  let from = 0
  let to = raw.length
  while (from < to && edge.has(raw[from] as string)) from++
  while (to > from && edge.has(raw[to - 1] as string)) to--
  return raw.slice(from, to)
}

const isCapital = (word: string, lower: string): boolean =>
  word.codePointAt(0) !== lower.codePointAt(0) && !/^i(?:['’]|$)/.test(lower)

/**
 * Words written with a capital no less often than without, openings apart; and words never seen
 * without one. So "paris" is a name in every spelling once half the texts write "Paris", and
 * "Please" is none.
 */
function namesAmong(texts: readonly (readonly Word[])[]): ReadonlySet<string> {
  const balance = new Map<string, number>()
  const seenSmall = new Set<string>()
  const candidates = new Set<string>()
  for (const words of texts)
    for (const word of words) {
      if (word.capital) candidates.add(word.lower)
      else seenSmall.add(word.lower)
      if (!word.opening)
        balance.set(word.lower, (balance.get(word.lower) ?? 0) + (word.capital ? 1 : -1))
    }
  const isName = (word: string): boolean => !seenSmall.has(word) || (balance.get(word) ?? -1) >= 0
  return new Set([...candidates].filter(isName))
}

const numberWords = new Set(
  'two three four five six seven eight nine ten eleven twelve hundred thousand million'.split(' '),
)
const negations = new Set(
  'no not never none nothing neither nor without cannot dont doesnt didnt cant wont isnt arent'.split(
    ' ',
  ),
)
const digit = /\p{N}/u
const contractedNot = /n['’]t$/

function guardOf(word: string, names: ReadonlySet<string>): string {
  if (negations.has(word) || contractedNot.test(word)) return '\u0000not'
  return digit.test(word) || numberWords.has(word) || names.has(word) ? `\u0000${word}` : ''
}
