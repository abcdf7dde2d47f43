import { availableParallelism } from 'node:os'
import type { Vector } from '../domain/embedder.ts'
import { UserError } from '../domain/user-error.ts'
import { chooseHash, type HashChoice } from './choose-hash.ts'
import { squaredLength } from './cosine.ts'
import { fillScan, type Rows } from './fill-scan.ts'
import type { HashBits } from './kernels.ts'
import { type NeighbourRows, PairList } from './pair-list.ts'
import { type RecallSample, sampleRecall } from './sample-recall.ts'
import { comparingTasks, hashingTasks, pairsIn, type ScanOrder, scanOrder } from './scan-order.ts'
import { openScanTeam, type ScanTeam } from './scan-team.ts'
import { VectorError } from './vector-error.ts'
import { visitPairs } from './visit-pairs.ts'

export type NeighbourOptions = {
  /** `count` vectors of `dimensions` components, one behind the other. Only their directions count. */
  readonly vectors: Vector
  readonly dimensions: number
  readonly count: number
  /** A key for each vector: only vectors with equal keys are compared. Without it, all are. */
  readonly groups?: Uint32Array | undefined
  /** The least cosine that makes a pair. */
  readonly floor: number
  /**
   * `exact` compares every pair; `fast` may pass over a pair in a thousand of those that just reach the floor, fewer of
   * those above it, and tells how many of a sample of true pairs it found.
   */
  readonly mode: 'exact' | 'fast'
  /** Of a hash in mode `fast`: 256 by default; 512 tells more apart at low floors. */
  readonly hashBits?: HashBits
  /** As many as there are cores by default. The result does not depend on it. */
  readonly threads?: number
  readonly signal?: AbortSignal | undefined
  /** Told now and then how many pairs have been compared. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export type Progress = { readonly done: number; readonly total: number }

export type NeighbourPairs = NeighbourRows & {
  /** How pairs were looked for: `fast` takes hashes only where they are quicker. */
  readonly method: 'scan' | 'simhash'
  /** How many of some true pairs were found; null where all are by construction. */
  readonly recall: RecallSample | null
  /** Threads beside the calling one that took part. */
  readonly threads: number
}

/** Comparisons from which hashes, and from which threads, save more time than they take to prepare. */
const hashesFrom = 10_000_000
const threadsFrom = 20_000_000
/** What a process can hold: 2.8 GB while they are sorted. */
const maxPairs = 100_000_000

/**
 * All pairs of vectors with equal keys and a cosine of at least `floor`, each under its later vector. The similarities
 * are those of `cosine`, bit for bit. A zero vector has no neighbours. Rejects with a `VectorError` where a component is
 * not finite, with a `UserError` where there are too many vectors or pairs to be held, and with the signal's reason.
 */
export async function neighbourPairs(options: NeighbourOptions): Promise<NeighbourPairs> {
  options.signal?.throwIfAborted()
  const { count, floor, groups } = options
  const rows = measure(options)
  const plain = scanOrder(count, groups)
  const total = pairsIn(plain)
  const asksForHash = options.mode === 'fast' && total >= hashesFrom
  const hash = asksForHash ? chooseHash(rows, floor, options.hashBits ?? 256) : null
  const order = hash?.lengths ? scanOrder(count, groups, hash.lengths) : plain
  const threads = total < threadsFrom ? 1 : (options.threads ?? availableParallelism())
  const team = openScanTeam(fillScan(rows, order, { floor, threads, hash }), threads)
  try {
    return await search({ options, rows, order, total, hash, team })
  } finally {
    await team.close()
  }
}

function measure({ vectors, dimensions, count, groups }: NeighbourOptions): Rows {
  if (groups !== undefined && groups.length !== count)
    throw new RangeError(`${groups.length} keys for ${count} vectors`)
  if (vectors.length !== count * dimensions)
    throw new VectorError(`${vectors.length} numbers are not ${count} × ${dimensions} components`)
  const squaredLengths = new Float64Array(count)
  for (let row = 0; row < count; row++)
    squaredLengths[row] = squaredLength(vectors, row, dimensions)
  return { vectors, dimensions, squaredLengths }
}

type Search = {
  readonly options: NeighbourOptions
  readonly rows: Rows
  readonly order: ScanOrder
  readonly total: number
  readonly hash: HashChoice | null
  readonly team: ScanTeam
}

async function search({
  options,
  rows,
  order,
  total,
  hash,
  team,
}: Search): Promise<NeighbourPairs> {
  const { count, floor, signal, onProgress } = options
  const list = new PairList()
  let done = 0
  if (hash !== null) await team.run(hashingTasks(count), () => {}, signal)
  const tasks = comparingTasks(order, hash === null ? 'scan' : 'near')
  const keep = (later: number, earlier: number, similarity: number) => {
    if (list.length === maxPairs) throw tooManyPairs(floor)
    list.add(later, earlier, similarity)
  }
  await team.run(
    tasks,
    (task, pairs) => {
      visitPairs({ rows, order, floor }, pairs, keep)
      done += pairsIn(order, task.from, task.to)
      onProgress?.({ done, total })
    },
    signal,
  )
  const found = list.toRows(count)
  if (hash === null) return { ...found, method: 'scan', recall: null, threads: team.threads() }
  const recall = await sampleRecall(count, found, (looks, visit) => {
    return team.run(looks, (_, pairs) => visitPairs({ rows, order, floor }, pairs, visit), signal)
  })
  return { ...found, method: 'simhash', recall, threads: team.threads() }
}

const tooManyPairs = (floor: number): UserError =>
  new UserError(`more than ${maxPairs} pairs have a similarity of ${floor} or more`, {
    hint: 'a higher lowest threshold, or a narrower namespace, leaves fewer',
  })
