import type { AnalyzeResult, QueryProfile } from '../analyze/result.ts'
import { safeText } from './escape.ts'
import { formatGrid, type GridColumn } from './grid.ts'
import { formatCount, formatUsd, plural } from './numbers.ts'
import type { Style } from './paint.ts'
import { clustersRemark, type ProfilePart, profileParts, profileRemark } from './profile-phrases.ts'
import { type Block, hanging, heading, type Screen } from './screen.ts'
import { type MixPart, mixLines, shades } from './terminal-mix.ts'

/** How much of the traffic repeats what was asked before, exactly or nearly. */
export function profileBlock({ queryProfile }: AnalyzeResult, screen: Screen): Block {
  if (queryProfile === null) return []
  const { requests } = queryProfile
  const { width, paint } = screen
  const parts = profileParts(queryProfile).map(
    ({ name, key, share }): MixPart => ({ name, size: share * requests, ...looks[key] }),
  )
  return [
    ...heading(screen, 'ASKED BEFORE', `of ${plural(requests, 'request')} with a prompt`),
    ...mixLines(parts, requests, screen),
    ...hanging('  ', profileRemark(queryProfile), {
      width,
      indent: 2,
      paint: (line) => paint('dim', line),
    }),
  ]
}

const looks: Readonly<Record<ProfilePart['key'], Pick<MixPart, 'shade'> & { style: Style }>> = {
  exact: { style: 'green', shade: shades[0] },
  near: { style: 'yellow', shade: shades[1] },
  unique: { style: 'blue', shade: shades[2] },
}

/** Near-equal prompts, each cluster with its first one. */
export function clustersBlock({ queryProfile }: AnalyzeResult, screen: Screen): Block {
  if (queryProfile === null || queryProfile.clusters.length === 0) return []
  const rows = shownClusters(queryProfile).map(({ example, count, distinct, costUsd }) => [
    `${formatCount(count)}×`,
    formatUsd(costUsd),
    formatCount(distinct),
    `“${safeText(example)}”`,
  ])
  const columns: readonly GridColumn[] = [
    { title: 'asked', align: 'right' },
    { title: 'spend', align: 'right', style: 'bold' },
    { title: 'prompts', align: 'right' },
    { title: 'the first of them', minWidth: 10 },
  ]
  return [
    ...heading(screen, 'NEARLY THE SAME', clustersRemark(queryProfile, maxClusters)),
    ...formatGrid(columns, rows, screen),
  ]
}

/** More belongs in --format json. */
const maxClusters = 5

const shownClusters = ({ clusters }: QueryProfile) => clusters.slice(0, maxClusters)
