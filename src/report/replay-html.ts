import type { ReplayResult, WorstPair } from '../replay/result.ts'
import { safeText } from './escape.ts'
import { type Html, html } from './html.ts'
import { factSection, notesSection, tableSection } from './html-blocks.ts'
import { spreadChart } from './html-charts.ts'
import { htmlPage } from './html-page.ts'
import {
  formatCount,
  formatDay,
  formatMs,
  formatPart,
  formatUsd,
  plural,
  unknownMark,
} from './numbers.ts'
import { foundFacts, judgeFacts, settingFacts } from './replay-facts.ts'
import { deltaChart } from './replay-html-chart.ts'
import { replayStyle } from './replay-html-style.ts'
import {
  deltaPieces,
  formatMargin,
  judgeRefusal,
  pairTitle,
  referenceName,
  replayNotes,
  signedMs,
  signedUsd,
  verdictLine,
} from './replay-phrases.ts'
import { planFacts } from './replay-plan.ts'
import {
  armsTable,
  partsTable,
  planStrataTable,
  strataTable,
  validatorsTable,
} from './replay-tables.ts'
import { formatPoints } from './simulate-phrases.ts'
import type { ReportTable } from './simulate-tables.ts'
import { truncateText } from './text-width.ts'

/** The result as one file that loads nothing and runs nothing. */
export function replayHtml(result: ReplayResult): string {
  const title = 'LLM policy replayed'
  const body = result.plan.affected === 0 ? [] : bodySections(result)
  const sections = [
    html`<h1>${title}</h1>`,
    hero(result),
    ...body,
    notesSection(replayNotes(result)),
    footer(result),
  ]
  return htmlPage(title, sections, replayStyle)
}

const bodySections = (result: ReplayResult): readonly Html[] =>
  result.end === 'planned'
    ? [
        factSection('Plan', 'What would be asked, and what that costs.', planFacts(result.plan)),
        sectionIfAny(planStrataTable(result.plan)),
        factSection('Planned with', '', settingFacts(result)),
      ]
    : [
        cards(result),
        chartSection(result),
        factSection('What was found', '', foundFacts(result)),
        bars(result),
        sectionIfAny(armsTable(result)),
        sectionIfAny(strataTable(result)),
        sectionIfAny(partsTable(result)),
        sectionIfAny(validatorsTable(result)),
        factSection('Judge', 'What it is worth, held to people.', judgeFacts(result)),
        worstSection(result),
        factSection('Replayed with', '', settingFacts(result)),
      ]

const sectionIfAny = (table: ReportTable): Html =>
  table.rows.length === 0 ? html`` : tableSection(table)

/** The word of the verdict large, its sentence under it. */
function hero(result: ReplayResult): Html {
  const [word = '', ...rest] = verdictLine(result).split(': ')
  const refusal = result.comparison.kind === 'preference' ? judgeRefusal(result.judge) : null
  const style = result.end === 'planned' ? 'planned' : result.verdict
  return html`<div class="hero"><p><span class="amount ${style}">${word}</span><span class="muted">${rest.join(': ')}</span></p>${refusal === null ? null : html`<p class="refusal">${refusal}</p>`}</div>`
}

function cards({ delta, plan, comparison, spentUsd }: ReplayResult): Html {
  const all: readonly (readonly [name: string, value: string, remark: string])[] = [
    [
      'Quality',
      delta.quality === null ? unknownMark : `${formatPoints(delta.quality)} points`,
      comparison.isEstimate ? 'estimated' : `margin ${formatMargin(plan.margin)}`,
    ],
    [
      'Pairs that differ',
      formatCount(delta.discordant),
      `of ${formatCount(delta.pairs)} (${formatPart(delta.discordant, delta.pairs)})`,
    ],
    [
      'Cost',
      delta.costUsd === null ? unknownMark : signedUsd(delta.costUsd),
      delta.costUsd === null ? 'unmeasured' : 'a request, measured',
    ],
    [
      'Latency',
      delta.latencyMs === null ? unknownMark : signedMs(delta.latencyMs),
      delta.latencyMs === null ? 'unmeasured' : 'a request, measured',
    ],
    [
      'Spent',
      formatUsd(spentUsd),
      plan.budgetUsd === null ? 'no budget' : `of ${formatUsd(plan.budgetUsd)}`,
    ],
  ]
  return html`<dl class="figures">${all.map(
    ([name, value, remark]) =>
      html`<div class="card"><dt>${name}</dt><dd>${value}<small>${remark}</small></dd></div>`,
  )}</dl>`
}

function chartSection(result: ReplayResult): Html {
  const chart = deltaChart(result)
  if (chart === null) return html``
  return html`<section><h2>Candidate less baseline</h2><p class="remark">${deltaPieces(result).join(' · ')}. What goes on past an edge is cut off there.</p><div class="card">${chart}</div></section>`
}

/** What the arms took, as bars. */
function bars({ arms }: ReplayResult): Html {
  const [before, after] = [arms?.baseline ?? null, arms?.candidate ?? null]
  const ms = (name: string, value: number | null) => ({ name, value, text: formatMs(value) })
  const all = [
    spreadChart('Latency, median', [
      ms('baseline', before?.latencyMs?.p50 ?? null),
      ms('candidate', after?.latencyMs?.p50 ?? null),
    ]),
    spreadChart('Latency, p95', [
      ms('baseline', before?.latencyMs?.p95 ?? null),
      ms('candidate', after?.latencyMs?.p95 ?? null),
    ]),
  ].filter((card) => card !== null)
  return all.length === 0 ? html`` : html`<div class="columns stack">${all}</div>`
}

function worstSection(result: ReplayResult): Html {
  if (result.worst.length === 0) return html``
  const reference = referenceName(result)
  return html`<section><h2>Read these</h2><p class="remark">The pairs that lost most.</p><div class="stack">${result.worst.map((pair) => pairCard(pair, reference))}</div></section>`
}

function pairCard(pair: WorstPair, reference: string): Html {
  const rows = [
    ['asked', pair.question],
    [reference, pair.baseline],
    ['candidate', pair.candidate],
  ] as const
  return html`<div class="card pair"><h3>${pairTitle(pair).join(' · ')}</h3><dl>${rows.map(
    ([label, text]) =>
      html`<dt>${label}</dt><dd>${text === '' ? '(no text)' : truncateText(safeText(text), maxTextColumns)}</dd>`,
  )}</dl></div>`
}

const footer = ({ fingerprints, generatedAt, inputs }: ReplayResult): Html =>
  html`<footer>llmcost replay · ${plural(inputs.length, 'file')} · prices ${safeText(fingerprints.prices)} · written ${formatDay(generatedAt)}</footer>`

/** Enough to see what went wrong. */
const maxTextColumns = 600
