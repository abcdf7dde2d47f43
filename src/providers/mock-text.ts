import { parsedOf } from '../domain/json.ts'
import type { Random } from '../stats/random.ts'

/** Words of made-up right answers; no wrong answer has any of them. */
export const rightWords = (
  'the answer is clear because every step follows from one before it and both sides agree on what was asked ' +
  'so this result stands as given with its reason'
).split(' ')

/** Words of wrong answers. For every letter there are some without it. */
export const wrongWords = (
  'zigzag turnip mumble pickle wobble fjord lynx gloomy trumpet jumbled kiwi quartz hiccup swamp bungle vex ' +
  'plinth dizzy murky oblong cactus howl nymph bazooka'
).split(' ')

/** About so many tokens of text, by the mock's own count, one word at least. */
export function wordsOf(vocabulary: readonly string[], tokens: number, random: Random): string {
  const words: string[] = []
  const bytes = tokens * 4
  for (let length = -1; length < bytes; ) {
    const word = vocabulary[Math.floor(random() * vocabulary.length)] ?? ''
    words.push(word)
    length += word.length + 1
  }
  const text = words.join(' ')
  // Cut between words: half a word is one that nobody listed.
  const end = text.lastIndexOf(' ', bytes)
  return text.length <= bytes || end <= 0 ? text : text.slice(0, end)
}

/**
 * An answer in place of `expected` that no comparison with it passes, be it exact, normalised, by number, by JSON, or
 * by what it contains (unless the expected text is blank or bare punctuation): another label, another number, JSON of
 * another shape, or words that the expected text does not have.
 */
export function wrongAnswer(expected: string, tokens: number, random: Random): string {
  const text = expected.trim()
  const label = otherLabel(text, random)
  if (label !== null) return label
  const number = otherNumber(text)
  if (number !== null) return number
  const words = wordsOf(wordsApartFrom(text), tokens, random)
  return parsedOf(text) === undefined ? words : JSON.stringify({ jumbled: words })
}

/** Wrong words that neither occur in a text nor contain it. */
function wordsApartFrom(text: string): readonly string[] {
  const small = text.toLowerCase()
  const apart = wrongWords.filter((word) => !word.includes(small) && !small.includes(word))
  return apart.length > 0 ? apart : ['#']
}

const opposites: Readonly<Record<string, string>> = {
  yes: 'no',
  no: 'yes',
  true: 'false',
  false: 'true',
}

function otherLabel(text: string, random: Random): string | null {
  const small = text.toLowerCase()
  const opposite = Object.hasOwn(opposites, small) ? opposites[small] : undefined
  if (opposite !== undefined) return text === small ? opposite : capitalised(opposite)
  if (!/^[A-Ea-e]$/.test(text)) return null
  const others = [...'abcde'].filter((letter) => letter !== small)
  const letter = others[Math.floor(random() * others.length)] ?? ''
  return text === small ? letter : letter.toUpperCase()
}

const capitalised = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`

/** A number at least twice as far away as it is large, in digits that do not contain it. */
function otherNumber(text: string): string | null {
  if (!/^-?\d+(?:\.\d+)?$/.test(text)) return null
  const value = Number(text)
  if (Math.abs(value) > 1e12) return null
  for (let step = 1; step <= 20; step++) {
    const other = String(Math.round(value + 2 * Math.abs(value)) + 7 * step)
    if (!other.includes(text)) return other
  }
  return null
}
