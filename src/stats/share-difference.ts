/** So many of so many. */
export type Share = { readonly part: number; readonly of: number }

/** From here on chance explains a difference in one of a thousand cases. */
export const surelyDifferentZ = 3.29

/** By how many standard errors one share is above another, were each of its cases a draw. */
export function shareDifferenceZ(a: Share, b: Share): number {
  const pooled = (a.part + b.part) / (a.of + b.of)
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / a.of + 1 / b.of))
  return error === 0 ? 0 : (a.part / a.of - b.part / b.of) / error
}
