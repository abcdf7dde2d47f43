import type { NanoUsd } from './money.ts'

/**
 * A point that stands for a text; only its direction counts. In the precision its embedder works in: what was computed
 * here is kept in float64, what a model answers in float32 stays in float32. Cosines are taken in float64 from either.
 */
export type Vector = Float64Array | Float32Array

export type Embedded = {
  /** One for each text, in order; null for a text that has none, which then meets no semantic cache. */
  readonly vectors: readonly (Vector | null)[]
  /** What the provider counted, or an estimate where it does not say; 0 where nothing is billed. */
  readonly tokens: number
}

/** What one call may hold, and how many calls may be under way. */
export type EmbedLimits = {
  readonly textsPerCall: number
  readonly tokensPerCall: number
  readonly callsAtOnce: number
}

/**
 * Told of a call whose answer never came, though the provider may have made and billed it. `isOurs`: we ended it, when it
 * was under way; else it broke. False: it must not be made again.
 */
export type OnLostCall = (isOurs: boolean) => boolean

/** Text → vector. Equal texts have equal vectors under equal fingerprints. */
export type Embedder = {
  /** As a policy names it: "static", "lexical", "openai:text-embedding-3-small". */
  readonly name: string
  /** Changes whenever a vector could: name, version, and the hash of files or the address of the endpoint. */
  readonly fingerprint: string
  /** Null until the first vector has come, where only the model knows. */
  readonly dimensions: number | null
  readonly limits: EmbedLimits
  /** False where computing a vector again costs less than looking it up. */
  readonly isWorthStoring: boolean
  embed(texts: readonly string[], signal?: AbortSignal, onLost?: OnLostCall): Promise<Embedded>
  /** What so many tokens cost; null when there is no price. */
  costOf(tokens: number): NanoUsd | null
}

/** Vectors by text that an earlier run paid for. */
export type VectorCache = {
  /** One for each text, in order; undefined where nothing is known, null where the text has no vector. */
  get(fingerprint: string, texts: readonly string[]): readonly (Vector | null | undefined)[]
  /** Keeps all of them or none. */
  put(fingerprint: string, vectors: readonly (readonly [text: string, Vector | null])[]): void
}

/** Vectors that came with the log. */
export type LoggedVectors = {
  /** Tells apart any two sets of vectors. */
  readonly fingerprint: string
  /** How many requests have one. */
  readonly count: number
  readonly dimensions: number
  /** The vector of a request, by its `seq`; null where the log has none for it. */
  ofRequest(seq: number): Vector | null
  /** The vector of the first request that asked this as its last user message. */
  ofText(text: string): Vector | null
}
