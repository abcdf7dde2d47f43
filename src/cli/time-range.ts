import { UserError } from '../domain/user-error.ts'
import { momentOf } from './common-options.ts'

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

/** The range as moments. Throws a UserError that names what is no time, or a range without time in it. */
export function timeRangeOf(
  { since, until }: RangeWords,
  newest: number | null,
  flags: { readonly since: string; readonly until: string } = {
    since: '--since',
    until: '--until',
  },
): TimeRange {
  const range = {
    since: momentOf(since, newest, flags.since),
    until: momentOf(until, newest, flags.until),
  }
  if ((range.since ?? Number.NEGATIVE_INFINITY) < (range.until ?? Number.POSITIVE_INFINITY))
    return range
  throw new UserError(`the time from ${since} to ${until} ends before it begins`, {
    hint: 'the earlier moment comes first: 14d..7d is the week before the last',
  })
}

/** Whether a moment can be in both. */
export const overlap = (a: TimeRange, b: TimeRange): boolean =>
  Math.max(a.since ?? Number.NEGATIVE_INFINITY, b.since ?? Number.NEGATIVE_INFINITY) <
  Math.min(a.until ?? Number.POSITIVE_INFINITY, b.until ?? Number.POSITIVE_INFINITY)
