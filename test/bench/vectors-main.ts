import { openDatabase } from '../../src/store/database.ts'
import { openVectorIndex } from '../../src/store/vector-index.ts'
import { dotOfRows, similarityOf, squaredLength } from '../../src/vectors/cosine.ts'
import { openLiveIndex } from '../../src/vectors/live-index.ts'
import { neighbourPairs } from '../../src/vectors/neighbour-pairs.ts'
import { randomVectors } from '../vectors/random-vectors.ts'

/**
 * One measurement in a process of its own: node vectors-main.js WAY COUNT. Prints how long the work took, without the
 * making of the vectors, as one JSON object.
 */
export type Measurement = {
  /** Of the whole work: all pairs, or one look-up. What took too long for all was measured on some. */
  readonly ms: number
  readonly userMs: number
  readonly sysMs: number
  /** Found among those that were compared. */
  readonly pairs: number | null
  readonly recall: { readonly truePairs: number; readonly found: number } | null
}

type Way = (vectors: Float32Array, count: number) => Promise<Measurement>

export const dimensions = 384
const floor = 0.8
/** About 30 vectors to a cluster: some 16 pairs for each. */
const clusterSize = 30
const spread = 0.45
/** Queries of one measurement, and rows that a loop compares with all others. */
const queries = 200
const loopRows = 20
/** sqlite-vec takes tens of milliseconds each. */
const sqliteQueries = 20

const ways: Readonly<Record<string, Way>> = {
  exact: pairsIn('exact'),
  fast: pairsIn('fast'),
  loop: loopOver,
  'look-up-exact': lookUpIn('exact'),
  'look-up-fast': lookUpIn('fast'),
  'look-up-sqlite': lookUpInSqlite,
}

function pairsIn(mode: 'exact' | 'fast'): Way {
  return async (vectors, count) => {
    const end = begin()
    const found = await neighbourPairs({ vectors, dimensions, count, floor, mode })
    return { ...end(1), pairs: found.neighbours.length, recall: found.recall }
  }
}

/** Some rows with all, scaled to what all pairs would take. */
async function loopOver(vectors: Float32Array, count: number): Promise<Measurement> {
  const squared = rowsOf(vectors, count).map((_, row) => squaredLength(vectors, row, dimensions))
  const end = begin()
  let pairs = 0
  for (let a = 0; a < loopRows; a++) {
    for (const [b, squaredB] of squared.entries()) {
      const dot = dotOfRows(vectors, a, vectors, b, dimensions)
      if (similarityOf(dot, squared[a] as number, squaredB) >= floor) pairs++
    }
  }
  return { ...end((count - 1) / 2 / loopRows), pairs, recall: null }
}

function lookUpIn(mode: 'exact' | 'fast'): Way {
  return async (vectors, count) => {
    const index = openLiveIndex<number>({ dimensions, mode })
    for (const [row, vector] of rowsOf(vectors, count).entries()) index.add(row, vector, 'all')
    return lookUps(vectors, count, queries, (vector, own) =>
      index.nearest(vector, 'all', floor, (id) => id !== own),
    )
  }
}

async function lookUpInSqlite(vectors: Float32Array, count: number): Promise<Measurement> {
  const database = await openDatabase(':memory:')
  const opened = openVectorIndex(database, { name: 'bench', dimensions })
  if (!opened.isAvailable) throw new Error(opened.reason)
  const { index } = opened
  database.transaction(() => {
    for (const [row, vector] of rowsOf(vectors, count).entries()) index.add(`${row}`, vector, 'all')
  })
  return lookUps(vectors, count, sqliteQueries, (vector, own) =>
    index.nearest(vector, 'all', floor, (id) => id !== `${own}`),
  )
}

/** One look-up, as the mean of some, after as many that warm up. */
function lookUps(
  vectors: Float32Array,
  count: number,
  asked: number,
  look: (vector: Float32Array, own: number) => unknown,
): Measurement {
  const rows = rowsOf(vectors, count)
  const ask = () => {
    for (let n = 0; n < asked; n++) {
      const own = Math.floor((n * count) / asked)
      look(rows[own] as Float32Array, own)
    }
  }
  ask()
  const end = begin()
  ask()
  return { ...end(1 / asked), pairs: null, recall: null }
}

const rowsOf = (vectors: Float32Array, count: number): readonly Float32Array[] =>
  Array.from({ length: count }, (_, row) =>
    vectors.subarray(row * dimensions, (row + 1) * dimensions),
  )

/** Begins to measure; the result ends it and scales what it took. */
function begin(): (scale: number) => Pick<Measurement, 'ms' | 'userMs' | 'sysMs'> {
  const startedAt = performance.now()
  const usedBefore = process.cpuUsage()
  return (scale) => {
    const { user, system } = process.cpuUsage(usedBefore)
    const ms = performance.now() - startedAt
    return { ms: ms * scale, userMs: (user / 1000) * scale, sysMs: (system / 1000) * scale }
  }
}

const [name = '', size = ''] = process.argv.slice(2)
const way = ways[name]
if (way === undefined) throw new Error(`no way named ${name}`)
const count = Number(size)
const clusters = Math.ceil(count / clusterSize)
const measured = await way(randomVectors({ count, dimensions, seed: 1, clusters, spread }), count)
process.stdout.write(JSON.stringify(measured))
