/** Money is an integer count of nano-dollars, so sums are exact in any order. $1 = 1e9. */
export type NanoUsd = number & { readonly unit: 'nanoUsd' }

export const zeroNanoUsd = 0 as NanoUsd

/** A sum of nano-dollars that stays exact beyond 2^53 ($9.0 M): small steps in a number, spilled into a bigint. */
export class SpendSum {
  #spilled = 0n
  #pending = 0

  add(amount: number): void {
    this.#pending += amount
    if (this.#pending > spillAt || this.#pending < -spillAt) this.#spill()
  }

  addSum(other: SpendSum): void {
    this.#spill()
    this.#spilled += other.total()
  }

  total(): bigint {
    return this.#spilled + BigInt(this.#pending)
  }

  #spill(): void {
    this.#spilled += BigInt(this.#pending)
    this.#pending = 0
  }
}

/** Half of 2^53: adding one amount below 2^52 to a sum below it cannot lose a nano-dollar. */
const spillAt = 2 ** 52

/** Dollars with nine decimals, as the nearest number: 1234n → 0.000001234, never 0.0000012340000001. */
export function usdOf(amount: bigint | number): number {
  // One division of exact numbers rounds as the text would; 0 is never -0.
  if (Number.isSafeInteger(amount)) return (amount as number) / nanoPerUsd + 0
  return Number(decimalUsd(amount))
}

const nanoPerUsd = 1e9

/** Nano-dollars as an exact decimal string of dollars, e.g. "-12.000000345". */
export function decimalUsd(amount: bigint | number): string {
  const nano = typeof amount === 'bigint' ? amount : BigInt(Math.round(amount))
  const digits = (nano < 0n ? -nano : nano).toString().padStart(10, '0')
  return `${nano < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`
}

/**
 * Reads dollars from a log ("0.0021", 0.0021, 2.1e-3) as nano-dollars, half to even, or null when it is no finite
 * number. `unitsPerDollar` is 100 where the log counts cents.
 */
export function readUsd(value: unknown, unitsPerDollar: 1 | 100 = 1): NanoUsd | null {
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return null
  const dollars = decimalOf(value)
  if (dollars === null) return null
  const scaled = {
    digits: dollars.digits,
    exponent: dollars.exponent + (unitsPerDollar === 100 ? 7 : 9),
  }
  return Number(roundHalfEven(scaled)) as NanoUsd
}

/** An exact decimal: digits × 10^exponent. */
export type Decimal = { readonly digits: bigint; readonly exponent: number }

/** The decimal a person wrote: of a number its shortest representation, so 0.1 is one tenth. Null if not finite. */
export function decimalOf(value: number | string): Decimal | null {
  const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?\s*$/.exec(String(value))
  if (match === null) return null
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  if (whole === '' && fraction === '') return null
  const digits = BigInt(whole + fraction)
  return { digits: sign === '-' ? -digits : digits, exponent: Number(exponent) - fraction.length }
}

export const multiply = (a: Decimal, b: Decimal): Decimal => ({
  digits: a.digits * b.digits,
  exponent: a.exponent + b.exponent,
})

/** A decimal as an integer, halves to the even neighbour. */
export function roundHalfEven({ digits, exponent }: Decimal): bigint {
  if (exponent >= 0) return digits * 10n ** BigInt(exponent)
  return divideHalfEven(digits, 10n ** BigInt(-exponent))
}

/** numerator / denominator as an integer, halves to the even neighbour; the denominator is positive. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n
  const size = negative ? -numerator : numerator
  const quotient = size / denominator
  const twice = (size % denominator) * 2n
  const up = twice > denominator || (twice === denominator && quotient % 2n === 1n)
  const rounded = up ? quotient + 1n : quotient
  return negative ? -rounded : rounded
}
