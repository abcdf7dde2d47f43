import type { CheckResult, ScenarioChange } from '../check/result.ts'
import { causeOf, signedUsd } from './check-phrases.ts'
import { safeText } from './escape.ts'
import { limitedTable } from './markdown-sections.ts'
import { formatCount, formatUsd } from './numbers.ts'
import { type Block, hanging, heading, type Screen } from './screen.ts'
import { textWidth, wrapText } from './text-width.ts'

/** What `check` and `diff` both tell of scenarios. */
type Changes = Pick<CheckResult, 'scenarios' | 'scenarioChanges'>

const signs = { new: '+', gone: '-', changed: '~', renamed: '~' } as const

/** New, gone and changed scenarios for a terminal, `most` of them, each with what its runs do otherwise. */
export function scenarioLines(
  { scenarios, scenarioChanges }: Changes,
  most: number,
  screen: Screen,
): Block {
  if (scenarios.length === 0) return []
  const shown = scenarios.slice(0, most)
  const more = scenarioChanges - shown.length
  return [
    ...heading(screen, 'SCENARIOS', '~ changed, + new, - gone, per run'),
    ...shown.flatMap((change) => [...nameLines(change, screen), ...causeLines(change, screen)]),
    ...(more > 0 ? [screen.paint('dim', `  and ${formatCount(more)} more`)] : []),
  ]
}

/** The name, on as many lines as it needs, and the difference. */
function nameLines({ change, scenario, differenceUsd }: ScenarioChange, screen: Screen): Block {
  const { width, paint } = screen
  const label = `  ${signs[change]} `
  const indent = label.length
  const amount = signedUsd(differenceUsd)
  const names = wrapText(safeText(scenario), width - indent)
  const last = names.at(-1) ?? ''
  const painted = paint(differenceUsd > 0 ? 'red' : 'green', amount)
  const lines = names.map(
    (line, index) => (index === 0 ? label : ' '.repeat(indent)) + paint('bold', line),
  )
  return indent + textWidth(last) + 2 + amount.length <= width
    ? [...lines.slice(0, -1), `${lines.at(-1)}  ${painted}`]
    : [...lines, ' '.repeat(indent) + painted]
}

const causeLines = (change: ScenarioChange, { width, paint }: Screen): Block =>
  hanging('      ', safeText(causeOf(change)), {
    width,
    indent: 6,
    paint: (line) => paint('dim', line),
  })

/** The same for a comment, under the names that the sides have there. */
export const scenarioTable = (
  { scenarios, scenarioChanges }: Changes,
  before: string,
  after: string,
): string =>
  limitedTable(
    ['scenario', before, after, 'difference', 'because'],
    scenarios.map((change) => [
      change.scenario,
      formatUsd(change.beforeUsd),
      formatUsd(change.afterUsd),
      signedUsd(change.differenceUsd),
      causeOf(change),
    ]),
    scenarioChanges,
  )
