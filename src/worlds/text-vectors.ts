import type { Embedder, Vector } from '../domain/embedder.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import type { MaybePromise } from '../domain/world.ts'

/** An embedder that may answer at once, as those in this process do. */
export type LiveEmbedder = Pick<Embedder, 'fingerprint' | 'embed' | 'costOf'> & {
  readonly embedOne?: (text: string) => Vector | null
}

/** What embedding texts for look-ups came to. */
export type VectorCounts = {
  /** Texts that were embedded. */
  texts: number
  tokens: number
  /** Null: without a price. */
  costNanoUsd: NanoUsd | null
  /** Texts without a vector because the embedder failed, took too long, or gave one of no use. */
  failed: number
}

/** A request waits no longer for the vector that may spare it a model. */
const longestWaitMs = 3000

/** Makes the vectors of live look-ups. Whatever goes wrong, a text has no vector then: no caller is to suffer from it. */
export class TextVectors {
  readonly #embedder: LiveEmbedder
  /** Of texts that are being embedded: equal ones are asked for once. */
  readonly #coming = new Map<string, Promise<Vector | null>>()
  readonly #counts: VectorCounts = { texts: 0, tokens: 0, costNanoUsd: zeroNanoUsd, failed: 0 }

  constructor(embedder: LiveEmbedder) {
    this.#embedder = embedder
  }

  get fingerprint(): string {
    return this.#embedder.fingerprint
  }

  get counts(): Readonly<VectorCounts> {
    return { ...this.#counts }
  }

  /** At once where the embedder can; null where the text has no vector. */
  of(text: string): MaybePromise<Vector | null> {
    const { embedOne } = this.#embedder
    if (embedOne === undefined) return this.#coming.get(text) ?? this.#ask(text)
    try {
      const vector = embedOne(text)
      this.#counts.texts++
      return vector
    } catch {
      return this.fail()
    }
  }

  fail(): null {
    this.#counts.failed++
    return null
  }

  #ask(text: string): Promise<Vector | null> {
    const coming = this.#embed(text)
    this.#coming.set(text, coming)
    void coming.then(() => this.#coming.delete(text))
    return coming
  }

  async #embed(text: string): Promise<Vector | null> {
    try {
      const { vectors, tokens } = await this.#embedder.embed(
        [text],
        AbortSignal.timeout(longestWaitMs),
      )
      this.#count(tokens)
      return vectors[0] ?? null
    } catch {
      return this.fail()
    }
  }

  #count(tokens: number): void {
    const counts = this.#counts
    counts.texts++
    counts.tokens += tokens
    counts.costNanoUsd = this.#embedder.costOf(counts.tokens)
  }
}
