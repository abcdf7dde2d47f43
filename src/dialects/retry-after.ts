import { numberOf } from '../domain/json.ts'

/**
 * How long a provider asks to wait, milliseconds: `retry-after-ms`, or `retry-after` as seconds or as a date, which is
 * measured against the response's own `date`. Null where it does not say, or says a date without a date to hold it to.
 */
export function retryAfterMsOf(headers: Readonly<Record<string, string>>): number | null {
  const ms = numberOf(headers['retry-after-ms'])
  if (ms !== undefined) return Math.max(0, ms)
  const after = headers['retry-after']
  const seconds = numberOf(after)
  if (seconds !== undefined) return Math.max(0, seconds * 1000)
  const wait = instantOf(after) - instantOf(headers['date'])
  return Number.isNaN(wait) ? null : Math.max(0, wait)
}

// biome-ignore lint/style/noRestrictedGlobals: reads a date, not the clock.
const instantOf = (text: string | undefined): number => Date.parse(text ?? '')
