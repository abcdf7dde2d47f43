import type { Vector } from '../domain/embedder.ts'
import type { MaybePromise } from '../domain/world.ts'
import { type LiveEmbedder, TextVectors } from './text-vectors.ts'

/** Vectors that wait for whoever asks next. */
const mostWaiting = 256

/** An embedder for look-ups, and the vectors it made for whoever needs the one of the same text again. */
export type HandedOn = {
  readonly embedder: LiveEmbedder
  /** The vector of a look-up that was made before, once for each; else one that is made now. Null: it has none. */
  readonly vectorOf: (text: string) => MaybePromise<Vector | null>
}

/**
 * Hands on the vectors of an embedder, so that a text that is looked up and classified is embedded once. One that failed
 * is handed on too: nobody waits twice for the same request.
 */
export function handingOn(embedder: LiveEmbedder): HandedOn {
  const waiting = new Map<string, Vector | null>()
  const keep = (text: string, vector: Vector | null): void => {
    waiting.delete(text)
    waiting.set(text, vector)
    const [oldest] = waiting.keys()
    if (waiting.size > mostWaiting && oldest !== undefined) waiting.delete(oldest)
  }
  const own = new TextVectors(embedder)
  const { embedOne } = embedder
  return {
    embedder: {
      fingerprint: embedder.fingerprint,
      costOf: (tokens) => embedder.costOf(tokens),
      async embed(texts, signal) {
        try {
          const made = await embedder.embed(texts, signal)
          for (const [at, text] of texts.entries()) keep(text, made.vectors[at] ?? null)
          return made
        } catch (error) {
          for (const text of texts) keep(text, null)
          throw error
        }
      },
      ...(embedOne !== undefined && {
        embedOne(text: string) {
          const vector = embedOne(text)
          keep(text, vector)
          return vector
        },
      }),
    },
    vectorOf(text) {
      const vector = waiting.get(text)
      if (vector === undefined) return own.of(text)
      waiting.delete(text)
      return vector
    },
  }
}
