import type { Alert, AnalyzeResult } from '../analyze/result.ts'
import { safeText } from './escape.ts'
import { formatUsd } from './numbers.ts'
import type { Style } from './paint.ts'
import { noteLines, verdictTexts } from './phrases.ts'
import { type Block, hanging, heading, type Screen } from './screen.ts'
import { notesBlock } from './terminal-blocks.ts'
import { flowPieces, wrapText } from './text-width.ts'

/** What is out of the ordinary, in the order it is given. */
export function alertsBlock({ alerts }: AnalyzeResult, screen: Screen): Block {
  if (alerts.length === 0) return []
  const { width, paint } = screen
  return [
    ...heading(screen, 'ALERTS'),
    ...alerts.flatMap(({ level, message }) =>
      hanging(`  ${paint(levelStyles[level], levelSigns[level])} `, safeText(message), {
        width,
        indent: 4,
      }),
    ),
  ]
}

/** Whether a gateway is worth it at all. */
export function verdictBlock({ verdict }: AnalyzeResult, screen: Screen): Block {
  if (verdict.gateway === 'unknown' && verdict.reasons.length === 0) return []
  const { width, paint } = screen
  const spend = verdict.usdPerDay === null ? '' : `at ${formatUsd(verdict.usdPerDay)} a day`
  return [
    ...heading(screen, `VERDICT: ${verdictTexts[verdict.gateway]}`, spend),
    ...verdict.reasons.flatMap((reason) =>
      hanging(`  ${paint('dim', '•')} `, safeText(reason), { width, indent: 4 }),
    ),
  ]
}

/** Warnings, models without a price, and the records that were not counted. */
export const analyzeNotes = (result: AnalyzeResult, screen: Screen): Block =>
  notesBlock(noteLines(result), screen)

/** The commands that answer the next question. */
export function furtherBlock(result: AnalyzeResult, { width, paint }: Screen): Block {
  if (result.totals.requests === 0) {
    return [`${paint('dim', 'Try')} ${paint('cyan', 'llmcost analyze logs.jsonl')}`]
  }
  const example = result.opportunities.flatMap(({ examples }) => examples)[0]
  const by = ['model', 'feature', 'user', 'hour'].find((each) => !result.by.includes(each))
  const commands = [
    `llmcost analyze --by ${by ?? 'day'}`,
    ...(example === undefined ? [] : [`llmcost explain ${safeText(example)}`]),
    'llmcost analyze --format html > report.html',
  ].flatMap((command) => wrapText(command, width - 11).map((line) => paint('cyan', line)))
  const lines = flowPieces(commands, width - 11, paint('dim', ' · '))
  return lines.map(
    (line, index) => (index === 0 ? paint('dim', 'Dig deeper ') : ' '.repeat(11)) + line,
  )
}

const levelSigns: Readonly<Record<Alert['level'], string>> = {
  critical: '✖',
  warn: '▲',
  info: '•',
}

const levelStyles: Readonly<Record<Alert['level'], Style>> = {
  critical: 'red',
  warn: 'yellow',
  info: 'blue',
}
