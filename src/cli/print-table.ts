import { formatTable, type TableColumn, type TableValue } from '../report/table.ts'
import { type Terminal, viewOf } from './terminal.ts'

export const tableFormats = ['table', 'json', 'csv', 'markdown'] as const
export type TableFormat = (typeof tableFormats)[number]

/** Writes rows to stdout: as wide as the terminal, and uncut into a pipe or file. */
export function printTable(
  { stdout, env }: Terminal,
  columns: readonly TableColumn[],
  rows: readonly (readonly TableValue[])[],
  format: TableFormat = 'table',
): void {
  const view = viewOf(stdout, env)
  const width = stdout.isTTY === true ? view.width : Number.POSITIVE_INFINITY
  stdout.write(formatTable(columns, rows, { ...view, format, width }))
}
