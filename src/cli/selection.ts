import type { Selection } from '../domain/selection.ts'
import { newestRequest } from '../store/store-facts.ts'
import { type FilterFlags, zoneOf } from './common-options.ts'
import type { OpenLogs } from './logs.ts'
import { timeRangeOf } from './time-range.ts'

/** The requests of open logs that flags choose. Throws a UserError for a time that is none, or that ends before it begins. */
export function selectionOf({
  logs: { files, store },
  flags,
}: {
  readonly logs: Pick<OpenLogs, 'files' | 'store'>
  readonly flags: FilterFlags
}): Selection {
  const isRelative = [flags.since, flags.until].some((text) => /^\d+[hdw]$/.test(text ?? ''))
  return {
    files: files === null ? null : [...files].sort((a, b) => a - b),
    ...timeRangeOf(flags, {
      newest: isRelative ? newestRequest(store.database, files) : null,
      zone: zoneOf(flags.tz),
    }),
    where: flags.where ?? [],
  }
}
