import type { BlindPair } from '../score/blind-pairs.ts'
import { safeText } from './escape.ts'
import { textBlock } from './label-pair.ts'
import { joinBlocks, screenOf, type View } from './screen.ts'
import { wrapText } from './text-width.ts'

/** One pair for a terminal: what was asked, and two answers in places that tell nothing. */
export function formatBlindPair(
  { question, first, second }: BlindPair,
  progress: string,
  view: View,
): string {
  const screen = screenOf(view)
  const blocks = [
    wrapText(safeText(progress), screen.width).map((line) => screen.paint('bold', line)),
    textBlock('ASKED', question, screen, mostLines),
    textBlock('FIRST ANSWER', first, screen, mostLines),
    textBlock('SECOND ANSWER', second, screen, mostLines),
    [keysLine],
  ]
  return `\n${joinBlocks(blocks, screen).trimEnd()} `
}

const keysLine =
  'Which answer serves better?\n1 first · 2 second · t as good · s cannot tell · b back · q quit:'

/** Two answers may differ late; whoever compares them scrolls. */
const mostLines = 100
