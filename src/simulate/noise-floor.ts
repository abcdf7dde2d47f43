import type { History } from '../worlds/history.ts'
import { isOfCache } from '../worlds/logged-answer.ts'
import type { PreparedCache } from './cache-inputs.ts'
import { openCacheRunner } from './cache-run.ts'
import { hitQuality } from './hit-quality.ts'
import { type Judge, judgeHits } from './judge-hits.ts'
import type { SemanticLayer } from './result.ts'
import { Slots } from './slots.ts'

/**
 * How often a model answers an exact repeat otherwise than it answered the entry that an exact cache would have served,
 * whether or not the policy has one. Rows that a cache had served say nothing of that: they are neither.
 */
export function noiseFloorOf(
  history: History,
  { inputs, namespace }: PreparedCache,
  judge: Judge,
): SemanticLayer['noiseFloor'] {
  const slots = new Slots(history.count)
  const none = new Int32Array(history.count).fill(-1)
  const isAsked = (place: number) => history.bypass[place] === 0 && !isOfCache(history, place)
  const exactSlot = none.map((_, place) =>
    isAsked(place) ? slots.of(history.exact[place] as number, namespace[place] as number) : -1,
  )
  const exactOnly = {
    ...inputs,
    exactSlot,
    exactSlots: slots.count,
    exactScope: null,
    exactCapacity: Number.POSITIVE_INFINITY,
    semanticSlot: none,
    flightSlot: none,
  }
  const repeats = judgeHits(history, openCacheRunner(exactOnly).outcome(1), 'exact', judge, 'noise')
  const { judged, wrongHits, wrongPerHit } = hitQuality(repeats, repeats.length, history.count)
  return { repeats: judged, differing: wrongHits, rate: wrongPerHit }
}
