import type { ServedPair, SimulateResult } from '../simulate/result.ts'
import { bar } from './charts.ts'
import { safeText } from './escape.ts'
import { formatGrid } from './grid.ts'
import { plural } from './numbers.ts'
import { pricesText } from './phrases.ts'
import { type Block, heading, joinBlocks, type Screen, screenOf, type View } from './screen.ts'
import { fileWords } from './shell-word.ts'
import { type Curve, curveLines } from './simulate-curve.ts'
import { figureFacts, prefixFacts, routingFacts, settingFacts } from './simulate-facts.ts'
import { formatThreshold, headlineOf, simulatedPeriod, simulateNotes } from './simulate-phrases.ts'
import {
  activeLayers,
  detailTables,
  pairsToRead,
  routingTables,
  sweepTable,
  waterfallTable,
} from './simulate-tables.ts'
import { wrongHitFacts } from './simulate-wrong-hits.ts'
import { pointsToPlot } from './sweep-points.ts'
import { factLines, factsBlock, notesBlock, tableBlock } from './terminal-blocks.ts'
import { filesText } from './terminal-headline.ts'
import { flowPieces, padText, truncateText, wrapText } from './text-width.ts'

/** The result for a person at a terminal: what it saves, at what loss, and what that rests on. */
export function simulateTerminal(result: SimulateResult, view: View): string {
  const screen = screenOf(view)
  const head = [headerBlock(result, screen), amountBlock(result, screen)]
  const body =
    result.baseline.requests === 0
      ? []
      : [
          factLines(figureFacts(result), screen),
          waterfallBlock(result, screen),
          thresholdBlock(result, screen),
          factsBlock('Wrong hits', wrongHitFacts(result), screen),
          pairsBlock(result, screen),
          factsBlock('Prompt cache of the provider', prefixFacts(result), screen),
          ...routingTables(result).map((table) => tableBlock(table, screen)),
          factsBlock('Routing rests on', routingFacts(result), screen),
          ...detailTables(result).map((table) => tableBlock(table, screen)),
          factsBlock('Simulated with', settingFacts(result), screen),
        ]
  return joinBlocks(
    [...head, ...body, notesBlock(simulateNotes(result), screen), furtherBlock(result, screen)],
    screen,
  )
}

function headerBlock(result: SimulateResult, { width, paint }: Screen): Block {
  const { inputs, baseline, priceBook } = result
  const pieces = [
    paint('bold', simulatedPeriod(result)),
    paint('dim', plural(baseline.requests, 'request')),
    paint('dim', truncateText(pricesText(priceBook), width)),
    ...(inputs.length > 0 ? [paint('dim', filesText(inputs, width))] : []),
  ]
  return flowPieces(pieces, width, paint('dim', ' · '))
}

function amountBlock(result: SimulateResult, screen: Screen): Block {
  const { width, paint } = screen
  if (result.baseline.requests === 0) return [`  ${paint('bold', 'No requests.')}`]
  const { baseline, policy, saved, isSaving } = headlineOf(result)
  const [difference, ...words] = saved
  const column = Math.max(...[baseline, policy, saved].map(([amount]) => amount.length))
  const indent = column + 4
  const line = ([amount, ...rest]: readonly [string, ...string[]], style?: 'green' | 'red') => {
    const padded = paint('bold', padText(amount, column, 'right'))
    const label = `  ${style === undefined ? padded : paint(style, padded)}  `
    return flowPieces(rest, width - indent, ' · ').map(
      (text, index) => (index === 0 ? label : ' '.repeat(indent)) + paint('dim', text),
    )
  }
  return [
    ...line(baseline),
    ...line(policy),
    ...line([difference, ...words], isSaving ? 'green' : 'red'),
  ]
}

/** Marginal savings as bars of the largest, and what they add up to. */
function waterfallBlock(result: SimulateResult, screen: Screen): Block {
  const layers = activeLayers(result)
  const { title, remark, columns, rows } = waterfallTable(result)
  if (rows.length === 0) return []
  const largest = Math.max(...layers.map(({ savingUsd }) => Math.abs(savingUsd)))
  const width = screen.width >= 72 ? 20 : 10
  const barred = rows.map((row, index) => {
    const saving = layers[index]?.savingUsd ?? 0
    return [...row, largest > 0 ? bar(Math.max(0, saving) / largest, width, screen.unicode) : '']
  })
  return [
    ...heading(screen, title.toUpperCase(), remark),
    ...formatGrid([...columns, { title: '', style: 'green', dropOrder: 1 }], barred, screen),
  ]
}

