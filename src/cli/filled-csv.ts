import { readFileSync } from 'node:fs'
import type { JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { csvRows, delimiterOf } from '../ingest/csv.ts'
import type { Narrator } from './narrator.ts'

/** A row, and the line of the file that it ends on: its verdict is there, cells before it may be of many lines. */
export type FilledRow = { readonly record: JsonObject; readonly line: number }
/** What cannot be read, and where. */
export type RowProblem = { readonly line: number; readonly problem: string }

/** More would only scroll the first ones away. */
const shownProblems = 10

/** Says which rows cannot be read, and why. */
export function sayProblems(
  path: string,
  problems: readonly RowProblem[],
  narrator: Pick<Narrator, 'say'>,
): void {
  for (const { line, problem } of problems.slice(0, shownProblems))
    narrator.say(`${path}:${line}: ${problem}`)
  if (problems.length > shownProblems) narrator.say(`and ${problems.length - shownProblems} more`)
}

/**
 * The rows of a sample that a command (`writer`) wrote as CSV and a person filled in; spreadsheets may have changed the
 * delimiter. Throws a UserError where there is no such file, no row, or one of the columns is gone.
 */
export async function readFilledCsv(
  path: string,
  columns: readonly string[],
  writer: string,
): Promise<readonly FilledRow[]> {
  const bytes = bytesOf(path, writer)
  const rows: FilledRow[] = []
  const lineAt = countLines(bytes)
  const delimiter = delimiterOf(bytes.toString('utf8', 0, headBytes)) ?? ','
  for await (const { record, byteOffset } of csvRows(chunksOf(bytes), delimiter))
    rows.push({ record, line: lineAt(byteOffset) })
  const [first] = rows
  const missing = columns.filter((name) => first !== undefined && !(name in first.record))
  if (first === undefined || missing.length > 0) {
    const lack = first === undefined ? 'no rows' : `no column "${missing[0]}"`
    throw new UserError(`${path} has ${lack}`, {
      hint: `${writer} writes a file to be filled in: leave its columns as they are`,
    })
  }
  return rows
}

/** A cell's text without white space around it; '' where there is none. */
export const cellText = ({ record }: FilledRow, name: string): string =>
  String(record[name] ?? '').trim()

/** A header longer than this is none. */
const headBytes = 65_536

function bytesOf(path: string, writer: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UserError(
      code === 'ENOENT' ? `no such file: ${path}` : `${path} cannot be read (${code})`,
      { hint: `name the file that ${writer} wrote` },
    )
  }
}

/**
 * Lines from 1 by the offset where they end, offsets rising; the parser's own count takes a line break within a cell for
 * two where it is CR LF.
 */
function countLines(bytes: Buffer): (offset: number) => number {
  let line = 1
  let next = bytes.indexOf('\n')
  return (offset) => {
    while (next !== -1 && next < offset - 1) {
      line++
      next = bytes.indexOf('\n', next + 1)
    }
    return line
  }
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
