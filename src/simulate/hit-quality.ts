import type { Interval } from '../domain/report.ts'
import { countVerdicts, type VerdictCounts } from '../score/wrong-hits.ts'
import { type ClusteredHits, clusteredHits, type EntryHits } from '../stats/clustered-hits.ts'
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
  const { byRung } = counts
  const wrongness = wrongnessOf(counts, hits, () => ({
    low: clusteredHits(entriesOf(judged, ({ judgement }) => judgement.verdict === 'wrong')),
    high: clusteredHits(entriesOf(judged, ({ judgement }) => judgement.verdict !== 'right')),
  }))
  const perHit = wrongness.wrongPerHit
  return {
    ...wrongness,
    judged: judged.length,
    labelled: judged.filter(
      ({ judgement }) => proves(judgement) && judgement.verdict !== 'unsettled',
    ).length,
    wrongPerRequest:
      perHit && requests > 0
        ? { low: (perHit.low * hits) / requests, high: (perHit.high * hits) / requests }
        : null,
    rungs: byRung,
    estimated: ['guard', 'similarity'].some((rung) => rung in byRung),
  }
}

/** How many hits are wrong, of `hits` hits of which some were judged. */
export type Wrongness = Pick<HitQuality, 'wrongHits' | 'wrongPerHit' | 'interval'>

/** Judged hits by entry, with what is unsettled counted right, and counted wrong. */
export type Bounds = { readonly low: ClusteredHits; readonly high: ClusteredHits }

/** Scales the verdicts on judged hits to all; `boundsOf` is asked where something was settled. */
export function wrongnessOf(
  { right, wrong, unsettled }: Pick<VerdictCounts, 'right' | 'wrong' | 'unsettled'>,
  hits: number,
  boundsOf: () => Bounds,
): Wrongness {
  if (right + wrong === 0) return { wrongHits: null, wrongPerHit: null, interval: null }
  const all = right + wrong + unsettled
  const perHit = { low: wrong / all, high: (wrong + unsettled) / all }
  const scaled = (share: number) => Math.round(share * hits)
  const { low, high } = boundsOf()
  return {
    wrongHits: { low: scaled(perHit.low), high: scaled(perHit.high) },
    wrongPerHit: perHit,
    interval: { ...intervalOf(low), high: intervalOf(high).high },
  }
}

const intervalOf = ({ hits, wrong, designEffect }: ClusteredHits): Interval =>
  wilsonWeighed({ successes: wrong, trials: hits }, designEffect)

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
