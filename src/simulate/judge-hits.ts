import { type Similarity, verdictOf } from '../score/equivalence.ts'
import type { Judgement } from '../score/verdict.ts'
import { inLabelSample } from '../stats/label-sample.ts'
import { textOfAnswer } from '../worlds/answer-text.ts'
import type { History } from '../worlds/history.ts'
import { type CacheRun, served } from './cache-run.ts'
import { openStated, type Stated } from './stated-verdicts.ts'

/** Whether the answer that was served fits, by the places of the request and of the one whose answer it was. */
export type Judge = (place: number, owner: number) => Judgement

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
): Judge {
  const known = new Map<string, Judgement>()
  const given = (place: number) => ({
    text: textOfAnswer(history, place),
    label: labelAt(history, place),
  })
  return (place, owner) => {
    const said = stated(place, owner)
    if (said !== null) return said
    const answers = [history.answer[owner] as number, history.answer[place] as number] as const
    if (answers[0] !== -1 && answers[0] === answers[1]) return identical
    const key = answers.join(' ')
    const before = known.get(key)
    if (before !== undefined) return before
    const judgement = verdictOf(
      given(owner),
      given(place),
      similarity === undefined ? {} : { similarity },
    )
    known.set(key, judgement)
    return judgement
  }
}

const identical: Judgement = { verdict: 'right', rung: 'identical' }

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
  run: CacheRun,
  layer: 'exact' | 'semantic',
  judge: Judge,
  seed: string,
  most = mostJudged,
): readonly JudgedHit[] {
  const hits = layer === 'exact' ? run.exactHits : run.semanticHits
  const hasLabels = history.label.some((label) => label !== -1)
  const share = hasLabels ? 1 : Math.min(1, most / Math.max(1, hits))
  const judged: JudgedHit[] = []
  for (let place = 0; place < history.count; place++) {
    if (run.by[place] !== served[layer]) continue
    if (share < 1 && !inLabelSample({ seed, share }, String(history.seq[place]))) continue
    const owner = run.owner[place] as number
    judged.push({ place, owner, judgement: judge(place, owner) })
  }
  return judged
}
