import type { FileCounts } from '../domain/batch.ts'
import type { InputSummary, Warning } from '../domain/report.ts'
import type { Database } from '../store/database.ts'
import { knownFiles } from '../store/known-files.ts'
import type { OpenLogs } from './logs.ts'

/** The files a report is about, with what became of their records. */
export function inputsOf(database: Database, logs: OpenLogs): readonly InputSummary[] {
  const wanted = logs.files === null ? null : new Set(logs.files)
  const shown = new Map(logs.report?.files.map((file) => [file.id, file.path]))
  return knownFiles(database)
    .filter(({ id }) => wanted === null || wanted.has(id))
    .map(({ id, path, format, counts }) => ({
      path: shown.get(id) ?? path,
      format,
      requests: Math.max(0, counts.requests - counts.duplicates),
      duplicates: counts.duplicates,
      skipped: { ...counts.rejected, ...counts.ignored },
    }))
}

/** What the readers remarked on, in words; unknown codes stand for themselves. */
const messages: Readonly<Record<string, string>> = {
  'inclusive-usage-ambiguous':
    'rows whose input count may or may not hold the cached tokens: taken to hold them',
  'invalid-utf8': 'stretches of a file were not valid UTF-8: the bad bytes were replaced',
  'unreadable-time':
    'requests whose time cannot be read: counted without it (--at TIME dates them all)',
  'implausible-time': 'requests dated before 2015 or after 2100: counted without their time',
  'negative-latency': 'requests that ended before they began: counted without their latency',
  'negative-cost': 'requests whose logged cost is negative: counted without it',
  'service-tier-unpriced':
    'requests on a service tier without a known price: priced at the standard rate',
  'speed-unpriced': 'requests at a speed without a known price: priced at the standard rate',
  'price-source-disagreement': 'requests whose price the public sources disagree on',
  'audio-rate-missing': 'requests with sound without a known rate: its tokens are priced as text',
  'image-rate-missing':
    'requests with images without a known rate: their tokens are priced as text',
  'tool-fee-unpriced': 'requests with a fee of tools that nobody knows: it counts as $0',
}

export function warningsOf(database: Database, logs: OpenLogs): readonly Warning[] {
  const wanted = logs.files === null ? null : new Set(logs.files)
  const counts = new Map<string, number>()
  for (const file of knownFiles(database)) {
    if (wanted !== null && !wanted.has(file.id)) continue
    for (const [code, count] of warningsIn(file.counts))
      counts.set(code, (counts.get(code) ?? 0) + count)
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, count]) => ({ code, message: messages[code] ?? wordsOf(code), count }))
}

const wordsOf = (code: string): string =>
  code.startsWith(rejectedMark)
    ? `records were left out: ${code.slice(rejectedMark.length)} (llmcost sql "select * from v_rejects" lists them)`
    : code.replaceAll('-', ' ')

/** Before the reason why a record was rejected. */
const rejectedMark = 'rejected-'

/** Remarks of readers, and rejected records as one remark by reason. */
const warningsIn = (counts: FileCounts): readonly (readonly [string, number])[] => [
  ...Object.entries(counts.warnings),
  ...Object.entries(counts.priceWarnings),
  ...Object.entries(counts.rejected).map(
    ([reason, count]) => [`${rejectedMark}${reason}`, count] as const,
  ),
]
