import type { ReplayResult } from '../replay/result.ts'
import { escapeMarkdown, safeText } from './escape.ts'
import { factRow, factSection, folded, noteSection, tableSection } from './markdown-sections.ts'
import { markdownTable } from './markdown-table.ts'
import { formatDay } from './numbers.ts'
import { foundFacts, judgeFacts, settingFacts } from './replay-facts.ts'
import {
  deltaPieces,
  judgeRefusal,
  pairTitle,
  referenceName,
  replayNotes,
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
import { truncateText } from './text-width.ts'

/** The result for a pull request: the verdict and what it rests on; the rest folded away. */
export function replayMarkdown(result: ReplayResult): string {
  const sections = [
    '## LLM policy replayed',
    headline(result),
    ...(result.plan.affected === 0 ? [] : bodySections(result)),
    noteSection(replayNotes(result)),
    `<sub>llmcost replay · prices ${escapeMarkdown(result.fingerprints.prices)} · written ${formatDay(result.generatedAt)}</sub>`,
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

const bodySections = (result: ReplayResult): readonly string[] =>
  result.end === 'planned'
    ? [
        markdownTable(['', ''], planFacts(result.plan).map(factRow), new Set()),
        folded('Details', [
          tableSection(planStrataTable(result.plan)),
          factSection('Planned with', settingFacts(result)),
        ]),
      ]
    : [
        markdownTable(['', ''], foundFacts(result).map(factRow), new Set()),
        tableSection(armsTable(result)),
        factSection('Judge', judgeFacts(result)),
        worstSection(result),
        folded('Details', [
          ...[strataTable(result), partsTable(result), validatorsTable(result)].map(tableSection),
          factSection('Replayed with', settingFacts(result)),
        ]),
      ]

function headline(result: ReplayResult): string {
  const refusal = result.comparison.kind === 'preference' ? judgeRefusal(result.judge) : null
  return [
    `**${escapeMarkdown(verdictLine(result))}**`,
    escapeMarkdown(deltaPieces(result).join(' · ')),
    escapeMarkdown(refusal ?? ''),
  ]
    .filter((line) => line !== '')
    .join('\n\n')
}

function worstSection(result: ReplayResult): string {
  if (result.worst.length === 0) return ''
  const rows = result.worst.map((pair) => [
    pairTitle(pair).map(escapeMarkdown).join(' · '),
    ...[pair.question, pair.baseline, pair.candidate].map(quote),
  ])
  const titles = ['pair', 'asked', referenceName(result), 'candidate']
  return folded('Read these: the pairs that lost most', [markdownTable(titles, rows, new Set())])
}

const quote = (text: string): string => escapeMarkdown(truncateText(safeText(text), maxTextColumns))

/** A text is recognised by its beginning. */
const maxTextColumns = 120
