import type { RequestLookup } from '../domain/columns.ts'
import { openStaticEmbedder, type StaticEmbedder } from '../embed/static-embedder.ts'
import { staticDimensions } from '../embed/static-files.ts'
import { cosine } from '../vectors/cosine.ts'
import { type LiveIndex, openLiveIndex } from '../vectors/live-index.ts'
import type { DrawnPrompt } from './distinct-prompts.ts'

/** The similarities that a semantic cache with this embedder is mostly run at: a balanced one and a cautious one. */
export const nearSimilarity = 0.85
export const nearerSimilarity = 0.92

/** Prompts compared with each other in time order; all costs are nano-dollars. */
export type ComparedPrompts = {
  readonly embedder: string
  readonly fingerprint: string
  /** Those whose text was kept, in the order they were drawn: all of them, or as many as can be compared in good time. */
  readonly prompts: readonly DrawnPrompt[]
  /** The most similar earlier prompt of each, where that reaches `nearSimilarity`. */
  readonly nearest: readonly (NearestPrompt | null)[]
  /** Those of at least two prompts, the dearest first. */
  readonly clusters: readonly PromptCluster[]
}

export type NearestPrompt = { readonly prompt: DrawnPrompt; readonly similarity: number }

/** A prompt and the later ones that joined it. */
export type PromptCluster = {
  readonly leader: DrawnPrompt
  readonly prompts: number
  readonly requests: number
  readonly cost: number
}

/** Distinct prompts that are compared in about half a second, where few of them are alike. */
export const mostPrompts = 20_000

/** Compares drawn prompts by the built-in embedder; null where none of the first has a text. */
export function comparePrompts(
  drawn: readonly DrawnPrompt[],
  lookup: RequestLookup,
): ComparedPrompts | null {
  // The table of the embedder takes longer to load than a small log takes to analyse.
  if (!drawn.slice(0, promptsAtFirst).some(({ seq }) => lookup.questionOf(seq) !== null))
    return null
  const embedder = openStaticEmbedder()
  const points = readPoints(drawn, lookup, embedder)
  const inTime = [...points.keys()].sort((a, b) => inOrder(points[a] as Point, points[b] as Point))
  const search = new NearSearch(points)
  for (const index of inTime) search.take(index)
  const { name, fingerprint } = embedder
  return {
    embedder: name,
    fingerprint,
    prompts: points.map(({ prompt }) => prompt),
    nearest: search.nearest,
    clusters: search.clusters(),
  }
}

type Point = {
  readonly prompt: DrawnPrompt
  readonly group: string
  /** Null where the text has no word pieces. */
  readonly vector: Float64Array | null
}

const inOrder = ({ prompt: a }: Point, { prompt: b }: Point): number =>
  a.at === b.at ? a.place - b.place : a.at - b.at

/** So many characters fill the 512 word pieces that the embedder reads of a text. */
const charactersRead = 2500
/** Fetching a character costs a twentieth of embedding it. */
const fetchCost = 1 / 20
/** Characters embedded at most: about half a second. */
const mostCharacters = 6_000_000

function readPoints(
  drawn: readonly DrawnPrompt[],
  lookup: RequestLookup,
  embedder: StaticEmbedder,
): readonly Point[] {
  const points: Point[] = []
  let characters = 0
  let most = drawn.length
  for (const prompt of drawn) {
    if (points.length >= most || characters >= mostCharacters) break
    const text = lookup.questionOf(prompt.seq)
    if (text === null) continue
    characters += Math.min(text.length, charactersRead) + text.length * fetchCost
    const group = `${prompt.surroundings} ${lookup.partitionOf(prompt.seq)}`
    points.push({ prompt, group, vector: embedder.embedOne(text) })
    if (points.length === promptsAtFirst) most = affordable(points)
  }
  return points
}

/** Looked at to see whether there are texts, and how alike they are. */
const promptsAtFirst = 256
/** From this cosine on, a pair passes the hashes that spare the others a comparison, … */
const closeSimilarity = 0.7
/** … which takes so many times as long. */
const closeCost = 10

/** How many prompts can be compared in good time. */
function affordable(some: readonly Point[]): number {
  let pairs = 0
  let close = 0
  for (const [index, a] of some.entries()) {
    for (const b of some.slice(0, index)) {
      pairs++
      if (a.group !== b.group || a.vector === null || b.vector === null) continue
      if (cosine(a.vector, b.vector) >= closeSimilarity) close++
    }
  }
  return Math.floor(mostPrompts / Math.sqrt(1 + closeCost * (close / pairs)))
}

/** Takes prompts in time order; finds what each is near to, and the cluster that it joins. */
class NearSearch {
  readonly nearest: (NearestPrompt | null)[]
  readonly #points: readonly Point[]
  readonly #all: LiveIndex<number>
  readonly #leaders: LiveIndex<number>
  readonly #members = new Map<number, number[]>()

  constructor(points: readonly Point[]) {
    this.nearest = points.map(() => null)
    this.#points = points
    this.#all = openLiveIndex({ dimensions: staticDimensions, mode: 'fast' })
    this.#leaders = openLiveIndex({ dimensions: staticDimensions, mode: 'fast' })
  }

  take(index: number): void {
    const { vector, group } = this.#points[index] as Point
    if (vector === null) return
    const near = this.#all.nearest(vector, group, nearSimilarity)
    this.#all.add(index, vector, group)
    if (near !== null) {
      const { prompt } = this.#points[near.id] as Point
      this.nearest[index] = { prompt, similarity: near.similarity }
    }
    // Where the most similar of all prompts is a leader, it is the most similar leader.
    const leader =
      near === null || this.#members.has(near.id)
        ? near
        : this.#leaders.nearest(vector, group, nearSimilarity)
    if (leader !== null) {
      this.#members.get(leader.id)?.push(index)
      return
    }
    this.#members.set(index, [index])
    this.#leaders.add(index, vector, group)
  }

  clusters(): readonly PromptCluster[] {
    return [...this.#members]
      .filter(([, members]) => members.length > 1)
      .map(([leader, members]) => this.#clusterOf(leader, members))
      .sort((a, b) => b.cost - a.cost || b.requests - a.requests || a.leader.place - b.leader.place)
  }

  #clusterOf(leader: number, members: readonly number[]): PromptCluster {
    const prompts = members.map((member) => (this.#points[member] as Point).prompt)
    return {
      leader: (this.#points[leader] as Point).prompt,
      prompts: prompts.length,
      requests: prompts.reduce((sum, { requests }) => sum + requests, 0),
      cost: prompts.reduce((sum, { cost }) => sum + cost, 0),
    }
  }
}
