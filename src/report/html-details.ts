import type { AnalyzeResult } from '../analyze/result.ts'
import { safeText } from './escape.ts'
import { type Html, html } from './html.ts'
import {
  formatCount,
  formatPart,
  formatShare,
  formatUsd,
  formatUsdCents,
  plural,
  unknownMark,
} from './numbers.ts'
import { truncateText } from './text-width.ts'

/** Models that answered in the place of the one asked for. */
export function modelsSection({ intendedVsActual }: AnalyzeResult): Html {
  const rows = intendedVsActual.map(({ requestedModel, answeredModel, requests }) => [
    safeText(requestedModel),
    safeText(answeredModel),
    formatCount(requests),
  ])
  return tableSection(
    'Asked for and answered by',
    '',
    ['asked for', 'answered by', 'requests'],
    rows,
  )
}

/** The questions asked most often. */
export function repeatedSection({ topRepeated }: AnalyzeResult): Html {
  const rows = topRepeated.map(({ text, count, costUsd }) => [
    text === null ? '(text not kept)' : truncateText(safeText(text), maxQuestionColumns),
    formatCount(count),
    formatUsd(costUsd),
  ])
  return tableSection('Asked again and again', '', ['question', 'times', 'spend'], rows, 1)
}

/** How much of the traffic looks simple, medium and hard. */
export function difficultySection({ difficulty }: AnalyzeResult): Html {
  const { classified, simple, medium, hard } = difficulty
  if (classified === 0) return html``
  const parts = [
    { key: 'simple', name: 'simple', size: simple },
    { key: 'medium', name: 'medium', size: medium },
    { key: 'hard', name: 'hard', size: hard },
  ]
  return html`<section><h2>Difficulty</h2><p class="remark">Of ${plural(classified, 'request')}, by the signals preset.</p>${mixCard(parts, classified, 'Requests by difficulty')}</section>`
}

/** Parts of a whole as one bar, with a legend below. `key` chooses the colour. */
export function mixCard(
  parts: readonly { readonly key: string; readonly name: string; readonly size: number }[],
  whole: number,
  label: string,
): Html {
  let x = 0
  const segments = parts.map(({ key, size }) => {
    const width = (size / whole) * 1000
    const segment = html`<rect class="fill-${key}" x="${Math.round(x)}" y="0" width="${Math.max(0, Math.round(width) - 2)}" height="26"/>`
    x += width
    return segment
  })
  const legend = parts.map(
    ({ key, name, size }) =>
      html`<li><svg class="key" viewBox="0 0 10 10" aria-hidden="true"><rect class="fill-${key}" width="10" height="10" rx="2"/></svg>${name} <b>${formatPart(size, whole)}</b> <span class="muted">${formatCount(size)}</span></li>`,
  )
  return html`<div class="card"><svg class="composition" viewBox="0 0 1000 26" preserveAspectRatio="none" role="img" aria-label="${label}">${segments}</svg><ul class="legend">${legend}</ul></div>`
}

/** The traces with the most calls or cost. */
export function tracesSection({ perTrace }: AnalyzeResult): Html {
  const rows = perTrace.worst.map(({ trace, calls, costUsd }) => [
    safeText(trace),
    formatCount(calls),
    formatUsd(costUsd),
  ])
  return tableSection(
    'The dearest traces',
    `Of ${plural(perTrace.traces, 'trace')}.`,
    ['trace', 'calls', 'spend'],
    rows,
    1,
  )
}

/** What a user of each plan costs beside what the plan earns. */
export function plansSection({ unitEconomics }: AnalyzeResult): Html {
  const rows = (unitEconomics?.plans ?? []).map((plan) => [
    safeText(plan.plan),
    formatCount(plan.users),
    formatUsd(plan.priceUsd),
    formatUsd(plan.costUsdPerUserMonth),
    formatUsd(plan.p95UsdPerUserMonth),
    formatShare(plan.marginShare),
    formatCount(plan.usersAbovePrice),
  ])
  const titles = ['plan', 'users', 'price', 'cost', 'p95 user', 'margin', 'cost above price']
  return tableSection('A user of each plan', 'Dollars per user and month.', titles, rows, 1)
}

/** What a provider's console counted beside what the requests of the same days come to. */
export function consoleSection({ aggregates }: AnalyzeResult): Html {
  const rows = aggregates.map((each) => [
    safeText(each.model),
    `${each.from ?? unknownMark} to ${each.to ?? unknownMark}`,
    safeText(each.source),
    formatUsdCents(each.costUsd),
    formatUsdCents(each.requestsCostUsd),
  ])
  const titles = ['model', 'days', 'source', 'console', 'requests']
  return tableSection('The provider’s own figures', '', titles, rows, 3)
}

/** A plain table; the columns from `firstNumber` on hold numbers. */
export function tableSection(
  title: string,
  remark: string,
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  firstNumber = titles.length - 1,
): Html {
  if (rows.length === 0) return html``
  const cells = (row: readonly string[]) =>
    row.map((text, index) =>
      index >= firstNumber ? html`<td class="number">${text}</td>` : html`<td>${text}</td>`,
    )
  const heads = titles.map((text, index) =>
    index >= firstNumber
      ? html`<th scope="col" class="number">${text}</th>`
      : html`<th scope="col">${text}</th>`,
  )
  return html`<section><h2>${title}</h2><p class="remark">${remark}</p><div class="card scroll"><table><thead><tr>${heads}</tr></thead><tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>`)}</tbody></table></div></section>`
}

/** A question is recognised by its beginning; the rest of it would drown the table. */
const maxQuestionColumns = 200
