import { calendarWords, datesIn, relativeDaysIn } from './guard-calendar.ts'
import { anyOf, kindsIn, wordEnd, wordStart } from './guard-patterns.ts'

/**
 * The numbers and dates of a text. A word like "one" or "second" may mean a number or not, so of 1
 * and 2 there is a least and a greatest count.
 */
export type NumberFacts = {
  /** All but 1 and 2, sorted, between spaces. */
  readonly values: string
  readonly ones: Count
  readonly twos: Count
  /** What its numbers count, morning or afternoon, and which day; '' where it does not say. */
  readonly unit: string
  readonly clock: string
  readonly day: string
}

type Count = { readonly least: number; readonly most: number }

/** Whether two texts cannot mean the same numbers. */
export function numbersDiffer(a: NumberFacts, b: NumberFacts): boolean {
  return (
    a.values !== b.values ||
    apart(a.ones, b.ones) ||
    apart(a.twos, b.twos) ||
    contradict(a.unit, b.unit) ||
    contradict(a.clock, b.clock) ||
    contradict(a.day, b.day)
  )
}

const apart = (a: Count, b: Count): boolean => a.least > b.most || b.least > a.most
const contradict = (a: string, b: string): boolean => a !== b && a !== '' && b !== ''

const none: Count = { least: 0, most: 0 }
const noNumbers: NumberFacts = { values: '', ones: none, twos: none, unit: '', clock: '', day: '' }

/** Reads the numbers of a text in lower case; `words` are its words. */
export function numbersIn(lower: string, words: readonly string[]): NumberFacts {
  const hasDigits = /\d/.test(lower)
  if (!hasDigits && !words.some((word) => signs.has(word))) return noNumbers
  const { sure, ones, twos } = countsIn(lower)
  const values = [...sure, ...datesIn(lower)]
  const least = (number: string) => values.filter((value) => value === number).length
  const others = values.filter((value) => value !== '1' && value !== '2')
  return {
    values: others.sort().join(' '),
    ones: { least: least('1'), most: least('1') + ones },
    twos: { least: least('2'), most: least('2') + twos },
    unit: hasDigits ? kindsIn(lower, unitForm, unitKinds) : '',
    clock: hasDigits ? kindsIn(lower, clockForm, {}) : '',
    day: relativeDaysIn(lower),
  }
}

const smallWords = [
  'zero one two three four five six seven eight nine ten eleven twelve thirteen',
  'fourteen fifteen sixteen seventeen eighteen nineteen',
].flatMap((line) => line.split(' '))
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')
const ordinals = 'third fourth fifth sixth seventh eighth ninth tenth'.split(' ')
const longScales: Readonly<Record<string, number>> = {
  hundred: 1e2,
  thousand: 1e3,
  million: 1e6,
  billion: 1e9,
}
const shortScales: Readonly<Record<string, number>> = { k: 1e3, mn: 1e6, bn: 1e9 }
const maybeOne = ['one', 'first']
const maybeTwo = 'second'

const wordValues: ReadonlyMap<string, number> = new Map([
  ...smallWords.map((word, value) => [word, value] as const),
  ...tens.map((word, i) => [word, 20 + 10 * i] as const),
  ...ordinals.map((word, i) => [word, 3 + i] as const),
  ...Object.entries(longScales),
])

/** A text without digits and without one of these words has no numbers. */
const signs: ReadonlySet<string> = new Set([
  ...wordValues.keys(),
  ...maybeOne,
  maybeTwo,
  ...calendarWords,
])

/** Thousands apart by comma, space, apostrophe or underscore; else digits joined by points or commas. */
const digitsForm = "\\d{1,3}(?:[,' _]\\d{3})+(?!\\d)(?:\\.\\d+)?|\\d+(?:[.,]\\d+)*"
const wordForm = [
  `${anyOf(tens)}[- ]${anyOf(smallWords.slice(1, 10))}`,
  ...wordValues.keys(),
  ...maybeOne,
  maybeTwo,
].join('|')
const scaleForm = `(?<short>${anyOf(Object.keys(shortScales))})|[ -]?(?<long>${anyOf(Object.keys(longScales))})`
const numberForm = new RegExp(
  `(?:(?<digits>${digitsForm})|${wordStart}(?<word>${wordForm})${wordEnd})(?:(?:${scaleForm})${wordEnd})?`,
  'gu',
)

/** The numbers for sure, and how many words may be a one or a two. */
function countsIn(lower: string) {
  const sure: string[] = []
  let ones = 0
  let twos = 0
  for (const match of lower.matchAll(numberForm)) {
    if (maybeOne.includes(match[0])) ones++
    else if (match[0] === maybeTwo) twos++
    else sure.push(numberOf(match))
  }
  return { sure, ones, twos }
}

function numberOf(match: RegExpMatchArray): string {
  const { word, short = '', long = '' } = match.groups ?? {}
  const value = word === undefined ? ofDigits(match) : ofWord(word)
  const factor = shortScales[short] ?? longScales[long]
  return factor === undefined ? value : String(Number(value) * factor)
}

const ofWord = (word: string): string =>
  String(word.split(/[- ]/).reduce((sum, part) => sum + (wordValues.get(part) ?? 0), 0))

const grouped = /^\d{1,3}(?:[,' _]\d{3})+(?:\.\d+)?$/
const simple = /^(\d+)(?:[.,](\d+))?$/
/** A sign, not the dash of "10-20" or of a list. */
const signBefore = /(?:^|[\s(=:])[-\u2212]$/

/**
 * 1,000 is 1000 and 5.00 is 5; but 3.10 stays what it is, which as a version is not 3.1, and 1.000,
 * which is a thousand for some.
 */
function ofDigits({ groups, index = 0, input = '' }: RegExpMatchArray): string {
  const digits = groups?.['digits'] ?? ''
  const sign = signBefore.test(input.slice(Math.max(0, index - 2), index)) ? '-' : ''
  const plain = grouped.test(digits) ? digits.replace(/[,' _]/g, '') : digits
  const parts = simple.exec(plain)
  if (parts === null) return sign + plain
  const whole = (parts[1] ?? '').replace(/^0+(?=\d)/, '')
  const fraction = parts[2] ?? ''
  const round = /^0*$/.test(fraction) && fraction.length !== 3
  return sign + (round ? whole : `${whole}.${fraction}`)
}

const unitKinds: Readonly<Record<string, string>> = {
  percent: '%',
  $: 'usd',
  dollar: 'usd',
  dollars: 'usd',
  '€': 'eur',
  euro: 'eur',
  euros: 'eur',
  '£': 'gbp',
  '¥': 'jpy',
  yen: 'jpy',
  '₹': 'inr',
  rupees: 'inr',
}
const unitWords = 'percent dollars dollar euros euro yen rupees usd eur gbp jpy inr chf cad aud'
const unitWord = anyOf(unitWords.split(' '))
const unitForm = new RegExp(
  [
    '[$€£¥₹](?= ?\\d)',
    '(?<=\\d ?)[%$€£¥₹]',
    `(?<=\\d ?)${unitWord}${wordEnd}`,
    `${wordStart}${unitWord}(?= ?\\d)`,
  ].join('|'),
  'gu',
)
const clockForm = new RegExp(`(?<=\\d ?)[ap]m${wordEnd}`, 'gu')

const wholeUnitWord = new RegExp(`^${unitWord}$`)
/** Whether a lower-case word says what the number beside it counts. */
export const isUnitWord = (lower: string): boolean => wholeUnitWord.test(lower)
