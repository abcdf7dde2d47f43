import { decimalOf, usdOf } from '../domain/money.ts'
import type { PriceBook, PriceSource } from '../domain/price.ts'
import type { Warning } from '../domain/report.ts'
import { noUsage } from '../domain/usage.ts'
import { cellsOf, tellingOf } from './comparable-cells.ts'
import { nanoOf } from './cost-cells.ts'
import type { RepricedSide } from './diff-result.ts'
import { usageColumns } from './run-sums.ts'
import type {
  CellCosts,
  CostsByClass,
  RunSample,
  Snapshot,
  SnapshotCell,
  SnapshotScenario,
  SnapshotView,
} from './snapshot.ts'

export type PricesInForce = {
  readonly book: Pick<PriceBook, 'price'>
  /** Of book and mode, as snapshots hold it. */
  readonly fingerprint: string
}

export type RepricedSnapshot = {
  readonly snapshot: Snapshot
  readonly repriced: RepricedSide
  readonly warnings: readonly Warning[]
}

/**
 * A snapshot at the prices in force on its last day, from the usage of its cells, rounded once a class and cell. What the
 * book does not price by the token keeps its cost. Untouched where these prices made it.
 */
export function repriceSnapshot(
  snapshot: Snapshot,
  { book, fingerprint }: PricesInForce,
  name: string,
): RepricedSnapshot {
  const none = { requests: 0, keptRequests: 0, keptUsd: 0 }
  if (snapshot.fingerprints.prices === fingerprint)
    return { snapshot, repriced: none, warnings: [] }
  const { requests, costNanoUsd } = snapshot.totals
  const telling = tellingOf(snapshot)
  if (telling !== 'cells' && telling !== 'groups') {
    const repriced = { ...none, keptRequests: requests, keptUsd: usdOf(costNanoUsd) }
    const message = `${name} is a report, whose costs cannot be computed anew: save a snapshot with llmcost check --save`
    return { snapshot, repriced, warnings: [{ code: 'not-repriced', message, count: requests }] }
  }
  const at = Date.parse(snapshot.period.to ?? snapshot.generatedAt)
  const cells = cellsOf(snapshot).map((cell) => repriceCell(cell, book, at))
  const repriced = countRepriced(cells)
  const isSame = repriced.requests === 0
  return {
    snapshot: isSame
      ? { ...snapshot, fingerprints: { ...snapshot.fingerprints, prices: fingerprint } }
      : withCosts(snapshot, cells, fingerprint),
    repriced,
    warnings: warningsOf(name, cells, repriced),
  }
}

type RepricedCell = {
  readonly before: SnapshotCell
  readonly after: SnapshotCell
  readonly isKept: boolean
}

function repriceCell(cell: SnapshotCell, book: PricesInForce['book'], at: number): RepricedCell {
  const price = cell.model === null || cell.pricing === 'cache' ? null : priceOf(cell, book, at)
  if (price === null) {
    const isKept = cell.pricing !== 'cache' && costOf(cell) > 0
    return { before: cell, after: cell, isKept }
  }
  const costNanoUsd = costsAt(cell, price)
  const isSame = isRounding(cell, costNanoUsd)
  return {
    before: cell,
    after: isSame ? cell : { ...cell, pricing: 'tokens', band: price.band, costNanoUsd },
    isKept: false,
  }
}

/** Costs were rounded once a request and class: half a nano-dollar each. */
const isRounding = (cell: SnapshotCell, costNanoUsd: CellCosts): boolean =>
  cell.pricing === 'tokens' &&
  usageColumns.every(
    (name) => Math.abs(cell.costNanoUsd[name] - costNanoUsd[name]) <= (cell.requests + 1) / 2,
  )

