import type { CheckResult } from '../check/result.ts'
import {
  checkHeadline,
  comparisonSentence,
  findingSentence,
  findingTitle,
  outcomeStyles,
  totalLine,
} from './check-phrases.ts'
import { causeLine } from './diff-phrases.ts'
import { safeText } from './escape.ts'
import { formatCount } from './numbers.ts'
import { scenarioLines } from './scenario-changes.ts'
import { type Block, hanging, joinBlocks, type Screen, screenOf, type View } from './screen.ts'
import { notesBlock } from './terminal-blocks.ts'
import { wrapText } from './text-width.ts'

/** The check for a person: each assertion, what changed most, and the total in one line. */
export function checkTerminal(result: CheckResult, view: View): string {
  const screen = screenOf(view)
  const { width, paint } = screen
  return joinBlocks(
    [
      wrapText(checkHeadline(result), width).map((line) =>
        paint(outcomeStyles[result.verdict], line),
      ),
      findingLines(result, screen),
      linesOf(comparisonSentence(result), width).map((line) => paint('dim', line)),
      scenarioLines(result, mostScenarios, screen),
      notesBlock(
        result.warnings.map(({ message, count }) => safeText(`${message} (${formatCount(count)})`)),
        screen,
      ),
      [
        ...linesOf(totalLine(result), width).map((line) => paint('bold', line)),
        ...linesOf(causeLine(result), width),
      ],
    ],
    screen,
  )
}

/** None of an empty sentence. */
const linesOf = (sentence: string, width: number): Block =>
  sentence === '' ? [] : wrapText(sentence, width)

const findingLines = ({ findings }: CheckResult, { width, paint }: Screen): Block =>
  findings.flatMap((finding) => [
    ...hanging(
      paint(outcomeStyles[finding.outcome], finding.outcome.padEnd(wordWidth)),
      safeText(findingTitle(finding)),
      { width, indent: wordWidth, paint: (line) => paint('bold', line) },
    ),
    ...wrapText(findingSentence(finding), width - wordWidth).map(
      (line) => ' '.repeat(wordWidth) + line,
    ),
  ])

const wordWidth = 'no-data'.length + 2

/** Scenarios that a terminal shows; all that were kept are in the JSON. */
const mostScenarios = 10
