import type { JsonObject } from '../domain/json.ts'
import type { Request } from '../domain/request.ts'

/** A record that is no request by design: a parent span, a user's line in a transcript. Counted by reason. */
export type Ignored = { readonly ignored: string }
/** A record that should be a request and cannot be read as one. Counted, located and kept aside. */
export type Rejected = { readonly rejected: string }
/** What one record of a log turns out to be. Reasons are short kebab-case words from a fixed vocabulary. */
export type Reading = Request | readonly Request[] | Ignored | Rejected

export type ReadContext = {
  /** The file's path as the user sees it: some formats tell the project or session only there. */
  readonly path: string
  /** The body of an OpenAI batch input line, when its file was given too. */
  readonly batchInput?: (customId: string) => JsonObject | undefined
}

/** Reads the records of one file in order. State lives here and ends with the file. */
export type RecordReader = {
  read(record: JsonObject): Reading
  /** What is left when the file ends, for formats that spread one request over several records. */
  end?(): readonly Request[]
}

/** One log format. A CSV row is a record of strings under the header's names; a database row one of its columns. */
export type Reader = {
  /** The name that --input-format takes, e.g. "litellm". */
  readonly name: string
  /** For people: "LiteLLM standard logging payload". */
  readonly title: string
  /** How surely these first records (at least one, at most 20) are of this format: 0 no, 1 certain. */
  recognise(records: readonly JsonObject[], path: string): number
  start(context: ReadContext): RecordReader
  /** Lines without this text cannot hold a request and are passed over unparsed. */
  readonly needle?: string
  /** False when a record can only be read with those before it: a grown file is then read again from its start. */
  readonly resumable?: false
  /** For logs that are SQLite databases: the query that gives the records, oldest first, per table found. */
  readonly tables?: Readonly<Record<string, string>>
}

export const isReading = (reading: Reading): reading is Request | readonly Request[] =>
  !('ignored' in reading) && !('rejected' in reading)