/** By the mean request: all of a cell are in one band. */
function priceOf(cell: SnapshotCell, book: PricesInForce['book'], at: number): PriceSource | null {
  const { provider, model, terms, requests } = cell
  const mean = Object.fromEntries(
    usageColumns.map((name) => [name, Math.round(cell[name] / Math.max(1, requests))]),
  )
  const query = { ...(provider !== null && { provider }), model: model ?? '', at, ...terms }
  const pricing = book.price(query, { ...noUsage, ...mean })
  return pricing.kind === 'priced' ? pricing.price : null
}

function costsAt(cell: SnapshotCell, { usdPerMillion }: PriceSource): CellCosts {
  const cost = (rate: keyof PriceSource['usdPerMillion'], tokens: number) => {
    const usd = decimalOf(usdPerMillion[rate])
    return usd === null ? 0 : nanoOf(usd, tokens)
  }
  return {
    inputTokens: cost('input', cell.inputTokens),
    cacheReadTokens: cost('cacheRead', cell.cacheReadTokens),
    cacheWrite5mTokens: cost('cacheWrite5m', cell.cacheWrite5mTokens),
    cacheWrite1hTokens: cost('cacheWrite1h', cell.cacheWrite1hTokens),
    outputTokens: cost('output', cell.outputTokens),
    whole: 0,
    fees: cell.costNanoUsd.fees,
  }
}

const costOf = ({ costNanoUsd }: SnapshotCell): number =>
  usageColumns.reduce((sum, name) => sum + costNanoUsd[name], costNanoUsd.whole + costNanoUsd.fees)

function countRepriced(cells: readonly RepricedCell[]): RepricedSide {
  const kept = cells.filter(({ isKept }) => isKept)
  const changed = cells.filter(({ before, after }) => costOf(before) !== costOf(after))
  const requests = (list: readonly RepricedCell[]) =>
    list.reduce((sum, { before }) => sum + before.requests, 0)
  return {
    requests: requests(changed),
    keptRequests: requests(kept),
    keptUsd: usdOf(kept.reduce((sum, { before }) => sum + costOf(before), 0)),
  }
}

function warningsOf(
  name: string,
  cells: readonly RepricedCell[],
  { keptRequests }: RepricedSide,
): readonly Warning[] {
  const isMixed = new Set(cells.filter(({ before }) => costOf(before) > 0).map(ratioOf)).size > 1
  return [
    ...(keptRequests > 0
      ? [
          {
            code: 'not-repriced',
            message: `requests of ${name} keep their cost: the price book has no price by the token for them`,
            count: keptRequests,
          },
        ]
      : []),
    ...(isMixed
      ? [
          {
            code: 'repriced-by-feature',
            message: `prices of ${name} changed by different shares: costs of its scenarios and runs change with the mean of their feature`,
            count: 1,
          },
        ]
      : []),
  ]
}

const ratioOf = ({ before, after }: RepricedCell): string =>
  (costOf(after) / costOf(before)).toFixed(6)

/** Everything of a snapshot that is money. Scenarios and runs know no models: they change with their feature. */
function withCosts(
  snapshot: Snapshot,
  cells: readonly RepricedCell[],
  fingerprint: string,
): Snapshot {
  const after = cells.map((cell) => cell.after)
  const costNanoUsd = after.reduce((sum, cell) => sum + costOf(cell), 0)
  const unpricedRequests = after.reduce(
    (sum, { pricing, requests }) => (pricing === 'unpriced' ? sum + requests : sum),
    0,
  )
  const factor = factorOf(cells)
  const { requests } = snapshot.totals
  return {
    ...snapshot,
    fingerprints: { ...snapshot.fingerprints, prices: fingerprint },
    totals: { ...snapshot.totals, costNanoUsd, unpricedRequests },
    metrics: {
      ...snapshot.metrics,
      ...metricsAt(snapshot, requests, costNanoUsd, unpricedRequests),
    },
    cells: snapshot.cells === null ? null : after,
    scenarios: scenariosAt(snapshot.scenarios, cells),
    groups: snapshot.groups.map((group) => {
      const own = cells.filter(
        ({ before }) =>
          before.provider === group.provider &&
          before.model === group.model &&
          before.feature === group.feature,
      )
      return {
        ...group,
        costNanoUsd: own.reduce((sum, cell) => sum + costOf(cell.after), 0),
        costByClass: classesOf(own, group.costByClass.tools),
        runs: {
          ...group.runs,
          samples: group.runs.samples.map((each) => scale(each, factorOf(own))),
        },
      }
    }),
    runs: { ...snapshot.runs, samples: snapshot.runs.samples.map((each) => scale(each, factor)) },
    ...(snapshot.sample && { sample: sampleAt(snapshot.sample, factor) }),
    ...(snapshot.views && { views: snapshot.views.map((view) => viewAt(view, cells, factor)) }),
  }
}

