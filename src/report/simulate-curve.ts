import type { SimulateResult, SweepPoint } from '../simulate/result.ts'
import { formatShare, formatUsdRough } from './numbers.ts'
import type { Block, Screen } from './screen.ts'
import { formatThreshold } from './simulate-phrases.ts'
import { padText } from './text-width.ts'

/** What each threshold saves, and beneath it how many hits are wrong; nothing for under three points. */
export function curveLines(result: SimulateResult, screen: Screen): Block {
  const points = result.sweep.toSorted((a, b) => a.threshold - b.threshold)
  if (points.length < leastPoints) return []
  const { unicode, paint } = screen
  const most = Math.max(0, ...points.map(({ savingsUsd }) => savingsUsd))
  const worst = Math.max(0, ...points.map((point) => wrongEnds(point)?.high ?? 0))
  const gutter = Math.max(formatUsdRough(most).length, formatShare(worst).length, 5)
  const columns = pointsByColumn(points, screen.width - gutter - 4)
  const saved = blockPlot(
    columns.map(({ savingsUsd }) => ({ low: savingsUsd, high: savingsUsd })),
    { top: most, height: savedHeight, unicode },
  )
  const wrong =
    worst === 0
      ? []
      : blockPlot(columns.map(wrongEnds), { top: worst, height: wrongHeight, unicode })
  const ruled = (lines: Block, top: string, style: 'green' | 'red') =>
    lines.map((line, index) => {
      const label = index === 0 ? top : index === lines.length - 1 ? '0' : ''
      return `  ${paint('dim', `${padText(label, gutter, 'right')} ${unicode ? '│' : '|'}`)}${paint(style, line)}`
    })
  return [
    ...ruled(saved, formatUsdRough(most), 'green'),
    ...ruled(wrong, formatShare(worst), 'red'),
    ...axisLines(result, points, columns.length, screen).map(
      (line) => ' '.repeat(gutter + 4) + paint('dim', line),
    ),
  ]
}

/** A value, or a band where it is not settled; null is a gap. */
type Ends = { readonly low: number; readonly high: number } | null

/** Columns of blocks: solid up to the low end, shaded from there to the high one. Top line first. */
export function blockPlot(
  columns: readonly Ends[],
  {
    top,
    height,
    unicode,
  }: { readonly top: number; readonly height: number; readonly unicode: boolean },
): Block {
  const signs = unicode ? ' ▁▂▃▄▅▆▇█' : ' ..::==##'
  const shade = unicode ? '░' : "'"
  const levelOf = (value: number) =>
    top <= 0 ? 0 : Math.round(Math.min(1, Math.max(0, value / top)) * height * 8)
  return Array.from({ length: height }, (_, line) => {
    const under = (height - 1 - line) * 8
    return columns
      .map((ends) => {
        if (ends === null) return ' '
        const solid = Math.min(8, levelOf(ends.low) - under)
        if (solid > 0) return signs[solid] ?? ' '
        return levelOf(ends.high) > under ? shade : ' '
      })
      .join('')
  })
}

const wrongEnds = ({ wrongPerHit }: SweepPoint): Ends => wrongPerHit

/** Thresholds from the lowest to the highest, one column each; a column shows the nearest point. */
function pointsByColumn(points: readonly SweepPoint[], width: number): readonly SweepPoint[] {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return []
  const span = last.threshold - first.threshold
  let index = 0
  return Array.from({ length: width }, (_, column) => {
    const threshold = first.threshold + (span * column) / (width - 1)
    const distance = (at: number) =>
      Math.abs((points[at]?.threshold ?? Number.POSITIVE_INFINITY) - threshold)
    while (distance(index + 1) <= distance(index)) index += 1
    return points[index] ?? last
  })
}

/** The ends of the axis, and under it the asked and the certified threshold where they lie on it. */
function axisLines(
  { layers, certified }: SimulateResult,
  points: readonly SweepPoint[],
  width: number,
  { unicode }: Screen,
): Block {
  const [first, last] = [points[0]?.threshold ?? 0, points.at(-1)?.threshold ?? 0]
  const place = (threshold: number) =>
    last > first ? Math.round(((threshold - first) / (last - first)) * (width - 1)) : 0
  const marks = [
    { threshold: layers.semantic.threshold, text: 'asked' },
    { threshold: certified.threshold ?? Number.NaN, text: 'certified' },
  ]
    .filter(({ threshold }) => threshold >= first && threshold <= last)
    .sort((a, b) => a.threshold - b.threshold)
    .map(({ threshold, text }) => ({
      column: place(threshold),
      words: `${formatThreshold(threshold)} ${text}`,
    }))
  const ends = [formatThreshold(first), formatThreshold(last)] as const
  return [
    ends[0] + ends[1].padStart(width - ends[0].length),
    ...markLines(marks, width, unicode ? '▲' : '^'),
  ]
}

type Mark = { readonly column: number; readonly words: string }

/** Two marks share a line, their words on the outer sides, where both have room there. */
function markLines(marks: readonly Mark[], width: number, sign: string): Block {
  const [left, right] = marks
  const before = ({ column, words }: Mark) => `${words} ${sign}`.padStart(column + 1)
  const after = ({ column, words }: Mark) => `${' '.repeat(column)}${sign} ${words}`
  const hasRoomAfter = ({ column, words }: Mark) => column + 2 + words.length <= width
  const hasRoomBefore = ({ column, words }: Mark) => column > words.length
  const isApart = left !== undefined && right !== undefined && right.column > left.column
  if (isApart && hasRoomBefore(left) && hasRoomAfter(right)) {
    return [before(left) + after(right).slice(left.column + 1)]
  }
  return marks.map((mark) => (hasRoomAfter(mark) ? after(mark) : before(mark)))
}

/** Fewer points are a table, not a curve. */
const leastPoints = 4
const savedHeight = 3
const wrongHeight = 3
