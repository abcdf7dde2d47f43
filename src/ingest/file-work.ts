import { type Batch, type FileCounts, noCounts, type RejectRow } from '../domain/batch.ts'
import { isObject, type JsonObject } from '../domain/json.ts'
import type { Request } from '../domain/request.ts'
import { forwards, problemOf, problemOfTime, undated } from './check-request.ts'
import { count } from './count-reasons.ts'
import { needsEstimate } from './estimate-usage.ts'
import { keepTag } from './keep-tag.ts'
import { linesOf } from './lines.ts'
import type { IngestPorts } from './ports.ts'
import { type PrepareOptions, Preparer } from './prepare.ts'
import type { Range } from './ranges.ts'
import { isReading, type Reader, type Reading, type RecordReader } from './reader.ts'
import { redact, redactKeys } from './redact.ts'
import type { Place } from './request-identity.ts'
import { type Container, chooseReader, withoutBom } from './sniff.ts'

export type ReadJob = {
  /** As the user sees it. */
  readonly path: string
  readonly container: Container
  readonly reader: Reader
  /** All readers, for records of another format in the same file. */
  readonly readers: readonly Reader[]
  readonly start: Place
  readonly ranges?: readonly Range[]
  readonly counts: FileCounts
  readonly prepare: PrepareOptions
  /** True where the user stated the times' unit, or wrote them: even 1970 is then meant. */
  readonly trustTimes?: boolean
  /** The time of requests that have none, milliseconds. */
  readonly defaultAt?: number
  readonly batchInput?: (customId: string) => JsonObject | undefined
  /** Applied to each record before its reader sees it: --map and --set. */
  readonly map?: (record: JsonObject) => JsonObject | null
  /** A column or dotted path of each record, before it is mapped, to be kept as a tag of that name. */
  readonly tagPath?: string
}

/** Rows or bytes after which a batch is handed over. */
const batchRows = 500
const batchBytes = 512 << 10
/** Rejected lines kept with their place; further ones are only counted. */
const rejectLimit = 10_000
const excerptLength = 200

/** The state of one file being read: its reader, its rows so far, its counts. */
export class FileWork {
  place: Place
  readonly #job: ReadJob
  readonly #ports: IngestPorts
  readonly #preparer: Preparer
  readonly #reader: RecordReader
  readonly #others = new Map<Reader, RecordReader>()
  readonly #waiting: { request: Request; place: Place }[] = []
  #countTokens: ((text: string) => number) | null = null
  #counts: MutableCounts
  #rejects: RejectRow[] = []
  #kept = 0
  #rows = 0
  #bytes = 0

