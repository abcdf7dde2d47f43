import { isLeftOut, isObject, type JsonObject, parsedOf, textOf } from '../domain/json.ts'
import { timeOfIso, timeOfWords } from './written-time.ts'

export type TimeUnit = 's' | 'ms' | 'us' | 'ns' | 'iso'

const isoStart = /^(?:[+-]\d{6}|\d{4})-\d\d(?!\d)/

/**
 * A moment as milliseconds since 1970 UTC. Numbers (also in strings) are seconds, milliseconds, microseconds or
 * nanoseconds by magnitude unless `unit` says; text without a zone is UTC, wherever this runs. Undefined when it is no
 * time, or a day that no calendar has.
 */
export function timeOf(value: unknown, unit?: TimeUnit): number | undefined {
  if (typeof value === 'number') return timeOfNumber(value, unit)
  if (isObject(value)) return timeOfObject(value, unit)
  if (typeof value !== 'string' || value === '') return undefined
  if (isoStart.test(value)) return timeOfIso(value)
  // Nanoseconds exceed 2^53: drop the last six digits as text, so that no precision is lost on the way to ms.
  if (/^\d{16,20}$/.test(value) && unit === undefined) {
    return value.length >= 18 ? Number(value.slice(0, -6)) : Number(value.slice(0, -3))
  }
  const number = Number(value)
  if (!Number.isNaN(number) && value.trim() !== '') return timeOfNumber(number, unit)
  return timeOfWords(value)
}

/** When a request was asked, as a log states it: undefined where it states nothing, NaN where it states no time. */
export function statedTime(value: unknown): number | undefined {
  return isLeftOut(value) ? undefined : (timeOf(value) ?? Number.NaN)
}

/** As MongoDB exports a time, and as JavaScript writes 64 bits in two halves. */
function timeOfObject(value: JsonObject, unit?: TimeUnit): number | undefined {
  const { $date: date, $numberLong: long, low, high } = value
  if (date !== undefined) return timeOf(date, unit)
  if (long !== undefined) return timeOf(long, 'ms')
  return typeof low === 'number' && typeof high === 'number'
    ? timeOfNumber(high * 2 ** 32 + (low >>> 0), unit)
    : undefined
}

/** Year 5138 in seconds is 1e11, year 1973 in milliseconds too: no log is near either. */
const unitLimits = { s: 1e11, ms: 1e14, us: 1e17 } as const

function timeOfNumber(value: number, unit?: TimeUnit): number | undefined {
  if (!Number.isFinite(value)) return undefined
  const size = Math.abs(value)
  const scale =
    unit ??
    (size < unitLimits.s ? 's' : size < unitLimits.ms ? 'ms' : size < unitLimits.us ? 'us' : 'ns')
  const ms =
    scale === 's'
      ? value * 1e3
      : scale === 'us'
        ? value / 1e3
        : scale === 'ns'
          ? value / 1e6
          : value
  return Math.round(ms)
}

/** Tags from {"a":"b"}, [{"key":…,"value":…}] or ["feature:search","beta"] ("beta" → "true"). */
export function tagsOf(value: unknown): ReadonlyMap<string, string> | undefined {
  const tags = new Map<string, string>()
  const source = typeof value === 'string' ? (parsedOf(value) ?? value.split(',')) : value
  if (Array.isArray(source)) for (const tag of source) addTag(tags, tag)
  else if (isObject(source)) {
    for (const name of Object.keys(source)) {
      const entry = source[name]
      const text = typeof entry === 'boolean' ? String(entry) : textOf(entry)
      if (text !== undefined) tags.set(name, text)
    }
  }
  return tags.size === 0 ? undefined : tags
}

function addTag(tags: Map<string, string>, tag: unknown): void {
  if (typeof tag === 'string') {
    const colon = tag.search(/[:=]/)
    if (colon > 0) tags.set(tag.slice(0, colon).trim(), tag.slice(colon + 1).trim())
    else if (tag.trim() !== '') tags.set(tag.trim(), 'true')
    return
  }
  if (!isObject(tag)) return
  const name = textOf(tag['key'] ?? tag['name'])
  const text = textOf(tag['value'])
  if (name !== undefined && text !== undefined) tags.set(name, text)
}
