import type { CheckResult, ScenarioChange } from '../check/result.ts'
import {
  causeOf,
  checkHeadline,
  comparisonSentence,
  findingSentence,
  findingTitle,
  outcomeStyles,
  signedUsd,
  totalLine,
} from './check-phrases.ts'
import { causeLine } from './diff-phrases.ts'
import { safeText } from './escape.ts'
import { formatCount } from './numbers.ts'
import {
  type Block,
  hanging,
  heading,
  joinBlocks,
  type Screen,
  screenOf,
  type View,
} from './screen.ts'
import { notesBlock } from './terminal-blocks.ts'
import { wrapText } from './text-width.ts'

/** The check for a person: each assertion, what changed most, and the total in one line. */
export function checkTerminal(result: CheckResult, view: View): string {
  const screen = screenOf(view)
  const { width, paint } = screen
  const total = totalLine(result)
  return joinBlocks(
    [
      [paint(outcomeStyles[result.verdict], checkHeadline(result))],
      findingLines(result, screen),
      wrapText(comparisonSentence(result), width)
        .filter((line) => line !== '')
        .map((line) => paint('dim', line)),
      scenarioLines(result, screen),
      notesBlock(
        result.warnings.map(({ message, count }) => safeText(`${message} (${formatCount(count)})`)),
        screen,
      ),
      [
        ...(total === '' ? [] : [paint('bold', total)]),
        ...wrapText(causeLine(result), width).filter((line) => line !== ''),
      ],
    ],
    screen,
  )
}

const findingLines = ({ findings }: CheckResult, { width, paint }: Screen): Block =>
  findings.flatMap((finding) => [
    `${paint(outcomeStyles[finding.outcome], finding.outcome.padEnd(wordWidth))}${paint('bold', safeText(findingTitle(finding)))}`,
    ...wrapText(findingSentence(finding), width - wordWidth).map(
      (line) => ' '.repeat(wordWidth) + line,
    ),
  ])

const wordWidth = 'no-data'.length + 2

/** Scenarios that a terminal shows; all that were kept are in the JSON. */
const mostShown = 10

function scenarioLines(result: CheckResult, screen: Screen): Block {
  const { scenarios, scenarioChanges } = result
  if (scenarios.length === 0) return []
  const shown = scenarios.slice(0, mostShown)
  const more = scenarioChanges - shown.length
  return [
    ...heading(screen, 'SCENARIOS', '+ new, - gone, ~ changed, per run'),
    ...shown.flatMap((change) => changeLines(change, screen)),
    ...(more > 0 ? [screen.paint('dim', `  and ${formatCount(more)} more`)] : []),
  ]
}

const signs = { new: '+', gone: '-', changed: '~', renamed: '~' } as const

const changeLines = (change: ScenarioChange, { width, paint }: Screen): Block => {
  const style = change.differenceUsd > 0 ? 'red' : 'green'
  return [
    `  ${signs[change.change]} ${paint('bold', safeText(change.scenario))}  ${paint(style, signedUsd(change.differenceUsd))}`,
    ...hanging('      ', safeText(causeOf(change)), {
      width,
      indent: 6,
      paint: (line) => paint('dim', line),
    }),
  ]
}
