import * as z from 'zod'
import { decimalUsd, type NanoUsd, readUsd } from '../domain/money.ts'
import { compilePattern } from './pattern.ts'
import type { NumberRange } from './when.ts'

/** What one value of the file may be, and how it is written back. */
type Issues = { readonly issues: z.core.$ZodRawIssue[] }

/** Puts a problem with its hint on the list; what it returns stands for no value. */
function refuse(context: Issues, input: unknown, message: string, hint: string): never {
  context.issues.push({ code: 'custom', input, message, params: { hint } })
  return z.NEVER
}

const secondsIn = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const
const msIn = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** "24h", "30d" as seconds. */
export const seconds = durationIn(secondsIn)
/** "8s", "200ms" as milliseconds. */
export const milliseconds = durationIn(msIn)

function durationIn(units: Readonly<Record<string, number>>): z.ZodType<number> {
  const names = Object.keys(units)
  const form = new RegExp(`^(\\d+(?:\\.\\d+)?)\\s*(${names.join('|')})$`)
  const example = names.includes('ms') ? '"200ms", "8s" or "2m"' : '"30s", "24h" or "30d"'
  return z.codec(z.union([z.string(), z.number()]), z.number(), {
    decode(text, context) {
      const match = form.exec(String(text).trim())
      const unit = units[match?.[2] ?? '']
      const amount = Number(match?.[1]) * (unit ?? Number.NaN)
      if (Number.isSafeInteger(amount)) return amount
      const hint =
        typeof text === 'number'
          ? `add its unit: ${names.map((unit) => `${text}${unit}`).join(', ')}`
          : `write it as ${example}`
      return refuse(context, text, 'is no duration', hint)
    },
    encode(amount) {
      const fits = Object.entries(units).filter(([, size]) => amount !== 0 && amount % size === 0)
      const [unit, size] = fits.at(-1) ?? ['s', units['s'] ?? 1]
      return `${amount / size}${unit}`
    },
  })
}

/** The value, or `off` for null: no limit, no expiry. */
export const orOff = <Value>(schema: z.ZodType<Value>): z.ZodType<Value | null> =>
  z.codec(z.union([schema, z.literal('off')]), z.custom<Value | null>(), {
    decode: (written) => (written === 'off' ? null : (written as Value)),
    encode: (value) => (value === null ? 'off' : value),
  })

/** For a key whose default is null: null has no form of its own, the key is not there. */
export const nullable = <Value>(schema: z.ZodType<Value>): z.ZodType<Value | null> =>
  schema as z.ZodType<Value | null>

/** `on`, `off`, true or false. */
export const onOff: z.ZodType<boolean> = z.codec(
  z.union([z.enum(['on', 'off']), z.boolean()]),
  z.boolean(),
  {
    decode: (written) => written === true || written === 'on',
    encode: (value) => (value ? ('on' as const) : ('off' as const)),
  },
)

/** "$5", "5.50" or 5 as nano-dollars. */
export const usd: z.ZodType<NanoUsd> = z.codec(
  z.union([z.string(), z.number()]),
  z.custom<NanoUsd>(),
  {
    decode(text, context) {
      const plain = typeof text === 'string' ? text.trim().replace(/^\$\s*/, '') : text
      const amount = readUsd(plain)
      if (amount !== null && amount >= 0 && Number.isSafeInteger(amount)) return amount
      return refuse(context, text, 'is no amount of dollars', 'write it as "$5" or 0.25')
    },
    encode: (amount) => `$${decimalUsd(amount).replace(/\.?0+$/, '')}`,
  },
)

/** 0.25 or "25%" as 0.25. */
export const share: z.ZodType<number> = z.codec(z.union([z.number(), z.string()]), z.number(), {
  decode(text, context) {
    const value = shareIn(text)
    if (value !== null && value <= 1) return value
    const hint =
      typeof text === 'number' && text > 1 && text <= 100
        ? `did you mean "${text}%" (${text / 100})?`
        : 'write it as "25%" or 0.25'
    return refuse(context, text, 'is no share from 0 to 1', hint)
  },
  encode: (value) => value,
})

/** How much something grows: 1.5 or "150%" as 1.5. */
export const growth: z.ZodType<number> = z.codec(z.union([z.number(), z.string()]), z.number(), {
  decode: (text, context) =>
    shareIn(text) ?? refuse(context, text, 'is no increase', 'write it as "25%" or 0.25'),
  encode: (value) => value,
})

