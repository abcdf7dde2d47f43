import type { Embedder, VectorCache } from '../domain/embedder.ts'
import { embedAll } from '../embed/embed-all.ts'
import { guardFacts, guardPair } from '../engine/guards.ts'
import type { GuardName } from '../policy/caching.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import { cosine } from '../vectors/cosine.ts'
import { neighbourPairs } from '../vectors/neighbour-pairs.ts'
import type { NeighbourRows } from '../vectors/pair-list.ts'
import type { Neighbours } from './neighbours.ts'
import type { Questions } from './questions.ts'

export type FindOptions = {
  readonly embedder: Embedder
  /** Vectors that an earlier run paid for. */
  readonly cache?: VectorCache | undefined
  /** The least cosine that makes two questions neighbours. */
  readonly floor: number
  readonly mode: 'exact' | 'fast'
  readonly guards: readonly GuardName[]
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: FindProgress) => void) | undefined
}

export type FindProgress = {
  readonly step: 'embedding' | 'comparing'
  readonly done: number
  readonly total: number
}

/** Neighbours and what finding them took. */
export type FoundNeighbours = {
  readonly neighbours: Neighbours
  readonly tokens: number
  readonly costNanoUsd: number | null
  /** Texts that have a vector, and their tokens by an estimate where tokens are billed: what look-ups would cost. */
  readonly texts: number
  readonly textTokens: number
  /** Of `fast`: true pairs looked for in a sample, and found. */
  readonly recall: { readonly looked: number; readonly found: number } | null
}

/** Embeds the questions of a history and finds those that are alike; null where no text is kept. */
export async function findNeighbours(
  questions: Questions,
  { embedder, cache, floor, mode, guards, signal, onProgress }: FindOptions,
): Promise<FoundNeighbours | null> {
  const texts = Array.from({ length: questions.count }, (_, question) => questions.textOf(question))
  if (texts.every((text) => text === null)) return null
  const { rows, dimensions, present, tokens, costNanoUsd } = await embedAll(
    embedder,
    texts.map((text) => text ?? ''),
    {
      cache,
      signal,
      onProgress: (progress) => onProgress?.({ step: 'embedding', ...progress }),
    },
  )
  texts.forEach((text, question) => {
    if (text === null) present[question] = 0
  })
  const isEmpty = dimensions === 0
  const pairs = isEmpty
    ? { ...noPairs, offsets: new Uint32Array(questions.count + 1) }
    : await neighbourPairs({
        vectors: rows,
        dimensions,
        count: questions.count,
        groups: questions.partition,
        floor,
        mode,
        signal,
        onProgress: (progress) => onProgress?.({ step: 'comparing', ...progress }),
      })
  const rowOf = (question: number) =>
    rows.subarray(question * dimensions, (question + 1) * dimensions)
  const selves = Float64Array.from(present, (isThere, question) =>
    isThere === 1 ? cosine(rowOf(question), rowOf(question)) : Number.NaN,
  )
  const lists = bothWays(pairs, selves)
  return {
    neighbours: {
      floor,
      ...lists,
      ...guardedPairs(lists, texts, guards),
      hasVector: (question) => present[question] === 1,
    },
    tokens,
    costNanoUsd,
    ...textsOf(embedder, texts),
    recall:
      pairs.recall === null ? null : { looked: pairs.recall.truePairs, found: pairs.recall.found },
  }
}

/** Of texts that have no vectors at all. */
const noPairs = { neighbours: new Uint32Array(0), similarities: new Float64Array(0), recall: null }

function textsOf(
  embedder: Embedder,
  texts: readonly (string | null)[],
): Pick<FoundNeighbours, 'texts' | 'textTokens'> {
  const isBilled = embedder.costOf(1_000_000_000) !== 0
  const kept = texts.filter((text) => text !== null)
  const textTokens = isBilled ? kept.reduce((sum, text) => sum + estimateTokens(text), 0) : 0
  return { texts: kept.length, textTokens }
}

type Lists = Pick<Neighbours, 'offsets' | 'others' | 'similarities'>

/** Pairs from both sides, each question among its own neighbours, the most similar first. */
function bothWays(
  { offsets, neighbours, similarities }: NeighbourRows,
  selves: Float64Array,
): Lists {
  const count = selves.length
  const ends = new Uint32Array(count + 1)
  for (let later = 0; later < count; later++) {
    if (!Number.isNaN(selves[later])) ends[later + 1] = (ends[later + 1] as number) + 1
    for (let pair = offsets[later] as number; pair < (offsets[later + 1] as number); pair++) {
      const earlier = neighbours[pair] as number
      ends[later + 1] = (ends[later + 1] as number) + 1
      ends[earlier + 1] = (ends[earlier + 1] as number) + 1
    }
  }
  for (let row = 0; row < count; row++)
    ends[row + 1] = (ends[row + 1] as number) + (ends[row] as number)
  const size = ends[count] as number
  const next = ends.slice(0, count)
  const others = new Uint32Array(size)
  const alike = new Float64Array(size)
  const put = (row: number, other: number, similarity: number) => {
    const at = next[row] as number
    next[row] = at + 1
    others[at] = other
    alike[at] = similarity
  }
  for (let later = 0; later < count; later++) {
    if (!Number.isNaN(selves[later])) put(later, later, selves[later] as number)
    for (let pair = offsets[later] as number; pair < (offsets[later + 1] as number); pair++) {
      const earlier = neighbours[pair] as number
      put(later, earlier, similarities[pair] as number)
      put(earlier, later, similarities[pair] as number)
    }
  }
  sortRows(ends, others, alike)
  return { offsets: ends, others, similarities: alike }
}

/** Each row by falling similarity, ties by rising number. */
function sortRows(offsets: Uint32Array, others: Uint32Array, similarities: Float64Array): void {
  for (let row = 0; row + 1 < offsets.length; row++) {
    const [from, to] = [offsets[row] as number, offsets[row + 1] as number]
    if (to - from < 2) continue
    const order = Array.from({ length: to - from }, (_, index) => from + index).sort(
      (a, b) =>
        (similarities[b] as number) - (similarities[a] as number) ||
        (others[a] as number) - (others[b] as number),
    )
    const sortedOthers = order.map((at) => others[at] as number)
    const sortedSimilarities = order.map((at) => similarities[at] as number)
    others.set(sortedOthers, from)
    similarities.set(sortedSimilarities, from)
  }
}

/** Which pairs a guard speaks against. */
function guardedPairs(
  { offsets, others }: Lists,
  texts: readonly (string | null)[],
  guards: readonly GuardName[],
): Pick<Neighbours, 'guarded' | 'guards'> {
  const guarded = new Uint8Array(others.length)
  const names = [null, ...guards]
  if (guards.length === 0) return { guarded, guards: names }
  const facts = texts.map((text, question) => {
    const isAlone = (offsets[question + 1] as number) - (offsets[question] as number) < 2
    return text === null || isAlone ? null : guardFacts(text)
  })
  for (let question = 0; question < texts.length; question++) {
    const own = facts[question]
    if (own === null || own === undefined) continue
    const end = offsets[question + 1] as number
    for (let pair = offsets[question] as number; pair < end; pair++) {
      const other = facts[others[pair] as number]
      const guard = other === null || other === undefined ? null : guardPair(own, other, guards)
      guarded[pair] = names.indexOf(guard)
    }
  }
  return { guarded, guards: names }
}
