import { orZero, type RequestLookup, type RequestSource } from '../domain/columns.ts'
import { usdOf } from '../domain/money.ts'
import { KeyIndex, NumberList, partsOf } from './key-index.ts'
import type { ModelSwap, RepeatedQuestion } from './result.ts'

const shownQuestions = 10
const shownText = 200

/** The questions asked most often, by their last user message, whatever stood before it. */
export function topRepeated(
  source: RequestSource,
  lookup: RequestLookup,
): readonly RepeatedQuestion[] {
  const parts = partsOf(source.count)
  const candidates: Counted[] = []
  for (let part = 0; part < parts; part++) candidates.push(...mostOftenOf(source, part, parts))
  return candidates
    .sort((a, b) => b.count - a.count || a.seq - b.seq)
    .slice(0, shownQuestions)
    .map(({ seq, count, cost }) => ({
      text: lookup.questionOf(seq)?.slice(0, shownText) ?? null,
      count,
      costUsd: usdOf(cost),
    }))
}

type Counted = { readonly seq: number; readonly count: number; readonly cost: number }

/** The most repeated of the questions whose key falls into one part: the others have their turn. */
function mostOftenOf(source: RequestSource, part: number, parts: number): readonly Counted[] {
  const index = new KeyIndex()
  const counts = new NumberList()
  const costs = new NumberList()
  const firstSeq = new NumberList()
  for (const { length, seq, questionKey, cost } of source.segments([
    'seq',
    'questionKey',
    'cost',
  ])) {
    for (let row = 0; row < length; row++) {
      const key = questionKey[row] as number
      if (Number.isNaN(key) || key % parts !== part) continue
      const known = index.size
      const number = index.add(key)
      if (number === known) firstSeq.set(number, seq[row] as number)
      counts.add(number, 1)
      costs.add(number, orZero(cost[row]))
    }
  }
  return mostOften(counts, index.size).map((number) => ({
    seq: firstSeq.get(number),
    count: counts.get(number),
    cost: costs.get(number),
  }))
}

/** Numbers of the largest counts above one; ties in order of appearance. */
function mostOften(counts: NumberList, size: number): readonly number[] {
  const best: number[] = []
  for (let number = 0; number < size; number++) {
    const count = counts.get(number)
    const least = best[best.length - 1]
    if (
      count < 2 ||
      (best.length === shownQuestions && least !== undefined && counts.get(least) >= count)
    )
      continue
    best.push(number)
    best.sort((a, b) => counts.get(b) - counts.get(a) || a - b)
    if (best.length > shownQuestions) best.pop()
  }
  return best
}

/** Requests answered by another model than they asked for, most first. */
export function modelSwaps(source: RequestSource): readonly ModelSwap[] {
  const swaps = new Map<
    string,
    { requestedModel: string; answeredModel: string; requests: number }
  >()
  for (const { length, profile } of source.segments(['profile'])) {
    for (let row = 0; row < length; row++) {
      const { requestedModel, model } = source.profiles[profile[row] as number] ?? {
        requestedModel: null,
        model: null,
      }
      if (requestedModel === null || requestedModel === model) continue
      const name = JSON.stringify([requestedModel, model])
      const swap = swaps.get(name) ?? { requestedModel, answeredModel: model ?? '', requests: 0 }
      swap.requests++
      swaps.set(name, swap)
    }
  }
  return [...swaps.values()].sort(
    (a, b) => b.requests - a.requests || (a.requestedModel < b.requestedModel ? -1 : 1),
  )
}
