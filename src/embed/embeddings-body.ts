import type { Vector } from '../domain/embedder.ts'
import { UserError } from '../domain/user-error.ts'

export type EmbeddingsBody = {
  /** In the order of the texts that were sent. */
  readonly vectors: readonly (Vector | null)[]
  /** As the endpoint counts them; null when it does not. */
  readonly tokens: number | null
}

/**
 * Reads the answer of `/v1/embeddings` to so many texts: each vector as base64 of little-endian float32, or as a list of
 * numbers from endpoints that know no `encoding_format`. Throws a UserError where it is not one sound vector for each.
 */
export function readEmbeddingsBody(body: unknown, count: number, place: string): EmbeddingsBody {
  const { data, usage } = (body ?? {}) as { data?: unknown; usage?: Record<string, unknown> }
  if (!Array.isArray(data) || data.length !== count) {
    const found = Array.isArray(data) ? `${data.length} vectors` : 'no list of vectors'
    throw unsound(place, `${found} for ${count} texts`)
  }
  const vectors = new Array<Vector | null | undefined>(count).fill(undefined)
  for (const [at, item] of data.entries()) {
    const { index = at, embedding } = (item ?? {}) as { index?: unknown; embedding?: unknown }
    if (typeof index !== 'number' || !(index in vectors) || vectors[index] !== undefined)
      throw unsound(place, 'vectors that belong to no text')
    vectors[index] = readVector(embedding, place)
  }
  const tokens = usage?.['prompt_tokens'] ?? usage?.['total_tokens']
  const isCount = typeof tokens === 'number' && Number.isSafeInteger(tokens) && tokens >= 0
  return { vectors: vectors as readonly (Vector | null)[], tokens: isCount ? tokens : null }
}

/** Null for a vector without direction. */
function readVector(embedding: unknown, place: string): Vector | null {
  const vector = typeof embedding === 'string' ? fromBase64(embedding) : fromNumbers(embedding)
  if (vector === null || vector.length === 0) throw unsound(place, 'something else than a vector')
  if (!vector.every(Number.isFinite))
    throw unsound(place, 'a vector with infinite or missing numbers')
  return vector.some((cell) => cell !== 0) ? vector : null
}

function fromBase64(text: string): Float32Array | null {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length % 4 !== 0) return null
  return Float32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4))
}

const fromNumbers = (cells: unknown): Float32Array | null =>
  Array.isArray(cells)
    ? Float32Array.from(cells, (cell) => (typeof cell === 'number' ? cell : Number.NaN))
    : null

const unsound = (place: string, what: string): UserError =>
  new UserError(`${place} answered with ${what}`, {
    hint: 'the address must be that of an OpenAI-compatible API: /embeddings is added to it',
  })
