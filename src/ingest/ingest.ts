import { existsSync } from 'node:fs'
import { type Batch, type FileCounts, type KnownFile, noCounts } from '../domain/batch.ts'
import type { JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { batchInputsOf } from './batch-inputs.ts'
import {
  findFiles,
  type Head,
  hashOf,
  headBytes,
  type LogFile,
  openStdin,
  readHead,
} from './files.ts'
import { mappingOf } from './mapping.ts'
import type { IngestPorts, Sink } from './ports.ts'
import { type ReadJob, readFile, readRows } from './read-file.ts'
import type { Reader } from './reader.ts'
import { readers } from './readers.ts'
import { type AskedSettings, mergeSettings, type Settings, settingsText } from './settings.ts'
import { chooseReader, containerOf, readerNamed, sampleRecords } from './sniff.ts'

export type IngestOptions = {
  /** Paths, globs, directories; "-" is standard input. */
  readonly inputs: readonly string[]
  readonly settings: AskedSettings
  readonly stdin: AsyncIterable<Buffer>
  readonly signal: AbortSignal
  /** Rows of a log that is itself a database, by the queries of its reader. */
  readonly openRows: (
    path: string,
    tables: Readonly<Record<string, string>>,
  ) => Promise<Iterable<JsonObject>>
  readonly onVerdict: (file: FileReport, note: string) => void
  readonly onProgress: (progress: Progress) => void
}

export type Progress = {
  readonly path: string
  readonly bytes: number
  readonly totalBytes: number
  readonly requests: number
}

export type FileReport = {
  readonly id: number
  readonly path: string
  readonly format: string
  /** What happened to it this time. */
  readonly state: 'new' | 'grown' | 'unchanged' | 'copy' | 'read-again'
  readonly counts: FileCounts
}

export type IngestReport = {
  readonly files: readonly FileReport[]
  /** Files of a directory that are no log in any known format. */
  readonly passedOver: readonly string[]
}

/** Reads logs into the sink, each from where it was left. Stops between two batches when the signal says so. */
export async function ingest(
  options: IngestOptions,
  ports: IngestPorts,
  sink: Sink,
): Promise<IngestReport> {
  const files: FileReport[] = []
  const passedOver: string[] = []
  const found = await findFiles(options.inputs.filter((input) => input !== '-'))
  const session = new Session(options, ports, sink, found)
  for (const file of found) {
    const report = await session.take(file)
    if (report === null) passedOver.push(file.path)
    else files.push(report)
    if (options.signal.aborted) break
  }
  if (options.inputs.includes('-') && !options.signal.aborted) {
    const { file, head } = await openStdin(options.stdin)
    const report = await session.read(file, head)
    if (report !== null) files.push(report)
  }
  return { files, passedOver }
}

/** One run over a list of files. */
class Session {
  readonly #options: IngestOptions
  readonly #ports: IngestPorts
  readonly #sink: Sink
  readonly #batchInput: (customId: string) => JsonObject | undefined
  readonly #totalBytes: number
  #known: readonly KnownFile[]
  #doneBytes = 0

  constructor(options: IngestOptions, ports: IngestPorts, sink: Sink, found: readonly LogFile[]) {
    this.#options = options
    this.#ports = ports
    this.#sink = sink
    this.#known = sink.knownFiles()
    sink.expect(
      found.filter((file) => !this.#isDone(file)).reduce((sum, file) => sum + file.size, 0),
    )
    this.#totalBytes = found.reduce((sum, file) => sum + file.size, 0)
    this.#batchInput = batchInputsOf(found)
  }

  /** A file that has not changed is not even opened. */
  async take(file: LogFile): Promise<FileReport | null> {
    const known = this.#known.find((each) => each.path === file.absolutePath)
    if (known !== undefined && this.#isDone(file)) {
      this.#doneBytes += file.size
      return report(known, file.path, 'unchanged')
    }
    const result = await this.read(file, await readHead(file))
    this.#doneBytes += file.size
    return result
  }

  #isDone(file: LogFile): boolean {
    const known = this.#known.find((each) => each.path === file.absolutePath)
    if (known === undefined || !isUnchanged(known, file)) return false
    return known.settings === settingsText(mergeSettings(this.#options.settings, known.settings))
  }

  async read(file: LogFile, head: Head): Promise<FileReport | null> {
    const known = this.#sameFile(file, head)
    if (
      known !== undefined &&
      known.path !== file.absolutePath &&
      known.complete &&
      known.size === file.size
    ) {
      this.#options.onVerdict(
        report(known, file.path, 'copy'),
        `the same content as ${known.path}: counted once`,
      )
      return report(known, file.path, 'copy')
    }
    const settings = mergeSettings(this.#options.settings, known?.settings)
    if (head.bytes.length === 0) return this.#readEmpty(file, settings, known)
    const job = this.#jobOf(file, head, settings)
    if (job === null) return null
    return this.#run(file, head, settings, job, known)
  }

  /** The file as it was known before: under its path, or under another one that is gone or as long. */
  #sameFile(file: LogFile, head: Head): KnownFile | undefined {
    const here = this.#known.find((each) => each.path === file.absolutePath)
    if (here !== undefined) {
      if (startsAs(head.bytes, here)) return here
      this.#archive(here, file.path)
      return undefined
    }
    return this.#known.find(
      (each) =>
        startsAs(head.bytes, each) &&
        each.headLength > 0 &&
        (each.size === file.size || (each.headLength >= 256 && !existsSync(each.path))),
    )
  }

  /** A path that holds another file now: what was read from the old one stays, under a name of its own. */
  #archive(known: KnownFile, shown: string): void {
    const path = `${known.path}#${known.headHash.slice(0, 8)}`
    this.#sink.saveFile({ ...known, path }, known.id)
    this.#known = this.#sink.knownFiles()
    this.#options.onVerdict(
      report(known, shown, 'new'),
      `replaced since it was last read; its earlier requests stay in the store as ${path} (llmcost purge --source removes them)`,
    )
  }

  #readEmpty(file: LogFile, settings: Settings, known: KnownFile | undefined): FileReport {
    const row = { ...fileRow(file, 'empty', settings, Buffer.alloc(0)), complete: true }
    const id = this.#sink.saveFile(row, known?.id)
    const empty = { ...row, id }
    this.#options.onVerdict(report(empty, file.path, 'new'), 'empty file')
    return report(empty, file.path, 'new')
  }

  /** Tells the format; null for a file of a directory that is no log. */
  #jobOf(file: LogFile, head: Head, settings: Settings): Omit<ReadJob, 'start' | 'counts'> | null {
    const map = mappingOf(settings)
    const container = containerOf(head.bytes)
    if (container === null) return this.#notALog(file, 'is neither JSON nor CSV nor a database')
    const chosen = this.#readerOf(file, head, container, settings)
    if (chosen === null) {
      return this.#notALog(file, 'is in no format that llmcost knows', mapHint(head, container))
    }
    const { inputFormat } = settings
    return {
      path: file.path,
      container,
      reader: chosen,
      readers: map === undefined ? readers : [chosen],
      batchInput: this.#batchInput,
      trustTimes: map !== undefined || chosen.name === 'canonical',
      prepare: {
        format: chosen.name,
        fileKey: hashOf(head.bytes),
        content: settings.content,
        redact: settings.redact,
      },
      ...(settings.defaultAt !== undefined && { defaultAt: settings.defaultAt }),
      ...(map !== undefined && inputFormat === undefined && { map }),
    }
  }

  #readerOf(
    file: LogFile,
    head: Head,
    container: ReadJob['container'],
    settings: Settings,
  ): Reader | null {
    if (mappingOf(settings) !== undefined && settings.inputFormat === undefined)
      return readerNamed(readers, 'canonical')
    if (settings.inputFormat !== undefined) return readerNamed(readers, settings.inputFormat)
    if (container === 'sqlite') return readers.find((reader) => reader.tables !== undefined) ?? null
    const sample = sampleRecords(container, head.bytes)
    return chooseReader(readers, sample, file.path)?.reader ?? null
  }

  #notALog(
    file: LogFile,
    what: string,
    hint = 'llmcost reads JSON lines, JSON, CSV (also .gz and .zst) and SQLite logs',
  ): null {
    if (file.fromDirectory) return null
    throw new UserError(`${file.path} ${what}`, { hint })
  }

  async #run(
    file: LogFile,
    head: Head,
    settings: Settings,
    base: Omit<ReadJob, 'start' | 'counts'>,
    known: KnownFile | undefined,
  ): Promise<FileReport> {
    const row = fileRow(file, base.reader.name, settings, head.bytes)
    const resumes = known !== undefined && canResume(known, row, base)
    const begun = known !== undefined && (known.byteOffset > 0 || known.complete)
    const state = !begun ? 'new' : resumes ? 'grown' : 'read-again'
    if (known !== undefined && !resumes) this.#sink.forgetFile(known.id)
    const place = resumes
      ? { byteOffset: known.byteOffset, line: known.line }
      : { byteOffset: 0, line: 0 }
    const counts = resumes ? this.#sink.resume(known.id) : noCounts
    const id = this.#sink.saveFile({ ...row, ...place, counts }, known?.id)
    const job: ReadJob = {
      ...base,
      start: place,
      counts,
      prepare: { ...base.prepare, fileKey: known?.headHash ?? row.headHash },
    }
    this.#options.onVerdict(
      { id, path: file.path, format: base.reader.name, state, counts },
      base.reader.title,
    )
    const last = await this.#pump(id, file, await this.#batches(job, file, head))
    if (last === null) return { id, path: file.path, format: base.reader.name, state, counts }
    const done = {
      ...row,
      byteOffset: last.byteOffset,
      line: last.line,
      counts: last.counts,
      complete: true,
    }
    this.#sink.saveFile(done, id)
    return { id, path: file.path, format: base.reader.name, state, counts: last.counts }
  }

  async #batches(job: ReadJob, file: LogFile, head: Head): Promise<AsyncIterable<Batch>> {
    const { tables } = job.reader
    if (job.container !== 'sqlite') return readFile(job, head.content, head.bytes, this.#ports)
    if (tables === undefined)
      throw new UserError(`${file.path} is a database, and ${job.reader.name} logs are not`)
    return readRows(job, await this.#options.openRows(file.absolutePath, tables), this.#ports)
  }

  /** Stores batch after batch; null when it was asked to stop before the end. */
  async #pump(id: number, file: LogFile, batches: AsyncIterable<Batch>): Promise<Batch | null> {
    let last: Batch | null = null
    for await (const batch of batches) {
      this.#sink.append(id, batch)
      last = batch
      this.#options.onProgress({
        path: file.path,
        bytes: this.#doneBytes + Math.min(batch.byteOffset, file.size),
        totalBytes: this.#totalBytes,
        requests: batch.counts.requests,
      })
      // Lets a Ctrl-C in between two batches.
      await new Promise((resume) => setImmediate(resume))
      if (this.#options.signal.aborted) return null
    }
    return last
  }
}

