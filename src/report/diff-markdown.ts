import type { DiffResult, DiffRow } from '../check/diff-result.ts'
import { signedUsd } from './check-phrases.ts'
import {
  amountsOf,
  changeWords,
  diffTotal,
  effectMeanings,
  featureName,
  hasCommonScenarios,
  mainCause,
  modelName,
  otherAmounts,
  repricedWords,
  sidePieces,
} from './diff-phrases.ts'
import { escapeMarkdown } from './escape.ts'
import { folded, limitedTable, noteSection } from './markdown-sections.ts'
import { markdownTable } from './markdown-table.ts'
import { formatCount, formatUsd } from './numbers.ts'
import { scenarioTable } from './scenario-changes.ts'

/** By this line a bot finds its comment again and updates it. */
const commentMarker = '<!-- llmcost diff -->'

/** The difference as a comment: the total, its causes, and where it arose. */
export function diffMarkdown(result: DiffResult): string {
  const { from, to, models, features } = result
  const sections = [
    commentMarker,
    `**LLM cost ${escapeMarkdown(formatUsd(from.costUsd))} → ${escapeMarkdown(formatUsd(to.costUsd))}, ${escapeMarkdown(changeWords(result))}**`,
    `from ${escapeMarkdown(sidePieces(from).join(' · '))}  \nto ${escapeMarkdown(sidePieces(to).join(' · '))}`,
    causesTable(result),
    folded('Details', [
      rowsTable('model', models, (row) => modelName(row)),
      features.length < 2 ? '' : rowsTable('feature', features, (row) => featureName(row.feature)),
      hasCommonScenarios(result) ? scenarioTable(result, 'from', 'to') : '',
      requestsTable(result),
      noteSection([
        ...repricedWords(result),
        ...result.warnings.map(({ message, count }) => `${message} (${formatCount(count)})`),
      ]),
      escapeMarkdown(diffTotal(result)),
    ]),
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

function causesTable({ effects, other }: DiffResult): string {
  const rows = amountsOf(effects).flatMap(({ key, name, usd }) => [
    [name, signedUsd(usd), effectMeanings[key]],
    ...(key === 'other' ? otherAmounts(other) : []).map((part) => [
      `· ${part.name}`,
      signedUsd(part.usd),
      '',
    ]),
  ])
  return rows.length === 0
    ? ''
    : markdownTable(
        ['cause', 'difference', ''],
        rows.map((row) => row.map(escapeMarkdown)),
        new Set([1]),
      )
}

function rowsTable<Row extends DiffRow>(
  title: string,
  rows: readonly Row[],
  nameOf: (row: Row) => string,
): string {
  const changed = rows.filter(({ differenceUsd }) => differenceUsd !== 0)
  return limitedTable(
    [title, 'from', 'to', 'difference', 'mostly'],
    changed.map((row) => [
      nameOf(row),
      formatUsd(row.fromUsd),
      formatUsd(row.toUsd),
      signedUsd(row.differenceUsd),
      mainCause(row),
    ]),
    changed.length,
  )
}

const requestsTable = ({ requests }: DiffResult): string =>
  limitedTable(
    ['request', 'cost', 'difference', 'model', 'feature'],
    requests.map((request) => [
      request.id,
      formatUsd(request.costUsd),
      signedUsd(request.differenceUsd),
      modelName(request),
      featureName(request.feature),
    ]),
    requests.length,
    new Set([1, 2]),
  )
