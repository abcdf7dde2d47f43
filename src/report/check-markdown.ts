import type { CheckResult } from '../check/result.ts'
import {
  causeOf,
  checkHeadline,
  comparisonSentence,
  figure,
  findingSentence,
  findingTitle,
  signedShare,
  signedUsd,
  totalLine,
} from './check-phrases.ts'
import { causeLine } from './diff-phrases.ts'
import { escapeMarkdown } from './escape.ts'
import { folded, noteSection } from './markdown-sections.ts'
import { markdownTable } from './markdown-table.ts'
import { formatCount, formatUsd } from './numbers.ts'

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
          scenariosTable(result),
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
  const rows = findings.map((finding) => [
    signs[finding.outcome],
    escapeMarkdown(findingTitle(finding)),
    figure(finding.metric, finding.baseline),
    figure(finding.metric, finding.actual),
    signedShare(finding.change),
    `${escapeMarkdown(finding.operator)} ${figure(finding.metric, finding.expected)}`,
  ])
  const titles = ['', 'assertion', 'baseline', 'now', 'change', 'bound']
  return markdownTable(titles, rows, new Set([2, 3, 4, 5]))
}

/** A comment has a limited length. */
const mostShown = 20

function scenariosTable({ scenarios, scenarioChanges }: CheckResult): string {
  if (scenarios.length === 0) return ''
  const rows = scenarios
    .slice(0, mostShown)
    .map((change) => [
      escapeMarkdown(change.scenario),
      formatUsd(change.beforeUsd),
      formatUsd(change.afterUsd),
      signedUsd(change.differenceUsd),
      escapeMarkdown(causeOf(change)),
    ])
  const more = scenarioChanges - rows.length
  const table = markdownTable(
    ['scenario', 'baseline', 'now', 'difference', 'because'],
    rows,
    new Set([1, 2, 3]),
  )
  return more > 0 ? `${table}\n\nand ${formatCount(more)} more` : table
}
