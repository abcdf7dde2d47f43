import type { Paint, Style } from './paint.ts'
import { padText, textWidth, truncateText } from './text-width.ts'

export type GridColumn = {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** May be cut down to this many columns when space is short; never cut without it. */
  readonly minWidth?: number
  /** The column with the highest one goes first when space is short; none stays to the end. */
  readonly dropOrder?: number
  readonly style?: Style
}

export type GridOptions = {
  readonly width: number
  readonly paint: Paint
  readonly indent?: number
}

/** A table without rules: a dim head, then one line a row, none wider than `width`. */
export function formatGrid(
  columns: readonly GridColumn[],
  rows: readonly (readonly string[])[],
  { width, paint, indent = 2 }: GridOptions,
): readonly string[] {
  const room = width - indent
  const natural = columns.map(({ title }, index) =>
    rows.reduce((most, row) => Math.max(most, textWidth(row[index] ?? '')), textWidth(title)),
  )
  const shown = keptColumns(columns, natural, room)
  const widths = fitWidths(columns, natural, shown, room)
  const line = (cells: readonly string[], styleOf: (column: GridColumn) => Style | undefined) =>
    ' '.repeat(indent) +
    shown
      .map((index) =>
        cellText(cells[index] ?? '', widths[index] ?? 0, columns[index], styleOf, paint),
      )
      .join(gap)
      .trimEnd()
  const head = columns.map(({ title }) => title)
  const hasHead = head.some((title) => title !== '')
  const body = rows.map((row) => line(row, ({ style }) => style))
  return hasHead ? [line(head, () => 'dim'), ...body] : body
}

const gap = '  '

function cellText(
  cell: string,
  width: number,
  column: GridColumn | undefined,
  styleOf: (column: GridColumn) => Style | undefined,
  paint: Paint,
): string {
  const text = padText(truncateText(cell, width), width, column?.align)
  const style = column === undefined ? undefined : styleOf(column)
  return style === undefined ? text : paint(style, text)
}

/** Indexes of the columns that fit when each flexible one is as narrow as it may be. */
function keptColumns(
  columns: readonly GridColumn[],
  natural: readonly number[],
  room: number,
): readonly number[] {
  let shown = columns.map((_, index) => index)
  const least = (index: number) =>
    Math.min(natural[index] ?? 0, columns[index]?.minWidth ?? Number.POSITIVE_INFINITY)
  while (totalWidth(shown, least) > room) {
    const order = (index: number) => columns[index]?.dropOrder ?? 0
    const dropped = shown.reduce((a, b) => (order(b) > order(a) ? b : a))
    if (order(dropped) === 0) break
    shown = shown.filter((index) => index !== dropped)
  }
  return shown
}

/** Takes a column off the widest that may be cut until the row fits; at last off any. */
function fitWidths(
  columns: readonly GridColumn[],
  natural: readonly number[],
  shown: readonly number[],
  room: number,
): readonly number[] {
  const widths = natural.map((width) => Math.min(width, room))
  const widthOf = (index: number) => widths[index] ?? 0
  while (totalWidth(shown, widthOf) > room) {
    const flexible = shown.filter(
      (index) => widthOf(index) > (columns[index]?.minWidth ?? Number.POSITIVE_INFINITY),
    )
    const from = flexible.length > 0 ? flexible : shown
    const widest = from.reduce((a, b) => (widthOf(b) > widthOf(a) ? b : a))
    if (widthOf(widest) <= 1) break
    widths[widest] = widthOf(widest) - 1
  }
  return widths
}

const totalWidth = (shown: readonly number[], widthOf: (index: number) => number): number =>
  shown.reduce((sum, index) => sum + widthOf(index), 0) + gap.length * Math.max(0, shown.length - 1)