/** Null where it is none, or below zero. */
function shareIn(text: number | string): number | null {
  const percent = typeof text === 'string' ? /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim()) : null
  const value = percent === null ? text : Number((Number(percent[1]) / 100).toPrecision(12))
  return typeof value === 'number' && value >= 0 ? value : null
}

/** A cosine: -1 to 1. */
export const similarity: z.ZodType<number> = z.codec(
  z.union([z.number(), z.string()]),
  z.number(),
  {
    decode(value, context) {
      if (typeof value === 'number' && value >= -1 && value <= 1) return value
      const number = Number(String(value).replace(/\s*%$/, ''))
      const hint =
        number >= 2 && number <= 100
          ? `a cosine, not a percentage: did you mean ${number / 100}?`
          : 'a cosine from -1 to 1, e.g. 0.92'
      return refuse(context, value, 'is no similarity', hint)
    },
    encode: (value) => value,
  },
)

export const text = z.string().min(1)
export const number = z.number()
export const boolean = z.boolean()
export const count = z.number().int().min(0)
export const positive = z.number().int().min(1)

/** A name, or a list of them, as a list. */
export const names: z.ZodType<readonly string[]> = oneOrMore(text)

/** One, or a list, as a list that is not empty. */
export function oneOrMore<Value>(schema: z.ZodType<Value>): z.ZodType<readonly Value[]> {
  return z.codec(z.union([schema, z.array(schema).min(1)]), z.custom<readonly Value[]>(), {
    decode: (written) => (Array.isArray(written) ? written : [written as Value]),
    encode: (values) => (values.length === 1 ? (values[0] as Value) : [...values]),
  })
}

export const listOf = <Value>(schema: z.ZodType<Value>): z.ZodType<readonly Value[]> =>
  z.array(schema)

export const recordOf = <Value>(
  schema: z.ZodType<Value>,
): z.ZodType<Readonly<Record<string, Value>>> => z.record(z.string(), schema)

export const oneOf = <const Word extends string>(words: readonly Word[]): z.ZodType<Word> =>
  z.enum(words)

/** A regular expression that compiles. */
export const pattern: z.ZodType<string> = z.codec(z.string().min(1), z.string(), {
  decode(source, context) {
    try {
      compilePattern(source)
      return source
    } catch (error) {
      const why = (error as Error).message.replace(/^.*\/[a-z]*: /s, '')
      const hint = source.startsWith('(?i)')
        ? 'leave out "(?i)": patterns match in any case anyway'
        : `${why}; in YAML, quotes of one kind ('…') keep backslashes as they are`
      return refuse(context, source, 'is no regular expression', hint)
    }
  },
  encode: (source) => source,
})

const bound = z.number().optional()
const rangeShape = z.strictObject(
  { above: bound, atLeast: bound, below: bound, atMost: bound },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? 'above atLeast below atMost' : undefined,
  },
)

/** `{ atLeast: 500, below: 1500 }`. */
export const range: z.ZodType<NumberRange> = z
  .codec(rangeShape, z.custom<NumberRange>(), {
    decode(bounds, context) {
      const low = Math.max(
        bounds.above ?? Number.NEGATIVE_INFINITY,
        bounds.atLeast ?? Number.NEGATIVE_INFINITY,
      )
      const high = Math.min(
        bounds.below ?? Number.POSITIVE_INFINITY,
        bounds.atMost ?? Number.POSITIVE_INFINITY,
      )
      if (Object.keys(bounds).length === 0)
        return refuse(context, bounds, 'has no bound', 'e.g. { below: 500 }')
      const isPoint = low === high && bounds.above !== low && bounds.below !== high
      if (low >= high && !isPoint)
        return refuse(context, bounds, 'is met by no number', 'its bounds exclude each other')
      return bounds as NumberRange
    },
    encode: (bounds) => bounds,
  })
  .meta({ id: 'range', description: 'above, atLeast, below, atMost; all that are given hold.' })

/** A time zone that this machine knows. */
export const timezone: z.ZodType<string> = z.codec(z.string(), z.string(), {
  decode(name, context) {
    if (isZone(name)) return name
    return refuse(context, name, 'is no time zone', 'e.g. UTC, Europe/Berlin or America/New_York')
  },
  encode: (name) => name,
})

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** A value that another part of the program reads. */
export const unread: z.ZodType<unknown> = z.unknown()
