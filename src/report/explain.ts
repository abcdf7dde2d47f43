import type { Explanation, Place } from '../analyze/explanation.ts'
import { safeText } from './escape.ts'
import { formatGrid, type GridColumn } from './grid.ts'
import { formatJson, headOrder, type KeyOrder, orderKeys } from './json.ts'
import { formatCount, formatUsdExact, unknownMark } from './numbers.ts'
import { receiptValue, rewritesText, stepLabel, stepTexts, sumText } from './receipt.ts'
import {
  type Block,
  hanging,
  heading,
  joinBlocks,
  type Screen,
  screenOf,
  type View,
} from './screen.ts'
import { flowPieces, padText, truncateText, wrapText } from './text-width.ts'

/** One request in full, for a terminal or as JSON. */
export function formatExplain(
  explanation: Explanation,
  format: 'terminal' | 'json',
  view: View,
): string {
  if (format === 'json') return explainJson(explanation)
  const screen = screenOf(view)
  const blocks = [
    headerBlock(explanation, screen),
    factsBlock(explanation, screen),
    costBlock(explanation, screen),
    receiptBlock(explanation, screen),
    textBlock('PROMPT', explanation.prompt, screen),
    textBlock('ANSWER', explanation.answer, screen),
    notesBlock(explanation, screen),
  ]
  return joinBlocks(blocks, screen)
}

function headerBlock({ id, place, format, at }: Explanation, { width, paint }: Screen): Block {
  const when = at === null ? 'no date' : at.replace('T', ' ').replace('Z', ' UTC')
  const pieces = [when, ...(place === null ? [] : [placeText(place)]), safeText(format)]
  const lines = flowPieces(
    pieces.map((piece) => truncateText(piece, width)),
    width,
    ' · ',
  )
  return [
    ...wrapText(safeText(id), width).map((line) => paint('bold', line)),
    ...lines.map((line) => paint('dim', line)),
  ]
}

function placeText({ file, line, byteOffset }: Place): string {
  const numbers = [
    ...(line === null ? [] : [`line ${formatCount(line)}`]),
    ...(byteOffset === null ? [] : [`byte ${formatCount(byteOffset)}`]),
  ]
  return [safeText(file), ...numbers].join(', ')
}

function factsBlock({ facts }: Explanation, { width, paint }: Screen): Block {
  const names = facts.map(([name]) => safeText(name))
  const column = Math.min(18, Math.max(0, ...names.map((name) => name.length)))
  return facts.flatMap(([, value], index) =>
    hanging(
      `  ${paint('dim', padText(truncateText(names[index] ?? '', column), column))}  `,
      safeText(value),
      { width, indent: column + 4 },
    ),
  )
}

/** The sum as on a receipt: every line, the total, what the log says, and where the price is from. */
function costBlock(explanation: Explanation, screen: Screen): Block {
  const { usage, computedCostUsd, loggedCostUsd, deltaUsd } = explanation
  const amounts = [...usage.map(({ costUsd }) => costUsd), computedCostUsd, loggedCostUsd, deltaUsd]
  const decimals = Math.max(2, ...amounts.map(decimalsOf))
  const usd = (value: number | null) =>
    value === null ? unknownMark : formatUsdExact(value, decimals)
  const rows = [
    ...usage.map(({ name, tokens, usdPerMillion, costUsd }) => [
      safeText(name),
      tokens === null ? '' : formatCount(tokens),
      usdPerMillion === null ? '' : `× $${usdPerMillion} per M`,
      usd(costUsd),
    ]),
    ['total', '', '', usd(computedCostUsd)],
    ...(loggedCostUsd === null
      ? []
      : [
          ['in the log', '', '', usd(loggedCostUsd)],
          ['difference', '', '', usd(deltaUsd)],
        ]),
  ]
  const columns: readonly GridColumn[] = [
    { title: '', minWidth: 10 },
    { title: 'tokens', align: 'right' },
    { title: 'price', align: 'right' },
    { title: 'cost', align: 'right', style: 'bold' },
  ]
  const isKnown = usage.length > 0 || computedCostUsd !== null || loggedCostUsd !== null
  return [
    ...heading(screen, 'COST'),
    ...(isKnown ? formatGrid(columns, rows, screen) : []),
    ...priceLines(explanation, screen),
  ]
}

function priceLines({ priceSource, factors }: Explanation, { width, paint }: Screen): Block {
  const source =
    priceSource === null
      ? ['no price']
      : [
          priceSource.target,
          priceSource.source,
          ...(priceSource.since === null ? [] : [`since ${priceSource.since}`]),
          ...(priceSource.band === null ? [] : [`band ${priceSource.band} tokens`]),
        ]
  return [source.join(', '), ...factors].flatMap((line) =>
    hanging('  ', safeText(line), { width, indent: 2, paint: (text) => paint('dim', text) }),
  )
}

/** What a gateway did, step by step. */
function receiptBlock({ receipt }: Explanation, screen: Screen): Block {
  if (receipt === null) return []
  const { width } = screen
  const rewrites = rewritesText(receipt)
  return [
    ...heading(screen, 'RECEIPT', receipt.outcome),
    ...stepTexts(receipt).flatMap((text, index) =>
      hanging(stepLabel(index), text, { width, indent: stepLabel(index).length }),
    ),
    ...(rewrites === null ? [] : hanging('  ', rewrites, { width, indent: 2 })),
    `  ${sumText(receipt)}`,
  ]
}

function textBlock(title: string, text: string | null, screen: Screen): Block {
  if (text === null) return []
  const lines = text.split(/\r?\n/).flatMap((line) => wrapText(safeText(line), screen.width - 2))
  const shown = lines.slice(0, maxTextLines)
  const remark =
    lines.length > shown.length
      ? `the first ${maxTextLines} of ${formatCount(lines.length)} lines`
      : ''
  return [...heading(screen, title, remark), ...shown.map((line) => `  ${line}`)]
}

function notesBlock({ warnings, duplicates }: Explanation, screen: Screen): Block {
  const lines = [
    ...warnings.map(({ message }) => message),
    ...duplicates.map((place) => `also at ${placeText(place)}, counted once`),
  ]
  if (lines.length === 0) return []
  const { width, paint } = screen
  return [
    ...heading(screen, 'NOTES'),
    ...lines.flatMap((line) =>
      hanging(`  ${paint('yellow', '•')} `, safeText(line), { width, indent: 4 }),
    ),
  ]
}

const decimalsOf = (usd: number | null): number =>
  usd === null ? 0 : (formatUsdExact(usd).split('.')[1]?.length ?? 0)

/** More of a text than this is read in the log itself. */
const maxTextLines = 12

function explainJson({ receipt, ...rest }: Explanation): string {
  const ordered = orderKeys(rest, explainOrder) as object
  return formatJson({ ...ordered, receipt: receipt === null ? null : receiptValue(receipt) })
}

const place = { file: true, line: true, byteOffset: true } as const

const explainOrder: KeyOrder<Omit<Explanation, 'receipt'>> = {
  ...headOrder,
  id: true,
  place,
  format: true,
  at: true,
  facts: true,
  usage: { name: true, tokens: true, usdPerMillion: true, costUsd: true },
  factors: true,
  priceSource: { source: true, target: true, since: true, band: true },
  loggedCostUsd: true,
  computedCostUsd: true,
  deltaUsd: true,
  prompt: true,
  answer: true,
  duplicates: place,
}
