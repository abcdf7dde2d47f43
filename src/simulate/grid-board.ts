/**
 * Which thread does which batch of a grid, in memory that all of them see. A batch is free, taken by the thread that
 * reads the results, or in a box: memory of another thread, in which it is being made or done.
 */
export type GridBoard = {
  readonly cells: Int32Array
  /** How many batches were read, from the first on: boxes of those are free again. */
  readonly read: Int32Array
}

const free = 0
const reading = 1
const inBox = (box: number): number => 2 + 2 * box
const isDone = (cell: number): boolean => cell >= 3 && cell % 2 === 1

export const newGridBoard = (batches: number): GridBoard => ({
  cells: new Int32Array(new SharedArrayBuffer(4 * batches)),
  read: new Int32Array(new SharedArrayBuffer(4)),
})

/** Takes the first free batch from one on, for a box or, without one, for the reading thread; -1: none is free. */
export function takeBatch({ cells }: GridBoard, from: number, box: number | null): number {
  for (let batch = from; batch < cells.length; batch++)
    if (Atomics.compareExchange(cells, batch, free, box === null ? reading : inBox(box)) === free)
      return batch
  return -1
}

/** Says that a batch is done, in the box it was taken for. */
export function finishBatch({ cells }: GridBoard, batch: number, box: number): void {
  Atomics.store(cells, batch, inBox(box) + 1)
  Atomics.notify(cells, batch)
}

/** Waits until batches up to one were read, and tells how many were. */
export function awaitRead({ read }: GridBoard, batch: number): number {
  for (;;) {
    const done = Atomics.load(read, 0)
    if (done > batch) return done
    Atomics.wait(read, 0, done)
  }
}

/** Says how many batches were read, or that no more will be. */
export function sayRead({ read }: GridBoard, batches: number): void {
  Atomics.store(read, 0, batches)
  Atomics.notify(read, 0)
}

/** The box in which a batch is done; null where it is not within some time. */
export function awaitBox({ cells }: GridBoard, batch: number, mostMs: number): number | null {
  const before = Atomics.load(cells, batch)
  if (!isDone(before)) Atomics.wait(cells, batch, before, mostMs)
  const cell = Atomics.load(cells, batch)
  return isDone(cell) ? (cell - 3) / 2 : null
}
