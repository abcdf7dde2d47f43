import type { Interval } from '../domain/report.ts'
import type { Style } from './paint.ts'
import { formatMargin } from './replay-phrases.ts'
import type { Block, Screen } from './screen.ts'
import { markLines } from './simulate-curve.ts'

/** A difference with its interval, and the loss that would be accepted. */
export type PlottedDelta = {
  readonly estimate: number
  readonly interval: Interval | null
  /** Above 0. */
  readonly margin: number
}

/** The difference on a line from worse to better; zero and the margin are marked on it and named under it. */
export function deltaPlot(
  delta: PlottedDelta,
  style: Style,
  { width, unicode, paint }: Screen,
): Block {
  const [worse, better] = ['  worse ', ' better']
  const columns = width - worse.length - better.length
  const place = axisOf(delta, columns)
  const signs = unicode ? unicodeSigns : asciiSigns
  const margin = place(-delta.margin)
  const cells = Array.from({ length: columns }, () => paint('dim', signs.track))
  if (delta.interval !== null) {
    const [low, high] = [place(delta.interval.low), place(delta.interval.high)]
    for (let column = low; column <= high; column += 1) cells[column] = paint(style, signs.interval)
    cells[low] = paint(style, signs.low)
    cells[high] = paint(style, signs.high)
  }
  cells[margin] = signs.margin
  cells[place(0)] = signs.zero
  cells[place(delta.estimate)] = paint(style, signs.estimate)
  const marks = [
    { column: margin, words: `margin -${formatMargin(delta.margin)}` },
    { column: place(0), words: '0, as before' },
  ]
  return [
    `${paint('dim', worse)}${cells.join('')}${paint('dim', better)}`,
    ...markLines(marks, columns, unicode ? '▲' : '^').map(
      (line) => ' '.repeat(worse.length) + paint('dim', line),
    ),
  ]
}

/** The column of a value, on an axis that holds all that is shown and a little more. */
function axisOf({ estimate, interval, margin }: PlottedDelta, columns: number) {
  const values = [0, -margin, estimate, interval?.low ?? 0, interval?.high ?? 0]
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const room = (high - low) * axisRoom
  const span = high - low + 2 * room
  return (value: number): number => Math.round(((value - low + room) / span) * (columns - 1))
}

const axisRoom = 0.12

const unicodeSigns = {
  track: '·',
  interval: '─',
  low: '├',
  high: '┤',
  estimate: '●',
  margin: '┊',
  zero: '│',
} as const

const asciiSigns = {
  track: '.',
  interval: '=',
  low: '[',
  high: ']',
  estimate: 'O',
  margin: ':',
  zero: '|',
} as const
