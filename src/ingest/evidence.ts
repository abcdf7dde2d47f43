import { isObject, type JsonObject } from '../domain/json.ts'
import type { MeasuredQuestion } from '../domain/measurement.ts'
import type { Prompt } from '../domain/request.ts'
import { UserError } from '../domain/user-error.ts'
import { type Bytes, TruncatedError } from './bytes.ts'
import { count } from './count-reasons.ts'
import { csvRows, delimiterOf } from './csv.ts'
import { readEvidenceRecord } from './evidence-cells.ts'
import { type Evidence, EvidenceTable } from './evidence-table.ts'
import { findFiles, headOf } from './files.ts'
import { jsonValues } from './json-values.ts'
import { blocksOf, linesOf } from './lines.ts'
import { containerOf, withoutBom } from './sniff.ts'

/** What evidence asks of the layers beside it. */
export type EvidencePorts = {
  /** A prompt's last user message, and the keys by which requests are known. */
  questionOf(prompt: Prompt): {
    readonly text: string
    readonly promptKey: string | null
    readonly questionKey: string | null
  }
}

/** What became of the records of one file. */
export type EvidenceFile = {
  readonly path: string
  readonly records: number
  /** Records that are no scores by design, by reason. */
  readonly ignored: Readonly<Record<string, number>>
  /** Records that should be scores and cannot be read, by reason. */
  readonly rejected: Readonly<Record<string, number>>
  /** Where the first of these stand; `line` counts from 1. */
  readonly places: readonly { readonly line: number; readonly reason: string }[]
}

/** Places kept per file; further ones are only counted. */
const placeLimit = 100

/**
 * Reads files of evaluation results (paths, globs, directories; JSON, JSON lines, CSV, compressed or
 * not) into one table, with what replays measured. A file without a single score is a UserError.
 */
export async function loadEvidence(
  inputs: readonly string[],
  ports: EvidencePorts,
  measured: readonly MeasuredQuestion[] = [],
): Promise<{ readonly evidence: Evidence; readonly files: readonly EvidenceFile[] }> {
  const table = new EvidenceTable()
  const files: EvidenceFile[] = []
  for (const { path, absolutePath } of inputs.length === 0 ? [] : await findFiles(inputs)) {
    files.push(await readInto(table, { path, absolutePath }, ports))
  }
  table.addMeasured(measured)
  return { evidence: table.finish(), files }
}

type Place = { readonly path: string; readonly absolutePath: string }

async function readInto(
  table: EvidenceTable,
  place: Place,
  ports: EvidencePorts,
): Promise<EvidenceFile> {
  const report = {
    records: 0,
    ignored: {},
    rejected: {},
    places: [] as EvidenceFile['places'][number][],
  }
  const reject = (reason: string, line: number) => {
    count(report.rejected, reason)
    if (report.places.length < placeLimit) report.places.push({ line, reason })
  }
  let found = 0
  for await (const { record, line } of recordsOf(place)) {
    report.records++
    const reading = record === null ? { rejected: 'no-json-object' } : readEvidenceRecord(record)
    if ('rejected' in reading) reject(reading.rejected, line)
    else if ('ignored' in reading) count(report.ignored, reading.ignored)
    else {
      const { id = null, prompt, cells } = reading
      const question = prompt === undefined ? noQuestion : ports.questionOf(prompt)
      table.add({ id, ...question, replayedBy: null }, cells)
      found++
    }
  }
  if (found > 0) return { path: place.path, ...report }
  throw new UserError(`no scores in ${place.path}`, {
    hint: 'evidence is a promptfoo result, or rows with a prompt or id and a score per model: "scores": {"gpt-4o": 1}',
    ...(report.places[0] !== undefined && {
      at: `line ${report.places[0].line}: ${report.places[0].reason}`,
    }),
  })
}

const noQuestion = { text: null, promptKey: null, questionKey: null }

/** Null for a line that is no JSON object. */
type EvidenceRecord = { readonly record: JsonObject | null; readonly line: number }

async function* recordsOf({ path, absolutePath }: Place): AsyncGenerator<EvidenceRecord> {
  const head = await headOf(absolutePath, path)
  const start = withoutBom(head.bytes.toString('utf8'))
  try {
    switch (containerOf(head.bytes)) {
      case 'json-lines':
        yield* lineRecords(head.content)
        return
      case 'json':
        for await (const { text, line } of jsonValues(head.content.read(0), start)) {
          yield { record: parseObject(text), line }
        }
        return
      case 'csv':
        yield* csvRows(head.content.read(0), delimiterOf(start) ?? ',')
        return
      default:
        throw new UserError(`${path} is neither JSON nor CSV`)
    }
  } catch (error) {
    if (!(error instanceof TruncatedError)) throw error
    throw new UserError(`${path}: ${error.message}`, { hint: 'fetch the file again' })
  }
}

async function* lineRecords(content: Bytes): AsyncGenerator<EvidenceRecord> {
  let line = 0
  for await (const { bytes, tooLong } of blocksOf(content.read(0), 0)) {
    if (tooLong !== undefined) yield { record: null, line: ++line }
    for (const { start, end } of linesOf(bytes)) {
      line++
      const text = withoutBom(bytes.toString('utf8', start, end))
      if (text.trim() !== '') yield { record: parseObject(text), line }
    }
  }
}

function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}
