import type { AnalyzeResult, Opportunity } from '../analyze/result.ts'
import { escapeMarkdown, markdownCode, safeText } from './escape.ts'
import { markdownTable } from './markdown-table.ts'
import {
  formatCount,
  formatMs,
  formatShare,
  formatUsd,
  formatUsdCents,
  formatUsdRough,
  plural,
  unknownMark,
} from './numbers.ts'
import {
  compositionPieces,
  loggedPieces,
  periodText,
  pricesText,
  projectionPieces,
  requestPieces,
  savingPeriod,
  spreadRows,
  spreadTitles,
  uncertainPieces,
} from './phrases.ts'
import { profileParts, profileRemark } from './profile-phrases.ts'
import { truncateText } from './text-width.ts'

/** The result for an issue or a pull request: headline, facts, groups, alerts. */
export function analyzeMarkdown(result: AnalyzeResult): string {
  const sections = [
    `## LLM spend, ${escapeMarkdown(periodText(result))}`,
    headline(result),
    spread(result),
    facts(result),
    groups(result),
    profile(result),
    alerts(result),
    footer(result),
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

function headline(result: AnalyzeResult): string {
  const { totals, projection } = result
  if (totals.requests === 0) return 'No requests.'
  const month = projection.costUsdPerMonth
  const [, ...basis] = projectionPieces(result)
  const rows: readonly (readonly [string, string])[] = [
    ['Spent', `**${formatUsdCents(totals.costUsd)}**`],
    [
      'Projected month',
      `**${formatUsdRough(month)}**${month === null ? '' : ` · ${basis.join(' · ')}`}`,
    ],
    ['Requests', requestPieces(result).join(' · ')],
    ['Made of', compositionPieces(result).map(escapeMarkdown).join(', ')],
    ['Not certain', uncertainPieces(result).map(escapeMarkdown).join(' · ')],
    ['As logged', loggedPieces(result).join(' · ')],
  ]
  const known = rows.filter(([, text]) => text !== '')
  return markdownTable(['', ''], known, new Set())
}

function spread(result: AnalyzeResult): string {
  const rows = spreadRows(result)
  if (rows.length === 0) return ''
  return markdownTable(['', ...spreadTitles], rows, new Set([1, 2, 3, 4, 5]))
}

function facts(result: AnalyzeResult): string {
  const { facts: three } = result
  if (three.length === 0) return ''
  const remark = three.length === 1 ? '' : ' (these do not overlap)'
  return [
    `### What would help most${remark}`,
    '',
    ...three.map((each, index) => fact(each, index, savingPeriod(result))),
  ].join('\n')
}

function fact(opportunity: Opportunity, index: number, period: string): string {
  const { savingUsdPerMonth, share, title, evidence, caveat, command } = opportunity
  const head = `${index + 1}. **${formatUsdRough(savingUsdPerMonth)} ${period}** (${escapeMarkdown(formatShare(share))} of the spend): ${escapeMarkdown(title)}`
  const lines = [
    ...(evidence === '' ? [] : [`Why: ${escapeMarkdown(evidence)}`]),
    ...(caveat === '' ? [] : [`But: ${escapeMarkdown(caveat)}`]),
    ...(command === '' ? [] : [`Try: ${markdownCode(command)}`]),
  ]
  return [head, ...lines.map((line) => `   - ${line}`)].join('\n')
}

function groups({ by, groups: rows, groupCount }: AnalyzeResult): string {
  if (rows.length === 0) return ''
  const names = by.map(escapeMarkdown)
  const titles = [...names, 'spend', 'share', 'requests', 'each', 'p95', 'errors']
  const cells = rows.map((group) => [
    ...by.map((dimension) => nameOf(group.by[dimension] ?? null)),
    formatUsd(group.costUsd),
    escapeMarkdown(formatShare(group.costShare)),
    formatCount(group.requests),
    formatUsd(group.perRequest.meanUsd),
    formatMs(group.latencyMs.p95),
    formatCount(group.errors),
  ])
  const right = new Set(titles.map((_, index) => index).filter((index) => index >= by.length))
  const more =
    groupCount > rows.length ? `\n\n${rows.length} of ${plural(groupCount, 'group')}.` : ''
  return `### By ${names.join(', ')}\n\n${markdownTable(titles, cells, right)}${more}`
}

const nameOf = (name: string | null): string => (name === null ? unknownMark : escapeMarkdown(name))

function profile({ queryProfile }: AnalyzeResult): string {
  if (queryProfile === null) return ''
  const { clusters, requests } = queryProfile
  const shares = profileParts(queryProfile).map(
    ({ name, share }) => `**${escapeMarkdown(formatShare(share))}** ${name}`,
  )
  const dearest = clusters
    .slice(0, maxClusters)
    .map(({ example, count, distinct, costUsd }) => [
      escapeMarkdown(truncateText(safeText(example), maxExampleColumns)),
      formatCount(count),
      formatCount(distinct),
      formatUsd(costUsd),
    ])
  return [
    `### Asked before\n\nOf ${plural(requests, 'request')} with a prompt: ${shares.join(', ')}. ${escapeMarkdown(profileRemark(queryProfile))}`,
    ...(dearest.length === 0
      ? []
      : [
          markdownTable(
            ['nearly the same as', 'asked', 'prompts', 'spend'],
            dearest,
            new Set([1, 2, 3]),
          ),
        ]),
  ].join('\n\n')
}

const maxClusters = 5
/** A prompt is recognised by its beginning. */
const maxExampleColumns = 80

function alerts({ alerts: all }: AnalyzeResult): string {
  if (all.length === 0) return ''
  const lines = all.map(({ level, message }) => `- **${level}** ${escapeMarkdown(message)}`)
  return ['### Alerts', '', ...lines].join('\n')
}

const footer = ({ priceBook }: AnalyzeResult): string =>
  `<sub>llmcost analyze · ${escapeMarkdown(pricesText(priceBook))}</sub>`
