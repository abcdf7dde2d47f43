import type { Range } from '../simulate/result.ts'
import { formatShare, formatUsdRough } from './numbers.ts'
import type { Block, Screen } from './screen.ts'
import { formatThreshold } from './simulate-phrases.ts'
import { padText } from './text-width.ts'

/** What is known of one threshold; null is a gap. */
export type CurvePoint = {
  readonly threshold: number
  readonly savedUsd: number | null
  readonly wrongPerHit: Range | null
}

export type Curve = {
  readonly points: readonly CurvePoint[]
  /** Thresholds to be marked, each with a word; those off the axis are left out. */
  readonly marks: readonly { readonly threshold: number; readonly text: string }[]
}

/** What each threshold saves, and beneath it how many hits are wrong; nothing for a few points. */
export function curveLines({ points: given, marks }: Curve, screen: Screen): Block {
  const points = given.toSorted((a, b) => a.threshold - b.threshold)
  if (points.length < leastPoints) return []
  const { unicode, paint } = screen
  const most = Math.max(0, ...points.map(({ savedUsd }) => savedUsd ?? 0))
  const worst = Math.max(0, ...points.map(({ wrongPerHit }) => wrongPerHit?.high ?? 0))
  const gutter = Math.max(formatUsdRough(most).length, formatShare(worst).length, 5)
  const columns = pointsByColumn(points, screen.width - gutter - 4)
  const saved = blockPlot(
    columns.map(({ savedUsd }) => (savedUsd === null ? null : { low: savedUsd, high: savedUsd })),
    { top: most, height: savedHeight, unicode },
  )
  const wrong =
    worst === 0
      ? []
      : blockPlot(
          columns.map(({ wrongPerHit }) => wrongPerHit),
          { top: worst, height: wrongHeight, unicode },
        )
  const ruled = (lines: Block, top: string, style: 'green' | 'red') =>
    lines.map((line, index) => {
      const label = index === 0 ? top : index === lines.length - 1 ? '0' : ''
      return `  ${paint('dim', `${padText(label, gutter, 'right')} ${unicode ? '│' : '|'}`)}${paint(style, line)}`
    })
  return [
    ...ruled(saved, formatUsdRough(most), 'green'),
    ...ruled(wrong, formatShare(worst), 'red'),
    ...axisLines({ points, marks }, columns.length, unicode ? '▲' : '^').map(
      (line) => ' '.repeat(gutter + 4) + paint('dim', line),
    ),
  ]
}

/** Columns of blocks: solid up to the low end, shaded from there to the high one. Top line first. */
export function blockPlot(
  columns: readonly (Range | null)[],
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

/** Thresholds from the lowest to the highest, one column each; a column shows the nearest point. */
function pointsByColumn(points: readonly CurvePoint[], width: number): readonly CurvePoint[] {
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

/** The ends of the axis, and under it the marks that lie on it. */
function axisLines({ points, marks }: Curve, width: number, sign: string): Block {
  const [first, last] = [points[0]?.threshold ?? 0, points.at(-1)?.threshold ?? 0]
  const place = (threshold: number) =>
    last > first ? Math.round(((threshold - first) / (last - first)) * (width - 1)) : 0
  const placed = marks
    .filter(({ threshold }) => threshold >= first && threshold <= last)
    .toSorted((a, b) => a.threshold - b.threshold)
    .map(({ threshold, text }) => ({
      column: place(threshold),
      words: `${formatThreshold(threshold)} ${text}`,
    }))
  const ends = [formatThreshold(first), formatThreshold(last)] as const
  return [ends[0] + ends[1].padStart(width - ends[0].length), ...markLines(placed, width, sign)]
}

export type Mark = { readonly column: number; readonly words: string }

/** Two marks share a line, their words on the outer sides or both behind, where both have room there. */
export function markLines(marks: readonly Mark[], width: number, sign: string): Block {
  const [left, right] = marks
  const before = ({ column, words }: Mark) => `${words} ${sign}`.padStart(column + 1)
  const after = ({ column, words }: Mark) => `${' '.repeat(column)}${sign} ${words}`
  const hasRoomAfter = ({ column, words }: Mark) => column + 2 + words.length <= width
  const hasRoomBefore = ({ column, words }: Mark) => column > words.length
  const isApart = left !== undefined && right !== undefined && right.column > left.column
  if (isApart && hasRoomBefore(left) && hasRoomAfter(right)) {
    return [before(left) + after(right).slice(left.column + 1)]
  }
  if (isApart && after(left).length + 2 <= right.column && hasRoomAfter(right)) {
    return [after(left) + after(right).slice(after(left).length)]
  }
  return marks.map((mark) => (hasRoomAfter(mark) ? after(mark) : before(mark)))
}

/** Fewer points are a table, not a curve. */
const leastPoints = 4
const savedHeight = 3
const wrongHeight = 3
