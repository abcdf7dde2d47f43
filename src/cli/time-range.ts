import { UserError } from '../domain/user-error.ts'
import { timeOf } from '../ingest/fields.ts'
import { statesZone } from '../ingest/written-time.ts'
import { calendarOf } from '../worlds/calendar.ts'

/** A stretch of time as it is written: "14d" before the newest request, "2026-08-01"; open where absent. */
export type RangeWords = {
  readonly since?: string | undefined
  readonly until?: string | undefined
}

/** Milliseconds since 1970, inclusive and exclusive. */
export type TimeRange = { readonly since: number | undefined; readonly until: number | undefined }

/** "14d..7d", "2026-08-01..2026-08-08", "..7d", "7d..now"; null for what is no range, such as a path. */
export function rangeWords(text: string): RangeWords | null {
  const match = /^([^/\\]*)\.\.([^/\\]*)$/.exec(text)
  if (match === null) return null
  const [, since = '', until = ''] = match
  if (since === '' && until === '') return null
  return { since: since || undefined, until: until === 'now' ? undefined : until || undefined }
}

/**
 * The range as moments; "7d" counts back from `newest`, and what states no zone is meant in `zone`. Throws a UserError that
 * names what is no time, or a range without time in it.
 */
export function timeRangeOf(
  { since, until }: RangeWords,
  { newest, zone }: { readonly newest: number | null; readonly zone: string },
  flags: { readonly since: string; readonly until: string } = {
    since: '--since',
    until: '--until',
  },
): TimeRange {
  const range = {
    since: momentOf(since, newest, zone, flags.since),
    until: momentOf(until, newest, zone, flags.until),
  }
  if ((range.since ?? Number.NEGATIVE_INFINITY) < (range.until ?? Number.POSITIVE_INFINITY))
    return range
  throw new UserError(`the time from ${since} to ${until} ends before it begins`, {
    hint: 'the earlier moment comes first: 14d..7d is the week before the last',
  })
}

/** "2026-08-01", "7d" (before the newest request) … as milliseconds. */
function momentOf(
  text: string | undefined,
  newest: number | null,
  zone: string,
  flag: string,
): number | undefined {
  if (text === undefined) return undefined
  const ago = /^(\d+)([hdw])$/.exec(text)
  if (ago !== null) {
    const unitMs = { h: 3_600_000, d: 86_400_000, w: 604_800_000 }[ago[2] as 'h' | 'd' | 'w']
    return newest === null ? undefined : newest + 1 - Number(ago[1]) * unitMs
  }
  const moment = timeOf(text)
  if (moment === undefined)
    throw new UserError(`${flag} "${text}" is no time`, {
      hint: 'write 2026-08-01, 2026-08-01T12:00:00Z, 24h, 7d or 4w',
    })
  return statesZone(text) ? moment : calendarOf(zone).momentOf(moment)
}

/** Whether a moment can be in both. */
export const overlap = (a: TimeRange, b: TimeRange): boolean =>
  Math.max(a.since ?? Number.NEGATIVE_INFINITY, b.since ?? Number.NEGATIVE_INFINITY) <
  Math.min(a.until ?? Number.POSITIVE_INFINITY, b.until ?? Number.POSITIVE_INFINITY)
