import { type Decimal, type NanoUsd, roundHalfEven } from '../domain/money.ts'

/**
 * The price of one cost component (input, say) of one price: at most two classes of tokens, added
 * before the component is rounded once, half to even. The rates are whole numbers of nano-dollars
 * per token times `scale`, so that a price like $0.003625 per million (3.625 nano-dollars a token)
 * stays exact.
 */
export type Component = {
  readonly first: number
  readonly second: number
  readonly scale: number
  /**
   * The same rates as exact decimals, for amounts beyond 2^53 and for prices with too many digits.
   */
  readonly exact: readonly [Decimal, Decimal]
}

/** Everything the hot path multiplies for one request. */
export type PriceVector = {
  readonly input: Component
  readonly cacheRead: Component
  /** Writes for 5 minutes and for 1 hour. */
  readonly cacheWrite: Component
  /** Plain output and reasoning, which two models price apart. */
  readonly output: Component
}

/** A component from dollars per million tokens. */
export function componentOf(first: Decimal, second: Decimal = zero): Component {
  const a = nanoPerToken(first)
  const b = nanoPerToken(second)
  const exponent = Math.min(0, a.exponent, b.exponent)
  const scale = 10 ** -exponent
  const isExact = scale <= Number.MAX_SAFE_INTEGER
  return {
    first: isExact ? wholeUnits(a, exponent) : Number.NaN,
    second: isExact ? wholeUnits(b, exponent) : Number.NaN,
    scale,
    exact: [a, b],
  }
}

export const zero: Decimal = { digits: 0n, exponent: 0 }

/** What these tokens cost at a component's two rates, rounded once. */
export function costOf(component: Component, first: number, second: number): NanoUsd {
  const scaled = first * component.first + second * component.second
  if (!(scaled <= Number.MAX_SAFE_INTEGER)) return exactCost(component, first, second)
  if (component.scale === 1) return scaled as NanoUsd
  const rest = scaled % component.scale
  const whole = (scaled - rest) / component.scale
  const twice = rest * 2
  const up = twice > component.scale || (twice === component.scale && whole % 2 === 1)
  return (up ? whole + 1 : whole) as NanoUsd
}

function exactCost({ exact }: Component, first: number, second: number): NanoUsd {
  return sumOf([
    [first, exact[0]],
    [second, exact[1]],
  ])
}

/** The exact sum of amounts times nano-dollars each, rounded once, half to even. */
export function sumOf(pieces: readonly (readonly [amount: number, nanoUsd: Decimal])[]): NanoUsd {
  const exponent = pieces.reduce((least, [, rate]) => Math.min(least, rate.exponent), 0)
  const digits = pieces.reduce(
    (sum, [amount, rate]) =>
      sum + BigInt(amount) * rate.digits * 10n ** BigInt(rate.exponent - exponent),
    0n,
  )
  return Number(roundHalfEven({ digits, exponent })) as NanoUsd
}

/** Dollars per million as nano-dollars each: × 10^9 / 10^6. */
export const nanoPerToken = ({ digits, exponent }: Decimal): Decimal =>
  trimmed({ digits, exponent: exponent + 3 })

/** Dollars per thousand as nano-dollars each: × 10^9 / 10^3. */
export const nanoPerPiece = ({ digits, exponent }: Decimal): Decimal =>
  trimmed({ digits, exponent: exponent + 6 })

function trimmed({ digits, exponent }: Decimal): Decimal {
  let [short, power] = [digits, exponent]
  while (power < 0 && short % 10n === 0n) [short, power] = [short / 10n, power + 1]
  return { digits: short, exponent: power }
}

function wholeUnits({ digits, exponent }: Decimal, unit: number): number {
  const units = digits * 10n ** BigInt(exponent - unit)
  return units <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(units) : Number.NaN
}
