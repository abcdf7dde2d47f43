import { labelNumber } from '../stats/label-sample.ts'
import type { History } from '../worlds/history.ts'
import { type CacheRun, served } from './cache-run.ts'
import type { JudgedHit } from './judge-hits.ts'
import { answerKeys, proves, type Stated } from './stated-verdicts.ts'

/** A semantic hit: the place of the request and of the one whose answer it was served. */
export type Hit = { readonly place: number; readonly owner: number }

/**
 * Which hits certify a threshold. Only those of the second half of the requests do: the cache is warm from all before.
 * People are asked about them in the order of the requests' permanent numbers, the same at every threshold.
 */
export type LabelSample = {
  /** The hits of the window, in the order of the log. */
  hitsOf(run: CacheRun): readonly Hit[]
  /** Those that people can settle, in the order in which they are drawn: no label of the log does, both answers are known. */
  drawnOf(run: CacheRun): readonly Hit[]
  /**
   * Those that count, with their verdicts: what the log labels, and of the drawn ones all before the first that no one
   * was asked about. Later labels may be there because another threshold has these hits too: they are no random sample
   * of this one's.
   */
  countedOf(run: CacheRun): readonly JudgedHit[]
}

/** Changes which hits are drawn first. */
const drawSeed = 'certify'

/** Opens the sample of a history's hits. */
export function openLabelSample(history: History, stated: Stated): LabelSample {
  const numberOf = drawNumbers(history)
  const keyOf = answerKeys(history)
  const hitsOf = (run: CacheRun): readonly Hit[] => {
    const hits: Hit[] = []
    for (let place = Math.floor(history.count / 2); place < history.count; place++)
      if (run.by[place] === served.semantic) hits.push({ place, owner: run.owner[place] as number })
    return hits
  }
  const isDrawn = ({ place, owner }: Hit) =>
    stated(place, owner)?.rung !== 'label' && keyOf(place) !== null && keyOf(owner) !== null
  const drawnOf = (run: CacheRun) =>
    hitsOf(run)
      .filter(isDrawn)
      .sort((a, b) => numberOf(a.place) - numberOf(b.place) || a.place - b.place)
  return {
    hitsOf,
    drawnOf,
    countedOf(run) {
      const proved = hitsOf(run).flatMap((hit) => {
        const judgement = stated(hit.place, hit.owner)
        return judgement !== null && proves(judgement) ? [{ ...hit, judgement }] : []
      })
      const byLog = proved.filter(({ judgement }) => judgement.rung === 'label')
      if (byLog.length === proved.length) return proved
      const byPlace = new Map(proved.map((hit) => [hit.place, hit]))
      const drawn = drawnOf(run).map(({ place }) => byPlace.get(place))
      const end = drawn.indexOf(undefined)
      const counted = end === -1 ? drawn : drawn.slice(0, end)
      return [...byLog, ...counted.filter((hit) => hit !== undefined)]
    },
  }
}

/** The permanent number of each request: by its own id, which survives that a log is read again. */
function drawNumbers({ lookup, seq }: History): (place: number) => number {
  const known = new Map<number, number>()
  return (place) => {
    const before = known.get(place)
    if (before !== undefined) return before
    const row = seq[place] as number
    const number = labelNumber(drawSeed, lookup.textOf(row, 'id') ?? String(row))
    known.set(place, number)
    return number
  }
}
