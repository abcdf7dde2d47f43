import { UserError } from '../domain/user-error.ts'
import { againstExpected, right, untold, wrong } from './computed.ts'
import type { Scorer } from './scorer.ts'

/**
 * Right when the answer's number is within a tolerance of the expected one: "0.5" is absolute, "1%" relative to the
 * expected value, "" none. The number is the one on the last line "#### 42", else the last number of the answer. The
 * expected value holds one number, or ends in such a line; any other leaves its row untold. Numbers are English decimals
 * (1,234.5; also 1'234.5), compared as doubles. Throws a UserError for a tolerance that is none.
 */
export function numberScorer(name: string, tolerance: string): Scorer {
  const allowed = toleranceOf(tolerance)
  return againstExpected(name, (answer, expected) => {
    const wanted = onlyNumberIn(expected)
    if (wanted === null) return untold('the expected value is not one number')
    const given = numbersIn(answer).at(-1)
    if (given === undefined) return wrong('no number in the answer')
    return isWithin(given, wanted, allowed) ? right : wrong(`${given} where ${wanted} is expected`)
  })
}

type Tolerance = { readonly size: number; readonly isRelative: boolean }

function toleranceOf(text: string): Tolerance {
  if (text === '') return { size: 0, isRelative: false }
  const isRelative = text.endsWith('%')
  const digits = isRelative ? text.slice(0, -1) : text
  const size = /^(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(digits) ? Number(digits) : Number.NaN
  if (!Number.isFinite(size)) {
    throw new UserError(`"${text}" is no tolerance of numbers`, {
      hint: 'give it as numeric:0.01 (absolute) or numeric:1% (of the expected value)',
    })
  }
  return { size: isRelative ? size / 100 : size, isRelative }
}

/** 1.1 is within 0.1 of 1, although their doubles are a little further apart. */
function isWithin(given: number, wanted: number, { size, isRelative }: Tolerance): boolean {
  const limit = isRelative ? size * Math.abs(wanted) : size
  const rounding =
    limit === 0 ? 0 : 4 * Number.EPSILON * Math.max(Math.abs(given), Math.abs(wanted))
  return Math.abs(given - wanted) <= limit + rounding
}

function onlyNumberIn(text: string): number | null {
  const [first, ...others] = numbersIn(text)
  return first === undefined || others.length > 0 ? null : first
}

/** The number of the last line "#### 42" alone; else all numbers of a text in order. */
function numbersIn(text: string): readonly number[] {
  const plain = text.replace(fullWidth, (sign) =>
    String.fromCharCode(sign.charCodeAt(0) - fullWidthShift),
  )
  const marked = [...plain.matchAll(finalLine)].at(-1)?.[1]
  const found = marked === undefined ? [...plain.matchAll(number)].map(([each]) => each) : [marked]
  return found.map(readNumber).filter(Number.isFinite)
}

const readNumber = (written: string): number =>
  Number(written.replace('−', '-').replace(/[^-+.\deE]/g, ''))

/** Digits, signs and points as East Asian texts write them lie this far from the ASCII ones. */
const fullWidth = /[０-９．，－]/g
const fullWidthShift = 0xfee0

/** A dash after a letter or a digit is a hyphen, or a minus between two numbers. */
const sign = String.raw`(?:(?<![\p{L}\p{N}])[-−])?[$€£¥]?`
/** Between groups of digits; a plain space is none, since two numbers may stand side by side. */
const mark = String.raw`[,'’\u00a0\u2009\u202f]`
/** Groups of three, or as India writes them: 12,34,567. */
const whole = String.raw`(?:\d{1,3}(?:${mark}\d{2,3})*${mark}\d{3}(?!\d)|\d+)`
const decimal = String.raw`(?:${whole}(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?`
const number = new RegExp(sign + decimal, 'gu')
/** How the answers of GSM8K, a public set of sums, end. */
const finalLine = new RegExp(String.raw`####[ \t]*(${sign}${decimal})(?:[ \t]*[.%])?[ \t]*$`, 'gmu')