const scale = (amount: number, by: number): number => Math.round(amount * by)

const scenariosAt = (scenarios: readonly SnapshotScenario[], cells: readonly RepricedCell[]) =>
  scenarios.map((each): SnapshotScenario => {
    const own = cells.filter(({ before }) => before.feature === each.feature)
    return { ...each, costNanoUsd: scale(each.costNanoUsd, factorOf(own)) }
  })

const sampleAt = ({ runs, requests }: RunSample, factor: number): RunSample => ({
  runs: runs.map((line) => [...line.slice(0, -1), scale(line.at(-1) ?? 0, factor)]),
  requests: requests.map(([run = null, cost, ...rest]) => [run, scale(cost ?? 0, factor), ...rest]),
})

/** A filtered part knows no models either. */
function viewAt(view: SnapshotView, cells: readonly RepricedCell[], factor: number): SnapshotView {
  const costNanoUsd = scale(view.costNanoUsd, factor)
  return {
    ...view,
    costNanoUsd,
    metrics: { ...view.metrics, ...metricsAt(view, view.requests, costNanoUsd, view.unpriced) },
    scenarios: scenariosAt(view.scenarios, cells),
    runs: { ...view.runs, samples: view.runs.samples.map((each) => scale(each, factor)) },
    ...(view.sample && { sample: sampleAt(view.sample, factor) }),
  }
}

function classesOf(cells: readonly RepricedCell[], tools: number): CostsByClass {
  const sum = (name: keyof CellCosts) =>
    cells.reduce((total, { after }) => total + after.costNanoUsd[name], 0)
  return {
    input: sum('inputTokens'),
    cacheRead: sum('cacheReadTokens'),
    cacheWrite: sum('cacheWrite5mTokens') + sum('cacheWrite1hTokens'),
    output: sum('outputTokens'),
    tools,
    other: sum('whole') + sum('fees') - tools,
  }
}

function factorOf(cells: readonly RepricedCell[]): number {
  const before = cells.reduce((sum, cell) => sum + costOf(cell.before), 0)
  return before === 0 ? 1 : cells.reduce((sum, cell) => sum + costOf(cell.after), 0) / before
}

/** Figures that only costs of single requests tell are unknown now. */
function metricsAt(
  { metrics, runs }: Pick<Snapshot, 'metrics' | 'runs'>,
  requests: number,
  costNanoUsd: number,
  unpriced: number,
): Snapshot['metrics'] {
  const mean = (count: number) => (count === 0 ? null : usdOf(Math.round(costNanoUsd / count)))
  const money = Object.keys(metrics).filter((name) => /usd/i.test(name))
  return {
    ...Object.fromEntries(money.map((name) => [name, null])),
    costUsd: usdOf(costNanoUsd),
    'totals.costUsd': usdOf(costNanoUsd),
    costPerRequestUsd: mean(requests),
    'perRequest.meanUsd': mean(requests),
    'perRun.meanUsd': mean(runs.count),
    unpricedShare: requests === 0 ? null : unpriced / requests,
    'totals.unpricedRequests': unpriced,
  }
}
