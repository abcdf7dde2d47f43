import type { Verdict } from '../score/verdict.ts'
import { addEntry, clusteredBy, newEntrySums } from '../stats/clustered-hits.ts'
import { type Wrongness, wrongnessOf } from './hit-quality.ts'

/** Verdicts on hits that come and go, and how the hits lie among the entries that served them. */
export type VerdictTally = {
  /** Adds (1) or takes away (-1) a hit by an entry, given as the place of the request that left it. */
  count(sign: 1 | -1, entry: number, verdict: Verdict): void
  /** What the verdicts say of so many hits, judged and not. */
  wrongness(hits: number): Wrongness
}

/** No verdicts yet, on entries of so many requests. */
export function newVerdictTally(requests: number): VerdictTally {
  const counts = { right: 0, wrong: 0, unsettled: 0 }
  const byEntry = {
    right: new Int32Array(requests),
    wrong: new Int32Array(requests),
    unsettled: new Int32Array(requests),
  }
  const [low, high] = [newEntrySums(), newEntrySums()]
  const weigh = (sign: 1 | -1, entry: number) => {
    const wrong = byEntry.wrong[entry] as number
    const atMost = wrong + (byEntry.unsettled[entry] as number)
    const hits = atMost + (byEntry.right[entry] as number)
    addEntry(low, sign, { hits, wrong })
    addEntry(high, sign, { hits, wrong: atMost })
  }
  return {
    count(sign, entry, verdict) {
      weigh(-1, entry)
      counts[verdict] += sign
      byEntry[verdict][entry] = (byEntry[verdict][entry] as number) + sign
      weigh(1, entry)
    },
    wrongness: (hits) =>
      wrongnessOf(counts, hits, () => ({ low: clusteredBy(low), high: clusteredBy(high) })),
  }
}
