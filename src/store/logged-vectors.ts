import { createHash } from 'node:crypto'
import type { LoggedVectors, Vector } from '../domain/embedder.ts'
import type { Database } from './database.ts'

const selectAll = `SELECT seq, questionKey, json_extract(extra, '$.embedding') AS vector FROM requests
  WHERE json_type(extra, '$.embedding') = 'array' ORDER BY seq`
const countLengths = `SELECT json_array_length(extra, '$.embedding') AS length, count(*) AS n, min(seq) AS first
  FROM requests WHERE json_type(extra, '$.embedding') = 'array' GROUP BY length ORDER BY n DESC, first`
const selectOne = "SELECT json_extract(extra, '$.embedding') AS vector FROM requests WHERE seq = ?"

/**
 * The vectors that requests brought along from their log; null when there are none. Where they differ in length, the
 * most frequent length counts and the others are as if absent. `hash` is the store's own keyed hash.
 */
export function openLoggedVectors(
  database: Database,
  hash: (text: string) => string,
): LoggedVectors | null {
  const lengths = database.prepare(countLengths).all()
  const dimensions = Number(lengths[0]?.['length'] ?? 0)
  if (dimensions === 0) return null
  const content = createHash('sha256')
  const askedBy = new Map<string, number>()
  const questions = new Map<unknown, number>()
  for (const [seq, questionKey, vector] of database.prepare(selectAll).cells()) {
    // Each store hashes questions in a way of its own: in the fingerprint they are numbered.
    const question = questions.get(questionKey) ?? questions.size
    questions.set(questionKey, question)
    content.update(`${question} ${vector}\n`)
    if (typeof questionKey !== 'string' || askedBy.has(questionKey)) continue
    if (readVector(vector, dimensions) !== null) askedBy.set(questionKey, Number(seq))
  }
  const one = database.prepare(selectOne)
  const ofRequest = (seq: number) => readVector(one.get(seq)?.['vector'], dimensions)
  return {
    fingerprint: `logged ${dimensions} ${content.digest('hex')}`,
    count: Number(lengths[0]?.['n']),
    dimensions,
    ofRequest,
    ofText(text) {
      const seq = askedBy.get(hash(text))
      return seq === undefined ? null : ofRequest(seq)
    },
  }
}

/** In float64, as the log writes it; null where it has no direction. */
function readVector(json: unknown, dimensions: number): Vector | null {
  if (typeof json !== 'string') return null
  const cells = JSON.parse(json) as readonly unknown[]
  if (cells.length !== dimensions || !cells.every(Number.isFinite)) return null
  return cells.some((cell) => cell !== 0) ? Float64Array.from(cells as readonly number[]) : null
}
