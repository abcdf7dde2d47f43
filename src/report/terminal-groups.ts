import type { AnalyzeResult, Group } from '../analyze/result.ts'
import { bar } from './charts.ts'
import { safeText } from './escape.ts'
import { formatGrid, type GridColumn } from './grid.ts'
import { formatCount, formatMs, formatShare, formatUsd, plural, unknownMark } from './numbers.ts'
import { type Block, heading, type Screen } from './screen.ts'

/** The groups asked for with --by, dearest first, with a bar for each share. */
export function groupsBlock(result: AnalyzeResult, screen: Screen): Block {
  const { groups, by, groupCount } = result
  if (groups.length === 0) return []
  const barWidth = screen.width >= 110 ? 20 : screen.width >= 96 ? 12 : 8
  const dearest = Math.max(...groups.map(({ costShare }) => costShare))
  const rows = groups.map((group) => [
    ...by.map((dimension) => nameOf(group, dimension)),
    formatUsd(group.costUsd),
    formatShare(group.costShare),
    bar(dearest > 0 ? group.costShare / dearest : 0, barWidth, screen.unicode),
    formatCount(group.requests),
    formatUsd(group.perRequest.meanUsd),
    formatMs(group.latencyMs.p95),
    group.errors === 0 ? '' : formatCount(group.errors),
  ])
  const shown =
    groupCount > groups.length ? `${groups.length} of ${plural(groupCount, 'group')}` : ''
  return [
    ...heading(screen, `BY ${by.map((each) => safeText(each).toUpperCase()).join(', ')}`, shown),
    ...formatGrid(columnsFor(by), rows, screen),
  ]
}

const nameOf = (group: Group, dimension: string): string => {
  const name = group.by[dimension] ?? null
  return name === null ? unknownMark : safeText(name)
}

/** Names are cut to no less than this, by the number of dimensions; figures go first. */
const nameWidths: readonly number[] = [0, 24, 17, 10]

const columnsFor = (by: readonly string[]): readonly GridColumn[] => [
  ...by.map((dimension) => ({ title: safeText(dimension), minWidth: nameWidths[by.length] ?? 8 })),
  { title: 'spend', align: 'right', style: 'bold' },
  { title: 'share', align: 'right' },
  { title: '', style: 'cyan', dropOrder: 2 },
  { title: 'requests', align: 'right', dropOrder: 1 },
  { title: 'each', align: 'right', dropOrder: 3 },
  { title: 'p95', align: 'right', dropOrder: 4 },
  { title: 'errors', align: 'right', dropOrder: 5 },
]
