import { labelNumber } from '../stats/label-sample.ts'
import type { History } from '../worlds/history.ts'
import { isOfCache } from '../worlds/logged-answer.ts'
import { type CacheOutcome, served } from './cache-run.ts'
import type { JudgedHit } from './judge-hits.ts'
import { answerKeys, proves, type Stated } from './stated-verdicts.ts'

/** A semantic hit: the place of the request and of the one whose answer it was served. */
export type Hit = { readonly place: number; readonly owner: number }

/**
 * Which hits certify a threshold: those of a window, which is half of the requests; the cache is warm from all before.
 * They are drawn in the order of the requests' permanent numbers, the same at every threshold.
 */
export type LabelSample = {
  /** The hits of the window, in the order of the log. */
  hitsOf(run: CacheOutcome): readonly Hit[]
  /** Those that people can settle, in the order in which they are drawn: no label of the log does, both answers are known and models'. */
  drawnOf(run: CacheOutcome): readonly Hit[]
  /**
   * Those that count, with their verdicts: of all hits in the order of the draw those before the first that could be
   * settled and is not. Later labels may be there because another threshold has these hits too, or because of what the
   * log happens to label: they are no random sample of this one's. A hit that nobody can settle stays, unsettled.
   */
  countedOf(run: CacheOutcome): readonly JudgedHit[]
  /** How many hits of the window have neither labels nor both answers. */
  unansweredOf(run: CacheOutcome): number
}

/** The later half of the requests is the one that certifies; a random half tells what the order of time does. */
export type LabelSamples = { readonly later: LabelSample; readonly random: LabelSample }

/** Change which hits are drawn first, and which requests are in the random half. */
const drawSeed = 'certify'
const splitSeed = 'split'

/** Opens the samples of both windows. */
export function openLabelSamples(history: History, stated: Stated): LabelSamples {
  const numberOf = permanentNumbers(history, splitSeed)
  return {
    later: openLabelSample(history, stated),
    random: openLabelSample(history, stated, (place) => numberOf(place) < 0.5),
  }
}

/** Opens the sample of a history's hits, by default of the second half of the requests. */
export function openLabelSample(
  history: History,
  stated: Stated,
  inWindow = (place: number): boolean => place >= Math.floor(history.count / 2),
): LabelSample {
  const numberOf = permanentNumbers(history, drawSeed)
  const keyOf = answerKeys(history)
  const hitsOf = (run: CacheOutcome): readonly Hit[] => {
    const hits: Hit[] = []
    for (let place = 0; place < history.count; place++)
      if (run.by[place] === served.semantic && inWindow(place))
        hits.push({ place, owner: run.owner[place] as number })
    return hits
  }
  const inDrawOrder = (hits: readonly Hit[]) =>
    [...hits].sort((a, b) => numberOf(a.place) - numberOf(b.place) || a.place - b.place)
  const isAnswered = ({ place, owner }: Hit) =>
    !isOfCache(history, place) && keyOf(place) !== null && keyOf(owner) !== null
  const isLabelled = ({ place, owner }: Hit) => stated(place, owner)?.rung === 'label'
  const provedOf = (hit: Hit): JudgedHit | null => {
    const judgement = stated(hit.place, hit.owner)
    return judgement !== null && proves(judgement) ? { ...hit, judgement } : null
  }
  return {
    hitsOf,
    drawnOf: (run) => inDrawOrder(hitsOf(run).filter((hit) => !isLabelled(hit) && isAnswered(hit))),
    countedOf(run) {
      const hits = hitsOf(run)
      const proved = hits.map(provedOf).filter((hit) => hit !== null)
      // Without looking for keys and numbers: a log that labels nothing, or everything.
      if (proved.length === 0 || proved.length === hits.length) return proved
      const counted = untilOpen(inDrawOrder(hits), (hit) => provedOf(hit) ?? lost(hit, isAnswered))
      return counted.some(({ judgement }) => judgement !== unanswered) ? counted : []
    },
    unansweredOf: (run) =>
      hitsOf(run).filter((hit) => !isLabelled(hit) && !isLogged(history, hit)).length,
  }
}

/** Settled hits up to the first that is open. */
function untilOpen(
  hits: readonly Hit[],
  settle: (hit: Hit) => JudgedHit | null,
): readonly JudgedHit[] {
  const settled: JudgedHit[] = []
  for (const hit of hits) {
    const judged = settle(hit)
    if (judged === null) break
    settled.push(judged)
  }
  return settled
}

/** Told without a look into the store: every hit of every threshold is asked. */
const isLogged = (history: History, { place, owner }: Hit): boolean =>
  !isOfCache(history, place) && history.answer[place] !== -1 && history.answer[owner] !== -1

/** A hit that nobody can ever settle: to leave it out would be to take it for one like the others. */
const lost = (hit: Hit, isAnswered: (hit: Hit) => boolean): JudgedHit | null =>
  isAnswered(hit) ? null : { ...hit, judgement: unanswered }

const unanswered: JudgedHit['judgement'] = { verdict: 'unsettled', rung: null }

/** A number for good of each request: by its own id, which survives that a log is read again. */
function permanentNumbers({ lookup, seq }: History, seed: string): (place: number) => number {
  const known = new Map<number, number>()
  return (place) => {
    const before = known.get(place)
    if (before !== undefined) return before
    const row = seq[place] as number
    const number = labelNumber(seed, lookup.textOf(row, 'id') ?? String(row))
    known.set(place, number)
    return number
  }
}
