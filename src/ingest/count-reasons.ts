import { type FileCounts, noCounts } from '../domain/batch.ts'

/** Words of a log that are kept apart as reasons; any more of them are one. */
const reasonLimit = 100
const reasonWord = /^[a-z][\w -]{0,39}$/i

/** Counts one more record under a reason, which some logs word themselves. */
export function count(counts: Record<string, number>, reason: string): void {
  const isKnown = Object.hasOwn(counts, reason)
  const isNew = !isKnown && reasonWord.test(reason) && Object.keys(counts).length < reasonLimit
  const word = isKnown || isNew ? reason : 'other'
  counts[word] = (Object.hasOwn(counts, word) ? (counts[word] ?? 0) : 0) + 1
}

/** The counts of several parts of one file, together. */
export function addCounts(parts: readonly FileCounts[]): FileCounts {
  const sum = structuredClone(noCounts) as Mutable<FileCounts>
  for (const part of parts) {
    sum.records += part.records
    sum.requests += part.requests
    sum.duplicates += part.duplicates
    for (const name of ['ignored', 'rejected', 'warnings', 'priceWarnings'] as const)
      addReasons(sum[name], part[name] ?? {})
  }
  return sum
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

function addReasons(sum: Record<string, number>, part: Readonly<Record<string, number>>): void {
  for (const [reason, number] of Object.entries(part)) sum[reason] = (sum[reason] ?? 0) + number
}
