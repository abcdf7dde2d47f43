import { existsSync } from 'node:fs'
import { type Batch, type KnownFile, noCounts } from '../domain/batch.ts'
import { UserError } from '../domain/user-error.ts'
import { candidates, type Format, mapHint, readerOf } from './file-format.ts'
import { type Head, headOf, type LogFile } from './files.ts'
import { canResume, type FileReport, fileRow, HeadHashes, isDone, report } from './known-file.ts'
import type { Sink } from './ports.ts'
import type { ReadPlan } from './read-plan.ts'
import type { Reader } from './reader.ts'
import { type AskedSettings, keepsOtherText, mergeSettings, type Settings } from './settings.ts'
import { containerOf, looksInside } from './sniff.ts'

/** A shorter beginning is no proof that two files of different length are one that grew. */
const leastHead = 256

export type IngestOptions = {
  /** Paths, globs, directories; "-" is standard input. */
  readonly inputs: readonly string[]
  readonly settings: AskedSettings
  readonly stdin: AsyncIterable<Buffer>
  readonly signal: AbortSignal
  /** How files are to be read, given how much is waiting: here, or in other threads. */
  readonly openReading: (pendingBytes: number, pendingFiles: number) => IngestReading
  /** Reads a log that is itself a database, by the queries of its reader. */
  readonly readTables: (
    plan: ReadPlan,
    tables: Readonly<Record<string, string>>,
  ) => Promise<AsyncIterable<Batch>>
  readonly onVerdict: (file: FileReport, note: string) => void
  readonly onProgress: (progress: Progress) => void
}

/** Reads a file as planned; `head` is given where it can be read only once. */
export type IngestReading = (plan: ReadPlan, head: Head | undefined) => AsyncIterable<Batch>

export type Progress = {
  readonly path: string
  readonly bytes: number
  readonly totalBytes: number
  readonly requests: number
}

/** A file whose reading has begun, or that needs none. */
export type Begun = {
  readonly file: LogFile
  readonly report: FileReport
  /** Its row in the store, to be completed; null where there is nothing to read. */
  readonly row: Omit<KnownFile, 'id'> | null
  readonly batches: AsyncIterable<Batch> | null
}

/** One run over a list of files. */
export class Session {
  readonly #options: IngestOptions
  readonly #sink: Sink
  readonly #found: readonly LogFile[]
  readonly #totalBytes: number
  readonly #read: IngestReading
  readonly #begun = new Set<number>()
  #known: readonly KnownFile[]
  #doneBytes = 0

