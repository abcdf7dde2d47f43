import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'

/** One key of a section of the file: how it is written, what it means, what holds without it. */
export type Key<Value> = {
  readonly schema: z.ZodType<Value>
  readonly says: string
  /** Its name in the file, where that differs: the file says `ttl`, the policy `ttlSeconds`. */
  readonly name: string | undefined
  readonly absent: Absent<Value>
}

type Absent<Value> =
  | { readonly kind: 'refused' }
  | { readonly kind: 'left-out' }
  | { readonly kind: 'fallback'; readonly value: Value }

type Naming = { readonly name?: string }

/** A key that must be there. */
export const required = <Value>(
  schema: z.ZodType<Value>,
  says: string,
  { name }: Naming = {},
): Key<Value> => ({ schema, says, name, absent: { kind: 'refused' } })

/** A key that may be absent, and is then absent from the value too. */
export const optional = <Value>(
  schema: z.ZodType<Value>,
  says: string,
  { name }: Naming = {},
): Key<Value> => ({ schema, says, name, absent: { kind: 'left-out' } })

/** A key with a default, which is not written where it holds. */
export const defaulted = <Value>(
  schema: z.ZodType<Value>,
  value: NoInfer<Value>,
  says: string,
  { name }: Naming = {},
): Key<Value> => ({ schema, says, name, absent: { kind: 'fallback', value } })

export type Keys<T> = { readonly [K in keyof T]-?: Key<Exclude<T[K], undefined>> }

/**
 * The schema of a mapping in the file and the value it stands for, both ways: decoding fills in the
 * defaults, encoding leaves them out. One table holds names, meanings and defaults, so that the
 * reader, the writer, the JSON Schema and the default policy cannot disagree.
 */
export function section<T extends object>(keys: Keys<T>): z.ZodType<T> {
  const entries = Object.entries<Key<unknown>>(keys)
  const names = entries.map(([field, { name }]) => name ?? field)
  const shape = Object.fromEntries(entries.map(([field, key]) => [key.name ?? field, member(key)]))
  const file = z.strictObject(shape, { error: (issue) => knownKeys(issue.code, names) })
  const codec = z.codec(file, z.custom<Record<string, unknown>>(), {
    decode: (written) => decoded(entries, written),
    encode: (value) => encoded(entries, value),
  })
  return codec as unknown as z.ZodType<T>
}

function member({ schema, says, absent }: Key<unknown>): z.ZodType {
  if (absent.kind === 'refused') return schema.meta({ description: says })
  if (absent.kind === 'left-out') return schema.optional().meta({ description: says })
  const { value } = absent
  return schema.optional().meta({
    // Found out where it is read, by the JSON Schema: defaults take as long to write as all else here together.
    get description() {
      const written = shownDefault(schema, value)
      return written === null ? says : `${says} Default: ${written}.`
    },
  })
}

/** A default as one would write it; null where that would be longer than the sentence. */
function shownDefault(schema: z.ZodType, value: unknown): string | null {
  if (value === null) return schema.safeParse('off').data === null ? 'off' : 'none'
  const written = z.encode(schema, value)
  if (typeof written !== 'object') return String(written)
  const text = JSON.stringify(written)
  if (text === '{}') return null
  if (text === '[]') return 'none'
  return text.length > longestShownDefault ? null : text.replace(/"/g, '').replace(/,/g, ', ')
}

const longestShownDefault = 60

/** Tells a problem's reader which keys there are; read by problems.ts. */
const knownKeys = (code: string | undefined, names: readonly string[]): string | undefined =>
  code === 'unrecognized_keys' ? names.join(' ') : undefined

type Entries = readonly (readonly [string, Key<unknown>])[]
type Fields = Readonly<Record<string, unknown>>

function decoded(entries: Entries, written: Fields): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (const [field, { name, absent }] of entries) {
    const given = written[name ?? field]
    if (given !== undefined) value[field] = given
    else if (absent.kind === 'fallback') value[field] = absent.value
  }
  return value
}

function encoded(entries: Entries, value: Fields): Record<string, unknown> {
  const written: Record<string, unknown> = {}
  for (const [field, { name, absent }] of entries) {
    const given = value[field]
    const isDefault = absent.kind === 'fallback' && isDeepStrictEqual(given, absent.value)
    if (given !== undefined && !isDefault) written[name ?? field] = given
  }
  return written
}
