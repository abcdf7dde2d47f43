import { csvCell } from './escape.ts'
import { cleanNumber } from './json.ts'

export type CsvValue = string | number | bigint | boolean | null

/** A head and its rows as CSV (RFC 4180, lines end in LF); null is an empty cell. */
export const formatCsv = (
  names: readonly string[],
  rows: readonly (readonly CsvValue[])[],
): string =>
  [
    names.map(csvCell),
    ...rows.map((row) => row.map((value, index) => cellOf(value, names[index] ?? ''))),
  ]
    .map((cells) => `${cells.join(',')}\n`)
    .join('')

/** Numbers as plain decimals: not every reader takes 1e-7 for a number. */
function cellOf(value: CsvValue, name: string): string {
  if (typeof value !== 'number') return csvCell(value)
  const clean = cleanNumber(value, name)
  const text = String(clean)
  return text.includes('e-') ? clean.toFixed(20).replace(/\.?0+$/, '') : text
}
