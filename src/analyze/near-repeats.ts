import { prefixLength, ShingleSets } from './shingles.ts'
import { type Fingerprint, Fingerprints } from './text-fingerprint.ts'

/**
 * A text of the sample with what it stands for. `requests` and `cost` (any one unit) are weights, 0
 * or more.
 */
export type NearRepeatSample = {
  readonly text: string
  readonly requests: number
  readonly cost: number
}

export type NearRepeatOptions = {
  /** Least Jaccard similarity of the character trigrams, inside (0, 1]. */
  readonly minSimilarity?: number
}

/** How much of a sample is asked again in nearly the same words. */
export type NearRepeats = {
  readonly sampledRequests: number
  /** Requests whose text equals an earlier one to the letter: repeats, but not near ones. */
  readonly exactRequests: number
  readonly nearRequests: number
  readonly nearCost: number
  /** nearRequests / sampledRequests; null without requests. */
  readonly nearShare: number | null
  /** The largest first, at most `maxClusters`; `clusterCount` counts all. */
  readonly clusters: readonly NearRepeatCluster[]
  readonly clusterCount: number
  readonly minSimilarity: number
  readonly pairsTested: number
  /**
   * What kept the work bounded. Where `unfinishedTexts` is 0, no near repeat within these limits
   * was missed.
   */
  readonly bound: {
    readonly maxTexts: number
    readonly ignoredTexts: number
    readonly maxCharacters: number
    readonly truncatedTexts: number
    readonly maxComparisonsPerText: number
    readonly unfinishedTexts: number
  }
}

/** Texts linked by near repeats, with their exact repeats. */
export type NearRepeatCluster = {
  readonly requests: number
  readonly cost: number
  readonly nearRequests: number
  readonly nearCost: number
  /** The first different texts of the cluster, at most `maxExamples`, as sampled. */
  readonly examples: readonly string[]
}

const defaultMinSimilarity = 0.8
/** Later texts are ignored and counted: sample before. */
export const maxTexts = 4_000
/** Longer texts are compared on their beginning. */
export const maxCharacters = 2_000
export const maxClusters = 20
export const maxExamples = 3
/** Earlier texts one text is compared with in full; and index entries looked at to find them. */
const maxComparisonsPerText = 400
const maxLooksPerText = 100_000

/**
 * Finds near repeats in a sample, in the order given: a text is one when some earlier text is not
 * equal to it and either equals it once case, white space and punctuation at word ends are ignored,
 * or shares at least `minSimilarity` of their character trigrams (Jaccard) and every number, name
 * and negation in the same order. It is lexical: a paraphrase in other words is missed, and two
 * long texts that differ in one plain word are taken for the same.
 *
 * Pairs are found through an inverted index of each text's rarest trigrams (prefix filter:
 * Chaudhuri, Ganti, Kaushik 2006), which misses none. Only texts alike in numbers, names and
 * negations share an index, and the first match ends the search, so templates and masses of like
 * texts stay cheap; the limits bound what is left.
 */
export function findNearRepeats(
  samples: readonly NearRepeatSample[],
  { minSimilarity = defaultMinSimilarity }: NearRepeatOptions = {},
): NearRepeats {
  if (!(minSimilarity > 0 && minSimilarity <= 1)) {
    throw new RangeError(`a similarity is in (0, 1], got ${minSimilarity}`)
  }
  const used = samples.slice(0, maxTexts)
  const { links, exact, pairsTested, unfinishedTexts } = linkTexts(used, minSimilarity)
  const clusters = clustersOf(used, links, exact)
  const near = weigh(used.filter((_, i) => links[i] !== i && exact[i] !== true))
  const sampledRequests = weigh(used).requests
  return {
    sampledRequests,
    exactRequests: weigh(used.filter((_, i) => exact[i] === true)).requests,
    nearRequests: near.requests,
    nearCost: near.cost,
    nearShare: sampledRequests === 0 ? null : near.requests / sampledRequests,
    clusters: clusters.slice(0, maxClusters),
    clusterCount: clusters.length,
    minSimilarity,
    pairsTested,
    bound: {
      maxTexts,
      ignoredTexts: samples.length - used.length,
      maxCharacters,
      truncatedTexts: used.filter((sample) => sample.text.length > maxCharacters).length,
      maxComparisonsPerText,
      unfinishedTexts,
    },
  }
}

type Links = {
  /** For each text the first text of its cluster; itself where it repeats nothing. */
  readonly links: readonly number[]
  /** For each text whether it equals an earlier one to the letter. */
  readonly exact: readonly boolean[]
  readonly pairsTested: number
  readonly unfinishedTexts: number
}

