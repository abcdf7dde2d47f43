/** Any JSON value, as JSON.parse gives it. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export type JsonObject = { readonly [key: string]: Json | undefined }

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A non-empty string (a number is written out), else undefined. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return undefined
}

/** The first of the values that is a non-empty string. */
export function firstText(...values: readonly unknown[]): string | undefined {
  for (const value of values) {
    const text = textOf(value)
    if (text !== undefined) return text
  }
  return undefined
}

/** A finite number, also when it was written as a string ("12", "3.0"); undefined when absent or no number. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

export function firstNumber(...values: readonly unknown[]): number | undefined {
  for (const value of values) {
    const number = numberOf(value)
    if (number !== undefined) return number
  }
  return undefined
}

/** What databases, languages and people write where there is nothing. */
const nothing = /^\s*(?:null|none|nil|nan|na|n\/a|undefined|\\n|[-–—])?\s*$/i

/** Whether a field of a log is left out: it is not there, empty, or holds a word for nothing ("NULL", "n/a", "-"). */
export const isLeftOut = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'string' && nothing.test(value))

const withSeparators = /^\s*\d{1,3}(?:,\d{3})+\s*$/

/**
 * A count in a log, with or without separators ("1,694"): undefined when it is left out, NaN when it is there and no
 * finite number, so that who checks counts sees it.
 */
export function countOf(value: unknown): number | undefined {
  const number = numberOf(value)
  if (number !== undefined) return number
  if (isLeftOut(value)) return undefined
  return typeof value === 'string' && withSeparators.test(value)
    ? Number(value.replaceAll(',', ''))
    : Number.NaN
}

/** The first of the values that is there, as a count. */
export function firstCount(...values: readonly unknown[]): number | undefined {
  for (const value of values) {
    const count = countOf(value)
    if (count !== undefined) return count
  }
  return undefined
}

/** true, "true", "True", 1, "1" and their opposites; undefined for anything else. */
export function booleanOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  const word = String(value).toLowerCase()
  if (word === 'true' || word === '1') return true
  if (word === 'false' || word === '0') return false
  return undefined
}

/** An object, also when it was logged as JSON text; an empty one for anything else. */
export function objectOf(value: unknown): JsonObject {
  if (isObject(value)) return value
  const parsed = parsedOf(value)
  return isObject(parsed) ? parsed : {}
}

/** A list, also when it was logged as JSON text; an empty one for anything else. */
export function listOf(value: unknown): readonly Json[] {
  if (Array.isArray(value)) return value
  const parsed = parsedOf(value)
  return Array.isArray(parsed) ? parsed : []
}

/** JSON text as its value; undefined for anything else. */
export function parsedOf(value: unknown): unknown {
  if (typeof value !== 'string') return undefined
  const start = value.trimStart()[0]
  if (start !== '{' && start !== '[') return undefined
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

/** What a table says of a word; undefined for "constructor" and whatever else every object inherits. */
export const inTable = <T>(table: Readonly<Record<string, T>>, word: string): T | undefined =>
  Object.hasOwn(table, word) ? table[word] : undefined

/** An object to be filled with names from a log: "__proto__" is a name like any other in it. */
export const openObject = <T>(): Record<string, T> => Object.create(null)

/** An object without its undefined entries, so that optional fields stay absent under exact optional types. */
export function defined<T extends Record<string, unknown>>(
  fields: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept: Record<string, unknown> = {}
  for (const name in fields) if (fields[name] !== undefined) kept[name] = fields[name]
  return kept as { [K in keyof T]: Exclude<T[K], undefined> }
}

let lastObject: object | null = null
let lastText = ''

/** JSON text of an object; asked twice in a row for the same one, it is written once. */
export function jsonTextOf(value: object): string {
  if (value !== lastObject) {
    lastText = JSON.stringify(value)
    lastObject = value
  }
  return lastText
}
