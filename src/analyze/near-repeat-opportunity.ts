import { orZero, type RequestLookup, type RequestSource } from '../domain/columns.ts'
import { usdOf } from '../domain/money.ts'
import { KeyIndex, partsOf } from './key-index.ts'
import { findNearRepeats, maxCharacters, type NearRepeats } from './near-repeats.ts'
import { type Scale, scaled } from './opportunities.ts'
import type { Opportunity } from './result.ts'
import { commandWith, count, percent } from './rules/rule.ts'
import { inTimeOrder } from './time-order.ts'

/** Distinct questions compared with each other. */
const sampleSize = 4000

type Sampled = {
  readonly seq: number
  /** Of its question among the distinct ones, in time. */
  readonly place: number
  readonly cost: number
  readonly draw: number
}

/** Questions that differ little from an earlier one, measured on a sample of the log's distinct questions. */
export function nearRepeatOpportunity(
  source: RequestSource,
  lookup: RequestLookup,
  scale: Scale,
  inputs: string,
): Opportunity | null {
  const { sample, distinct, distinctCost } = sampleQuestions(source)
  const firstSeq = new Map<string, number>()
  const texts = sample.flatMap(({ seq, cost }) => {
    const text = lookup.questionOf(seq)
    if (text === null || text.trim() === '') return []
    if (!firstSeq.has(text)) firstSeq.set(text, seq)
    return [{ text, requests: 1, cost }]
  })
  if (texts.length < 2) return null
  const found = findNearRepeats(texts)
  const sampledCost = texts.reduce((sum, { cost }) => sum + cost, 0)
  if (found.nearRequests === 0 || sampledCost === 0) return null
  const savingUsd = usdOf(Math.round((found.nearCost / sampledCost) * distinctCost))
  const share = found.nearRequests / texts.length
  return {
    kind: 'near-repeats',
    title: `about ${percent(share)} of the ${count(distinct)} distinct questions nearly repeat another one`,
    ...scaled(savingUsd, scale),
    requests: Math.round(share * distinct),
    evidence: `lexical similarity ≥ ${found.minSimilarity} among ${count(texts.length)} sampled questions, equal numbers and names; exact repeats are not in it${cutOff(found.bound)}`,
    caveat:
      'alike in words is not yet the same question: how often such an answer would be wrong is unmeasured',
    command: commandWith('analyze', [inputs, '--by feature'].filter(Boolean).join(' ')),
    examples: found.clusters
      .slice(0, 3)
      .flatMap(({ examples: [, near] }) => (near === undefined ? [] : [firstSeq.get(near) ?? 0]))
      .map((seq) => lookup.textOf(seq, 'id') ?? `#${seq}`),
  }
}

/** What kept the comparison short of all there is. */
function cutOff({ truncatedTexts, unfinishedTexts }: NearRepeats['bound']): string {
  const beginnings =
    truncatedTexts === 0
      ? ''
      : `; ${count(truncatedTexts)} compared on their first ${count(maxCharacters)} characters`
  return unfinishedTexts === 0
    ? beginnings
    : `${beginnings}; ${count(unfinishedTexts)} not compared with all others`
}

/** The first request of each question in time; of those a sample that depends on their order alone. */
function sampleQuestions(source: RequestSource): {
  sample: readonly Sampled[]
  distinct: number
  distinctCost: number
} {
  const sample = new Sample()
  const parts = partsOf(source.count)
  let distinct = 0
  let distinctCost = 0
  for (let part = 0; part < parts; part++) {
    const found = samplePart(source, part, parts, sample)
    distinct += found.distinct
    distinctCost += found.cost
  }
  return { sample: sample.inOrder(), distinct, distinctCost }
}

/** Offers the questions whose key falls into one part: the others have their turn. */
function samplePart(source: RequestSource, part: number, parts: number, sample: Sample) {
  const index = new KeyIndex()
  let cost = 0
  let place = 0
  for (const segment of inTimeOrder(source, ['at', 'seq', 'questionKey', 'cost'])) {
    for (let row = 0; row < segment.length; row++, place++) {
      const key = segment.questionKey[row] as number
      const known = index.size
      if (Number.isNaN(key) || key % parts !== part || index.add(key) !== known) continue
      const spent = orZero(segment.cost[row])
      cost += spent
      sample.offer(segment.seq[row] as number, place, spent)
    }
  }
  return { distinct: index.size, cost }
}

/** Keeps the requests with the smallest draws. */
class Sample {
  #kept: Sampled[] = []
  #limit = Number.POSITIVE_INFINITY

  offer(seq: number, place: number, cost: number): void {
    const draw = drawOf(place)
    if (draw < this.#limit) this.#kept.push({ seq, place, cost, draw })
    if (this.#kept.length >= sampleSize * 2) this.#trim()
  }

  inOrder(): readonly Sampled[] {
    this.#trim()
    return this.#kept.sort((a, b) => a.place - b.place)
  }

  #trim(): void {
    this.#kept.sort((a, b) => a.draw - b.draw || a.place - b.place)
    if (this.#kept.length <= sampleSize) return
    this.#kept.length = sampleSize
    this.#limit = this.#kept[sampleSize - 1]?.draw ?? this.#limit
  }
}

/** A uniform number from a question's place: the same log gives the same sample. */
function drawOf(place: number): number {
  let bits = Math.imul(place ^ (place >>> 16), 0x45d9f3b)
  bits = Math.imul(bits ^ (bits >>> 16), 0x45d9f3b)
  return ((bits ^ (bits >>> 16)) >>> 0) / 4294967296
}
