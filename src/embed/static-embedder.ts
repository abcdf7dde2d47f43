import type { Embedder, Vector } from '../domain/embedder.ts'
import { zeroNanoUsd } from '../domain/money.ts'
import { loadStaticTable, type StaticTable, staticDimensions } from './static-files.ts'
import { openWordPieces } from './word-pieces.ts'

export type StaticEmbedder = Embedder & {
  /** The vector of one text, at once; null where the text has no word pieces. */
  embedOne(text: string): Float64Array | null
  /** The word pieces that make up the vector, by their rows in the table. */
  piecesOf(text: string): readonly number[]
}

/**
 * The built-in embedder `static-v1`: the sum of one fixed vector for each word piece, of length 1. About as fast as
 * tokenising, needs nothing but the package, and does not see the order of words.
 */
export function openStaticEmbedder(table: StaticTable = loadStaticTable()): StaticEmbedder {
  const { piecesOf } = openWordPieces(table.pieces)
  const embedOne = (text: string) => sumOf(table, piecesOf(text))
  return {
    name: 'static',
    fingerprint: `static-v1 ${table.hash}`,
    dimensions: staticDimensions,
    limits: inProcess,
    isWorthStoring: false,
    embed: async (texts) => ({ vectors: texts.map(embedOne), tokens: 0 }),
    costOf: () => zeroNanoUsd,
    embedOne,
    piecesOf,
  }
}

/** Calls that stay in this thread: small enough to show progress and to be stopped between them. */
export const inProcess = { textsPerCall: 1000, tokensPerCall: Infinity, callsAtOnce: 1 } as const

/** In float64 and in the order of the pieces, so that the result is the same everywhere. */
function sumOf({ rows, scales }: StaticTable, pieces: readonly number[]): Float64Array | null {
  const sum = new Float64Array(staticDimensions)
  for (const piece of pieces) {
    const scale = scales[piece] as number
    const start = piece * staticDimensions
    for (let at = 0; at < staticDimensions; at++)
      sum[at] = (sum[at] as number) + (rows[start + at] as number) * scale
  }
  return normalised(sum)
}

/** The vector brought to length 1, in place; null where it has no direction. */
export function normalised<V extends Vector>(vector: V): V | null {
  let square = 0
  for (let at = 0; at < vector.length; at++) square += (vector[at] as number) ** 2
  const length = Math.sqrt(square)
  if (length === 0 || !Number.isFinite(length)) return null
  for (let at = 0; at < vector.length; at++) vector[at] = (vector[at] as number) / length
  return vector
}
