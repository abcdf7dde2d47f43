import { formatCsv } from './csv.ts'
import { escapeMarkdown, safeText } from './escape.ts'
import { formatGrid, type GridColumn } from './grid.ts'
import { cleanNumber, formatJson } from './json.ts'
import { markdownTable } from './markdown-table.ts'
import { unknownMark } from './numbers.ts'
import { hanging, screenOf } from './screen.ts'
import { padText, textWidth, toAscii } from './text-width.ts'

/** What SQLite can hold; bytes are printed as hexadecimal digits. */
export type TableValue = null | number | bigint | string | Uint8Array

export type TableColumn = {
  readonly name: string
  /** Right for columns of numbers unless said otherwise. */
  readonly align?: 'left' | 'right'
}

export type TableOptions = {
  readonly format: 'table' | 'json' | 'csv' | 'markdown'
  /** Columns of the terminal; Infinity cuts nothing, for a pipe. Matters to `table` only. */
  readonly width: number
  readonly color?: boolean
  readonly unicode?: boolean
}

/**
 * Rows under named columns. JSON is `{"columns":[…],"rows":[{…}]}`; a name that occurs twice gets
 * a number behind it there.
 */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly TableValue[])[],
  options: TableOptions,
): string {
  const names = columns.map(({ name }) => name)
  switch (options.format) {
    case 'json':
      return formatJson(jsonTable(names, rows))
    case 'csv':
      return formatCsv(
        names,
        rows.map((row) => row.map((value) => (value instanceof Uint8Array ? hex(value) : value))),
      )
    case 'markdown':
      return markdownRows(columns, rows)
    case 'table':
      return terminalTable(columns, rows, options)
  }
}

function jsonTable(names: readonly string[], rows: readonly (readonly TableValue[])[]): unknown {
  const unique = uniqueNames(names)
  return {
    columns: unique,
    rows: rows.map((row) =>
      Object.fromEntries(
        unique.map((name, index) => {
          const value = row[index] ?? null
          return [name, value instanceof Uint8Array ? hex(value) : value]
        }),
      ),
    ),
  }
}

function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let unique = name
    for (let number = 2; taken.has(unique); number += 1) unique = `${name}_${number}`
    taken.add(unique)
    return unique
  })
}

function markdownRows(
  columns: readonly TableColumn[],
  rows: readonly (readonly TableValue[])[],
): string {
  const right = new Set(
    columns.flatMap((column, index) => (isRight(column, index, rows) ? [index] : [])),
  )
  const titles = columns.map(({ name }) => escapeMarkdown(name))
  const cells = rows.map((row) => row.map((value) => escapeMarkdown(cellText(value))))
  return `${markdownTable(titles, cells, right)}\n`
}

function terminalTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly TableValue[])[],
  { width, color = false, unicode = true }: TableOptions,
): string {
  const { paint } = screenOf({ width: 80, color, unicode })
  const cells = rows.map((row) => row.map((value) => safeText(cellText(value))))
  const fits = columns.length * (leastColumn + 2) - 2 <= width
  const lines = fits
    ? formatGrid(gridColumns(columns, rows), cells, { width, paint, indent: 0 })
    : recordLines(columns, cells, width)
  return `${lines.map((line) => (unicode ? line : toAscii(line))).join('\n')}\n`
}

const gridColumns = (
  columns: readonly TableColumn[],
  rows: readonly (readonly TableValue[])[],
): readonly GridColumn[] =>
  columns.map((column, index) => ({
    title: safeText(column.name),
    align: isRight(column, index, rows) ? 'right' : 'left',
    minWidth: leastColumn,
  }))

/** Too many columns to stand side by side: one line for each, an empty line between rows. */
function recordLines(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly string[] {
  const names = columns.map(({ name }) => safeText(name))
  const label = Math.min(Math.floor(width / 2), 2 + Math.max(...names.map(textWidth)))
  return rows.flatMap((row, rowIndex) => [
    ...(rowIndex === 0 ? [] : ['']),
    ...names.flatMap((name, index) =>
      textWidth(name) > label - 2
        ? [
            ...hanging('', name, { width, indent: 0 }),
            ...hanging('  ', row[index] ?? '', { width, indent: 2 }),
          ]
        : hanging(padText(name, label), row[index] ?? '', { width, indent: label }),
    ),
  ])
}

const isRight = (
  { align }: TableColumn,
  index: number,
  rows: readonly (readonly TableValue[])[],
): boolean => {
  if (align !== undefined) return align === 'right'
  const values = rows.map((row) => row[index] ?? null).filter((value) => value !== null)
  return (
    values.length > 0 &&
    values.every((value) => typeof value === 'number' || typeof value === 'bigint')
  )
}

function cellText(value: TableValue): string {
  if (value === null) return unknownMark
  if (value instanceof Uint8Array) return hex(value)
  return typeof value === 'number' && Number.isFinite(value)
    ? String(cleanNumber(value, ''))
    : String(value)
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A narrower column would show an ellipsis and little else. */
const leastColumn = 5
