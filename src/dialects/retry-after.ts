/**
 * The wait a provider asks for, milliseconds; null when it asks for none. A date counts from the answer's own date
 * header, as there is no clock here; without one it says nothing.
 */
export function readRetryAfter(headers: Readonly<Record<string, string>>): number | null {
  const exact = durationOf(headers['retry-after-ms'], 1)
  if (exact !== null) return exact
  const wait = headers['retry-after']
  const seconds = durationOf(wait, 1000)
  if (seconds !== null) return seconds
  const until = timeOf(wait)
  const now = timeOf(headers['date'])
  return until === null || now === null ? null : Math.max(0, until - now)
}

/** How an answer asks to wait. Retry-After knows whole seconds only; both SDKs read the milliseconds first. */
export const writeRetryAfter = (retryAfterMs: number): Readonly<Record<string, string>> => ({
  'retry-after': String(Math.ceil(retryAfterMs / 1_000)),
  'retry-after-ms': String(Math.ceil(retryAfterMs)),
})

function durationOf(text: string | undefined, unitMs: number): number | null {
  if (text === undefined || !/^\s*\d+(?:\.\d+)?\s*$/.test(text)) return null
  return Math.ceil(Number(text) * unitMs)
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const httpDate = /(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT/
const secondsOfDay = 86_400

/** An HTTP date in milliseconds since 1970. Reading a given date asks no clock; days are counted by hand. */
function timeOf(text: string | undefined): number | null {
  const found = httpDate.exec(text ?? '')
  if (found === null) return null
  const [day = 0, year = 0, hours = 0, minutes = 0, seconds = 0] = [1, 3, 4, 5, 6].map((group) =>
    Number(found[group]),
  )
  const month = months.indexOf(found[2] ?? '')
  if (month < 0) return null
  const ofDay = (hours * 60 + minutes) * 60 + seconds
  return (dayNumber(year, month + 1, day) * secondsOfDay + ofDay) * 1000
}

/** Days since 1970-01-01 in the Gregorian calendar, counting years from March so that a leap day comes last. */
function dayNumber(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const ofYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const leaps = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400)
  return shifted * 365 + leaps + ofYear - 719_468
}
