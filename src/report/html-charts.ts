import type { AnalyzeResult, CostByClassUsd, Day } from '../analyze/result.ts'
import { type Html, html } from './html.ts'
import { formatPart, formatUsd, formatUsdRough, plural } from './numbers.ts'
import { usageClasses } from './usage-classes.ts'

/** Bars of spend per day; days that an alert is about stand out. Each bar says its numbers on hover. */
export function daysChart({ daily, alerts }: AnalyzeResult): Html {
  const alerted = new Set(
    alerts.flatMap(({ kind, at }) => (kind === 'day-spike' && at ? [at] : [])),
  )
  const largest = Math.max(...daily.map(({ costUsd }) => costUsd))
  const ticks = axisTicks(largest)
  const top = ticks.at(-1) ?? 1
  const y = (usd: number) => round(plot.top + plot.height * (1 - usd / top))
  const step = (plot.right - plot.left) / daily.length
  return html`<div class="scroll"><svg class="days" viewBox="0 0 1000 ${plot.top + plot.height + 28}" role="img" aria-label="Spend per day">
${ticks.map((usd) => gridLine(usd, y(usd)))}
${daily.map((day, index) => {
  const x = plot.left + index * step
  return dayBar(day, { x, width: step, y: y(day.costUsd), isAlerted: alerted.has(day.day) })
})}
${daily.flatMap((day, index) =>
  index % labelEvery(daily.length) === 0
    ? [
        html`<text class="axis" x="${round(plot.left + (index + 0.5) * step)}" y="${plot.top + plot.height + 20}" text-anchor="middle">${day.day.slice(5)}</text>`,
      ]
    : [],
)}
</svg></div>`
}

/** One bar of all usage classes that cost anything, and its legend. */
export function compositionChart(cost: CostByClassUsd, total: number): Html {
  const classes = usageClasses.filter(({ key }) => cost[key] > 0)
  const sum = classes.reduce((size, { key }) => size + cost[key], 0)
  let x = 0
  const segments = classes.map(({ key, name }) => {
    const width = (cost[key] / sum) * 1000
    const segment = html`<rect class="fill-${key}" x="${round(x)}" y="0" width="${round(Math.max(1, width - 2))}" height="26"><title>${name} ${formatUsd(cost[key])}</title></rect>`
    x += width
    return segment
  })
  const legend = classes.map(
    ({ key, name }) =>
      html`<li><svg class="key" viewBox="0 0 10 10" aria-hidden="true"><rect class="fill-${key}" width="10" height="10" rx="2"/></svg>${name} <b>${formatPart(cost[key], total)}</b> <span class="muted">${formatUsdRough(cost[key])}</span></li>`,
  )
  return html`<svg class="composition" viewBox="0 0 1000 26" preserveAspectRatio="none" role="img" aria-label="Spend by usage class">${segments}</svg>
<ul class="legend">${legend}</ul>`
}

/** A bar for a share of the largest, to stand in a table cell. */
export const cellBar = (share: number): Html =>
  html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="10"/><rect class="fill" width="${round(100 * Math.min(1, Math.max(0, share)))}" height="10"/></svg>`

/** Named values as bars under each other, the largest, or the whole they are part of, as long as the chart. */
export function spreadChart(
  title: string,
  rows: readonly { readonly name: string; readonly value: number | null; readonly text: string }[],
  whole?: number,
): Html | null {
  const known = rows.filter(({ value }) => value !== null)
  if (known.length === 0) return null
  const largest = whole ?? Math.max(...known.map(({ value }) => value ?? 0))
  return html`<div class="card"><h3>${title}</h3><table class="spread"><tbody>${known.map(
    ({ name, value, text }) =>
      html`<tr><th scope="row">${name}</th><td class="wide">${cellBar(largest > 0 ? (value ?? 0) / largest : 0)}</td><td class="number">${text}</td></tr>`,
  )}</tbody></table></div>`
}

const plot = { left: 64, right: 984, top: 12, height: 200 } as const

const gridLine = (usd: number, y: number): Html =>
  html`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y}" y2="${y}"/><text class="axis" x="${plot.left - 10}" y="${y + 4}" text-anchor="end">${formatUsdRough(usd)}</text>`

function dayBar(
  { day, costUsd, requests, errors }: Day,
  place: {
    readonly x: number
    readonly width: number
    readonly y: number
    readonly isAlerted: boolean
  },
): Html {
  const inset = Math.min(4, place.width * 0.15)
  const height = Math.max(0, plot.top + plot.height - place.y)
  const text = `${day}: ${formatUsd(costUsd)}, ${plural(requests, 'request')}, ${plural(errors, 'error')}`
  return html`<rect class="${place.isAlerted ? 'day alerted' : 'day'}" x="${round(place.x + inset)}" y="${place.y}" width="${round(place.width - 2 * inset)}" height="${round(height)}" rx="${round(Math.min(3, inset))}"><title>${text}</title></rect>`
}

/** From 0 in steps of 1, 2 or 5 times a power of ten, three to six of them, past the largest value. */
export function axisTicks(largest: number): readonly number[] {
  if (!(largest > 0)) return [0, 1]
  const power = 10 ** Math.floor(Math.log10(largest))
  const step =
    [0.2, 0.5, 1, 2].map((each) => each * power).find((each) => largest / each <= 5) ?? power
  return Array.from({ length: Math.ceil(largest / step) + 1 }, (_, index) => index * step)
}

/** About ten labels fit under the chart. */
const labelEvery = (days: number): number => Math.max(1, Math.ceil(days / 11))

const round = (value: number): number => Math.round(value * 100) / 100
