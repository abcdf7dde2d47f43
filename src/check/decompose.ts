import { usdOf } from '../domain/money.ts'
import { type CellPair, type CellSide, costOfSide, pairCells } from './cell-sides.ts'
import { decomposeCell, type Volumes } from './decompose-cell.ts'
import type {
  CellDiff,
  CostDiff,
  DiffRow,
  Effects,
  FeatureDiff,
  ModelDiff,
  OtherEffects,
} from './diff-result.ts'
import type { SnapshotCell } from './snapshot.ts'

/** A change of cost with its causes, whole and by what the requests were. */
export type Decomposition = CostDiff & {
  readonly differenceUsd: number
  readonly models: readonly ModelDiff[]
  readonly features: readonly FeatureDiff[]
  readonly cells: readonly CellDiff[]
}

/** Why one set of cells costs more than another: causes that add up to the nano-dollar, on every line. */
export function decompose(
  from: readonly SnapshotCell[],
  to: readonly SnapshotCell[],
): Decomposition {
  const pairs = pairCells(from, to)
  const volume = (side: 'from' | 'to') =>
    BigInt(pairs.reduce((sum, pair) => sum + pair[side].answered, 0))
  const volumes = { from: volume('from'), to: volume('to') }
  const sums = pairs.map((pair) => ({ ...pair.key, sum: sumOf(pair, volumes) }))
  const all = total(sums.map(({ sum }) => sum))
  const row = (group: readonly Sums[]) => rowOf(total(group))
  return {
    fromUsd: usdOf(all.fromCost),
    toUsd: usdOf(all.toCost),
    differenceUsd: usdOf(all.toCost - all.fromCost),
    effects: effectsOf(all),
    other: otherOf(all),
    models: inOrder(
      groupBy(sums, ({ provider, model }) => ({ provider, model })).map(([key, group]) => ({
        ...key,
        ...row(group),
      })),
    ),
    features: inOrder(
      groupBy(sums, ({ feature }) => ({ feature })).map(([key, group]) => ({
        ...key,
        ...row(group),
      })),
    ),
    cells: inOrder(sums.map(({ sum, ...key }) => ({ ...key, ...row([sum]) }))),
  }
}

const causes = ['price', 'volume', 'mix', 'tokensPerRequest', 'cache', 'retries'] as const
const others = ['newCells', 'goneCells', 'unpriced', 'fees', 'unknown'] as const
type Cause = (typeof causes)[number] | (typeof others)[number]

/** Nano-dollars. */
type Sums = Readonly<Record<Cause | 'fromCost' | 'toCost', bigint>> & {
  readonly fromRequests: number
  readonly toRequests: number
}

const nothing: Record<Cause, bigint> = {
  price: 0n,
  volume: 0n,
  mix: 0n,
  tokensPerRequest: 0n,
  cache: 0n,
  retries: 0n,
  newCells: 0n,
  goneCells: 0n,
  unpriced: 0n,
  fees: 0n,
  unknown: 0n,
}

function sumOf(pair: CellPair, volumes: Volumes): Sums {
  const { from, to } = pair
  return {
    ...nothing,
    ...causesOf(pair, volumes),
    fromCost: costOfSide(from),
    toCost: costOfSide(to),
    fromRequests: requestsOf(from),
    toRequests: requestsOf(to),
  }
}

function causesOf(pair: CellPair, volumes: Volumes): Partial<Record<Cause, bigint>> {
  const { from, to } = pair
  const difference = costOfSide(to) - costOfSide(from)
  const fees = BigInt(to.fees) - BigInt(from.fees)
  if (from.answered > 0 && to.answered > 0) return { ...decomposeCell(pair, volumes), fees }
  if (to.answered > 0) return { newCells: difference }
  if (from.answered > 0) return { goneCells: difference }
  return { retries: difference - fees, fees }
}

const requestsOf = ({ answered, failures }: CellSide): number => answered + failures

function total(sums: readonly Sums[]): Sums {
  const add = (a: Sums, b: Sums): Sums =>
    Object.fromEntries(
      Object.entries(a).map(([key, value]) => {
        const other = b[key as keyof Sums]
        return [key, typeof value === 'bigint' ? value + BigInt(other) : value + Number(other)]
      }),
    ) as Sums
  return sums.reduce(add, {
    ...nothing,
    fromCost: 0n,
    toCost: 0n,
    fromRequests: 0,
    toRequests: 0,
  })
}

const effectsOf = (sums: Sums): Effects => ({
  price: usdOf(sums.price),
  volume: usdOf(sums.volume),
  mix: usdOf(sums.mix),
  tokensPerRequest: usdOf(sums.tokensPerRequest),
  cache: usdOf(sums.cache),
  retries: usdOf(sums.retries),
  other: usdOf(others.reduce((sum, name) => sum + sums[name], 0n)),
})

const otherOf = (sums: Sums): OtherEffects => ({
  newCells: usdOf(sums.newCells),
  goneCells: usdOf(sums.goneCells),
  unpriced: usdOf(sums.unpriced),
  fees: usdOf(sums.fees),
  unknown: usdOf(sums.unknown),
})

const rowOf = (sums: Sums): DiffRow => ({
  fromRequests: sums.fromRequests,
  toRequests: sums.toRequests,
  fromUsd: usdOf(sums.fromCost),
  toUsd: usdOf(sums.toCost),
  differenceUsd: usdOf(sums.toCost - sums.fromCost),
  status: sums.fromRequests === 0 ? 'new' : sums.toRequests === 0 ? 'gone' : 'both',
  effects: effectsOf(sums),
})

function groupBy<Key extends object>(
  sums: readonly (CellPair['key'] & { readonly sum: Sums })[],
  keyOf: (key: CellPair['key']) => Key,
): readonly (readonly [Key, readonly Sums[]])[] {
  const groups = new Map<string, [Key, Sums[]]>()
  for (const { sum, ...cell } of sums) {
    const key = keyOf(cell)
    const name = JSON.stringify(key)
    const group = groups.get(name) ?? [key, []]
    groups.set(name, group)
    group[1].push(sum)
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}

/** The largest difference first, equal ones by name. */
const inOrder = <Row extends DiffRow>(rows: readonly Row[]): readonly Row[] =>
  [...rows].sort((a, b) => Math.abs(b.differenceUsd) - Math.abs(a.differenceUsd))
