import type { AnalyzeResult, CostByClassUsd, Group } from '../analyze/result.ts'
import { type CsvValue, formatCsv } from './csv.ts'

/** The groups, or one row per day without --by. Column names are the paths of the JSON. */
export const analyzeCsv = (result: AnalyzeResult): string =>
  result.by.length > 0 ? groupsCsv(result) : daysCsv(result)

function daysCsv({ daily }: AnalyzeResult): string {
  const rows = daily.map(({ day, requests, errors, costUsd }) => [day, requests, errors, costUsd])
  return formatCsv(['day', 'requests', 'errors', 'costUsd'], rows)
}

function groupsCsv({ by, groups }: AnalyzeResult): string {
  const names = [...by, ...groupColumns.map(([name]) => name)]
  const rows = groups.map((group) => [
    ...by.map((dimension) => group.by[dimension] ?? null),
    ...groupColumns.map(([, read]) => read(group)),
  ])
  return formatCsv(names, rows)
}

type Column = readonly [name: string, read: (group: Group) => CsvValue]

const classColumn = (key: keyof CostByClassUsd): Column => [
  `costByClass.${key}`,
  ({ costByClass }) => costByClass[key],
]

const groupColumns: readonly Column[] = [
  ['requests', ({ requests }) => requests],
  ['costUsd', ({ costUsd }) => costUsd],
  ['costShare', ({ costShare }) => costShare],
  ...(['input', 'cacheRead', 'cacheWrite', 'output', 'tools', 'other'] as const).map(classColumn),
  ['inputTokens', ({ inputTokens }) => inputTokens],
  ['cacheReadTokens', ({ cacheReadTokens }) => cacheReadTokens],
  ['cacheWriteTokens', ({ cacheWriteTokens }) => cacheWriteTokens],
  ['outputTokens', ({ outputTokens }) => outputTokens],
  ['errors', ({ errors }) => errors],
  ['unpricedRequests', ({ unpricedRequests }) => unpricedRequests],
  ['perRequest.meanUsd', ({ perRequest }) => perRequest.meanUsd],
  ['perRequest.p50Usd', ({ perRequest }) => perRequest.p50Usd],
  ['perRequest.p95Usd', ({ perRequest }) => perRequest.p95Usd],
  ['perRequest.p99Usd', ({ perRequest }) => perRequest.p99Usd],
  ['latencyMs.p50', ({ latencyMs }) => latencyMs.p50],
  ['latencyMs.p95', ({ latencyMs }) => latencyMs.p95],
  ['latencyMs.p99', ({ latencyMs }) => latencyMs.p99],
  ['firstTokenMs.p50', ({ firstTokenMs }) => firstTokenMs.p50],
  ['firstTokenMs.p95', ({ firstTokenMs }) => firstTokenMs.p95],
]
