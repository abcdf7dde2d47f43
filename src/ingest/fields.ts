import { isObject, parsedOf, textOf } from '../domain/json.ts'

export type TimeUnit = 's' | 'ms' | 'us' | 'ns' | 'iso'

const isoZone = /\s?([zZ]|[+-]\d\d(?::?\d\d)?)$/
const isoStart = /^\d{4}-\d\d-\d\d/

/**
 * A moment as milliseconds since 1970 UTC. Numbers (also in strings) are seconds, milliseconds, microseconds or
 * nanoseconds by magnitude unless `unit` says; text without a zone is UTC, wherever this runs. Undefined when it is no
 * time, or a day that no calendar has.
 */
export function timeOf(value: unknown, unit?: TimeUnit): number | undefined {
  if (typeof value === 'number') return timeOfNumber(value, unit)
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
  const isStated = value !== undefined && value !== null && value !== ''
  return isStated ? (timeOf(value) ?? Number.NaN) : undefined
}

function timeOfIso(value: string): number | undefined {
  // The form that nearly every program writes, e.g. 2026-08-01T10:00:00.000Z.
  if (value.length === 24 && value[23] === 'Z' && value[10] === 'T') {
    const time = Date.parse(value)
    return Number.isNaN(time) || !hasDay(value) ? undefined : time
  }
  let text = value.trim()
  if (text[10] === ' ') text = `${text.slice(0, 10)}T${text.slice(11)}`
  text = text.replace(/\s*UTC$/, 'Z').replace(/(\.\d{3})\d+/, '$1')
  if (text.length > 10) {
    const zone = isoZone.exec(text)
    if (zone === null) text += 'Z'
    else text = `${text.slice(0, zone.index)}${zone[1]}${zone[1]?.length === 3 ? ':00' : ''}`
  }
  const time = Date.parse(text)
  if (Number.isNaN(time)) return timeOfWords(value)
  return hasDay(value) ? time : undefined
}

/** False for 30 February and the like, which `Date` takes for a day of the next month. */
function hasDay(iso: string): boolean {
  const day = Number(iso.slice(8, 10))
  if (day <= 28) return true
  return new Date(Date.UTC(Number(iso.slice(0, 4)), Number(iso.slice(5, 7)), 0)).getUTCDate() >= day
}

const wordsZone =
  /\s*(?:\b(?:UTC|GMT|[ECMP][SD]T|Z)|(?:GMT|UTC)?\s*[+-]\d\d:?\d\d)\s*(?:\([^)]*\))?$/i
const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')

/** A time as people and programs write it: "Aug 1, 2026 10:00", "8/1/2026, 10:00 AM", "Sat, 01 Aug 2026 10:00:00 GMT". */
function timeOfWords(value: string): number | undefined {
  const zone = wordsZone.exec(value)
  const clock = Date.parse(`${zone === null ? value : value.slice(0, zone.index)} UTC`)
  if (Number.isNaN(clock) || !namesDayOf(value, new Date(clock))) return undefined
  const time = zone === null ? clock : Date.parse(value)
  return Number.isNaN(time) ? undefined : time
}

/** Whether a text says this day, month and year: `Date` reads "02/30/2026" and "row 12" as days, too. */
function namesDayOf(text: string, date: Date): boolean {
  const month = date.getUTCMonth()
  const isNamed = new RegExp(`\\b${months[month]}`, 'i').test(text)
  const numbers = (text.match(/\d+/g) ?? []).slice(0, isNamed ? undefined : 3).map(Number)
  const parts = [date.getUTCDate(), date.getUTCFullYear(), ...(isNamed ? [] : [month + 1])]
  return parts.every((part) => {
    const place = numbers.indexOf(part)
    if (place >= 0) numbers.splice(place, 1)
    return place >= 0
  })
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
