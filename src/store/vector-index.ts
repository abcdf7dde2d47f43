import { createRequire } from 'node:module'
import type { Vector } from '../domain/embedder.ts'
import { UserError } from '../domain/user-error.ts'
import { cosine, squaredLength } from '../vectors/cosine.ts'
import { requireLength } from '../vectors/vector-error.ts'
import type { Database, SqlRow } from './database.ts'
import { atomically } from './savepoint.ts'

export type VectorIndexOptions = {
  /** Of its tables: small letters, digits and underscores. One for each embedder, whose vectors alone compare. */
  readonly name: string
  readonly dimensions: number
}

export type NearestVector = { readonly id: string; readonly similarity: number }
export type StoredVector = {
  readonly id: string
  readonly vector: Float32Array
  readonly group: string
}

/** Vectors in the database, each under an id and in a group, in float32. */
export type VectorIndex = {
  size(): number
  /** Adds an entry, in the place of one with the same id. A zero vector is near nothing and is not kept. */
  add(id: string, vector: Vector, group: string): void
  /** Takes an entry out; false where there is none. */
  remove(id: string): boolean
  /**
   * The entry of the group with the highest `cosine`, if that is at least `floor`; of equals the one added first. Looks
   * at the 4,096 nearest: where none of them is accepted, there is none.
   */
  nearest(
    vector: Vector,
    group: string,
    floor: number,
    accepts?: (id: string) => boolean,
  ): NearestVector | null
  /** All of them in the order they were added. */
  entries(): Iterable<StoredVector>
}

/** Without sqlite-vec for this platform, or with a driver that loads no extensions, there is no index but a reason. */
export type OpenedVectorIndex =
  | { readonly isAvailable: true; readonly index: VectorIndex }
  | { readonly isAvailable: false; readonly reason: string }

/** Opens an index in a database, making it where it is missing. */
export function openVectorIndex(
  database: Database,
  options: VectorIndexOptions,
): OpenedVectorIndex {
  const reason = loadSqliteVec(database)
  if (reason !== null) return { isAvailable: false, reason }
  requireTables(database, options)
  return { isAvailable: true, index: indexIn(database, options) }
}

/** Makes sqlite-vec's functions known to a connection; null, or why that is not possible. */
export function loadSqliteVec(database: Database): string | null {
  try {
    const require = createRequire(import.meta.url)
    const sqliteVec = require('sqlite-vec') as { getLoadablePath(): string }
    database.loadExtension(sqliteVec.getLoadablePath())
    return null
  } catch (error) {
    const [line = ''] = String((error as Error).message).split('\n')
    return `sqlite-vec is not available here: ${line}`
  }
}

/**
 * Rows that sqlite-vec keeps together. Each group has rows of its own, so a large number would waste space on many small
 * groups.
 */
const chunkRows = 256

const createEntries = (name: string): string =>
  `CREATE TABLE IF NOT EXISTS ${name}_entries (added INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE)`
const createVectors = ({ name, dimensions }: VectorIndexOptions): string =>
  `CREATE VIRTUAL TABLE ${name} USING vec0(added INTEGER PRIMARY KEY, member_of TEXT PARTITION KEY, vector FLOAT[${dimensions}] distance_metric=cosine, chunk_size=${chunkRows})`
const selectDefinition = 'SELECT sql FROM sqlite_master WHERE name = ?'

function requireTables(database: Database, options: VectorIndexOptions): void {
  const { name, dimensions } = options
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new RangeError(`not a name for tables: ${name}`)
  const definition = database.prepare(selectDefinition).get(name)?.['sql']
  if (definition === undefined) {
    database.exec(`${createEntries(name)}; ${createVectors(options)}`)
  } else if (definition !== createVectors(options)) {
    throw new UserError(`the vector index ${name} was not made for ${dimensions} dimensions`, {
      hint: 'its embedder has changed: remove the store, or name another one with --db',
    })
  }
}

function statementsFor(database: Database, name: string) {
  return {
    count: database.prepare(`SELECT count(*) AS n FROM ${name}_entries`),
    addEntry: database.prepare(`INSERT INTO ${name}_entries (id) VALUES (?) RETURNING added`),
    addVector: database.prepare(`INSERT INTO ${name} (added, member_of, vector) VALUES (?, ?, ?)`),
    removeEntry: database.prepare(`DELETE FROM ${name}_entries WHERE id = ? RETURNING added`),
    removeVector: database.prepare(`DELETE FROM ${name} WHERE added = ?`),
    nearest: database.prepare(
      `SELECT added, vector, distance FROM ${name} WHERE vector MATCH ? AND k = ? AND member_of = ? ORDER BY distance`,
    ),
    idOf: database.prepare(`SELECT id FROM ${name}_entries WHERE added = ?`),
    ids: database.prepare(`SELECT added, id FROM ${name}_entries ORDER BY added`),
    vectors: database.prepare(`SELECT added, vector, member_of FROM ${name}`),
  }
}

