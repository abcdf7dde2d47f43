import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { CacheInputs, CacheOutcome } from './cache-run.ts'
import { awaitBox, type GridBoard, newGridBoard, sayRead, takeBatch } from './grid-board.ts'
import {
  findingsBytes,
  findingsIn,
  type GridPass,
  type LaneFindings,
  lanesFor,
  openGridPass,
  outcomeOf,
} from './grid-pass.ts'

/** What a thread is told at its start. */
export type GridSetup = {
  readonly inputs: CacheInputs
  readonly lanes: number
  readonly grid: readonly number[]
  readonly board: GridBoard
  /** The first of its boxes, and the memory of each. */
  readonly firstBox: number
  readonly boxes: readonly SharedArrayBuffer[]
}

/** Below so many decisions a thread costs more than it saves. */
const threadsFrom = 20_000_000
const mostThreads = 4
/** One that is read, one that is made. */
const boxesEach = 2
/** A thread that has taken a batch and is silent so long is taken for lost: the work is done here. */
const lostAfterMs = 60_000

/** The threads' bundle: beside this one, or above it where this code landed in a shared chunk. */
const entry = ['./grid-worker.js', '../grid-worker.js']
  .map((name) => new URL(name, import.meta.url))
  .find((url) => existsSync(url))

/**
 * How requests are served at each of many thresholds, in the order of the grid, quickest from high to low. Long work is
 * shared by threads; what comes out is the same by any number of them.
 */
export function* runGrid(
  inputs: CacheInputs,
  grid: readonly number[],
  threads = threadsFor(inputs.count * grid.length),
): Generator<CacheOutcome> {
  const lanes = lanesFor(inputs.count, grid.length)
  const board = newGridBoard(Math.ceil(grid.length / lanes))
  const work = { inputs, lanes, grid, board }
  const { boxes, workers } = startThreads(work, threads - 1)
  const reader = new Reader(work, boxes)
  try {
    for (let batch = 0; batch < board.cells.length; batch++) {
      const found = reader.batch(batch)
      for (const [lane, threshold] of batchOf(work, batch).entries())
        yield outcomeOf(threshold, found, lane, lanes)
      sayRead(board, batch + 1)
    }
  } finally {
    sayRead(board, board.cells.length)
    for (const worker of workers) void worker.terminate()
  }
}

/** The thresholds of a batch. */
export const batchOf = ({ grid, lanes }: Work, batch: number): readonly number[] =>
  grid.slice(batch * lanes, (batch + 1) * lanes)

const threadsFor = (decisions: number): number =>
  decisions < threadsFrom ? 1 : Math.min(mostThreads, availableParallelism())

type Work = Pick<GridSetup, 'inputs' | 'lanes' | 'grid' | 'board'>

function startThreads(
  work: Work,
  threads: number,
): { readonly boxes: readonly SharedArrayBuffer[]; readonly workers: readonly Worker[] } {
  const all: SharedArrayBuffer[] = []
  const workers: Worker[] = []
  if (entry === undefined || threads < 1) return { boxes: all, workers }
  try {
    const inputs = inSharedMemory(work.inputs)
    for (let thread = 0; thread < threads; thread++) {
      const boxes = Array.from(
        { length: boxesEach },
        () => new SharedArrayBuffer(findingsBytes(work.inputs.count * work.lanes)),
      )
      const workerData: GridSetup = { ...work, inputs, firstBox: all.length, boxes }
      all.push(...boxes)
      // A thread that breaks leaves its batches to the others.
      const worker = new Worker(entry, { workerData }).on('error', () => {})
      // Nor does it keep the process where nobody reads on.
      worker.unref()
      workers.push(worker)
    }
  } catch {
    // No more threads for this process: those that started do.
  }
  return { boxes: all, workers }
}

/** Of arrays, and objects with arrays: one copy for all threads, where each would get its own. */
function inSharedMemory<T extends object>(inputs: T): T {
  const shared = Object.entries(inputs).map(([name, value]) => {
    if (ArrayBuffer.isView(value)) return [name, sharedCopy(value as Cells)]
    return [name, typeof value === 'object' && value !== null ? inSharedMemory(value) : value]
  })
  return Object.fromEntries(shared)
}

type Cells = Float64Array | Int32Array | Uint32Array | Uint8Array

function sharedCopy(cells: Cells): Cells {
  const memory = new SharedArrayBuffer(cells.byteLength)
  const copy = new (cells.constructor as new (buffer: SharedArrayBuffer) => Cells)(memory)
  copy.set(cells)
  return copy
}

/** Reads batches in order. While another thread makes the next one, makes one of those behind it. */
class Reader {
  readonly #work: Work
  readonly #cells: number
  readonly #boxes: readonly LaneFindings[]
  readonly #ahead = new Map<number, LaneFindings>()
  readonly #spare: LaneFindings[] = []
  #last: LaneFindings | null = null
  #pass: GridPass | null = null

  constructor(work: Work, boxes: readonly SharedArrayBuffer[]) {
    this.#work = work
    this.#cells = work.inputs.count * work.lanes
    this.#boxes = boxes.map((box) => findingsIn(box, this.#cells))
  }

  /** What was found in a batch, until the next one is asked for. */
  batch(batch: number): LaneFindings {
    if (this.#last !== null) this.#spare.push(this.#last)
    this.#last = null
    const made = this.#madeElsewhere(batch)
    if (made !== null) return made
    this.#last = this.#ahead.get(batch) ?? this.#make(batch)
    this.#ahead.delete(batch)
    return this.#last
  }

  /** Null where this thread made the batch, or has to. */
  #madeElsewhere(batch: number): LaneFindings | null {
    if (this.#ahead.has(batch)) return null
    const { board } = this.#work
    let box = awaitBox(board, batch, 0)
    if (box === null) {
      const taken = takeBatch(board, batch, null)
      if (taken !== -1) this.#ahead.set(taken, this.#make(taken))
      if (taken !== batch) box = awaitBox(board, batch, lostAfterMs)
    }
    return box === null ? null : (this.#boxes[box] as LaneFindings)
  }

  #make(batch: number): LaneFindings {
    const { inputs, lanes } = this.#work
    const found =
      this.#spare.pop() ?? findingsIn(new ArrayBuffer(findingsBytes(this.#cells)), this.#cells)
    this.#pass ??= openGridPass(inputs, lanes)
    this.#pass(batchOf(this.#work, batch), found)
    return found
  }
}
