import type { CheckResult } from '../check/result.ts'
import {
  checkHeadline,
  comparisonSentence,
  findingFigures,
  findingSentence,
  findingTitle,
  signedShare,
  totalLine,
} from './check-phrases.ts'
import { causeLine } from './diff-phrases.ts'
import { escapeMarkdown } from './escape.ts'
import { folded, noteSection } from './markdown-sections.ts'
import { markdownTable } from './markdown-table.ts'
import { formatCount } from './numbers.ts'
import { scenarioTable } from './scenario-changes.ts'

/** By this line a bot finds its comment again and updates it. */
export const commentMarker = '<!-- llmcost check -->'

/** The check as a comment on a pull request; two lines where nothing changed. */
export function checkMarkdown(result: CheckResult): string {
  const sections = [commentMarker, `**LLM cost ${escapeMarkdown(checkHeadline(result))}**`]
  const details = isQuiet(result)
    ? []
    : [
        escapeMarkdown(totalLine(result)),
        escapeMarkdown(causeLine(result)),
        findingsTable(result),
        folded('Details', [
          ...result.findings.map(
            (finding) =>
              `- ${escapeMarkdown(findingTitle(finding))}: ${escapeMarkdown(findingSentence(finding))}`,
          ),
          scenarioTable(result, 'baseline', 'now'),
          escapeMarkdown(comparisonSentence(result)),
          noteSection(
            result.warnings.map(({ message, count }) => `${message} (${formatCount(count)})`),
          ),
        ]),
      ]
  return `${[...sections, ...details].filter((section) => section !== '').join('\n\n')}\n`
}

/** Everything passed and no scenario differs: a reader has nothing to do. */
const isQuiet = ({ verdict, scenarioChanges, baseline, current }: CheckResult): boolean =>
  verdict === 'pass' &&
  scenarioChanges === 0 &&
  (baseline === null || baseline.costUsd === current.costUsd)

const signs = { pass: '✅', warn: '⚠️', fail: '❌', 'no-data': '❔' } as const

function findingsTable({ findings }: CheckResult): string {
  const rows = findings.map((finding) => {
    const { baseline, actual, expected } = findingFigures(finding)
    return [
      signs[finding.outcome],
      escapeMarkdown(findingTitle(finding)),
      baseline,
      actual,
      signedShare(finding.change),
      `${escapeMarkdown(finding.operator)} ${expected}`,
    ]
  })
  const titles = ['', 'assertion', 'baseline', 'now', 'change', 'bound']
  return markdownTable(titles, rows, new Set([2, 3, 4, 5]))
}