function indexIn(database: Database, { name, dimensions }: VectorIndexOptions): VectorIndex {
  const sql = statementsFor(database, name)
  const measure = (vector: Vector): number => {
    requireLength(vector.length, dimensions)
    return squaredLength(vector, 0, dimensions)
  }
  const remove = (id: string): boolean => {
    const row = sql.removeEntry.get(id)
    if (row === undefined) return false
    sql.removeVector.run(integerOf(row))
    return true
  }
  return {
    size: () => Number(sql.count.get()?.['n']),
    remove: (id) => atomically(database, () => remove(id)),
    add: (id, vector, group) => {
      const squared = measure(vector)
      atomically(database, () => {
        remove(id)
        if (squared === 0) return
        const row = sql.addEntry.get(id) as SqlRow
        sql.addVector.run(integerOf(row), group, bytesOf(inFloat32(vector, squared)))
      })
    },
    nearest: (vector, group, floor, accepts = () => true) => {
      const squared = measure(vector)
      if (squared === 0) return null
      const asked = inFloat32(vector, squared)
      const best = bestOf((limit) => sql.nearest.all(bytesOf(asked), BigInt(limit), group), {
        vector: asked,
        floor,
        accepts: (row) => accepts(String(sql.idOf.get(integerOf(row))?.['id'])),
      })
      if (best === null) return null
      const id = String(sql.idOf.get(integerOf(best.row))?.['id'])
      return { id, similarity: best.similarity }
    },
    *entries() {
      // One scan of each: sqlite-vec takes twice as long where it is asked row by row.
      const rows = new Map<number, readonly [vector: Float32Array, group: string]>()
      for (const [added, vector, group] of sql.vectors.cells())
        rows.set(Number(added), [vectorOf(vector as Uint8Array), String(group)])
      for (const [added, id] of sql.ids.cells()) {
        const row = rows.get(Number(added))
        if (row !== undefined) yield { id: String(id), vector: row[0], group: row[1] }
      }
    },
  }
}

type Query = {
  readonly vector: Float32Array
  readonly floor: number
  readonly accepts: (row: SqlRow) => boolean
}
type Best = { readonly row: SqlRow; readonly similarity: number }

/** Rows looked at first, and at most: sqlite-vec gives no more than 4,096. */
const firstRows = 8
const mostRows = 4096

/** Looks at ever more rows until no further one could be better. */
function bestOf(look: (limit: number) => readonly SqlRow[], query: Query): Best | null {
  for (let limit = firstRows; ; limit *= firstRows) {
    const rows = look(limit)
    const best = bestIn(rows, query)
    const last = rows.at(-1)
    if (last === undefined || rows.length < limit || limit >= mostRows) return best
    // sqlite-vec adds up in float32; the similarity that counts is ours, in float64.
    const rest = 1 - Number(last['distance']) + query.vector.length * float32Step
    if (rest < (best?.similarity ?? query.floor)) return best
  }
}

/** The error of one float32 addition, relative to a sum of at most 1. */
const float32Step = 2 ** -23

function bestIn(rows: readonly SqlRow[], { vector, floor, accepts }: Query): Best | null {
  let best: Best | null = null
  for (const row of rows) {
    const similarity = cosine(vector, vectorOf(row['vector'] as Uint8Array))
    const known: number = best?.similarity ?? floor
    if (similarity < known) continue
    const isLater = best !== null && integerOf(row) > integerOf(best.row)
    if (similarity === known && isLater) continue
    if (accepts(row)) best = { row, similarity }
  }
  return best
}

/** As sqlite-vec wants a primary key: a JavaScript number would be bound as a float. */
const integerOf = (row: SqlRow): bigint => BigInt(row['added'] as number | bigint)

/** Float32 squares of longer or shorter vectors would overflow; only the direction counts. */
const longest = 1e18
const shortest = 1e-18

function inFloat32(vector: Vector, squaredLength: number): Float32Array {
  const fits = squaredLength < longest && squaredLength > shortest
  const scale = fits ? 1 : 1 / Math.sqrt(squaredLength)
  return Float32Array.from(vector, (component) => component * scale)
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** A copy: the driver's bytes need not begin where a float may. */
const vectorOf = (bytes: Uint8Array): Float32Array => new Float32Array(new Uint8Array(bytes).buffer)
