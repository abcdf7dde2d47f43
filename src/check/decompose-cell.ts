import { inputClasses } from '../domain/usage.ts'
import { shapley, wholeParts } from '../stats/shapley.ts'
import { answeredCost, type CellPair, type CellSide, callsOf } from './cell-sides.ts'
import { usageColumns } from './run-sums.ts'

/**
 * A cell's cost is a product: requests of the whole (`volume`) × the cell's share of them (`mix`) × the share whose price
 * is known × the share that no response cache answers × tokens a call × the share of each class of input (`cache`) ×
 * prices × what failed attempts add (`retries`).
 */
const factors = [
  'price',
  'volume',
  'mix',
  'tokensPerRequest',
  'cache',
  'retries',
  'unpriced',
] as const
type Factor = (typeof factors)[number]

/** `unknown`: of calls without token counts, where nothing tells a price from tokens. */
export type CellEffects = Readonly<Record<Factor | 'unknown', bigint>>

/** Answered requests of all cells of both sides. */
export type Volumes = Both

type Both = { readonly from: bigint; readonly to: bigint }

/** A quantity of both sides over one denominator. */
type Quantity = Both & { readonly over: bigint }

/**
 * The change of what a cell's calls cost, fees apart, by factor: whole nano-dollars that add up to it. Both sides have
 * answered requests.
 */
export function decomposeCell({ from, to }: CellPair, volumes: Volumes): CellEffects {
  const product = productOf(from, to, volumes)
  const changing = factors.filter((factor) => quantitiesOf(product, factor).some(isChanging))
  const { parts, over } = shapley(changing.length, (coalition) =>
    costOf(product, (factor) => {
      const bit = changing.indexOf(factor)
      return bit >= 0 && ((coalition >> bit) & 1) === 1 ? 'to' : 'from'
    }),
  )
  const whole = wholeParts({ parts, over: over * denominatorOf(product) })
  const effect = (factor: Factor): bigint => whole[changing.indexOf(factor)] ?? 0n
  const hasTokens = product.classes.every(({ isTokens }) => isTokens)
  return {
    price: hasTokens ? effect('price') : 0n,
    volume: effect('volume'),
    mix: effect('mix'),
    tokensPerRequest: effect('tokensPerRequest'),
    cache: effect('cache'),
    // What failed beside nothing that was paid for is no multiple of anything.
    retries: effect('retries') + looseFailures(to) - looseFailures(from),
    unpriced: effect('unpriced'),
    unknown: hasTokens ? 0n : effect('price'),
  }
}

const looseFailures = (side: CellSide): bigint =>
  answeredCost(side) === 0n ? BigInt(side.failed) : 0n

type Product = Readonly<Record<'volume' | 'mix' | 'asked' | 'retries' | 'unpriced', Quantity>> & {
  readonly classes: readonly ClassTerm[]
}

/** Of tokens billed alike: how many a call, which share of them, at which price. */
type ClassTerm = {
  readonly tokens: Quantity
  readonly share: Quantity
  readonly price: Quantity
  readonly isTokens: boolean
}

function quantitiesOf(product: Product, factor: Factor): readonly Quantity[] {
  switch (factor) {
    case 'price':
      return product.classes.map(({ price }) => price)
    case 'tokensPerRequest':
      return product.classes.map(({ tokens }) => tokens)
    case 'cache':
      return [product.asked, ...product.classes.map(({ share }) => share)]
    default:
      return [product[factor]]
  }
}

const isChanging = ({ from, to }: Quantity): boolean => from !== to

function productOf(from: CellSide, to: CellSide, volumes: Volumes): Product {
  const of = (amount: (side: CellSide) => number): Both => ({
    from: BigInt(amount(from)),
    to: BigInt(amount(to)),
  })
  const answered = of((side) => side.answered)
  const known = of((side) => side.answered - side.unpriced)
  const paid = { from: answeredCost(from), to: answeredCost(to) }
  const failed = of((side) => side.failed)
  return {
    volume: { ...volumes, over: 1n },
    mix: ratioOf(answered, volumes),
    unpriced: ratioOf(known, answered),
    asked: ratioOf(of(callsOf), known),
    retries: ratioOf({ from: paid.from + failed.from, to: paid.to + failed.to }, paid),
    classes: classesOf(from, to, of, paid),
  }
}

const one: Quantity = { from: 1n, to: 1n, over: 1n }

function classesOf(
  from: CellSide,
  to: CellSide,
  of: (amount: (side: CellSide) => number) => Both,
  paid: Both,
): readonly ClassTerm[] {
  const calls = of(callsOf)
  if (from.whole !== 0 || to.whole !== 0) {
    const all = of(({ usage }) => usageColumns.reduce((sum, name) => sum + usage[name], 0))
    const isTokens = (['from', 'to'] as const).every((side) => all[side] > 0n || paid[side] === 0n)
    return isTokens
      ? [{ tokens: ratioOf(all, calls), share: one, price: ratioOf(paid, all), isTokens }]
      : [{ tokens: one, share: one, price: ratioOf(paid, calls), isTokens }]
  }
  const input = of(({ usage }) => inputClasses.reduce((sum, name) => sum + usage[name], 0))
  return usageColumns.flatMap((name): readonly ClassTerm[] => {
    const used = of(({ usage }) => usage[name])
    if (used.from === 0n && used.to === 0n) return []
    const price = ratioOf(
      of(({ cost }) => cost[name]),
      used,
    )
    return name === 'outputTokens'
      ? [{ tokens: ratioOf(used, calls), share: one, price, isTokens: true }]
      : [{ tokens: ratioOf(input, calls), share: ratioOf(used, input), price, isTokens: true }]
  })
}

/** A side that does not say is taken to be as the other one; 1 where neither does. */
function ratioOf(part: Both, whole: Both): Quantity {
  if (whole.from === 0n && whole.to === 0n) return one
  if (whole.from === 0n) return { from: part.to, to: part.to, over: whole.to }
  if (whole.to === 0n) return { from: part.from, to: part.from, over: whole.from }
  return { from: part.from * whole.to, to: part.to * whole.from, over: whole.from * whole.to }
}

/** What the cell costs, times the denominator, with each factor as one side has it. */
function costOf(product: Product, sideOf: (factor: Factor) => keyof Both): bigint {
  const { volume, mix, asked, retries, unpriced, classes } = product
  const [price, tokens, cache] = [sideOf('price'), sideOf('tokensPerRequest'), sideOf('cache')]
  const perCall = classes.reduce((sum, each, index) => {
    const others = classes.filter((_, other) => other !== index)
    const scale = others.reduce((scaled, other) => scaled * overOf(other), 1n)
    return sum + each.tokens[tokens] * each.share[cache] * each.price[price] * scale
  }, 0n)
  return (
    volume[sideOf('volume')] *
    mix[sideOf('mix')] *
    unpriced[sideOf('unpriced')] *
    asked[cache] *
    retries[sideOf('retries')] *
    perCall
  )
}

const overOf = ({ tokens, share, price }: ClassTerm): bigint =>
  tokens.over * share.over * price.over

const denominatorOf = ({ volume, mix, asked, retries, unpriced, classes }: Product): bigint =>
  [volume, mix, asked, retries, unpriced].reduce((over, each) => over * each.over, 1n) *
  classes.reduce((over, each) => over * overOf(each), 1n)
