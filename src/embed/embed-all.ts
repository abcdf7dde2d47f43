import type { Embedder, Vector, VectorCache } from '../domain/embedder.ts'
import type { NanoUsd } from '../domain/money.ts'
import { UserError } from '../domain/user-error.ts'
import { estimateTokens, type TokenCounter } from '../prices/count-tokens.ts'

export type EmbedProgress = { readonly done: number; readonly total: number }

export type EmbedAllOptions = {
  /** Asked first, and given what was not in it, call by call. */
  readonly cache?: VectorCache | undefined
  readonly signal?: AbortSignal | undefined
  /** Distinct texts that have their answer, after each call. */
  readonly onProgress?: ((progress: EmbedProgress) => void) | undefined
  /** Sizes calls; an estimate by default. */
  readonly countTokens?: TokenCounter | undefined
}

export type EmbeddedTexts = {
  /** One row of `dimensions` numbers for each text, in order; zeros where a text has no vector. */
  readonly rows: Vector
  /** 0 when no text has a vector. */
  readonly dimensions: number
  /** 1 for each text that has a vector, else 0. */
  readonly present: Uint8Array
  /** Distinct texts that the cache answered, and that the embedder was asked for. */
  readonly known: number
  readonly asked: number
  /** Of what was asked now; null where there is no price. */
  readonly tokens: number
  readonly costNanoUsd: NanoUsd | null
}

export type EmbeddingPlan = {
  /** Distinct texts, of them those with a known vector, and those that would be asked for. */
  readonly texts: number
  readonly known: number
  readonly toAsk: number
  /** An estimate of what would be billed. */
  readonly tokens: number
  readonly costNanoUsd: NanoUsd | null
}

/** Texts looked up in the cache at a time. */
const lookedUpAtOnce = 1000

/** What `embedAll` would ask for and cost, before anything is spent. */
export function planEmbedding(
  embedder: Embedder,
  texts: readonly string[],
  { cache, countTokens = estimateTokens }: Pick<EmbedAllOptions, 'cache' | 'countTokens'> = {},
): EmbeddingPlan {
  const distinct = [...new Set(texts)]
  const asked = unknownOf(embedder, distinct, cache, () => {})
  const isBilled = embedder.costOf(1e9) !== 0
  const tokens = isBilled ? asked.reduce((sum, text) => sum + countTokens(text), 0) : 0
  return {
    texts: distinct.length,
    known: distinct.length - asked.length,
    toAsk: asked.length,
    tokens,
    costNanoUsd: embedder.costOf(tokens),
  }
}

/**
 * The vectors of many texts, each asked for once. When a call fails, or the signal ends it, the calls under way are
 * waited for and their vectors kept, so that the next run goes on from there.
 */
export async function embedAll(
  embedder: Embedder,
  texts: readonly string[],
  options: EmbedAllOptions = {},
): Promise<EmbeddedTexts> {
  const placed = new PlacedVectors(embedder.name, texts)
  const keep = (text: string, vector: Vector | null) => placed.put(text, vector)
  const asked = unknownOf(embedder, placed.distinct, options.cache, keep)
  const total = placed.distinct.length
  let done = total - asked.length
  let tokens = 0
  options.onProgress?.({ done, total })
  await callAll(embedder, callsFor(embedder, asked, options.countTokens), options, (answer) => {
    for (const [text, vector] of answer.vectors) keep(text, vector)
    tokens += answer.tokens
    done += answer.vectors.length
    options.onProgress?.({ done, total })
  })
  return {
    ...placed.result(),
    known: total - asked.length,
    asked: asked.length,
    tokens,
    costNanoUsd: embedder.costOf(tokens),
  }
}

/** The same as one vector for each text; null where it has none. */
export async function embedEach(
  embedder: Embedder,
  texts: readonly string[],
  options: EmbedAllOptions = {},
): Promise<readonly (Vector | null)[]> {
  const { rows, dimensions, present } = await embedAll(embedder, texts, options)
  return texts.map((_, at) =>
    present[at] === 1 ? rows.subarray(at * dimensions, (at + 1) * dimensions) : null,
  )
}

/** The texts whose vector the cache does not know; the others are handed to `onKnown`. */
function unknownOf(
  { fingerprint, isWorthStoring }: Embedder,
  texts: readonly string[],
  cache: VectorCache | undefined,
  onKnown: (text: string, vector: Vector | null) => void,
): readonly string[] {
  if (cache === undefined || !isWorthStoring) return texts
  const unknown: string[] = []
  for (let from = 0; from < texts.length; from += lookedUpAtOnce) {
    const some = texts.slice(from, from + lookedUpAtOnce)
    const vectors = cache.get(fingerprint, some)
    for (const [at, text] of some.entries()) {
      const vector = vectors[at]
      if (vector === undefined) unknown.push(text)
      else onKnown(text, vector)
    }
  }
  return unknown
}

