import type { ServedPair, SimulateResult } from '../simulate/result.ts'
import { escapeMarkdown, safeText } from './escape.ts'
import { markdownTable } from './markdown-table.ts'
import { formatDay, unknownMark } from './numbers.ts'
import { pricesText } from './phrases.ts'
import { figureFacts, settingFacts } from './simulate-facts.ts'
import {
  type Fact,
  formatThreshold,
  headlineOf,
  simulatedPeriod,
  simulateNotes,
} from './simulate-phrases.ts'
import {
  detailTables,
  pairsToRead,
  type ReportTable,
  routingTables,
  sweepTable,
  waterfallTable,
} from './simulate-tables.ts'
import { wrongHitFacts } from './simulate-wrong-hits.ts'
import { truncateText } from './text-width.ts'

/** The result for a pull request: headline, hits, wrong hits, thresholds; the rest folded away. */
export function simulateMarkdown(result: SimulateResult): string {
  const sections = [
    `## LLM policy simulated, ${escapeMarkdown(simulatedPeriod(result))}`,
    ...(result.baseline.requests === 0 ? ['No requests.'] : simulated(result)),
    notes(result),
    `<sub>llmcost simulate · ${escapeMarkdown(pricesText(result.priceBook))} · written ${formatDay(result.generatedAt)}</sub>`,
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

const simulated = (result: SimulateResult): readonly string[] => [
  headline(result),
  tableSection(waterfallTable(result)),
  result.layers.semantic.on ? tableSection(sweepTable(result)) : '',
  factSection('Wrong hits', wrongHitFacts(result)),
  pairs(result),
  folded('Details', [
    ...[...routingTables(result), ...detailTables(result)].map(tableSection),
    factSection('Simulated with', settingFacts(result)),
  ]),
]

function headline(result: SimulateResult): string {
  const { baseline, policy, saved } = headlineOf(result)
  const [amount, ...words] = saved
  const rows = [
    [`**${amount}**`, words.map(escapeMarkdown).join(' · ')],
    [`**${baseline[0]}**`, escapeMarkdown(baseline[1])],
    [`**${policy[0]}**`, escapeMarkdown(policy[1])],
    ...figureFacts(result).map(factRow),
  ]
  return markdownTable(['', ''], rows, new Set())
}

const factRow = ({ label, pieces }: Fact): readonly string[] => [
  label,
  pieces.map(escapeMarkdown).join(' · '),
]

const factSection = (title: string, facts: readonly Fact[]): string =>
  facts.length === 0
    ? ''
    : `### ${title}\n\n${markdownTable(['', ''], facts.map(factRow), new Set())}`

function tableSection({ title, remark, columns, rows }: ReportTable): string {
  if (rows.length === 0) return ''
  const right = new Set(columns.flatMap(({ align }, index) => (align === 'right' ? [index] : [])))
  const table = markdownTable(
    columns.map((column) => column.title),
    rows.map((row) => row.map(escapeMarkdown)),
    right,
  )
  return [`### ${title}`, escapeMarkdown(remark), table].filter((part) => part !== '').join('\n\n')
}

function pairs(result: SimulateResult): string {
  const rows = pairsToRead(result).map((pair) => [
    formatThreshold(pair.similarity),
    pair.verdict ?? 'unjudged',
    question(pair.question, pair.request),
    question(pair.servedQuestion, pair.servedBy),
  ])
  if (rows.length === 0) return ''
  const titles = ['similarity', 'verdict', 'asked', 'answered as']
  return `### Read these\n\n${markdownTable(titles, rows, new Set([0]))}`
}

const question = (text: ServedPair['question'], request: number): string =>
  text === null
    ? `${unknownMark} (request ${request})`
    : escapeMarkdown(truncateText(safeText(text), maxQuestionColumns))

const folded = (title: string, sections: readonly string[]): string =>
  [
    `<details><summary>${title}</summary>`,
    ...sections.filter((each) => each !== ''),
    '</details>',
  ].join('\n\n')

function notes(result: SimulateResult): string {
  const lines = simulateNotes(result).map((line) => `- ${escapeMarkdown(line)}`)
  return lines.length === 0 ? '' : ['### Notes', '', ...lines].join('\n')
}

/** A question is recognised by its beginning. */
const maxQuestionColumns = 120