  constructor(job: ReadJob, ports: IngestPorts) {
    this.#job = job
    this.#ports = ports
    this.#preparer = new Preparer(ports, job.prepare, {
      onTooDeep: (place) => {
        this.#counts.requests--
        this.reject('too-deep', place, '')
      },
      onPriceWarning: (code) => count(this.#counts.priceWarnings, code),
    })
    this.#reader = job.reader.start(this.#context())
    this.place = job.start
    this.#counts = mutable(job.counts)
  }

  #context() {
    const { path, batchInput } = this.#job
    return batchInput === undefined ? { path } : { path, batchInput }
  }

  isFull(): boolean {
    return this.#rows >= batchRows || this.#bytes >= batchBytes
  }

  batch(): Batch {
    const prepared = this.#preparer.take()
    const batch = {
      ...prepared,
      rejects: this.#rejects,
      counts: structuredClone(this.#counts),
      ...this.place,
    }
    this.#rejects = []
    this.#rows = 0
    this.#bytes = 0
    return batch
  }

  /** Reads whole lines; yields after each record, true when the tokenizer is needed before it can be stored. */
  *lines(block: Buffer, blockOffset: number, closed: boolean): Generator<boolean> {
    const needle = this.#job.map === undefined ? this.#job.reader.needle : undefined
    let found = needle === undefined ? 0 : block.indexOf(needle)
    let passed = 0
    for (const { start, end, next } of linesOf(block)) {
      if (needle !== undefined && (found < 0 || found >= end)) {
        passed++
        continue
      }
      if (needle !== undefined) found = block.indexOf(needle, end)
      this.#passOver(passed, blockOffset + start)
      passed = 0
      const place = { line: this.place.line + 1, byteOffset: blockOffset + start }
      const text = block.toString('utf8', start, end)
      // A last line without newline that is no whole record may still be being written: leave it for the next run.
      if (end === next && !closed && !isWhole(text)) {
        if (text.trim() !== '') this.reject('incomplete-last-line', place, text)
        return
      }
      this.place = place
      this.#bytes += end - start
      const needTokens = this.text(text)
      this.place = { line: place.line, byteOffset: blockOffset + next }
      yield needTokens
    }
    this.#passOver(passed, blockOffset + block.length)
  }

  /** Counts lines that were not even parsed, and moves on behind them. */
  #passOver(lines: number, byteOffset: number): void {
    this.place = { line: this.place.line + lines, byteOffset }
    if (lines === 0) return
    this.#counts.records += lines
    this.#counts.ignored['no-usage'] = (this.#counts.ignored['no-usage'] ?? 0) + lines
  }

  /** Reads one record's JSON text. Blank text is no record. */
  text(text: string): boolean {
    const json = withoutBom(text)
    if (isBlank(json)) return false
    let value: unknown
    try {
      value = JSON.parse(json)
    } catch (error) {
      this.#counts.records++
      this.reject(error instanceof RangeError ? 'too-deep' : 'not-json', this.place, json)
      return false
    }
    if (isObject(value)) return this.record(value, json)
    this.#counts.records++
    this.reject('not-an-object', this.place, json)
    return false
  }

  record(record: JsonObject, text?: string): boolean {
    this.#counts.records++
    const mapped = this.#job.map === undefined ? record : this.#job.map(record)
    if (mapped === null) {
      this.reject('mapping-failed', this.place, text ?? JSON.stringify(record))
      return false
    }
    let reading: Reading
    try {
      reading = this.#read(mapped)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      reading = { rejected: 'too-deep' }
    }
    if (isReading(reading)) {
      const requests = Array.isArray(reading) ? reading : [reading as Request]
      const { tagPath } = this.#job
      return this.#addAll(tagPath === undefined ? requests : keepTag(requests, record, tagPath))
    }
    if ('ignored' in reading) count(this.#counts.ignored, reading.ignored)
    else this.reject(reading.rejected, this.place, text ?? JSON.stringify(record))
    return false
  }

  /** The file's own reader first; a record it cannot place is tried as every other format. */
  #read(record: JsonObject): Reading {
    const reading = this.#reader.read(record)
    if (!('rejected' in reading)) return reading
    const other = chooseReader(this.#job.readers, [record], this.#job.path)
    if (other === null || other.reader === this.#job.reader) return reading
    let reader = this.#others.get(other.reader)
    if (reader === undefined) {
      reader = other.reader.start(this.#context())
      this.#others.set(other.reader, reader)
    }
    const second = reader.read(record)
    if (!('rejected' in second)) this.warn(`mixed-format-${other.reader.name}`)
    return 'rejected' in second ? reading : second
  }

  #addAll(requests: readonly Request[]): boolean {
    for (const request of requests) {
      const problem = problemOf(request, this.#job.trustTimes === true)
      if (problem !== null) {
        this.reject(problem, this.place, '')
        continue
      }
      for (const warning of request.warnings ?? []) this.warn(warning)
      if (this.#countTokens === null && needsEstimate(request) && request.prompt !== undefined) {
        this.#waiting.push({ request, place: this.place })
        continue
      }
      this.#add(request, this.place)
    }
    return this.#waiting.length > 0
  }

  #add(logged: Request, place: Place): void {
    const request = this.#timed(forwards(logged, (code) => this.warn(code)))
    if (request.aggregateOf === undefined) this.#counts.requests++
    this.#rows++
    const isNew = this.#preparer.add(request, place, this.#countTokens)
    if (!isNew) this.#counts.duplicates++
  }

  /** Without a time that is not to be believed, and with the one that is said for those that have none. */
  #timed(request: Request): Request {
    const { defaultAt, trustTimes } = this.#job
    const problem = trustTimes === true ? null : problemOfTime(request)
    if (problem !== null) this.warn(problem)
    const kept = problem === null ? request : undated(request)
    return kept.at === undefined && defaultAt !== undefined ? { ...kept, at: defaultAt } : kept
  }

  /** Brings the tokenizer, then prepares the requests that waited for it. */
  async loadTokens(): Promise<void> {
    this.#countTokens ??= await this.#ports.loadTokenCounter()
    for (const { request, place } of this.#waiting.splice(0)) this.#add(request, place)
  }

  async finish(): Promise<void> {
    const left = [this.#reader, ...this.#others.values()].flatMap((reader) => reader.end?.() ?? [])
    if (this.#addAll(left)) await this.loadTokens()
  }

  warn(code: string): void {
    count(this.#counts.warnings, code)
  }

  reject(reason: string, { line, byteOffset }: Place, text: string): void {
    count(this.#counts.rejected, reason)
    if (++this.#kept > rejectLimit) return
    const { content, redact: redacting } = this.#job.prepare
    const shown = redacting ? redact : redactKeys
    // Redacted before it is cut: half an address is none to the patterns, and yet one to a reader.
    const excerpt =
      content === 'full' && text !== ''
        ? shown(text.slice(0, 3 * excerptLength)).slice(0, excerptLength)
        : null
    this.#rejects.push({ line, byteOffset, reason, excerpt })
  }
}

type MutableCounts = {
  -readonly [Name in keyof FileCounts]: FileCounts[Name] extends number
    ? number
    : Record<string, number>
}

const mutable = (counts: FileCounts): MutableCounts =>
  structuredClone({ ...noCounts, ...counts }) as MutableCounts

const isBlank = (text: string): boolean => text.length < 64 && text.trim() === ''

function isWhole(text: string): boolean {
  try {
    JSON.parse(withoutBom(text))
    return true
  } catch {
    return false
  }
}
