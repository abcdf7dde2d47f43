import { noCosts, noTokens } from './cost-cells.ts'
import { usageColumns } from './run-sums.ts'
import type { CellCosts, Snapshot, SnapshotCell, SnapshotGroup, TokenCounts } from './snapshot.ts'

/**
 * What a source tells of its requests, from much to little: cells; groups of a snapshot of version 1, which do not tell
 * what failed attempts and cached answers took; the totals of one report; what everything cost.
 */
const tellings = ['cells', 'groups', 'totals', 'cost'] as const
export type Telling = (typeof tellings)[number]

export const tellingOf = ({ cells, version, groups, source }: Snapshot): Telling => {
  if (cells !== null) return 'cells'
  if (version === 1 && groups.length > 0) return 'groups'
  return source.kind === 'simulate' || source.kind === 'replay' ? 'cost' : 'totals'
}

/** The cells of both sides, told no finer than either side can. */
export function comparableCells(
  from: Snapshot,
  to: Snapshot,
): { readonly from: readonly SnapshotCell[]; readonly to: readonly SnapshotCell[] } {
  const level = Math.max(...[from, to].map((snapshot) => tellings.indexOf(tellingOf(snapshot))))
  const telling = tellings[level] ?? 'cost'
  const of = (snapshot: Snapshot) => cellsOf(snapshot).flatMap((cell) => coarsened(cell, telling))
  return { from: of(from), to: of(to) }
}

/** As fine as the snapshot tells. */
export function cellsOf(snapshot: Snapshot): readonly SnapshotCell[] {
  switch (tellingOf(snapshot)) {
    case 'cells':
      return snapshot.cells ?? []
    case 'groups':
      return snapshot.groups.flatMap(cellsOfGroup)
    case 'totals':
      return cellsOfTotals(snapshot)
    case 'cost':
      return cellsOfCost(snapshot)
  }
}

const plainCell: SnapshotCell = {
  provider: null,
  model: null,
  feature: null,
  terms: {},
  band: null,
  pricing: 'tokens',
  failed: false,
  requests: 0,
  ...noTokens,
  costNanoUsd: noCosts,
}

type Counts = {
  readonly requests: number
  readonly failed: number
  readonly unpriced: number
  readonly served: number
}

/** Requests by what became of them; usage and cost stand with those that were answered. */
function countedCells(
  name: Partial<SnapshotCell>,
  { requests, failed, unpriced, served }: Counts,
  usage: TokenCounts,
  costNanoUsd: CellCosts,
): readonly SnapshotCell[] {
  const cell = { ...plainCell, ...name }
  // Failed attempts are often unpriced ones.
  const calls = Math.max(0, requests - failed - unpriced - served)
  const isWhole = costNanoUsd.whole !== 0
  return [
    { ...cell, pricing: isWhole ? 'whole' : 'tokens', requests: calls, ...usage, costNanoUsd },
    { ...cell, pricing: 'unpriced', requests: Math.min(unpriced, requests) },
    { ...cell, pricing: 'cache', requests: served },
    { ...cell, failed: true, requests: failed },
  ]
}

function cellsOfGroup(group: SnapshotGroup): readonly SnapshotCell[] {
  const { provider, model, feature, requests, retries, unpriced, servedFromCache } = group
  const counts = { requests, failed: retries, unpriced, served: servedFromCache }
  return countedCells({ provider, model, feature }, counts, tokensOf(group), costsOf(group))
}

const tokensOf = (counts: TokenCounts): TokenCounts => ({
  inputTokens: counts.inputTokens,
  cacheReadTokens: counts.cacheReadTokens,
  cacheWrite5mTokens: counts.cacheWrite5mTokens,
  cacheWrite1hTokens: counts.cacheWrite1hTokens,
  outputTokens: counts.outputTokens,
})

/** Version 1 has one amount for both kinds of writes: by tokens, as if they cost the same. */
function costsOf(group: Pick<SnapshotGroup, 'costByClass'> & TokenCounts): CellCosts {
  const { costByClass, cacheWrite5mTokens, cacheWrite1hTokens } = group
  const { input, cacheRead, cacheWrite, output, tools, other } = costByClass
  const written = cacheWrite5mTokens + cacheWrite1hTokens
  const hour =
    written === 0 ? 0 : Math.round(cacheWrite * (cacheWrite1hTokens / Math.max(1, written)))
  const isWhole = input + cacheRead + cacheWrite + output === 0
  return {
    inputTokens: input,
    cacheReadTokens: cacheRead,
    cacheWrite5mTokens: cacheWrite - hour,
    cacheWrite1hTokens: hour,
    outputTokens: output,
    whole: isWhole ? other : 0,
    fees: tools + (isWhole ? 0 : other),
  }
}

/** A report of `analyze`: its totals, whatever models and features there were. */
function cellsOfTotals({ totals, metrics }: Snapshot): readonly SnapshotCell[] {
  const nano = (name: string) =>
    Math.round((metrics[`totals.costByClass.${name}`] ?? 0) * nanoPerUsd)
  const costByClass = {
    input: nano('input'),
    cacheRead: nano('cacheRead'),
    cacheWrite: nano('cacheWrite'),
    output: nano('output'),
    tools: nano('tools'),
    other: nano('other'),
  }
  const counts = {
    requests: totals.requests,
    failed: totals.errors,
    unpriced: totals.unpricedRequests,
    served: totals.servedFromCacheRequests,
  }
  return countedCells({}, counts, tokensOf(totals), costsOf({ ...totals, costByClass }))
}

const nanoPerUsd = 1e9

/** A report of `simulate` or `replay`: requests, those that caches answered, and dollars. */
function cellsOfCost({ totals, metrics }: Snapshot): readonly SnapshotCell[] {
  const served = Math.round((metrics['hitRate'] ?? 0) * totals.requests)
  const counts = {
    requests: totals.requests,
    failed: 0,
    unpriced: totals.unpricedRequests,
    served,
  }
  return countedCells({}, counts, noTokens, { ...noCosts, whole: totals.costNanoUsd })
}

/** A cell without what the other side cannot tell; requests, tokens and costs stay what they are in all. */
function coarsened(cell: SnapshotCell, telling: Telling): readonly SnapshotCell[] {
  if (telling === 'cells') return [cell]
  const named =
    telling === 'groups' ? cell : { ...cell, provider: null, model: null, feature: null }
  const counted = { ...named, ...noTokens, costNanoUsd: noCosts }
  const taken: SnapshotCell = {
    ...named,
    pricing: cell.costNanoUsd.whole !== 0 ? 'whole' : 'tokens',
    failed: false,
    requests: 0,
  }
  if (telling !== 'cost') return [counted, taken]
  const { costNanoUsd } = cell
  const whole = usageColumns.reduce(
    (sum, name) => sum + costNanoUsd[name],
    costNanoUsd.whole + costNanoUsd.fees,
  )
  const amount = { ...noCosts, whole }
  return [counted, { ...taken, pricing: 'whole', ...noTokens, costNanoUsd: amount }]
}
