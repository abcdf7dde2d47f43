import type { ServedPair, SimulateResult } from '../simulate/result.ts'
import { escapeMarkdown, safeText } from './escape.ts'
import { factRow, factSection, folded, noteSection, tableSection } from './markdown-sections.ts'
import { markdownTable } from './markdown-table.ts'
import { formatDay, unknownMark } from './numbers.ts'
import { pricesText } from './phrases.ts'
import { figureFacts, settingFacts } from './simulate-facts.ts'
import { formatThreshold, headlineOf, simulatedPeriod, simulateNotes } from './simulate-phrases.ts'
import {
  detailTables,
  pairsToRead,
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
    noteSection(simulateNotes(result)),
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

/** A question is recognised by its beginning. */
const maxQuestionColumns = 120