  constructor(options: IngestOptions, sink: Sink, found: readonly LogFile[]) {
    this.#options = options
    this.#sink = sink
    this.#found = found
    this.#known = sink.knownFiles()
    const pending = found.filter((file) => !this.#isDone(file))
    const pendingBytes = pending.reduce((sum, file) => sum + file.size, 0)
    sink.expect(pendingBytes)
    this.#totalBytes = found.reduce((sum, file) => sum + file.size, 0)
    this.#read = options.openReading(pendingBytes, pending.length)
  }

  /** A file that has not changed is not even opened. */
  async begin(file: LogFile): Promise<Begun | null> {
    const known = this.#known.find((each) => each.path === file.absolutePath)
    if (known !== undefined && this.#isDone(file)) {
      return nothingToRead(file, report(known, file.path, 'unchanged'))
    }
    const head = await headOf(file.absolutePath, file.path).catch((error: unknown) => {
      if (!file.fromDirectory || !(error instanceof UserError)) throw error
      this.#options.onVerdict(unreadable(file), `${error.message}: passed over`)
      return null
    })
    return head === null ? null : this.beginWith(file, head)
  }

  #isDone(file: LogFile): boolean {
    const known = this.#known.find((each) => each.path === file.absolutePath)
    return known !== undefined && isDone(known, file, this.#options.settings)
  }

  async beginWith(file: LogFile, head: Head): Promise<Begun | null> {
    const known = this.#sameFile(file, head)
    if (known !== undefined && this.#isCopy(known, file)) {
      const copy = report(known, file.path, 'copy')
      this.#options.onVerdict(copy, `the same content as ${known.path}: counted once`)
      return nothingToRead(file, copy)
    }
    const settings = mergeSettings(this.#options.settings, known?.settings)
    if (head.bytes.length === 0) {
      if (head.damage !== undefined) return this.#notALog(file, `cannot be read: ${head.damage}`)
      if (file.fromDirectory && known === undefined) return null
      return this.#readEmpty(file, settings, known)
    }
    const format = this.#formatOf(file, head, settings)
    return format === null ? null : this.#start(file, head, settings, format, known)
  }

  #isCopy(known: KnownFile, file: LogFile): boolean {
    if (file.isStream) return false
    if (known.path === file.absolutePath || known.size !== file.size) return false
    return known.complete || this.#begun.has(known.id)
  }

  /** The file as it was known before: under its path, or under another one that is gone or as long. */
  #sameFile(file: LogFile, head: Head): KnownFile | undefined {
    const hashes = new HeadHashes(head.bytes)
    const here = this.#known.find((each) => each.path === file.absolutePath)
    if (here !== undefined) {
      if (hashes.startsAs(here)) return here
      this.#archive(here, file.path)
    }
    return this.#known.find(
      (each) =>
        each.headLength > 0 &&
        (each.size === file.size || each.headLength >= leastHead) &&
        hashes.startsAs(each) &&
        (each.size === file.size || !existsSync(each.path)),
    )
  }

  /** A path that holds another file now: what was read from the old one stays, under a name of its own. */
  #archive(known: KnownFile, shown: string): void {
    const path = `${known.path}#${known.headHash.slice(0, 8)}`
    this.#save({ ...known, path }, known.id)
    this.#options.onVerdict(
      report(known, shown, 'new'),
      `replaced since it was last read; its earlier requests stay in the store as ${path} (llmcost purge --source removes them)`,
    )
  }

  #save(row: Omit<KnownFile, 'id'>, id?: number): number {
    const saved = this.#sink.saveFile(row, id)
    this.#known = [...this.#known.filter((each) => each.id !== saved), { ...row, id: saved }]
    return saved
  }

  #readEmpty(file: LogFile, settings: Settings, known: KnownFile | undefined): Begun {
    const row = { ...fileRow(file, 'empty', settings, Buffer.alloc(0)), complete: true }
    const empty = report({ ...row, id: this.#save(row, known?.id) }, file.path, 'new')
    this.#options.onVerdict(empty, 'empty file')
    return nothingToRead(file, empty)
  }

  /** Tells the format; null for a file of a directory that is no log. */
  #formatOf(file: LogFile, head: Head, settings: Settings): Format | null {
    const outside = containerOf(head.bytes)
    if (outside === null) return this.#notALog(file, 'is neither JSON nor CSV nor a database')
    const container = looksInside(outside, head.bytes, candidates(settings), file.path)
    const reader = readerOf(file, head, container, settings)
    if (reader !== null) return { container, reader }
    return this.#notALog(file, 'is in no format that llmcost knows', mapHint(head, container))
  }

  #notALog(
    file: LogFile,
    what: string,
    hint = 'llmcost reads JSON lines, JSON, CSV (also .gz and .zst) and SQLite logs',
  ): null {
    if (file.fromDirectory) return null
    throw new UserError(`${file.path} ${what}`, { hint })
  }

  async #start(
    file: LogFile,
    head: Head,
    settings: Settings,
    { container, reader }: Format,
    known: KnownFile | undefined,
  ): Promise<Begun | null> {
    const row = fileRow(file, reader.name, settings, head.bytes)
    const resumes = known !== undefined && canResume(known, row, { container, reader })
    const wasRead = known !== undefined && (known.byteOffset > 0 || known.complete)
    if (known !== undefined && !resumes)
      this.#sink.forgetFile(known.id, keepsOtherText(known.settings, row.settings))
    const start = resumes
      ? { byteOffset: known.byteOffset, line: known.line }
      : { byteOffset: 0, line: 0 }
    const counts = resumes ? this.#sink.resume(known.id) : noCounts
    const plan: ReadPlan = {
      path: file.path,
      absolutePath: file.absolutePath,
      container,
      format: reader.name,
      start,
      counts,
      settings,
      fileKey: known?.headHash ?? row.headHash,
      companions:
        reader.name === 'openai-batch'
          ? this.#found.filter((each) => !each.isStream).map((each) => each.absolutePath)
          : [],
    }
    const batches = await this.#batches(plan, reader, file, head)
    if (batches === null) return null
    const begun = { ...row, ...start, counts }
    const id = this.#save(begun, known?.id)
    this.#begun.add(id)
    const state = !wasRead ? 'new' : resumes ? 'grown' : 'read-again'
    const first = { ...report({ ...begun, id }, file.path, state) }
    this.#options.onVerdict(first, reader.title)
    return { file, report: first, row, batches }
  }

  /** Null for a database in a directory that is no log. */
  async #batches(
    plan: ReadPlan,
    { tables, name }: Reader,
    file: LogFile,
    head: Head,
  ): Promise<AsyncIterable<Batch> | null> {
    if (plan.container !== 'sqlite') return this.#read(plan, file.isStream ? head : undefined)
    if (tables === undefined) {
      throw new UserError(`${file.path} is a database, and ${name} logs are not`, {
        hint: 'leave out --input-format',
      })
    }
    try {
      return await this.#options.readTables(plan, tables)
    } catch (error) {
      if (file.fromDirectory && error instanceof UserError) return null
      throw error
    }
  }

  /** Stores batch after batch of a file, to its end or until it is asked to stop. */
  async store({ file, report: begun, row, batches }: Begun): Promise<FileReport> {
    if (row === null || batches === null) {
      this.#doneBytes += file.size
      return begun
    }
    const last = await this.#pump(begun.id, file, batches)
    this.#doneBytes += file.size
    if (last === null) return begun
    const { byteOffset, line, counts } = last
    this.#save({ ...row, byteOffset, line, counts, complete: true }, begun.id)
    return { ...begun, counts }
  }

  /** Null when it was asked to stop before the end. */
  async #pump(id: number, file: LogFile, batches: AsyncIterable<Batch>): Promise<Batch | null> {
    if (this.#options.signal.aborted) return null
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

const nothingToRead = (file: LogFile, done: FileReport): Begun => ({
  file,
  report: done,
  row: null,
  batches: null,
})

const unreadable = ({ path }: LogFile): FileReport => ({
  id: 0,
  path,
  format: 'unreadable',
  state: 'new',
  counts: noCounts,
})
