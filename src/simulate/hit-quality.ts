import type { Interval } from '../domain/report.ts'
import { countVerdicts } from '../score/wrong-hits.ts'
import type { EntryHits } from '../stats/clustered-hits.ts'
import { clusteredHits } from '../stats/clustered-hits.ts'
import { wilsonWeighed } from '../stats/intervals.ts'
import type { JudgedHit } from './judge-hits.ts'
import type { Range } from './result.ts'
import { proves } from './stated-verdicts.ts'

/** What the verdicts on some hits come to. */
export type HitQuality = {
  readonly judged: number
  /** Settled by what may prove something. */
  readonly labelled: number
  /** Scaled to all hits where a sample was judged; null where nothing was settled. */
  readonly wrongHits: Range | null
  readonly wrongPerHit: Range | null
  /** From the low end of one bound to the high end of the other. */
  readonly interval: Interval | null
  readonly wrongPerRequest: Range | null
  readonly rungs: Readonly<Record<string, number>>
  readonly estimated: boolean
}

/** Sums up verdicts on `hits` hits among `requests` requests; hits of one entry count as a cluster. */
export function hitQuality(
  judged: readonly JudgedHit[],
  hits: number,
  requests: number,
): HitQuality {
  const counts = countVerdicts(judged)
  const { wrong, unsettled, byRung } = counts
  const all = judged.length
  const isSettled = counts.right + wrong > 0
  const perHit = isSettled ? { low: wrong / all, high: (wrong + unsettled) / all } : null
  const scaled = (share: number) => Math.round(share * hits)
  return {
    judged: all,
    labelled: judged.filter(
      ({ judgement }) => proves(judgement) && judgement.verdict !== 'unsettled',
    ).length,
    wrongHits: perHit && { low: scaled(perHit.low), high: scaled(perHit.high) },
    wrongPerHit: perHit,
    interval: perHit && intervalOf(judged),
    wrongPerRequest:
      perHit && requests > 0
        ? { low: (perHit.low * hits) / requests, high: (perHit.high * hits) / requests }
        : null,
    rungs: byRung,
    estimated: ['guard', 'similarity'].some((rung) => rung in byRung),
  }
}

function intervalOf(judged: readonly JudgedHit[]): Interval {
  const low = bound(judged, ({ judgement }) => judgement.verdict === 'wrong')
  const high = bound(judged, ({ judgement }) => judgement.verdict !== 'right')
  return { ...low, high: high.high }
}

function bound(judged: readonly JudgedHit[], isWrong: (hit: JudgedHit) => boolean): Interval {
  const { hits, wrong, designEffect } = clusteredHits(entriesOf(judged, isWrong))
  return wilsonWeighed({ successes: wrong, trials: hits }, designEffect)
}

/** Hits by the entry that served them. */
export function entriesOf(
  judged: readonly JudgedHit[],
  isWrong: (hit: JudgedHit) => boolean,
): readonly EntryHits[] {
  const entries = new Map<number, { hits: number; wrong: number }>()
  for (const hit of judged) {
    const entry = entries.get(hit.owner) ?? { hits: 0, wrong: 0 }
    entry.hits++
    if (isWrong(hit)) entry.wrong++
    entries.set(hit.owner, entry)
  }
  return [...entries.values()]
}
