import type { ReplayResult, WorstPair } from '../replay/result.ts'
import { safeText } from './escape.ts'
import { foundFacts, judgeFacts, settingFacts } from './replay-facts.ts'
import {
  deltaPieces,
  judgeRefusal,
  pairTitle,
  referenceName,
  replayNotes,
  verdictLine,
  verdictStyles,
} from './replay-phrases.ts'
import { planFacts } from './replay-plan.ts'
import { deltaPlot } from './replay-plot.ts'
import {
  armsTable,
  partsTable,
  planStrataTable,
  strataTable,
  validatorsTable,
} from './replay-tables.ts'
import { type Block, heading, joinBlocks, type Screen, screenOf, type View } from './screen.ts'
import { fileWords } from './shell-word.ts'
import type { ReportTable } from './simulate-tables.ts'
import { factLines, factsBlock, notesBlock, tableBlock } from './terminal-blocks.ts'
import { flowPieces, padText, truncateText, wrapText } from './text-width.ts'

/** The result for a person at a terminal: the verdict, what it rests on, and what to read. */
export function replayTerminal(result: ReplayResult, view: View): string {
  const screen = screenOf(view)
  return joinBlocks(
    [
      verdictBlock(result, screen),
      ...(result.plan.affected === 0 ? [] : bodyBlocks(result, screen)),
      notesBlock(replayNotes(result), screen),
      furtherBlock(result, screen),
    ],
    screen,
  )
}

const bodyBlocks = (result: ReplayResult, screen: Screen): readonly Block[] =>
  result.end === 'planned'
    ? [
        factLines(planFacts(result.plan), screen),
        tableIfAny(planStrataTable(result.plan), screen),
        factsBlock('Planned with', settingFacts(result), screen),
      ]
    : [
        plotBlock(result, screen),
        factLines(foundFacts(result), screen),
        tableIfAny(armsTable(result), screen),
        tableIfAny(strataTable(result), screen),
        tableIfAny(partsTable(result), screen),
        tableIfAny(validatorsTable(result), screen),
        factsBlock('Judge', judgeFacts(result), screen),
        worstBlock(result, screen),
        factsBlock('Replayed with', settingFacts(result), screen),
      ]

const tableIfAny = (table: ReportTable, screen: Screen): Block =>
  table.rows.length === 0 ? [] : tableBlock(table, screen)

function verdictBlock(result: ReplayResult, { width, paint }: Screen): Block {
  const style = verdictStyles[result.verdict]
  const [word = '', ...rest] = wrapText(verdictLine(result), width)
  const colon = word.indexOf(':')
  const first =
    result.end === 'planned' || colon < 0
      ? paint('bold', word)
      : paint(style, word.slice(0, colon)) + paint('bold', word.slice(colon))
  const refusal = result.comparison.kind === 'preference' ? judgeRefusal(result.judge) : null
  return [
    first,
    ...rest.map((line) => paint('bold', line)),
    ...flowPieces(deltaPieces(result), width, ' · ').map((line) => paint('dim', line)),
    ...(refusal === null ? [] : wrapText(refusal, width).map((line) => paint('red', line))),
  ]
}

function plotBlock({ delta, plan, verdict }: ReplayResult, screen: Screen): Block {
  const { quality, interval } = delta
  if (quality === null) return []
  return deltaPlot(
    { estimate: quality, interval, margin: plan.margin },
    verdictStyles[verdict],
    screen,
  )
}

/** Each pair: which request, and under it the question and both answers, a line each. */
function worstBlock(result: ReplayResult, screen: Screen): Block {
  const { worst } = result
  if (worst.length === 0) return []
  const reference = referenceName(result)
  return [
    ...heading(screen, 'READ THESE', 'the pairs that lost most'),
    ...worst.flatMap((pair) => pairLines(pair, reference, screen)),
  ]
}

function pairLines(pair: WorstPair, reference: string, { width, paint }: Screen): Block {
  const quote = (label: string, text: string) =>
    `    ${paint('dim', padText(label, quoteLabel))}${text === '' ? '(no text)' : `“${truncateText(safeText(text), width - quoteLabel - 6)}”`}`
  const [first = '', ...rest] = flowPieces(pairTitle(pair), width - 2, ' · ')
  return [
    `  ${paint('bold', first)}`,
    ...rest.map((line) => `  ${paint('dim', line)}`),
    quote('asked', pair.question),
    quote(reference, pair.baseline),
    quote('candidate', pair.candidate),
  ]
}

/** What to do next: the same command with another flag, or another command. */
function furtherBlock(result: ReplayResult, { width, paint }: Screen): Block {
  if (result.plan.requests === 0) {
    return [`${paint('dim', 'Try')} ${paint('cyan', 'llmcost replay logs.jsonl --dry-run')}`]
  }
  const label = 'Go on with '
  const room = width - label.length
  const pieces = [
    ...nextFlags(result).map((flags) => `the same command and ${flags}`),
    ...nextCommands(result),
  ].flatMap((piece) => wrapText(piece, room).map((line) => paint('cyan', line)))
  return flowPieces(pieces, room, paint('dim', ' · ')).map(
    (line, index) => (index === 0 ? paint('dim', label) : ' '.repeat(label.length)) + line,
  )
}

function nextFlags(result: ReplayResult): readonly string[] {
  const { end, pairsNeeded, plan, unsettled, judge } = result
  if (plan.affected === 0) return []
  if (end === 'planned') return ['--yes']
  return [
    ...(end === 'budget' ? ['a larger --budget'] : []),
    ...(end === 'stopped' ? ['--resume'] : []),
    ...(pairsNeeded !== null && pairsNeeded > plan.sampled && plan.affected > plan.sampled
      ? [`--sample ${Math.min(pairsNeeded, plan.affected)}`]
      : []),
    ...(unsettled.noAnswer > 0 ? ['--retry-errors'] : []),
    ...(judge !== null && judge.labelled === 0 ? ['--write-pairs pairs.csv'] : []),
    '--format html > report.html',
  ]
}

function nextCommands({
  end,
  worst,
  verdict,
  inputs,
  plan,
  comparison,
}: ReplayResult): readonly string[] {
  if (end === 'planned') return []
  // Numbers of the store are written #12, which a shell takes for a comment.
  const [, seq] = /^#(\d+)$/.exec(worst[0]?.id ?? '') ?? []
  // A suite is no log.
  const isSimulated =
    comparison.kind !== 'expected' && (verdict === 'non-inferior' || plan.affected === 0)
  return [
    ...(seq === undefined ? [] : [`llmcost explain seq:${seq}`]),
    ...(isSimulated
      ? [`${['llmcost simulate', ...fileWords(inputs)].join(' ')} with the same policy`]
      : []),
  ]
}

/** Columns of the words before a quotation. */
const quoteLabel = 'candidate'.length + 2
