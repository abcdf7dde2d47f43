import { isUtf8 } from 'node:buffer'
import type { Batch } from '../domain/batch.ts'
import type { JsonObject } from '../domain/json.ts'
import { type Bytes, TruncatedError } from './bytes.ts'
import { csvRows, delimiterOf } from './csv.ts'
import { FileWork, type ReadJob } from './file-work.ts'
import { jsonValues } from './json-values.ts'
import { blocksOf } from './lines.ts'
import type { IngestPorts } from './ports.ts'
import type { Range } from './ranges.ts'
import { withoutBom } from './sniff.ts'

/**
 * Reads a file's records into batches, from a place on. Each batch stands alone: once it is stored, a later run can
 * go on behind it.
 */
export async function* readFile(
  job: ReadJob,
  bytes: Bytes,
  head: Buffer,
  ports: IngestPorts,
): AsyncGenerator<Batch> {
  const work = new FileWork(job, ports)
  try {
    if (job.container === 'json-lines') yield* readLines(work, bytes, job)
    else if (job.container === 'csv') yield* readCsv(work, bytes, head)
    else yield* readValues(work, bytes, head)
  } catch (error) {
    if (!(error instanceof TruncatedError)) throw error
    work.reject('truncated-compression', work.place, error.message)
  }
  await work.finish()
  yield work.batch()
}

/** The records of a database, read by the queries its reader names. */
export async function* readRows(
  job: ReadJob,
  rows: Iterable<JsonObject>,
  ports: IngestPorts,
): AsyncGenerator<Batch> {
  const work = new FileWork(job, ports)
  let line = 0
  for (const row of rows) {
    work.place = { line: ++line, byteOffset: line }
    if (work.record(row)) await work.loadTokens()
    if (work.isFull()) yield work.batch()
  }
  await work.finish()
  yield work.batch()
}

async function* readLines(work: FileWork, bytes: Bytes, job: ReadJob): AsyncGenerator<Batch> {
  if (job.ranges === undefined) {
    yield* readRange(work, bytes, { from: job.start.byteOffset })
    return
  }
  for (const range of job.ranges) {
    work.place = { line: 0, byteOffset: range.from }
    yield* readRange(work, bytes, range)
    yield { ...work.batch(), endsRange: true }
  }
}

async function* readRange(
  work: FileWork,
  bytes: Bytes,
  { from, to }: Range,
): AsyncGenerator<Batch> {
  for await (const block of blocksOf(bytes.read(from, to), from)) {
    if (block.tooLong !== undefined) {
      work.reject('line-too-long', { line: work.place.line + 1, byteOffset: block.byteOffset }, '')
      work.place = { line: work.place.line + 1, byteOffset: block.byteOffset + block.tooLong }
      continue
    }
    if (!isUtf8(block.bytes)) work.warn('invalid-utf8')
    for (const needTokens of work.lines(block.bytes, block.byteOffset, block.closed)) {
      if (needTokens) await work.loadTokens()
      if (work.isFull()) yield work.batch()
    }
  }
}

async function* readValues(work: FileWork, bytes: Bytes, head: Buffer): AsyncGenerator<Batch> {
  for await (const { text, byteOffset, line } of jsonValues(
    bytes.read(0),
    withoutBom(head.toString('utf8')),
  )) {
    work.place = { line, byteOffset }
    if (work.text(text)) await work.loadTokens()
    if (work.isFull()) yield work.batch()
  }
}

async function* readCsv(work: FileWork, bytes: Bytes, head: Buffer): AsyncGenerator<Batch> {
  const delimiter = delimiterOf(withoutBom(head.toString('utf8'))) ?? ','
  for await (const { record, byteOffset, line } of csvRows(bytes.read(0), delimiter)) {
    work.place = { line, byteOffset }
    if (work.record(record)) await work.loadTokens()
    if (work.isFull()) yield work.batch()
  }
}
