import type { Interval } from '../domain/report.ts'
import type { GroupDelta, ReplayResult } from '../replay/result.ts'
import { safeText } from './escape.ts'
import { type Html, html } from './html.ts'
import { plural } from './numbers.ts'
import { formatMargin, pointsInterval } from './replay-phrases.ts'
import { strataByWeight } from './replay-tables.ts'
import { formatPoints } from './simulate-phrases.ts'
import { truncateText } from './text-width.ts'

/** The difference with its interval: of all pairs, of the largest strata, of each length and kind of change. */
export function deltaChart(result: ReplayResult): Html | null {
  const { delta, plan, verdict } = result
  if (delta.quality === null) return null
  const rows: readonly Row[] = [
    { name: 'all pairs', ...delta, quality: delta.quality, style: `all ${verdict}` },
    ...groupRows(result),
  ]
  const x = axisOf(result)
  const bottom = top + rows.length * rowHeight
  const line = (style: string, value: number, text: string, anchor: 'start' | 'end') =>
    html`<line class="${style}" x1="${x(value)}" x2="${x(value)}" y1="${top - 6}" y2="${bottom}"/><text class="axis strong" x="${x(value)}" y="${top - 14}" text-anchor="${anchor}">${text}</text>`
  return html`<div class="scroll"><svg class="days" viewBox="0 0 1000 ${bottom + 8}" role="img" aria-label="Difference of quality with intervals">
${line('margin', -plan.margin, `margin -${formatMargin(plan.margin)}`, 'end')}${line('zero', 0, '0, as before', 'start')}
${rows.map((row, index) => rowMarkup(row, top + index * rowHeight, x))}
</svg></div>`
}

type Row = {
  readonly name: string
  readonly pairs: number
  readonly quality: number
  readonly interval: Interval | null
  readonly style: string
}

const groupRows = (result: ReplayResult): readonly Row[] =>
  [
    ...strataByWeight(result)
      .flatMap(({ group }) => group ?? [])
      .slice(0, maxStrata),
    ...result.byLength.map((group) => ({ ...group, name: `${group.length} prompts` })),
    ...result.byChange.map((group) => ({ ...group, name: `${group.change} requests` })),
  ].flatMap((group: GroupDelta) =>
    group.quality === null ? [] : [{ ...group, quality: group.quality, style: 'part' }],
  )

type Across = (value: number) => number

/** Wide enough for the whole and the margin; intervals of small parts may end at its edge. */
function axisOf({ delta, plan }: ReplayResult): Across {
  const ends = [delta.quality ?? 0, delta.interval?.low ?? 0, delta.interval?.high ?? 0]
  const low = Math.min(-2 * plan.margin, ...ends) * 1.3
  const high = Math.max(plan.margin, ...ends) * 1.3
  return (value) => {
    const share = (Math.min(high, Math.max(low, value)) - low) / (high - low)
    return round(plot.left + (plot.right - plot.left) * share)
  }
}

function rowMarkup({ name, pairs, quality, interval, style }: Row, y: number, x: Across): Html {
  const middle = y + rowHeight / 2
  const label = truncateText(safeText(name), maxNameColumns)
  const value = `${formatPoints(quality)} points`
  const title = [
    safeText(name),
    value,
    ...(interval === null ? [] : [pointsInterval(interval)]),
    plural(pairs, 'pair'),
  ].join(', ')
  const whisker =
    interval === null
      ? null
      : html`<line class="whisker" x1="${x(interval.low)}" x2="${x(interval.high)}" y1="${middle}" y2="${middle}"/>`
  return html`<g class="${style}"><title>${title}</title><text class="axis strong" x="0" y="${middle + 4}">${label}</text>${whisker}<circle class="dot" cx="${x(quality)}" cy="${middle}" r="6"/><text class="axis" x="1000" y="${middle + 4}" text-anchor="end">${value}</text></g>`
}

const plot = { left: 300, right: 890 } as const
const top = 40
const rowHeight = 28

/** The others are in --format csv. */
const maxStrata = 12

/** What fits beside the lines. */
const maxNameColumns = 40

const round = (value: number): number => Math.round(value * 100) / 100
