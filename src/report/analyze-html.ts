import type { AnalyzeResult } from '../analyze/result.ts'
import { safeText } from './escape.ts'
import { type Html, html } from './html.ts'
import { compositionChart, daysChart, spreadChart } from './html-charts.ts'
import {
  consoleSection,
  difficultySection,
  modelsSection,
  plansSection,
  repeatedSection,
  tracesSection,
} from './html-details.ts'
import { htmlPage } from './html-page.ts'
import { clustersSection, profileSection } from './html-profile.ts'
import {
  alertsSection,
  factsSection,
  groupsSection,
  opportunitiesSection,
} from './html-sections.ts'
import {
  formatCount,
  formatDay,
  formatMs,
  formatShare,
  formatUsd,
  formatUsdCents,
  formatUsdRough,
  plural,
} from './numbers.ts'
import { noteLines, periodText, pricesText, projectionPieces, verdictTexts } from './phrases.ts'

/** The result as one file that loads nothing and runs nothing. */
export function analyzeHtml(result: AnalyzeResult): string {
  const title = `LLM spend, ${periodText(result)}`
  return htmlPage(title, sections(result, title))
}

function sections(result: AnalyzeResult, title: string): readonly Html[] {
  if (result.totals.requests === 0) {
    return [
      html`<h1>${title}</h1>`,
      html`<p>No requests.</p>`,
      notesSection(result),
      footer(result),
    ]
  }
  return [
    html`<h1>${title}</h1>`,
    hero(result),
    figures(result),
    charts(result),
    factsSection(result),
    groupsSection(result),
    opportunitiesSection(result),
    alertsSection(result),
    spreads(result),
    modelsSection(result),
    profileSection(result),
    repeatedSection(result),
    clustersSection(result),
    difficultySection(result),
    tracesSection(result),
    plansSection(result),
    consoleSection(result),
    verdictSection(result),
    notesSection(result),
    footer(result),
  ]
}

function hero(result: AnalyzeResult): Html {
  const { totals, projection } = result
  const [, ...basis] = projectionPieces(result)
  const month =
    projection.costUsdPerMonth === null
      ? null
      : html`<p class="second"><span class="amount">${formatUsdRough(projection.costUsdPerMonth)}</span><span class="muted">a month, projected · ${basis.join(' · ')}</span></p>`
  return html`<div class="hero"><p><span class="amount">${formatUsdCents(totals.costUsd)}</span><span class="muted">spent in ${plural(result.period.days, 'day')}</span></p>${month}</div>`
}

function figures({ totals, usdPerThousandRequests, latencyMs }: AnalyzeResult): Html {
  const cards: readonly (readonly [name: string, value: string, remark: string])[] = [
    ['Requests', formatCount(totals.requests), plural(totals.attempts, 'attempt')],
    ['Per 1,000 requests', formatUsd(usdPerThousandRequests), ''],
    ['Latency', formatMs(latencyMs.p50), `p50 · p95 ${formatMs(latencyMs.p95)}`],
    ['Errors', formatCount(totals.errors), ''],
    ['Unpriced', formatShare(totals.unpricedShare), plural(totals.unpricedRequests, 'request')],
    [
      'Estimated tokens',
      formatShare(totals.estimatedShare),
      plural(totals.estimatedRequests, 'request'),
    ],
  ]
  return html`<dl class="figures">${cards.map(
    ([name, value, remark]) =>
      html`<div class="card"><dt>${name}</dt><dd>${value}${remark === '' ? null : html`<small>${remark}</small>`}</dd></div>`,
  )}</dl>`
}

function charts(result: AnalyzeResult): Html {
  const { totals, daily } = result
  const days =
    daily.length < 2
      ? null
      : html`<div class="card"><h3>Spend per day</h3>${daysChart(result)}</div>`
  const composition =
    totals.costUsd > 0
      ? html`<div class="card"><h3>What it is made of</h3>${compositionChart(totals.costByClass, totals.costUsd)}</div>`
      : null
  return html`<div class="stack">${days}${composition}</div>`
}

/** How far the tail reaches beyond the middle, for cost and time. */
function spreads({ perRequest, perTrace, latencyMs, firstTokenMs }: AnalyzeResult): Html {
  const usd = (name: string, value: number | null) => ({ name, value, text: formatUsd(value) })
  const ms = (name: string, value: number | null) => ({ name, value, text: formatMs(value) })
  const cards = [
    spreadChart('Cost of a request', [
      usd('p50', perRequest.p50Usd),
      usd('mean', perRequest.meanUsd),
      usd('p95', perRequest.p95Usd),
      usd('p99', perRequest.p99Usd),
    ]),
    spreadChart('Cost of a trace', [
      usd('mean', perTrace.meanUsd),
      usd('p95', perTrace.p95Usd),
      usd('max', perTrace.maxUsd),
    ]),
    spreadChart('Latency', [
      ms('p50', latencyMs.p50),
      ms('p95', latencyMs.p95),
      ms('p99', latencyMs.p99),
    ]),
    spreadChart('Time to the first token', [
      ms('p50', firstTokenMs.p50),
      ms('p95', firstTokenMs.p95),
    ]),
  ].filter((card) => card !== null)
  if (cards.length === 0) return html``
  return html`<section><h2>From the middle to the tail</h2><p class="remark">Each bar against the longest of its card.</p><div class="columns narrow">${cards}</div></section>`
}

function verdictSection({ verdict }: AnalyzeResult): Html {
  if (verdict.gateway === 'unknown' && verdict.reasons.length === 0) return html``
  const spend = verdict.usdPerDay === null ? '' : ` at ${formatUsd(verdict.usdPerDay)} a day`
  return html`<section><h2>Verdict</h2><p class="remark">Whether a gateway is worth it${spend}.</p><div class="card verdict"><b>${verdictTexts[verdict.gateway]}</b><ul>${verdict.reasons.map((reason) => html`<li>${safeText(reason)}</li>`)}</ul></div></section>`
}

function notesSection(result: AnalyzeResult): Html {
  const lines = noteLines(result)
  if (lines.length === 0) return html``
  return html`<section><h2>Notes</h2><p class="remark">What was left out or assumed.</p><ul class="notes">${lines.map((line) => html`<li>${line}</li>`)}</ul></section>`
}

const footer = ({ priceBook, generatedAt, inputs }: AnalyzeResult): Html =>
  html`<footer>llmcost analyze · ${plural(inputs.length, 'file')} · ${pricesText(priceBook)} · written ${formatDay(generatedAt)}</footer>`