function thresholdBlock(result: SimulateResult, screen: Screen): Block {
  if (!result.layers.semantic.on) return []
  const table = sweepTable(result)
  if (table.rows.length === 0) return []
  const curve = curveLines(curveOf(result), screen)
  const isJudged = result.sweep.some(({ wrongPerHit }) => wrongPerHit !== null)
  const remark =
    curve.length === 0
      ? ''
      : isJudged
        ? 'above what is saved, below wrong hits per hit'
        : 'what is saved; wrong hits are unmeasured'
  return [
    ...heading(screen, table.title.toUpperCase(), remark),
    ...curve,
    ...formatGrid(table.columns, table.rows, screen),
  ]
}

/** The sweep with the asked and the certified threshold. */
const curveOf = ({ sweep, layers, certified }: SimulateResult): Curve => ({
  points: pointsToPlot(sweep).map(({ threshold, savingsUsd, wrongPerHit }) => ({
    threshold,
    savedUsd: savingsUsd,
    wrongPerHit,
  })),
  marks: [
    { threshold: layers.semantic.threshold, text: 'asked' },
    ...(certified.threshold === null
      ? []
      : [{ threshold: certified.threshold, text: 'certified' }]),
  ],
})

/** Each pair on two lines: the question, and under it the one whose answer it was served. */
function pairsBlock(result: SimulateResult, screen: Screen): Block {
  const pairs = pairsToRead(result)
  if (pairs.length === 0) return []
  const column = Math.max(...pairs.map(({ request }) => numberOf(request).length), 6)
  return [
    ...heading(screen, 'READ THESE', 'asked, and under it the question whose answer was served'),
    ...pairs.flatMap((pair) => pairLines(pair, column, screen)),
  ]
}

function pairLines(pair: ServedPair, column: number, { width, paint }: Screen): Block {
  const { similarity, request, servedBy, verdict, question, servedQuestion } = pair
  const style = verdict === 'wrong' ? 'red' : verdict === 'right' ? 'green' : 'yellow'
  const indent = 2 + column + 2 + verdictWidth + 2
  const quote = (text: string | null, number: number) =>
    text === null
      ? truncateText(`(text not kept) ${numberOf(number)}`, width - indent)
      : `“${truncateText(safeText(text), width - indent - 2)}”`
  return [
    `  ${padText(formatThreshold(similarity), column)}  ${paint(style, padText(verdict ?? 'unjudged', verdictWidth))}  ${quote(question, request)}`,
    `  ${paint('dim', padText(numberOf(request), indent - 2) + quote(servedQuestion, servedBy))}`,
  ]
}

/** A request's number in the store, as `llmcost explain` takes it. */
const numberOf = (request: number): string => `#${request}`

/** The commands that answer the next question. */
function furtherBlock(result: SimulateResult, { width, paint }: Screen): Block {
  if (result.baseline.requests === 0) {
    return [`${paint('dim', 'Try')} ${paint('cyan', 'llmcost simulate logs.jsonl')}`]
  }
  const asked = ['llmcost simulate', ...askedWords(result)].join(' ')
  const commands = [
    `${asked} --interactive`,
    `${asked} --write llmcost.yaml`,
    `${asked} --format html > report.html`,
  ].flatMap((command) => wrapText(command, width - 11).map((line) => paint('cyan', line)))
  return flowPieces(commands, width - 11, paint('dim', ' · ')).map(
    (line, index) => (index === 0 ? paint('dim', 'Go on with ') : ' '.repeat(11)) + line,
  )
}

/** Files, where they are few, and the threshold, as they are typed again. */
const askedWords = ({ inputs, layers: { semantic } }: SimulateResult): readonly string[] => [
  ...fileWords(inputs),
  ...(semantic.on ? ['--threshold', String(semantic.threshold)] : []),
]

/** As wide as the longest verdict. */
const verdictWidth = 'unsettled'.length
