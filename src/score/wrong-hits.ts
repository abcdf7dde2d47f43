import type { Judgement, Rung, Verdict } from './verdict.ts'

/** How many pairs came out how, and on which rung. */
export type VerdictCounts = Readonly<Record<Verdict, number>> & {
  readonly byRung: Readonly<Partial<Record<Rung, number>>>
}

/** From all unsettled pairs counted right to all counted wrong. */
export type ShareRange = { readonly low: number; readonly high: number }

/** Wrong hits of a cache. Null is unmeasured: no hit, or none that is settled. */
export type WrongHits = {
  readonly counts: VerdictCounts
  readonly perHit: ShareRange | null
  readonly perRequest: ShareRange | null
}

/** Counts verdicts; each may stand for several hits. */
export function countVerdicts(
  judged: Iterable<{ readonly judgement: Judgement; readonly hits?: number }>,
): VerdictCounts {
  const counts = { right: 0, wrong: 0, unsettled: 0 }
  const byRung: Partial<Record<Rung, number>> = {}
  for (const { judgement, hits = 1 } of judged) {
    counts[judgement.verdict] += hits
    if (judgement.rung !== null) byRung[judgement.rung] = (byRung[judgement.rung] ?? 0) + hits
  }
  return { ...counts, byRung }
}

/** Wrong hits per hit, and per request of `requests`, all requests whether cacheable or not. */
export function wrongHits(counts: VerdictCounts, requests: number): WrongHits {
  return {
    counts,
    perHit: wrongShare(counts, counts.right + counts.wrong + counts.unsettled),
    perRequest: wrongShare(counts, requests),
  }
}

/**
 * How often the model itself answers an exact repeat otherwise than it answered the request whose
 * entry would have served it. A wrong-hit rate near it is no fault of the cache.
 */
export const noiseFloor = (counts: VerdictCounts): ShareRange | null =>
  wrongShare(counts, counts.right + counts.wrong + counts.unsettled)

function wrongShare({ right, wrong, unsettled }: VerdictCounts, of: number): ShareRange | null {
  if (right + wrong === 0 || of === 0) return null
  return { low: wrong / of, high: (wrong + unsettled) / of }
}
