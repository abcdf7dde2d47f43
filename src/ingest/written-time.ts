const isoDay = /^([+-]\d{6}|\d{4})-(\d\d)(?:-(\d\d))?/
const isoZone = /\s?([zZ]|[+-]\d\d(?::?\d\d)?)$/
/** Java names the place beside the offset. */
const place = /\[[^\]]*\]$/

/**
 * ISO 8601, and what databases and programs make of it, as milliseconds; without a zone it is UTC. Undefined when it is no
 * time, or a day that no calendar has.
 */
export function timeOfIso(value: string): number | undefined {
  // The form that nearly every program writes, e.g. 2026-08-01T10:00:00.000Z.
  if (value.length === 24 && value[23] === 'Z' && value[10] === 'T') {
    const time = Date.parse(value)
    return Number.isNaN(time) || !hasDay(value) ? undefined : time
  }
  const time = Date.parse(inIso(value))
  if (Number.isNaN(time)) return timeOfWords(value)
  return hasDay(value) ? time : undefined
}

function inIso(value: string): string {
  const text = value
    .trim()
    .replace(/^(\S+-\d\d) (?=\d)/, '$1T')
    .replace(/\s*UTC$/, 'Z')
  const [day = ''] = text.split('T', 1)
  if (day === text) return text
  const hasOffset = isoZone.test(text.replace(place, ''))
  const seconds = (hasOffset ? text.replace(place, '') : text).replace(/[.,](\d{3})\d*/, '.$1')
  const zone = isoZone.exec(seconds)
  if (zone === null) return `${seconds}Z`
  return `${seconds.slice(0, zone.index)}${zone[1]}${zone[1]?.length === 3 ? ':00' : ''}`
}

/** False for 30 February and the like, which `Date` takes for a day of the next month. */
function hasDay(iso: string): boolean {
  const [, year, month, day = '1'] = isoDay.exec(iso) ?? []
  if (Number(day) <= 28) return true
  return new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate() >= Number(day)
}

/** Words for a zone, wherever they stand; an offset stands behind a clock, or it is part of a day. */
const zoneWord = /\b(?:UTC|GMT|[ECMP][SD]T|Z)\b/i
const offset = /(\d:\d\d(?::\d\d(?:\.\d+)?)?(?:\s*[ap]m)?)\s*(?:GMT|UTC)?\s*[+-]\d\d:?\d\d/i
const remark = /\([^)]*\)/g
const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')

/**
 * A time as people and programs write it, as milliseconds: "Aug 1, 2026 10:00", "8/1/2026, 10:00 AM" (the month first),
 * "Sat, 01 Aug 2026 10:00:00 GMT", "01/Aug/2026:10:00:00 +0000". Without a zone it is UTC.
 */
export function timeOfWords(value: string): number | undefined {
  const text = value
    .replace(remark, '')
    // As web servers write their logs.
    .replace(/^\[?(\d{1,2})\/([a-z]{3})\/(\d{4}):([^\]]*)\]?$/i, '$1 $2 $3 $4')
    .trim()
  const clock = Date.parse(`${text.replace(offset, '$1').replace(zoneWord, '')} UTC`)
  if (Number.isNaN(clock) || !namesDayOf(text, new Date(clock))) return undefined
  const isZoned = offset.test(text) || zoneWord.test(text)
  const time = isZoned ? Date.parse(text) : clock
  return Number.isNaN(time) ? undefined : time
}

/** Whether a text that is a time says in which zone; a number is a moment everywhere. */
export function statesZone(text: string): boolean {
  const behindHour = text.includes(':') ? text.slice(text.indexOf(':')).replace(place, '') : ''
  return isoZone.test(behindHour.trim()) || zoneWord.test(text) || !Number.isNaN(Number(text))
}

/** Whether a text says this day, month and year: `Date` reads "02/30/2026" and "row 12" as days, too. */
function namesDayOf(text: string, date: Date): boolean {
  const month = date.getUTCMonth()
  const isNamed = new RegExp(`\\b${months[month]}`, 'i').test(text)
  const numbers = (text.match(/\d+/g) ?? []).slice(0, isNamed ? undefined : 3).map(Number)
  const year = date.getUTCFullYear()
  const parts = [numbers.includes(year) ? year : year % 100, date.getUTCDate()]
  return [...parts, ...(isNamed ? [] : [month + 1])].every((part) => {
    const at = numbers.indexOf(part)
    if (at >= 0) numbers.splice(at, 1)
    return at >= 0
  })
}
