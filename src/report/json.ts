/** A value as JSON: two spaces, a newline at the end, numbers without float noise. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(cleanJson(value, ''), null, 2)}\n`
}

/**
 * The keys of a result in the order they are printed: an object lists the keys of an object or of
 * each element of an array, `true` stands for a plain value, and a record of names not known here
 * is sorted or left as it is. The type keeps the list complete.
 */
export type KeyOrder<T> = T extends readonly (infer Element)[]
  ? KeyOrder<Element>
  : T extends string | number | boolean | null
    ? true
    : string extends keyof T
      ? 'sorted' | 'as-is'
      : { readonly [Key in keyof T]-?: KeyOrder<NonNullable<T[Key]>> }

/** Of what every result begins with. */
export const headOrder = {
  kind: true,
  version: true,
  generatedAt: true,
  inputs: { path: true, format: true, requests: true, duplicates: true, skipped: 'sorted' },
  fingerprints: { policy: true, prices: true, embedder: true },
  warnings: { code: true, message: true, count: true },
} as const

/** The value with its keys in the given order, however it was built. */
export function orderKeys<T>(value: T, order: KeyOrder<T>): unknown {
  return applyOrder(value, order as Order)
}

type Order = true | 'sorted' | 'as-is' | { readonly [key: string]: Order }

function applyOrder(value: unknown, order: Order): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (order === true || order === 'as-is') return value
  if (Array.isArray(value)) return value.map((element) => applyOrder(element, order))
  const from = value as Readonly<Record<string, unknown>>
  if (order === 'sorted') return sorted(from)
  return Object.fromEntries(
    Object.entries(order).map(([key, inner]) => [key, applyOrder(from[key] ?? null, inner)]),
  )
}

const sorted = (record: Readonly<Record<string, unknown>>): unknown =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))

function cleanJson(value: unknown, key: string): unknown {
  if (typeof value === 'number') return cleanNumber(value, key)
  if (typeof value === 'bigint') return exactInteger(value)
  if (Array.isArray(value)) return value.map((element) => cleanJson(element, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, cleanJson(inner, key + name)]),
  )
}

/** Dollars have nine decimals (named …Usd…, or parts of a cost); digits past the 15th are noise. */
export function cleanNumber(value: number, key: string): number {
  if (!Number.isFinite(value)) throw new TypeError(`${key} is ${value}, which JSON cannot hold`)
  if (Number.isInteger(value)) return value + 0 // -0 becomes 0
  return Number(/usd|costbyclass/i.test(key) ? value.toFixed(9) : value.toPrecision(15))
}

/** An integer past 2^53 would be rounded by every reader, so it is text. */
const exactInteger = (value: bigint): number | string =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
    ? Number(value)
    : value.toString()