/** Texts in order, so many to a call as the embedder takes. */
function* callsFor(
  { limits }: Embedder,
  texts: readonly string[],
  countTokens: TokenCounter = estimateTokens,
): Generator<readonly string[]> {
  const isBounded = Number.isFinite(limits.tokensPerCall)
  let call: string[] = []
  let tokens = 0
  for (const text of texts) {
    const more = isBounded ? countTokens(text) : 0
    const isFull = call.length >= limits.textsPerCall || tokens + more > limits.tokensPerCall
    if (isFull && call.length > 0) {
      yield call
      call = []
      tokens = 0
    }
    call.push(text)
    tokens += more
  }
  if (call.length > 0) yield call
}

type Answer = {
  readonly vectors: readonly (readonly [text: string, vector: Vector | null])[]
  readonly tokens: number
}

async function callAll(
  embedder: Embedder,
  calls: Iterator<readonly string[]>,
  { cache, signal }: EmbedAllOptions,
  onAnswer: (answer: Answer) => void,
): Promise<void> {
  const failed: unknown[] = []
  const isOver = () => failed.length > 0 || signal?.aborted === true
  const work = async () => {
    while (!isOver()) {
      const { value: texts, done } = calls.next()
      if (done === true) return
      const { vectors, tokens } = await embedder.embed(texts, signal)
      const pairs = texts.map((text, at) => [text, vectors[at] ?? null] as const)
      if (embedder.isWorthStoring) cache?.put(embedder.fingerprint, pairs)
      onAnswer({ vectors: pairs, tokens })
      // What is computed in this thread would otherwise let nothing else have a turn, not even Ctrl-C.
      await new Promise(setImmediate)
    }
  }
  const lane = () => work().catch((error: unknown) => void failed.push(error))
  await Promise.all(Array.from({ length: embedder.limits.callsAtOnce }, lane))
  if (failed.length > 0) throw failed[0]
  signal?.throwIfAborted()
}

/** Vectors side by side in one array, made when the first one tells how long they are. */
class PlacedVectors {
  readonly distinct: readonly string[]
  readonly #embedder: string
  readonly #texts: readonly string[]
  readonly #placeOf = new Map<string, number>()
  readonly #present: Uint8Array
  #rows: Vector = new Float64Array(0)
  #dimensions = 0

  constructor(embedder: string, texts: readonly string[]) {
    this.#embedder = embedder
    this.#texts = texts
    this.#present = new Uint8Array(texts.length)
    for (const [at, text] of texts.entries())
      if (!this.#placeOf.has(text)) this.#placeOf.set(text, at)
    this.distinct = [...this.#placeOf.keys()]
  }

  put(text: string, vector: Vector | null): void {
    const place = this.#placeOf.get(text)
    if (vector === null || place === undefined) return
    if (this.#dimensions === 0) this.#makeRows(vector)
    if (vector.length !== this.#dimensions)
      throw mixedDimensions(this.#embedder, this.#dimensions, vector.length)
    this.#rows.set(vector, place * this.#dimensions)
    this.#present[place] = 1
  }

  #makeRows(first: Vector): void {
    this.#dimensions = first.length
    const length = this.#texts.length * this.#dimensions
    const isDouble = first instanceof Float64Array
    this.#rows = isDouble ? new Float64Array(length) : new Float32Array(length)
  }

  /** Texts that come again get the row of their first place. */
  result(): Pick<EmbeddedTexts, 'rows' | 'dimensions' | 'present'> {
    const dimensions = this.#dimensions
    for (const [at, text] of this.#texts.entries()) {
      const first = this.#placeOf.get(text) ?? at
      if (first === at || this.#present[first] === 0) continue
      this.#rows.copyWithin(at * dimensions, first * dimensions, (first + 1) * dimensions)
      this.#present[at] = 1
    }
    return { rows: this.#rows, dimensions, present: this.#present }
  }
}

const mixedDimensions = (embedder: string, some: number, other: number): UserError =>
  new UserError(`${embedder} gives vectors of ${some} and of ${other} numbers`, {
    hint: 'the model behind this name has changed: use it under another name or address',
  })
