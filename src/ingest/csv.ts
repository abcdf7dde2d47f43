import { pipeline, Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { parse as parseWhole } from 'csv-parse/sync'
import type { JsonObject } from '../domain/json.ts'

export type CsvRow = {
  readonly record: JsonObject
  readonly byteOffset: number
  readonly line: number
}

const delimiters = [',', ';', '\t'] as const

/** The delimiter of a header line with at least two columns, or null when this is no CSV. */
export function delimiterOf(text: string): string | null {
  const header = text.slice(0, text.search(/[\r\n]|$/))
  const counts = delimiters.map((delimiter) => header.split(delimiter).length)
  const most = Math.max(...counts)
  if (most < 2 || !/^[\w"﻿]/.test(header)) return null
  return delimiters[counts.indexOf(most)] ?? null
}

const options = {
  columns: uniqueColumns,
  bom: true,
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
}

/** Column names as they stand, a repeated one numbered, so that none hides another. */
function uniqueColumns(header: readonly string[]): string[] {
  const seen = new Map<string, number>()
  return header.map((raw) => {
    const name = raw.trim()
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name}_${count}`
  })
}

/** All rows of a small text. */
export function csvRecords(text: string): readonly JsonObject[] {
  return parseWhole(text, { ...options, delimiter: delimiterOf(text) ?? ',' }) as JsonObject[]
}

/** All rows of a small text, each with the line that it ends on. */
export function csvRowsOf(text: string): readonly Pick<CsvRow, 'record' | 'line'>[] {
  const rows = parseWhole(text, { ...options, delimiter: delimiterOf(text) ?? ',', info: true })
  return (rows as unknown as { record: JsonObject; info: { lines: number } }[]).map(
    ({ record, info }) => ({ record, line: info.lines }),
  )
}

/** The rows of a CSV file while it streams, each with where it ends. */
export async function* csvRows(
  chunks: AsyncIterable<Buffer>,
  delimiter: string,
): AsyncGenerator<CsvRow> {
  const parser = parse({ ...options, delimiter, info: true })
  // Unlike pipe, it hands an error of the source on to who reads the rows.
  pipeline(Readable.from(copies(chunks)), parser, () => {})
  for await (const { record, info } of parser as AsyncIterable<{
    record: JsonObject
    info: { bytes: number; lines: number }
  }>) {
    yield { record, byteOffset: info.bytes, line: info.lines }
  }
}

/** The parser keeps hold of chunks while the reader of the file reuses them. */
async function* copies(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk)
}
