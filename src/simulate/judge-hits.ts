import { type Similarity, verdictOf } from '../score/equivalence.ts'
import type { Judgement } from '../score/verdict.ts'
import { labelNumber } from '../stats/label-sample.ts'
import { textOfAnswer } from '../worlds/answer-text.ts'
import type { History } from '../worlds/history.ts'
import { isOfCache } from '../worlds/logged-answer.ts'
import { type CacheOutcome, served } from './cache-run.ts'
import { type Draw, type JudgingMemory, newJudgingMemory, pairOf } from './judging-memory.ts'
import { openStated, type Stated } from './stated-verdicts.ts'

export type Judge = {
  /** Whether the answer that was served fits, by the places of the request and of the one whose answer it was. */
  judge(place: number, owner: number): Judgement
  /** The permanent number in [0, 1) of a request in a draw. */
  numberOf(draw: Draw, place: number): number
}

/** A hit with its verdict. */
export type JudgedHit = {
  readonly place: number
  readonly owner: number
  readonly judgement: Judgement
}

/** Answers compared at most for one threshold; of more hits a permanent random sample is judged. */
const mostJudged = 4000

/** Judges pairs by what was stated, else by what a log says of their answers; each pair of answers once. */
export function openJudge(
  history: History,
  similarity: Similarity | undefined,
  stated: Stated = openStated(history, null),
  { verdicts, numbers }: JudgingMemory = newJudgingMemory(history.count),
): Judge {
  const given = (place: number) => ({
    text: textOfAnswer(history, place),
    label: labelAt(history, place),
  })
  return {
    judge(place, owner) {
      const said = stated(place, owner)
      if (said !== null) return said
      // The answer of a cache is no model's: compared with itself it would always be right.
      if (isOfCache(history, place))
        return verdictOf(labelled(history, owner), labelled(history, place))
      const [theirs, own] = [history.answer[owner] as number, history.answer[place] as number]
      if (theirs !== -1 && theirs === own) return identical
      const pair = pairOf(history.count, theirs, own)
      const before = verdicts.get(pair)
      if (before !== undefined) return before
      const judgement = verdictOf(
        given(owner),
        given(place),
        similarity === undefined ? {} : { similarity },
      )
      verdicts.set(pair, judgement)
      return judgement
    },
    numberOf(draw, place) {
      const before = numbers[draw][place] as number
      if (!Number.isNaN(before)) return before
      const number = labelNumber(draw, String(history.seq[place]))
      numbers[draw][place] = number
      return number
    },
  }
}

const identical: Judgement = { verdict: 'right', rung: 'identical' }

const labelled = (history: History, place: number) => ({
  text: null,
  label: labelAt(history, place),
})

const labelAt = (history: History, place: number): string | null => {
  const label = history.label[place] as number
  return label === -1 ? null : (history.labels[label] ?? String(label))
}

/**
 * The hits of a run with their verdicts, those of `layer`. With labels all are judged; answers are compared for a
 * random sample of requests, which is the same at every threshold.
 */
export function judgeHits(
  history: History,
  run: CacheOutcome,
  layer: 'exact' | 'semantic',
  { judge, numberOf }: Judge,
  draw: Draw,
  most = mostJudged,
): readonly JudgedHit[] {
  const hits = layer === 'exact' ? run.exactHits : run.semanticHits
  const share = judgedShare(history, most)(hits)
  const how = served[layer]
  const judged: JudgedHit[] = []
  for (let place = 0; place < history.count; place++) {
    if (run.by[place] !== how || (share < 1 && numberOf(draw, place) >= share)) continue
    const owner = run.owner[place] as number
    judged.push({ place, owner, judgement: judge(place, owner) })
  }
  return judged
}

/** Which share of so many hits is judged: those of requests with a lower permanent number. */
export function judgedShare(history: History, most = mostJudged): (hits: number) => number {
  if (hasLabels(history)) return () => 1
  return (hits) => Math.min(1, most / Math.max(1, hits))
}

/** A loop of its own: it is asked for every run, and calls take ten times as long. */
function hasLabels({ label }: History): boolean {
  for (let place = 0; place < label.length; place++) if (label[place] !== -1) return true
  return false
}
