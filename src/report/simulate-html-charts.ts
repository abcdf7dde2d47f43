import type { SimulateResult, SweepPoint } from '../simulate/result.ts'
import { safeText } from './escape.ts'
import { type Html, html } from './html.ts'
import { axisTicks } from './html-charts.ts'
import { formatCount, formatShare, formatUsd, formatUsdCents, formatUsdRough } from './numbers.ts'
import { formatShareRange, formatThreshold, headlineOf } from './simulate-phrases.ts'
import { activeLayers } from './simulate-tables.ts'
import { pointsToPlot } from './sweep-points.ts'
import { truncateText } from './text-width.ts'

/** What each threshold saves over how many of its hits are wrong; nothing for under two points. */
export function thresholdChart(result: SimulateResult): Html | null {
  const points = pointsToPlot(result.sweep)
  const [first, last] = [points[0]?.threshold ?? 0, points.at(-1)?.threshold ?? 0]
  if (last <= first) return null
  const x = (threshold: number) =>
    round(plot.left + ((plot.right - plot.left) * (threshold - first)) / (last - first))
  const judged = points.filter(({ wrongPerHit }) => wrongPerHit !== null)
  const isJudged = judged.length > 0
  const bottom = isJudged ? wrongPanel.top + wrongPanel.height : savedPanel.top + savedPanel.height
  return html`<div class="scroll"><svg class="days" viewBox="0 0 1000 ${bottom + 44}" role="img" aria-label="Savings and wrong hits by threshold">
${savedLayer(points, x)}
${isJudged ? wrongLayer(judged, x) : null}
${marks(result, { first, last, bottom, x })}
${xLabels(points, bottom, x)}
${points.map((point) => hover(point, x, bottom))}
</svg></div>`
}

type Across = (threshold: number) => number

/** The value axis of one panel: its ticks with lines, and where a value lies. */
function panelAxis(
  panel: { readonly top: number; readonly height: number },
  largest: number,
  format: (value: number) => string,
): { readonly y: (value: number) => number; readonly lines: readonly Html[] } {
  const ticks = axisTicks(largest)
  const top = ticks.at(-1) ?? 1
  const y = (value: number) =>
    round(panel.top + panel.height * (1 - Math.min(1, Math.max(0, value / top))))
  const lines = ticks.map(
    (tick) =>
      html`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y(tick)}" y2="${y(tick)}"/><text class="axis" x="${plot.left - 10}" y="${y(tick) + 4}" text-anchor="end">${format(tick)}</text>`,
  )
  return { y, lines }
}

function savedLayer(points: readonly SweepPoint[], x: Across): Html {
  const largest = Math.max(0, ...points.map(({ savingsUsd }) => savingsUsd))
  const { y, lines } = panelAxis(savedPanel, largest, formatUsdRough)
  const line = points.map(({ threshold, savingsUsd }) => `${x(threshold)},${y(savingsUsd)}`)
  const ends = [
    `${x(points[0]?.threshold ?? 0)},${y(0)}`,
    `${x(points.at(-1)?.threshold ?? 0)},${y(0)}`,
  ]
  return html`<text class="axis panel" x="${plot.left}" y="${savedPanel.top - 12}">Saved by the caches</text>${lines}<polygon class="saved-area" points="${[ends[0], ...line, ends[1]].join(' ')}"/><polyline class="saved-line" points="${line.join(' ')}"/>`
}

/** The range of what is unsettled, inside the interval. */
function wrongLayer(points: readonly SweepPoint[], x: Across): Html {
  const highest = points.map(({ wrongPerHit, interval }) =>
    Math.max(wrongPerHit?.high ?? 0, interval?.high ?? 0),
  )
  const { y, lines } = panelAxis(wrongPanel, Math.max(...highest), formatShare)
  const band = (
    name: string,
    endsOf: (point: SweepPoint) => { readonly low: number; readonly high: number } | null,
  ) => {
    const known = points.flatMap((point) => {
      const ends = endsOf(point)
      return ends === null ? [] : [{ at: x(point.threshold), ...ends }]
    })
    const upper = known.map(({ at, high }) => `${at},${y(high)}`)
    const lower = known.map(({ at, low }) => `${at},${y(low)}`)
    return html`<polygon class="${name}" points="${[...upper, ...lower.reverse()].join(' ')}"/>`
  }
  return html`<text class="axis panel" x="${plot.left}" y="${wrongPanel.top - 12}">Wrong per hit</text>${lines}${band('wrong-interval', ({ interval }) => interval)}${band('wrong-range', ({ wrongPerHit }) => wrongPerHit)}`
}

