import type { PairTexts } from '../simulate/label-pairs.ts'
import type { LabelStatus } from '../simulate/label-status.ts'
import { safeText } from './escape.ts'
import { formatCount, formatShare, plural } from './numbers.ts'
import { type Block, heading, joinBlocks, type Screen, screenOf, type View } from './screen.ts'
import { formatThreshold } from './simulate-phrases.ts'
import { wrapText } from './text-width.ts'

/** A pair to be judged by a person. */
export type ShownPair = PairTexts & {
  readonly request: number
  readonly servedBy: number
  readonly similarity: number
}

/** One pair for a terminal: what was asked and answered, and what the cache would have answered. */
export function formatLabelPair(pair: ShownPair, progress: string, view: View): string {
  const screen = screenOf(view)
  const { request, servedBy, similarity } = pair
  const place = `#${request} served by #${servedBy}, similarity ${similarity.toFixed(4)}`
  const isSame = pair.ownAnswer === pair.servedAnswer
  const blocks = [
    [
      ...wrapText(safeText(progress), screen.width).map((line) => screen.paint('bold', line)),
      screen.paint('dim', place),
    ],
    textBlock('ASKED', pair.question, screen),
    textBlock('ANSWERED', pair.ownAnswer, screen),
    textBlock('MOST SIMILAR QUESTION', pair.servedQuestion, screen),
    isSame
      ? heading(screen, 'ITS ANSWER', 'the same, word for word')
      : textBlock('ITS ANSWER', pair.servedAnswer, screen),
    [keysLine],
  ]
  return `\n${joinBlocks(blocks, screen).trimEnd()} `
}

const keysLine =
  'Would this answer have been right for what was asked?\ny right · n wrong · s cannot tell · b back · q quit:'

/** What the labels prove at one threshold so far, in a sentence. */
export function labelStatusText(status: LabelStatus): string {
  const { threshold, labels, wrong, hits, needed, isCertified, alpha, delta } = status
  const limit = `wrong hits below ${formatShare(alpha)} with ${formatShare(1 - delta)} confidence`
  const counted = `${formatThreshold(threshold)}: ${plural(labels, 'label')} on ${plural(hits, 'hit')} count, ${formatCount(wrong)} wrong`
  if (isCertified) return `${counted}; ${limit}: certified at this threshold`
  if (needed.kind === 'never')
    return `${counted}; ${limit}: no number of labels will prove it at this rate`
  const scarce =
    labels + needed.more > hits
      ? ', more than this log has: try a lower threshold or a laxer limit'
      : ''
  return `${counted}; ${limit}: ${formatCount(needed.more)} more needed${scarce}`
}

/** A text under a title, cut where it is longer than `most` lines. */
export function textBlock(
  title: string,
  text: string | null,
  screen: Screen,
  most = mostLines,
): Block {
  const lines = (text ?? '')
    .split(/\r?\n/)
    .flatMap((line) => wrapText(safeText(line), screen.width - 2))
  const shown = lines.slice(0, most)
  const remark =
    lines.length > shown.length
      ? `the first ${formatCount(most)} of ${plural(lines.length, 'line')}`
      : ''
  return [...heading(screen, title, remark), ...shown.map((line) => `  ${line}`)]
}

/** Two answers of this length and their questions fit a tall terminal; more is in the CSV. */
const mostLines = 20
