/**
 * Holm's adjusted p-values (1979), in the order given: rejecting those at most δ errs in any of them
 * with probability δ at most, however they depend on each other.
 */
export function holm(pValues: readonly number[]): readonly number[] {
  const order = [...pValues.keys()].sort((a, b) => (pValues[a] as number) - (pValues[b] as number))
  const adjusted = new Array<number>(pValues.length)
  let floor = 0
  for (const [rank, index] of order.entries()) {
    const p = pValues[index] as number
    if (!(p >= 0 && p <= 1)) throw new RangeError(`no p-value: ${p}`)
    floor = Math.max(floor, Math.min(1, (pValues.length - rank) * p))
    adjusted[index] = floor
  }
  return adjusted
}
