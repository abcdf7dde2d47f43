import type { ServedPair, SimulateResult } from '../simulate/result.ts'
import { safeText } from './escape.ts'
import { type Html, html } from './html.ts'
import { factSection, notesSection, sentence, tableCard, tableSection } from './html-blocks.ts'
import { spreadChart } from './html-charts.ts'
import { htmlPage } from './html-page.ts'
import { formatCount, formatDay, formatMs, formatShare, plural, unknownMark } from './numbers.ts'
import { pricesText } from './phrases.ts'
import { figureFacts, prefixFacts, routingFacts, settingFacts } from './simulate-facts.ts'
import { thresholdChart, waterfallChart } from './simulate-html-charts.ts'
import { simulateStyle } from './simulate-html-style.ts'
import {
  formatShareRange,
  formatThreshold,
  headlineOf,
  simulatedPeriod,
  simulateNotes,
} from './simulate-phrases.ts'
import {
  detailTables,
  pairsToRead,
  routingTables,
  sweepTable,
  waterfallTable,
} from './simulate-tables.ts'
import { wrongHitFacts } from './simulate-wrong-hits.ts'
import { truncateText } from './text-width.ts'

/** The result as one file that loads nothing and runs nothing. */
export function simulateHtml(result: SimulateResult): string {
  const title = `LLM policy simulated, ${simulatedPeriod(result)}`
  const body =
    result.baseline.requests === 0 ? [html`<p>No requests.</p>`] : simulatedSections(result)
  const sections = [
    html`<h1>${title}</h1>`,
    ...body,
    notesSection(simulateNotes(result)),
    footer(result),
  ]
  return htmlPage(title, sections, simulateStyle)
}

const simulatedSections = (result: SimulateResult): readonly Html[] => [
  hero(result),
  cards(result),
  factSection('What it comes to', '', figureFacts(result)),
  bars(result),
  waterfallSection(result),
  thresholdSection(result),
  factSection('Wrong hits', 'How often a served answer does not fit.', wrongHitFacts(result)),
  pairsSection(result),
  factSection(
    'Prompt cache of the provider',
    'A discount on input, never a hit.',
    prefixFacts(result),
  ),
  ...routingTables(result).map(tableSection),
  factSection('Routing rests on', '', routingFacts(result)),
  ...detailTables(result).map(tableSection),
  factSection('Simulated with', '', settingFacts(result)),
]

function hero(result: SimulateResult): Html {
  const { baseline, policy, saved, isSaving } = headlineOf(result)
  const [amount, ...words] = saved
  return html`<div class="hero"><p><span class="amount ${isSaving ? 'gain' : 'loss'}">${amount}</span><span class="muted">${words.join(' · ')}</span></p><p class="second"><span class="amount">${baseline[0]} → ${policy[0]}</span><span class="muted">${baseline[1]} → ${policy[1]}</span></p></div>`
}

function cards({ layers, policy, baseline, quality }: SimulateResult): Html {
  const { exact, semantic } = layers
  const all: readonly (readonly [name: string, value: string, remark: string])[] = [
    [
      'Calls avoided',
      formatCount(policy.avoidedCalls),
      `of ${plural(baseline.requests, 'request')}`,
    ],
    ['Exact hit rate', formatShare(exact.hitRate), `of ${formatCount(exact.cacheable)} cacheable`],
    [
      'Semantic hit rate',
      formatShare(semantic.hitRate),
      `of ${formatCount(semantic.cacheable)} cacheable`,
    ],
    [
      'Wrong per hit',
      semantic.wrongPerHit === null ? unknownMark : formatShareRange(semantic.wrongPerHit),
      semantic.wrongPerHit === null ? 'unmeasured' : semantic.estimated ? 'estimated' : 'measured',
    ],
    ['Quality', quality.status, quality.n === 0 ? '' : `n ${formatCount(quality.n)}`],
  ]
  return html`<dl class="figures">${all.map(
    ([name, value, remark]) =>
      html`<div class="card"><dt>${name}</dt><dd>${value}${remark === '' ? null : html`<small>${remark}</small>`}</dd></div>`,
  )}</dl>`
}

/** Latency before and after, and the hits of each layer, as bars. */
function bars({ baseline, policy, layers }: SimulateResult): Html {
  const ms = (name: string, value: number | null) => ({ name, value, text: formatMs(value) })
  const share = (name: string, value: number | null) => ({ name, value, text: formatShare(value) })
  const [before, after] = [baseline.latencyMs, policy.latencyMs]
  const all = [
    spreadChart('Latency, median', [ms('before', before.p50), ms('after', after.p50)]),
    spreadChart('Latency, p95', [ms('before', before.p95), ms('after', after.p95)]),
    spreadChart(
      'Hits of the cacheable',
      [share('exact', layers.exact.hitRate), share('semantic', layers.semantic.hitRate)],
      1,
    ),
  ].filter((card) => card !== null)
  return all.length === 0 ? html`` : html`<div class="columns narrow bars-row">${all}</div>`
}

function waterfallSection(result: SimulateResult): Html {
  const table = waterfallTable(result)
  if (table.rows.length === 0) return html``
  return html`<section><h2>${table.title}</h2><p class="remark">${sentence(table.remark)}</p><div class="stack"><div class="card">${waterfallChart(result)}</div>${tableCard(table)}</div></section>`
}

function thresholdSection(result: SimulateResult): Html {
  const table = sweepTable(result)
  if (!result.layers.semantic.on || table.rows.length === 0) return html``
  const chart = thresholdChart(result)
  return html`<section><h2>Thresholds</h2><p class="remark">The darker band is what is not settled, the lighter one the interval.</p><div class="stack">${chart === null ? null : html`<div class="card">${chart}</div>`}${tableCard(table)}</div></section>`
}

function pairsSection(result: SimulateResult): Html {
  const pairs = pairsToRead(result)
  if (pairs.length === 0) return html``
  return html`<section><h2>Read these</h2><p class="remark">What was asked, and the question whose answer would be served.</p><div class="card scroll"><table><thead><tr><th scope="col" class="short">similarity</th><th scope="col" class="short">verdict</th><th scope="col">asked</th><th scope="col">answered as</th></tr></thead><tbody>${pairs.map(pairRow)}</tbody></table></div></section>`
}

const pairRow = (pair: ServedPair): Html =>
  html`<tr><td class="short">${formatThreshold(pair.similarity)}</td><td class="short"><span class="verdict-${pair.verdict ?? 'none'}">${pair.verdict ?? 'unjudged'}</span></td><td>${question(pair.question, pair.request)}</td><td>${question(pair.servedQuestion, pair.servedBy)}</td></tr>`

const question = (text: string | null, request: number): string =>
  text === null ? `(text not kept) #${request}` : truncateText(safeText(text), maxQuestionColumns)

const footer = ({ priceBook, generatedAt, inputs }: SimulateResult): Html =>
  html`<footer>llmcost simulate · ${plural(inputs.length, 'file')} · ${pricesText(priceBook)} · written ${formatDay(generatedAt)}</footer>`

/** A question is recognised by its beginning; the rest of it would drown the table. */
const maxQuestionColumns = 200