const isUnchanged = (known: KnownFile, file: LogFile): boolean =>
  known.complete && known.size === file.size && known.mtimeMs === file.mtimeMs

const startsAs = (head: Buffer, known: KnownFile): boolean =>
  head.length >= known.headLength && hashOf(head.subarray(0, known.headLength)) === known.headHash

/** Only JSON lines can be taken up in the middle, and only under the settings they were begun with. */
const canResume = (
  known: KnownFile,
  row: Omit<KnownFile, 'id'>,
  job: Omit<ReadJob, 'start' | 'counts'>,
): boolean =>
  known.settings === row.settings &&
  known.format === row.format &&
  job.container === 'json-lines' &&
  job.reader.resumable !== false

function fileRow(
  file: LogFile,
  format: string,
  settings: Settings,
  head: Buffer,
): Omit<KnownFile, 'id'> {
  const length = Math.min(head.length, headBytes)
  return {
    path: file.absolutePath,
    format,
    settings: settingsText(settings),
    size: file.size,
    mtimeMs: file.mtimeMs,
    headHash: hashOf(head.subarray(0, length)),
    headLength: length,
    byteOffset: 0,
    line: 0,
    complete: false,
    counts: noCounts,
  }
}

const report = (known: KnownFile, path: string, state: FileReport['state']): FileReport => ({
  id: known.id,
  path,
  format: known.format,
  state,
  counts: known.counts,
})

/** A --map line made of the fields that this file really has. */
function mapHint(head: Head, container: ReadJob['container']): string {
  const [record] = container === 'sqlite' ? [] : sampleRecords(container, head.bytes)
  const fields = Object.keys(record ?? {})
    .slice(0, 8)
    .join(', ')
  return `say what its fields mean, e.g. --map model=FIELD --map at=FIELD --map usage.inputTokens=FIELD${fields === '' ? '' : ` (it has: ${fields})`}, or name its format with --input-format`
}
