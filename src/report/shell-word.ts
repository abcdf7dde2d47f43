import { ledgerFormat } from '../domain/journal.ts'
import type { InputSummary } from '../domain/report.ts'
import { safeText } from './escape.ts'

/** The files of a result as they are typed again; none where they are many, or one cannot be typed. */
export function fileWords(inputs: readonly InputSummary[]): readonly string[] {
  // The gateway's ledger is read unasked, whenever no file is named.
  if (inputs.some(({ format }) => format === ledgerFormat)) return []
  const files = inputs.length <= mostRepeatedFiles ? inputs.map(({ path }) => shellWord(path)) : []
  const known = files.filter((file) => file !== null)
  // Some of the files would be another log.
  return known.length === files.length ? known : []
}

/** A path for a POSIX shell; null where it cannot be shown as it is. */
function shellWord(path: string): string | null {
  if (path === '' || safeText(path) !== path) return null
  const file = path.startsWith('-') && path !== '-' ? `./${path}` : path
  return /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`
}

/** More are shorter to type anew. */
const mostRepeatedFiles = 2
