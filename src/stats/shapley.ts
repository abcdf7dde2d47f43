/** Shapley values as exact fractions: `parts` of `over`, which add up to the whole change. */
export type ShapleyParts = { readonly parts: readonly bigint[]; readonly over: bigint }

/**
 * What each of several factors contributes to a change, averaged over all orders in which they may change. `worthOf` says
 * what the whole is worth where the factors of a coalition (a bit each) have changed already, the others not yet. Asks
 * for 2^factors values.
 */
export function shapley(factors: number, worthOf: (coalition: number) => bigint): ShapleyParts {
  const values = Array.from({ length: 2 ** factors }, (_, coalition) => worthOf(coalition))
  const weights = Array.from(
    { length: factors },
    (_, before) => factorial(before) * factorial(factors - 1 - before),
  )
  const parts = Array.from({ length: factors }, (_, factor) => {
    const bit = 1 << factor
    return values.reduce((sum, value, coalition) => {
      if ((coalition & bit) !== 0) return sum
      const weight = weights[bitCount(coalition)] ?? 0n
      return sum + weight * ((values[coalition | bit] ?? 0n) - value)
    }, 0n)
  })
  return { parts, over: factorial(factors) }
}

const factorial = (n: number): bigint => (n <= 1 ? 1n : BigInt(n) * factorial(n - 1))

function bitCount(bits: number): number {
  let count = 0
  for (let left = bits; left > 0; left &= left - 1) count++
  return count
}

/**
 * Fractions `parts`/`over` as whole numbers that add up to the whole: each rounded down, and what is left given to those
 * that lost most, the first of equals (largest remainder). The parts must add up to a multiple of `over`, which is
 * positive.
 */
export function wholeParts({ parts, over }: ShapleyParts): readonly bigint[] {
  const floors = parts.map((part) => floorDivide(part, over))
  const remainders = parts.map((part, index) => part - (floors[index] ?? 0n) * over)
  const left = Number(remainders.reduce((sum, each) => sum + each, 0n) / over)
  const raised = new Set(
    remainders
      .map((remainder, index) => ({ remainder, index }))
      .sort((a, b) => compare(b.remainder, a.remainder) || a.index - b.index)
      .slice(0, left)
      .map(({ index }) => index),
  )
  return floors.map((floor, index) => (raised.has(index) ? floor + 1n : floor))
}

const floorDivide = (part: bigint, over: bigint): bigint => {
  const quotient = part / over
  return part % over < 0n ? quotient - 1n : quotient
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
