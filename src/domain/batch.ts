import type { PackedRows } from './packed-rows.ts'

export type RejectRow = {
  readonly line: number
  readonly byteOffset: number
  readonly reason: string
  readonly excerpt: string | null
}

/** What became of the records of a file so far. Requests are counted before duplicates collapse. */
export type FileCounts = {
  readonly records: number
  readonly requests: number
  readonly duplicates: number
  readonly ignored: Readonly<Record<string, number>>
  readonly rejected: Readonly<Record<string, number>>
  readonly warnings: Readonly<Record<string, number>>
  /** What pricing remarked on; counted anew where prices change. */
  readonly priceWarnings: Readonly<Record<string, number>>
}

export const noCounts: FileCounts = {
  records: 0,
  requests: 0,
  duplicates: 0,
  ignored: {},
  rejected: {},
  warnings: {},
  priceWarnings: {},
}

/** The next stretch of a file, ready to be stored in one transaction. Profiles and prices are numbered per file. */
export type Batch = {
  readonly profiles: readonly (readonly [number: number, json: string])[]
  readonly prices: readonly (readonly [number: number, key: string, json: string])[]
  /** In the shape of `requestShape` and `messageShape`. */
  readonly requests: PackedRows
  readonly messages: PackedRows
  readonly aggregates: readonly string[]
  readonly rejects: readonly RejectRow[]
  readonly counts: FileCounts
  /** Where the file was read up to: a later run goes on from here. */
  readonly byteOffset: number
  readonly line: number
  /** The last one of a range, where a file is read in ranges. */
  readonly endsRange?: true
}

/** A file as the store knows it. */
export type KnownFile = {
  readonly id: number
  readonly path: string
  readonly format: string
  /** What it was read with (format, mapping, content, redaction), as canonical JSON. */
  readonly settings: string
  readonly size: number
  readonly mtimeMs: number
  readonly headHash: string
  readonly headLength: number
  readonly byteOffset: number
  readonly line: number
  readonly complete: boolean
  readonly counts: FileCounts
}
