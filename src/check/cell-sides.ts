import { noTokens } from './cost-cells.ts'
import { usageColumns } from './run-sums.ts'
import type { SnapshotCell, TokenCounts } from './snapshot.ts'

export type CellKey = {
  readonly provider: string | null
  readonly model: string | null
  readonly feature: string | null
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** One side of a model and feature: what was answered, by whom, and what it took. Amounts in nano-dollars. */
export type CellSide = {
  /** Requests with an answer: of a model, of a cache, priced or not. */
  answered: number
  unpriced: number
  /** By a response cache. */
  served: number
  /** Attempts without an answer. */
  failures: number
  /** Of answered requests that a model was paid for. */
  readonly usage: Mutable<TokenCounts>
  readonly cost: Mutable<TokenCounts>
  /** Of those with one amount for all of their tokens. */
  whole: number
  /** What attempts without an answer cost. */
  failed: number
  /** Billed beside tokens, whatever came of it. */
  fees: number
}

/** Answered requests that a model was paid for. */
export const callsOf = ({ answered, unpriced, served }: CellSide): number =>
  answered - unpriced - served

/** What the calls that were answered cost. */
export const answeredCost = ({ cost, whole }: CellSide): bigint =>
  usageColumns.reduce((sum, name) => sum + BigInt(cost[name]), BigInt(whole))

export const costOfSide = (side: CellSide): bigint =>
  answeredCost(side) + BigInt(side.failed) + BigInt(side.fees)

export const noSide = (): CellSide => ({
  answered: 0,
  unpriced: 0,
  served: 0,
  failures: 0,
  usage: { ...noTokens },
  cost: { ...noTokens },
  whole: 0,
  failed: 0,
  fees: 0,
})

export type CellPair = { readonly key: CellKey; readonly from: CellSide; readonly to: CellSide }

/** Cells of both sides by provider, model and feature, in the order of these names. */
export function pairCells(
  from: readonly SnapshotCell[],
  to: readonly SnapshotCell[],
): readonly CellPair[] {
  const pairs = new Map<string, CellPair>()
  const pairOf = ({ provider, model, feature }: SnapshotCell): CellPair => {
    const name = JSON.stringify([provider, model, feature])
    const known = pairs.get(name)
    if (known !== undefined) return known
    const pair = { key: { provider, model, feature }, from: noSide(), to: noSide() }
    pairs.set(name, pair)
    return pair
  }
  for (const cell of from) addCell(pairOf(cell).from, cell)
  for (const cell of to) addCell(pairOf(cell).to, cell)
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair)
}

function addCell(side: CellSide, cell: SnapshotCell): void {
  const { costNanoUsd } = cell
  side.fees += costNanoUsd.fees
  if (cell.failed) {
    side.failures += cell.requests
    side.failed += costNanoUsd.whole
    for (const name of usageColumns) side.failed += costNanoUsd[name]
    return
  }
  side.answered += cell.requests
  if (cell.pricing === 'unpriced') side.unpriced += cell.requests
  if (cell.pricing === 'cache') side.served += cell.requests
  if (cell.pricing === 'unpriced' || cell.pricing === 'cache') return
  side.whole += costNanoUsd.whole
  for (const name of usageColumns) {
    side.usage[name] += cell[name]
    // An amount without tokens has no price by the token.
    if (cell[name] === 0) side.fees += costNanoUsd[name]
    else side.cost[name] += costNanoUsd[name]
  }
}