function linkTexts(samples: readonly NearRepeatSample[], minSimilarity: number): Links {
  const fingerprints = new Fingerprints(samples.map(({ text }) => text.slice(0, maxCharacters)))
  const search = new NearSearch(fingerprints.all, minSimilarity)
  const firstEqual = new Map<string, number>()
  const firstAlike = new Map<string, number>()
  const links: number[] = []
  const exact: boolean[] = []
  for (const [i, { text }] of samples.entries()) {
    const { normalised } = fingerprints.all[i] as Fingerprint
    const equal = firstEqual.get(text)
    exact.push(equal !== undefined)
    const known = equal ?? (normalised === '' ? undefined : firstAlike.get(normalised))
    const match = known ?? (normalised === '' ? undefined : search.findEarlier(i))
    links.push(match === undefined ? i : (links[match] ?? match))
    if (equal === undefined) firstEqual.set(text, i)
    if (known === undefined && normalised !== '') firstAlike.set(normalised, i)
  }
  return { links, exact, pairsTested: search.pairsTested, unfinishedTexts: search.unfinishedTexts }
}

/** Texts that agree in numbers, names and negations, found by the rarest of their shingles. */
type Index = Map<number, number[]>

/** Looks each text up among the earlier ones, then remembers it. */
class NearSearch {
  pairsTested = 0
  unfinishedTexts = 0
  readonly #shingles: ShingleSets
  readonly #fingerprints: readonly Fingerprint[]
  readonly #minSimilarity: number
  readonly #indexes = new Map<string, Index>()
  /**
   * For each text the last one it was tested with; and the full comparisons of the present search.
   */
  readonly #tested: Int32Array
  #comparisons = 0

  constructor(fingerprints: readonly Fingerprint[], minSimilarity: number) {
    this.#fingerprints = fingerprints
    this.#shingles = new ShingleSets(fingerprints.map((fingerprint) => fingerprint.normalised))
    this.#minSimilarity = minSimilarity
    this.#tested = new Int32Array(fingerprints.length).fill(-1)
  }

  findEarlier(text: number): number | undefined {
    const { guard } = this.#fingerprints[text] as Fingerprint
    const index = this.#indexes.get(guard) ?? new Map<number, number[]>()
    this.#indexes.set(guard, index)
    const shingles = this.#shingles.rarestFirst(text)
    const prefix = shingles.subarray(0, prefixLength(shingles.length, this.#minSimilarity))
    const match = this.#search(text, prefix, index)
    for (const shingle of prefix) {
      const entries = index.get(shingle)
      if (entries === undefined) index.set(shingle, [text])
      else entries.push(text)
    }
    return match
  }

  #search(text: number, prefix: Uint32Array, index: Index): number | undefined {
    let looks = 0
    this.#comparisons = 0
    for (const shingle of prefix) {
      for (const earlier of index.get(shingle) ?? []) {
        if (looks++ === maxLooksPerText || this.#comparisons === maxComparisonsPerText) {
          this.unfinishedTexts++
          return undefined
        }
        if (this.#isNear(text, earlier)) return earlier
      }
    }
    return undefined
  }

  #isNear(text: number, earlier: number): boolean {
    if (this.#tested[earlier] === text) return false
    this.#tested[earlier] = text
    this.pairsTested++
    if (!this.#shingles.mayReach(text, earlier, this.#minSimilarity)) return false
    this.#comparisons++
    return this.#shingles.reaches(text, earlier, this.#minSimilarity)
  }
}

function clustersOf(
  samples: readonly NearRepeatSample[],
  links: readonly number[],
  exact: readonly boolean[],
): readonly NearRepeatCluster[] {
  const members = new Map<number, number[]>()
  for (const [i, first] of links.entries()) {
    const indexes = members.get(first)
    if (indexes === undefined) members.set(first, [i])
    else indexes.push(i)
  }
  const clusters: NearRepeatCluster[] = []
  for (const [first, indexes] of members) {
    const different = indexes.filter((i) => exact[i] !== true)
    if (different.length < 2) continue
    const all = weigh(indexes.map((i) => samples[i] as NearRepeatSample))
    const near = weigh(
      different.filter((i) => i !== first).map((i) => samples[i] as NearRepeatSample),
    )
    clusters.push({
      ...all,
      nearRequests: near.requests,
      nearCost: near.cost,
      examples: different.slice(0, maxExamples).map((i) => (samples[i] as NearRepeatSample).text),
    })
  }
  return clusters.sort((a, b) => b.requests - a.requests)
}

function weigh(samples: readonly NearRepeatSample[]): { requests: number; cost: number } {
  let requests = 0
  let cost = 0
  for (const sample of samples) {
    requests += sample.requests
    cost += sample.cost
  }
  return { requests, cost }
}
