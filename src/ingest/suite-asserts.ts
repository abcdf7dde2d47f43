import { firstText, isObject, type Json, type JsonObject, numberOf } from '../domain/json.ts'
import {
  allPattern,
  anyCasePattern,
  anyPattern,
  literalPattern,
  noPattern,
} from './suite-pattern.ts'
import type { SuiteRow } from './suite-row.ts'

/** What the assertions of a promptfoo test come to. */
export type Held = Pick<SuiteRow, 'expected' | 'scorer'> & {
  /** What could not be taken over, a sentence each. */
  readonly reasons: readonly string[]
}

/** One assertion as a scorer; a sentence where there is none for it. */
type Mapped =
  | {
      readonly scorer: string
      readonly expected: string | null
      /** The same as a regular expression; null where it is none. */
      readonly pattern: string | null
    }
  | string

/**
 * Assertions as what one scorer can say: several that are patterns become one pattern, else the first counts and the
 * others are named.
 */
export function heldTo(asserts: readonly Json[]): Held {
  const reasons: string[] = []
  const mapped: Exclude<Mapped, string>[] = []
  for (const each of asserts.flatMap(flat)) {
    const one = mapAssert(each)
    if (typeof one === 'string') reasons.push(one)
    else mapped.push(one)
  }
  const [first, ...others] = mapped
  if (first === undefined) return { expected: null, scorer: null, reasons }
  if (others.length === 0) return { expected: first.expected, scorer: first.scorer, reasons }
  const patterns = mapped.flatMap(({ pattern }) => pattern ?? [])
  // Groups are numbered anew where patterns are put together.
  const isOne = patterns.length === mapped.length && !patterns.some((each) => /\\[1-9k]/.test(each))
  if (isOne) return { expected: null, scorer: `regex:${allPattern(patterns)}`, reasons }
  const left = others.map(
    ({ scorer }) => `${nameOf(scorer)}: only the first assertion counts, ${nameOf(first.scorer)}`,
  )
  return { expected: first.expected, scorer: first.scorer, reasons: [...reasons, ...left] }
}

const nameOf = (scorer: string): string => scorer.split(':')[0] ?? scorer

/** A set of assertions is taken as if all of them stood alone. */
const flat = (value: Json): readonly Json[] =>
  isObject(value) && value['type'] === 'assert-set' && Array.isArray(value['assert'])
    ? (value['assert'] as readonly Json[])
    : [value]

function mapAssert(value: Json): Mapped {
  if (!isObject(value)) return 'an assertion is no mapping'
  const type = firstText(value['type'])
  if (type === undefined) return 'an assertion has no type'
  if (typeof value['value'] === 'string' && value['value'].startsWith('file://')) {
    return `${type}: its value is in another file`
  }
  const [, not, plain = ''] = /^(not-)?(.*)$/s.exec(type) ?? []
  const pattern = patternOf(plain, value)
  if (pattern !== null && !isPattern(pattern)) return `${type}: "${pattern}" is no pattern here`
  if (not !== undefined) return mapNegated(plain, pattern)
  if (plain === 'equals') return mapEquals(value['value'])
  if (plain === 'contains' && pattern !== null) {
    return { scorer: 'contains', expected: textFrom(value['value']), pattern }
  }
  if (pattern !== null) return { scorer: `regex:${pattern}`, expected: null, pattern }
  return mapOther(plain, value)
}

/** Other languages have flags and groups that JavaScript has not. */
function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}

function mapNegated(type: string, pattern: string | null): Mapped {
  if (pattern === null) return `not-${type}: no scorer says so`
  const none = noPattern(pattern)
  return { scorer: `regex:${none}`, expected: null, pattern: none }
}

function mapEquals(value: Json | undefined): Mapped {
  if (value == null) return 'equals: it has no value'
  if (typeof value === 'object') {
    return { scorer: 'json', expected: JSON.stringify(value), pattern: null }
  }
  const expected = String(value)
  return { scorer: 'exact', expected, pattern: `^${literalPattern(expected)}$` }
}

/** What a pattern can say as well. */
function patternOf(type: string, { value }: JsonObject): string | null {
  const texts = (Array.isArray(value) ? value : [value]).flatMap((each) => firstText(each) ?? [])
  const [text] = texts
  if (text === undefined) return null
  // promptfoo also takes a list as one text, its parts between commas.
  const list = Array.isArray(value) ? texts : text.split(',').map((each) => each.trim())
  switch (type) {
    case 'contains':
      return literalPattern(text)
    case 'icontains':
      return anyCasePattern(text)
    case 'starts-with':
      return `^${literalPattern(text)}`
    case 'regex':
      return text
    case 'contains-any':
      return anyPattern(list.map(literalPattern))
    case 'icontains-any':
      return anyPattern(list.map(anyCasePattern))
    case 'contains-all':
      return allPattern(list.map(literalPattern))
    case 'icontains-all':
      return allPattern(list.map(anyCasePattern))
    default:
      return null
  }
}

/** promptfoo's own, where a test names none. */
const usualSimilarity = 0.75

function mapOther(type: string, assert: JsonObject): Mapped {
  const { value } = assert
  if (type === 'is-json') {
    return value == null
      ? { scorer: 'json', expected: null, pattern: null }
      : 'is-json: put its schema into a file and name it as the scorer schema:FILE'
  }
  const expected = value == null ? null : textFrom(value)
  if (type === 'similar' && expected !== null) {
    const least = numberOf(assert['threshold']) ?? usualSimilarity
    return { scorer: `similarity:${least}`, expected, pattern: null }
  }
  if (judged.has(type) && expected !== null) {
    const judge = firstText(assert['provider'])
    return { scorer: judge === undefined ? 'judge' : `judge:${judge}`, expected, pattern: null }
  }
  if (coded.has(type)) return `${type}: code is not run; a scorer command:PROGRAM can do the same`
  if (type === 'cost' || type === 'latency') return `${type}: a replay measures it by itself`
  return `${type}: no scorer does the same`
}

/** Asks a model; the value is what it holds the answer to. */
const judged: ReadonlySet<string> = new Set([
  'llm-rubric',
  'g-eval',
  'factuality',
  'model-graded-factuality',
  'model-graded-closedqa',
])

const coded: ReadonlySet<string> = new Set(['javascript', 'python', 'ruby', 'webhook'])

const textFrom = (value: Json | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value)
