import { isObject, type Json, type JsonObject, listOf } from '../domain/json.ts'
import type { Random } from '../stats/random.ts'
import { wordsOf } from './mock-text.ts'

export type JsonSource = { readonly random: Random; readonly words: readonly string[] }

/** Deeper values hold only what they must: a schema may refer to itself. */
const deepest = 6

/**
 * A value that fits a JSON Schema as structured output and tools use it: types, properties, items, enumerations,
 * constants, bounds, the common formats, references within the schema, anyOf, oneOf (its first branch) and allOf.
 * A `pattern` or `not` is passed over: a value of such a schema may not fit it.
 */
export function jsonFor(schema: unknown, source: JsonSource): Json {
  return fittingValue(schema, { root: schema, ...source }, 0)
}

type Context = JsonSource & { readonly root: unknown }

function fittingValue(given: unknown, context: Context, depth: number): Json {
  const schema = resolved(given, context, depth)
  if (schema['const'] !== undefined) return schema['const']
  const options = listOf(schema['enum'])
  if (options.length > 0) return pick(options, context.random) ?? null
  const type = typeOf(schema, depth)
  if (type === 'object') return objectFor(schema, context, depth)
  if (type === 'array') return listFor(schema, context, depth)
  if (type === 'number' || type === 'integer') return numberFor(schema, type, context.random)
  if (type === 'boolean') return context.random() < 0.5
  return type === 'null' ? null : textFor(schema, context)
}

/** The schema with its references followed and its branches joined. */
function resolved(given: unknown, context: Context, depth: number): JsonObject {
  let schema = isObject(given) ? given : {}
  for (let hops = 0; typeof schema['$ref'] === 'string' && hops < 20; hops++) {
    const { $ref, ...rest } = schema
    schema = { ...lookUp(context.root, $ref as string), ...rest }
  }
  const branches = listOf(schema['anyOf'] ?? schema['oneOf'])
  const branch = depth >= deepest ? (branches.find(isEnd) ?? branches[0]) : branches[0]
  const joined = [...listOf(schema['allOf']), ...(branch === undefined ? [] : [branch])]
  if (joined.length === 0) return schema
  const { anyOf: _, oneOf: __, allOf: ___, ...own } = schema
  return joined.map((part) => resolved(part, context, depth)).reduce(join, own)
}

/** Ends a schema that refers to itself. */
const isEnd = (branch: Json): boolean =>
  isObject(branch) && branch['$ref'] === undefined && branch['type'] !== 'object'

const join = (a: JsonObject, b: JsonObject): JsonObject => ({
  ...a,
  ...b,
  ...(a['properties'] === undefined || b['properties'] === undefined
    ? {}
    : { properties: { ...(a['properties'] as JsonObject), ...(b['properties'] as JsonObject) } }),
  ...(a['required'] === undefined || b['required'] === undefined
    ? {}
    : { required: [...listOf(a['required']), ...listOf(b['required'])] }),
})

function lookUp(root: unknown, pointer: string): JsonObject {
  let part: unknown = root
  for (const step of pointer.split('/').slice(1)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    part = isObject(part) && Object.hasOwn(part, name) ? part[name] : undefined
  }
  return isObject(part) ? part : {}
}

function typeOf(schema: JsonObject, depth: number): string {
  const types = Array.isArray(schema['type']) ? listOf(schema['type']) : [schema['type']]
  if (depth >= deepest && types.includes('null')) return 'null'
  const type = types.find((each) => typeof each === 'string' && each !== 'null') ?? types[0]
  if (typeof type === 'string') return type
  if (schema['properties'] !== undefined) return 'object'
  return schema['items'] === undefined ? 'string' : 'array'
}

function objectFor(schema: JsonObject, context: Context, depth: number): JsonObject {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const required = new Set(listOf(schema['required']).map(String))
  const names = new Set([
    ...Object.keys(properties).filter((name) => depth < deepest || required.has(name)),
    ...required,
  ])
  const { additionalProperties } = schema
  return Object.fromEntries(
    [...names].map((name) => {
      const part = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
      return [name, fittingValue(part, context, depth + 1)]
    }),
  )
}

function listFor(schema: JsonObject, context: Context, depth: number): readonly Json[] {
  const least = numberIn(schema['minItems'], depth < deepest ? 1 : 0)
  const length = Math.min(least, numberIn(schema['maxItems'], least), 1_000)
  return Array.from({ length }, () => fittingValue(schema['items'], context, depth + 1))
}

function numberFor(schema: JsonObject, type: string, random: Random): number {
  const step = numberIn(schema['multipleOf'], type === 'integer' ? 1 : 0.01)
  const low = Math.max(
    numberIn(schema['minimum'], Number.NEGATIVE_INFINITY),
    numberIn(schema['exclusiveMinimum'], Number.NEGATIVE_INFINITY) + step,
  )
  const high = Math.min(
    numberIn(schema['maximum'], Number.POSITIVE_INFINITY),
    numberIn(schema['exclusiveMaximum'], Number.POSITIVE_INFINITY) - step,
  )
  const from = Number.isFinite(low) ? low : Math.min(0, Number.isFinite(high) ? high - 100 : 0)
  const to = Number.isFinite(high) ? high : from + 100
  const first = Math.ceil(from / step)
  const count = Math.max(1, Math.floor(to / step) - first + 1)
  return Number(((first + Math.floor(random() * count)) * step).toFixed(10))
}

const formats: Readonly<Record<string, string>> = {
  date: '2024-05-17',
  time: '12:30:00Z',
  'date-time': '2024-05-17T12:30:00Z',
  duration: 'P1D',
  email: 'someone@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  uuid: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
}

function textFor(schema: JsonObject, { random, words }: Context): string {
  const format = formats[String(schema['format'])]
  if (format !== undefined) return format
  const least = numberIn(schema['minLength'], 0)
  const text = wordsOf(words, Math.max(3, least / 4 + 1), random)
  return text.padEnd(least, 'x').slice(0, numberIn(schema['maxLength'], 1e6))
}

const numberIn = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : otherwise

const pick = <T>(list: readonly T[], random: Random): T | undefined =>
  list[Math.floor(random() * list.length)]
