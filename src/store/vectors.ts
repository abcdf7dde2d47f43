import type { Vector, VectorCache } from '../domain/embedder.ts'
import type { Database, SqlValue } from './database.ts'

const insertEmbedder = 'INSERT OR IGNORE INTO embedders (fingerprint) VALUES (?)'
const selectEmbedder = 'SELECT id FROM embedders WHERE fingerprint = ?'
const selectVector = 'SELECT cells, bytesPerCell FROM vectors WHERE embedder = ? AND textHash = ?'
const insertVector =
  'INSERT OR REPLACE INTO vectors (embedder, textHash, cells, bytesPerCell) VALUES (?, ?, ?, ?)'

/**
 * Keeps vectors in the store by the hash of their text, which has to be the store's own keyed hash: a vector whose hash
 * is the question key of no request with text is removed when something is purged.
 */
export function openVectorCache(database: Database, hash: (text: string) => string): VectorCache {
  const select = database.prepare(selectVector)
  const insert = database.prepare(insertVector)
  const embedderId = (fingerprint: string) =>
    database.prepare(selectEmbedder).get(fingerprint)?.['id'] ?? null
  return {
    get(fingerprint, texts) {
      const embedder = embedderId(fingerprint)
      if (embedder === null) return texts.map(() => undefined)
      return texts.map((text) => {
        const row = select.get(embedder, hash(text))
        return row === undefined ? undefined : vectorOf(row['cells'], Number(row['bytesPerCell']))
      })
    },
    put(fingerprint, vectors) {
      database.transaction(() => {
        database.prepare(insertEmbedder).run(fingerprint)
        const embedder = embedderId(fingerprint)
        for (const [text, vector] of vectors)
          insert.run(embedder, hash(text), bytesOf(vector), vector?.BYTES_PER_ELEMENT ?? 0)
      })
    },
  }
}

/** In the byte order of this machine, as the rest of its memory. */
export const bytesOf = (vector: Vector | null): Uint8Array | null =>
  vector && new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)

/** Null where the cells hold none. */
export function vectorOf(cells: SqlValue | undefined, bytesPerCell: number): Vector | null {
  if (!(cells instanceof Uint8Array)) return null
  // A copy: what the driver hands out may begin at any address.
  const { buffer } = new Uint8Array(cells)
  return bytesPerCell === 8 ? new Float64Array(buffer) : new Float32Array(buffer)
}