function marks(
  { layers, certified }: SimulateResult,
  axis: {
    readonly first: number
    readonly last: number
    readonly bottom: number
    readonly x: Across
  },
): readonly Html[] {
  const asked = layers.semantic.threshold
  const isSame = certified.threshold === asked
  const named: readonly (readonly [number | null, string])[] = [
    [asked, isSame ? 'asked and certified' : 'asked'],
    [isSame ? null : certified.threshold, 'certified'],
  ]
  const isLower = (threshold: number) =>
    named.every(([other]) => other === null || threshold <= other)
  return named.flatMap(([threshold, name]) => {
    if (threshold === null || threshold < axis.first || threshold > axis.last) return []
    const at = axis.x(threshold)
    // The words stand on the outer side of each mark, where the panel has room for them.
    const isLeft = isLower(threshold) ? at - plot.left > markWords : plot.right - at < markWords
    return [
      html`<line class="mark" x1="${at}" x2="${at}" y1="${savedPanel.top}" y2="${axis.bottom}"/><text class="axis strong" x="${isLeft ? at - 6 : at + 6}" y="${savedPanel.top + 12}" text-anchor="${isLeft ? 'end' : 'start'}">${formatThreshold(threshold)} ${name}</text>`,
    ]
  })
}

/** A label under about every tenth of the axis. */
function xLabels(points: readonly SweepPoint[], bottom: number, x: Across): readonly Html[] {
  const every = Math.max(1, Math.ceil(points.length / 11))
  return points.flatMap(({ threshold }, index) =>
    index % every === 0
      ? [
          html`<text class="axis" x="${x(threshold)}" y="${bottom + 22}" text-anchor="middle">${formatThreshold(threshold)}</text>`,
        ]
      : [],
  )
}

/** An unseen column that says its numbers on hover. */
function hover(point: SweepPoint, x: Across, bottom: number): Html {
  const { threshold, hits, hitRate, wrongPerHit, savingsUsd } = point
  const wrong =
    wrongPerHit === null
      ? 'wrong hits unmeasured'
      : `${formatShareRange(wrongPerHit)} wrong per hit`
  const text = `${formatThreshold(threshold)}: ${formatUsd(savingsUsd)} saved, ${formatCount(hits)} hits (${formatShare(hitRate)}), ${wrong}`
  return html`<rect class="hover" x="${round(x(threshold) - 6)}" y="${savedPanel.top}" width="12" height="${bottom - savedPanel.top}"><title>${text}</title></rect>`
}

/** From the baseline down to the policy, one bar for each layer that changes anything. */
export function waterfallChart(result: SimulateResult): Html | null {
  const layers = activeLayers(result)
  const { baseline, policy } = result
  if (layers.length === 0 || baseline.costUsd <= 0) return null
  let level = baseline.costUsd
  const steps = layers.map(({ layer, savingUsd }) => {
    const from = level
    level -= savingUsd
    return {
      name: truncateText(safeText(layer), maxLayerColumns),
      from: Math.min(from, level),
      to: Math.max(from, level),
      style: savingUsd < 0 ? 'loss' : 'gain',
      text: savingUsd < 0 ? `+${formatUsdCents(-savingUsd)}` : formatUsdCents(-savingUsd),
    }
  })
  const head = headlineOf(result)
  const total = (name: string, costUsd: number, text: string) => ({
    name: truncateText(name, maxLayerColumns),
    from: 0,
    to: costUsd,
    style: 'total',
    text,
  })
  const rows = [
    total(head.baseline[1], baseline.costUsd, head.baseline[0]),
    ...steps,
    total(head.policy[1], policy.costUsd, head.policy[0]),
  ]
  const largest = Math.max(...rows.map(({ to }) => to))
  const x = (usd: number) =>
    round(wide.left + ((wide.right - wide.left) * Math.max(0, usd)) / largest)
  return html`<div class="scroll"><svg class="days" viewBox="0 0 1000 ${rows.length * rowHeight}" role="img" aria-label="Savings by layer">
${rows.map(({ name, from, to, style, text }, index) => {
  const y = index * rowHeight
  return html`<text class="axis" x="0" y="${y + 19}">${name}</text><rect class="step ${style}" x="${x(from)}" y="${y + 5}" width="${round(Math.max(1, x(to) - x(from)))}" height="${rowHeight - 10}" rx="3"><title>${name}: ${text}</title></rect><text class="axis strong" x="1000" y="${y + 19}" text-anchor="end">${text}</text>`
})}
</svg></div>`
}

const plot = { left: 64, right: 984 } as const
const savedPanel = { top: 30, height: 170 } as const
const wrongPanel = { top: 246, height: 130 } as const
const wide = { left: 150, right: 890 } as const
const rowHeight = 30

/** Room for the words at a mark. */
const markWords = 150

/** What fits beside the bars. */
const maxLayerColumns = 20

const round = (value: number): number => Math.round(value * 100) / 100
