import { usdOf } from '../domain/money.ts'
import type { InputSummary, Warning } from '../domain/report.ts'
import { type CellKey, callsOf, costOfSide, pairCells } from './cell-sides.ts'
import { haveOtherKeys, otherKeysWords, selectionOf } from './check-warnings.ts'
import { comparableCells, tellingOf } from './comparable-cells.ts'
import { type Decomposition, decompose } from './decompose.ts'
import type { CostDiff, DiffResult, DiffSide, Repriced, RequestDiff } from './diff-result.ts'
import { pairSnapshots } from './pair-scenarios.ts'
import { mostChanges, scenarioChanges } from './scenario-changes.ts'
import type { Snapshot } from './snapshot.ts'

/** Requests that a result lists. */
const mostRequests = 10

/** One of the two that are compared, under the name it was given. */
export type NamedSnapshot = {
  readonly name: string
  readonly snapshot: Snapshot
  /** The dearest requests of each cell; none where it does not tell requests apart. */
  readonly dearest: readonly DearRequest[]
}

export type DearRequest = CellKey & {
  readonly id: string
  readonly at: string | null
  readonly costNanoUsd: number
  /** What the same request costs on the other side; null where both sides are different requests. */
  readonly otherNanoUsd: number | null
}

export type DiffOptions = {
  readonly generatedAt: string
  readonly inputs: readonly InputSummary[]
  readonly warnings: readonly Warning[]
  readonly repriced: Repriced | null
}

/** Why one side costs more than the other. */
export function diff(
  from: NamedSnapshot,
  to: NamedSnapshot,
  { generatedAt, inputs, warnings, repriced }: DiffOptions,
): DiffResult {
  const decomposition = decomposed(from.snapshot, to.snapshot)
  const { effects, other, models, features, cells, differenceUsd } = decomposition
  const pairing = pairSnapshots(from.snapshot, to.snapshot)
  const changes = scenarioChanges(pairing)
  return {
    kind: 'diff',
    version: 1,
    generatedAt,
    inputs,
    fingerprints: to.snapshot.fingerprints,
    warnings: [...warnings, ...diffWarnings(from, to)],
    from: sideOf(from, decomposition.fromUsd),
    to: sideOf(to, decomposition.toUsd),
    differenceUsd,
    change: decomposition.fromUsd === 0 ? null : differenceUsd / decomposition.fromUsd,
    effects,
    other,
    models,
    features,
    cells,
    scenarios: changes.slice(0, mostChanges),
    scenarioChanges: changes.length,
    scenarioCoverage: pairing.coverage,
    requests: explaining(from, to, differenceUsd),
    repriced,
  }
}

/** The causes of a change in short; null where a side does not tell what it is made of. */
export function costDiff(from: Snapshot, to: Snapshot): CostDiff | null {
  if ([from, to].some((side) => tellingOf(side) === 'cost')) return null
  const { fromUsd, toUsd, effects, other } = decomposed(from, to)
  return { fromUsd, toUsd, effects, other }
}

function decomposed(from: Snapshot, to: Snapshot): Decomposition {
  const cells = comparableCells(from, to)
  return decompose(cells.from, cells.to)
}

const sideOf = ({ name, snapshot }: NamedSnapshot, costUsd: number): DiffSide => ({
  name,
  generatedAt: snapshot.generatedAt,
  source: snapshot.source,
  period: snapshot.period,
  requests: snapshot.totals.requests,
  costUsd,
  unpricedRequests: snapshot.totals.unpricedRequests,
  prices: snapshot.fingerprints.prices,
})

const shortcomings = {
  cells: null,
  groups:
    'is a snapshot of version 1: what failed attempts and cached answers took counts among tokens and prices',
  totals: 'is a report: models and features are not told apart, their prices are a mean',
  cost: 'is a report without token counts: compare logs, or policies by their files, to see more causes',
} as const

const diffWarnings = (from: NamedSnapshot, to: NamedSnapshot): readonly Warning[] => [
  ...[from, to].flatMap(coarseWarning),
  ...[from, to].flatMap(unpricedWarning),
  ...otherRequests(from, to),
  ...otherPrices(from.snapshot, to.snapshot),
  ...otherVersions(from, to),
  ...(haveOtherKeys(from.snapshot, to.snapshot)
    ? [{ code: 'other-key', message: otherKeysWords, count: 1 }]
    : []),
]

