import { type FileHandle, open } from 'node:fs/promises'
import { type Batch, type FileCounts, noCounts } from '../domain/batch.ts'
import { changeNumbers, type PackedRows } from '../domain/packed-rows.ts'
import { at, requestShape } from '../domain/row.ts'
import { compressionOf } from './bytes.ts'
import { addCounts } from './count-reasons.ts'
import type { ReadPlan } from './read-plan.ts'
import { readers } from './readers.ts'
import { readerNamed } from './sniff.ts'

/** A stretch of a file that begins and ends at a line's beginning; without `to` it goes on to the file's end. */
export type Range = { readonly from: number; readonly to?: number }

/**
 * Shorter files are not worth a second reader; ranges are a few batches each, so that readers take turns within what
 * they may be ahead of the store.
 */
const usualSizes = { leastBytes: 32e6, rangeBytes: 2 << 20 }

/** True when the file's lines can be read without those before them. */
const standsAlone = (plan: ReadPlan): boolean =>
  plan.container === 'json-lines' &&
  plan.companions.length === 0 &&
  readerNamed(readers, plan.format).resumable !== false

/**
 * Reads a long file in ranges that several readers take in turn, and puts their batches in the order of the file, as
 * one reader would have given them. A short or compressed file goes to one reader.
 */
export async function* readInTurns(
  plan: ReadPlan,
  readerCount: number,
  read: (plan: ReadPlan) => AsyncIterable<Batch>,
  sizes = usualSizes,
): AsyncGenerator<Batch> {
  const ranges = standsAlone(plan) ? await cutAtLines(plan, sizes) : null
  if (ranges === null || readerCount < 2) {
    yield* read(plan)
    return
  }
  const streams = Array.from({ length: readerCount }, (_, reader) =>
    read({
      ...plan,
      counts: noCounts,
      ranges: ranges.filter((_, index) => index % readerCount === reader),
    })[Symbol.asyncIterator](),
  )
  try {
    yield* inOrder(plan, ranges.length, streams)
  } finally {
    for (const stream of streams) await stream.return?.()
  }
}

/** Null where the file is too short to be cut, or compressed. */
async function cutAtLines(
  { absolutePath, start }: ReadPlan,
  { leastBytes, rangeBytes }: typeof usualSizes,
): Promise<readonly Range[] | null> {
  const file = await open(absolutePath, 'r')
  try {
    const { size } = await file.stat()
    if (size - start.byteOffset < leastBytes) return null
    const head = Buffer.alloc(4)
    await file.read(head, 0, 4, 0)
    if (compressionOf(head) !== 'none') return null
    const ranges: Range[] = []
    let from = start.byteOffset
    for (;;) {
      const to = await nextLine(file, from + rangeBytes)
      if (to === null) break
      ranges.push({ from, to })
      from = to
    }
    return [...ranges, { from }]
  } finally {
    await file.close()
  }
}

/** Where the first line at or behind a place begins; null where the file ends before. */
async function nextLine(file: FileHandle, from: number): Promise<number | null> {
  const window = Buffer.alloc(65_536)
  for (let position = from; ; ) {
    const { bytesRead } = await file.read(window, 0, window.length, position)
    if (bytesRead === 0) return null
    const found = window.subarray(0, bytesRead).indexOf(10)
    if (found >= 0) return position + found + 1
    position += bytesRead
  }
}

/** The batches of all ranges in the file's order, numbered through. */
async function* inOrder(
  plan: ReadPlan,
  rangeCount: number,
  streams: readonly AsyncIterator<Batch>[],
): AsyncGenerator<Batch> {
  const counts: FileCounts[] = streams.map(() => noCounts)
  let place = plan.start
  const joined = (batch: Batch, reader: number, linesBefore: number): Batch => {
    counts[reader] = batch.counts
    const { endsRange: _, ...numbered } = renumbered(batch, reader, streams.length, linesBefore)
    return { ...numbered, counts: addCounts([plan.counts, ...counts]), ...place }
  }
  for (let range = 0; range < rangeCount; range++) {
    const reader = range % streams.length
    const linesBefore = place.line
    for (;;) {
      const next = await (streams[reader] as AsyncIterator<Batch>).next()
      if (next.done === true) break
      const batch = next.value
      place = { line: linesBefore + batch.line, byteOffset: batch.byteOffset }
      yield joined(batch, reader, linesBefore)
      if (batch.endsRange === true) break
    }
  }
  for (const [reader, stream] of streams.entries()) {
    for (let next = await stream.next(); next.done !== true; next = await stream.next())
      yield joined(next.value, reader, place.line)
  }
}

/** Lines counted from the file's beginning; numbers of profiles and prices that no other reader uses. */
function renumbered(batch: Batch, reader: number, readerCount: number, linesBefore: number): Batch {
  const own = (number: number): number => number * readerCount + reader
  const line = (number: number): number => number + linesBefore
  const requests: PackedRows = batch.requests
  changeNumbers(requests, requestShape, at.profile, own)
  changeNumbers(requests, requestShape, at.price, own)
  changeNumbers(requests, requestShape, at.line, line)
  return {
    ...batch,
    requests,
    profiles: batch.profiles.map(([number, json]) => [own(number), json]),
    prices: batch.prices.map(([number, key, json]) => [own(number), key, json]),
    rejects: batch.rejects.map((reject) => ({ ...reject, line: line(reject.line) })),
  }
}
