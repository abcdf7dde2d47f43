import type { History } from '../worlds/history.ts'
import type { Questions } from '../worlds/questions.ts'
import type { CacheRun } from './cache-run.ts'
import type { JudgedHit } from './judge-hits.ts'
import type { ServedPair } from './result.ts'

const pairsOfKind = 3

/** A few hits to read: the least and the most similar of different texts, and those found wrong. */
export function servedPairs(
  history: History,
  questions: Questions,
  run: CacheRun,
  judged: readonly JudgedHit[],
): readonly ServedPair[] {
  const differing = judged.filter(({ place, owner }) => questions.at[place] !== questions.at[owner])
  const bySimilarity = distinct(questions, differing).sort(
    (a, b) =>
      (run.similarity[a.place] as number) - (run.similarity[b.place] as number) ||
      a.place - b.place,
  )
  const wrong = bySimilarity.filter(({ judgement }) => judgement.verdict === 'wrong')
  const pair = (kind: ServedPair['kind']) => (hit: JudgedHit) =>
    pairOf(kind, hit, history, questions, run)
  return [
    ...bySimilarity.slice(0, pairsOfKind).map(pair('least-similar')),
    ...bySimilarity.slice(pairsOfKind).slice(-pairsOfKind).reverse().map(pair('most-similar')),
    ...wrong.slice(-pairsOfKind).reverse().map(pair('wrong')),
  ]
}

/** The same two questions once. */
function distinct(questions: Questions, hits: readonly JudgedHit[]): JudgedHit[] {
  const seen = new Map<string, JudgedHit>()
  for (const hit of hits) {
    const key = `${questions.at[hit.place]} ${questions.at[hit.owner]}`
    if (!seen.has(key)) seen.set(key, hit)
  }
  return [...seen.values()]
}

const pairOf = (
  kind: ServedPair['kind'],
  { place, owner, judgement }: JudgedHit,
  history: History,
  questions: Questions,
  run: CacheRun,
): ServedPair => ({
  kind,
  similarity: run.similarity[place] as number,
  request: history.seq[place] as number,
  servedBy: history.seq[owner] as number,
  question: questions.textOf(questions.at[place] as number),
  servedQuestion: questions.textOf(questions.at[owner] as number),
  verdict: judgement.verdict,
  rung: judgement.rung,
})