function coarseWarning({ name, snapshot }: NamedSnapshot): readonly Warning[] {
  const words = shortcomings[tellingOf(snapshot)]
  return words === null
    ? []
    : [{ code: 'coarse-side', message: `${name} ${words}`, count: snapshot.totals.requests }]
}

function unpricedWarning({ name, snapshot }: NamedSnapshot): readonly Warning[] {
  const count = snapshot.totals.unpricedRequests
  const message = `requests of ${name} without a price count 0`
  return count === 0 ? [] : [{ code: 'unpriced', message, count }]
}

function otherRequests(from: NamedSnapshot, to: NamedSnapshot): readonly Warning[] {
  const [one, other] = [selectionOf(from.snapshot), selectionOf(to.snapshot)]
  const message = `${from.name} is of ${one}, ${to.name} of ${other}`
  return one === other ? [] : [{ code: 'other-requests', message, count: 1 }]
}

function otherPrices({ fingerprints: one }: Snapshot, { fingerprints: other }: Snapshot) {
  const books = `${one.prices}, ${other.prices}`
  const message = `both sides were priced by different books (${books}): --reprice takes one for both`
  return one.prices === other.prices ? [] : [{ code: 'other-prices', message, count: 1 }]
}

function otherVersions(from: NamedSnapshot, to: NamedSnapshot): readonly Warning[] {
  const [one, other] = [from.snapshot.llmcost, to.snapshot.llmcost]
  if (one === undefined || other === undefined || one === other) return []
  const message = `${from.name} was made by llmcost ${one}, ${to.name} by ${other}: what is counted may differ`
  return [{ code: 'other-version', message, count: 1 }]
}

/**
 * The requests that add most to the change. Where both sides ask the same requests, those whose own cost differs most;
 * else those that cost most beyond the mean call of the other side, which are later ones where more is spent, and
 * earlier ones where less is.
 */
function explaining(
  from: NamedSnapshot,
  to: NamedSnapshot,
  differenceUsd: number,
): readonly RequestDiff[] {
  const means = meansOf(from.snapshot, to.snapshot)
  const of = (side: 'from' | 'to', { dearest }: NamedSnapshot): readonly RequestDiff[] =>
    dearest.flatMap(({ costNanoUsd, otherNanoUsd, ...request }) => {
      const other = otherNanoUsd ?? means(request, side === 'from' ? 'to' : 'from')
      if (otherNanoUsd === null && costNanoUsd <= other) return []
      const difference = (side === 'to' ? 1 : -1) * (costNanoUsd - other)
      return [
        {
          side,
          ...request,
          costUsd: usdOf(costNanoUsd),
          differenceUsd: usdOf(Math.round(difference)),
        },
      ]
    })
  const sign = Math.sign(differenceUsd)
  return [...of('from', from), ...of('to', to)]
    .filter((request) => request.differenceUsd * sign > 0)
    .sort(
      (a, b) =>
        Math.abs(b.differenceUsd) - Math.abs(a.differenceUsd) ||
        (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
    )
    .slice(0, mostRequests)
}

/** What a paid call of a cell costs on a side, nano-dollars; 0 where there is none. */
function meansOf(from: Snapshot, to: Snapshot): (key: CellKey, side: 'from' | 'to') => number {
  const cells = comparableCells(from, to)
  const nameOf = ({ provider, model, feature }: CellKey) =>
    JSON.stringify([provider, model, feature])
  const pairs = new Map(
    pairCells(cells.from, cells.to).map((pair) => [nameOf(pair.key), pair] as const),
  )
  const whole = pairs.get(nameOf({ provider: null, model: null, feature: null }))
  return (key, side) => {
    const cell = (pairs.get(nameOf(key)) ?? whole)?.[side]
    const calls = cell === undefined ? 0 : callsOf(cell)
    return cell === undefined || calls === 0 ? 0 : Number(costOfSide(cell)) / calls
  }
}
