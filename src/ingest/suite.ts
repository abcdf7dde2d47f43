import { isObject, type JsonObject, parsedOf } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { readYamlFile } from '../policy/yaml-file.ts'
import { csvRowsOf, delimiterOf } from './csv.ts'
import { withoutBom } from './sniff.ts'
import { promptfooRows } from './suite-promptfoo.ts'
import { readSuiteRecord, type SuiteProblem, type SuiteRow } from './suite-row.ts'

export type Suite = {
  readonly rows: readonly SuiteRow[]
  /** What was left out or changed, in the order of the file. */
  readonly problems: readonly SuiteProblem[]
}

/** A row as it stands, or what keeps it out, with its line. */
type Found = { readonly row: SuiteRow | null; readonly problems: readonly SuiteProblem[] }

/**
 * Reads an eval suite: JSON lines or a JSON list, CSV, or a promptfoo configuration (YAML or JSON with `prompts` and
 * `tests`). `path` tells CSV and YAML by its ending and names the file in errors. Throws a UserError where no question
 * can be read at all.
 */
export function readSuite(path: string, text: string): Suite {
  const plain = withoutBom(text)
  if (plain.trim() === '') {
    throw new UserError(`${path} is empty`, { hint: suiteHint })
  }
  const found = foundIn(path, plain)
  const problems = found.flatMap((each) => each.problems)
  const named = nameOnce(found.flatMap(({ row }) => row ?? []))
  if (named.rows.length === 0) throw noQuestion(path, problems)
  const all = [...problems, ...named.problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
  const isHeld = named.rows.some(({ expected, scorer }) => expected !== null || scorer !== null)
  return { rows: named.rows, problems: isHeld ? all : [nothingExpected, ...all] }
}

const suiteHint =
  'a suite is JSON lines or CSV with a prompt and an expected answer each, or a promptfoo configuration'

const nothingExpected: SuiteProblem = {
  line: null,
  level: 'warning',
  reason: 'no row says what is expected: only a judge can compare the answers',
}

function noQuestion(path: string, [first]: readonly SuiteProblem[]): UserError {
  const at = first?.line == null ? path : `${path}:${first.line}`
  return new UserError(`no question in ${path}`, {
    hint: suiteHint,
    ...(first !== undefined && { at: `${at}: ${first.reason}` }),
  })
}

function foundIn(path: string, text: string): readonly Found[] {
  if (/\.ya?ml$/i.test(path)) return promptfooIn(path, text)
  if (/\.[ct]sv$/i.test(path)) return csvIn(path, text)
  if (/^\s*[[{]/.test(text)) return jsonIn(path, text)
  if (delimiterOf(text) !== null) return csvIn(path, text)
  throw new UserError(`${path} is no suite`, { hint: suiteHint })
}

function jsonIn(path: string, text: string): readonly Found[] {
  const whole = parsedOf(text)
  if (isObject(whole) && ('tests' in whole || 'prompts' in whole)) return promptfooIn(path, text)
  if (isObject(whole)) return [foundRecord(whole, 1)]
  if (Array.isArray(whole)) {
    const { lineOf } = readYamlFile(text)
    return whole.map((record: unknown, index) => foundRecord(record, lineOf([index])))
  }
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '') return []
    return [foundRecord(parsedOf(line), index + 1)]
  })
}

function foundRecord(record: unknown, line: number | null): Found {
  return isObject(record)
    ? readSuiteRecord(record, line)
    : { row: null, problems: [{ line, level: 'error', reason: 'is no JSON object' }] }
}

function csvIn(path: string, text: string): readonly Found[] {
  try {
    return csvRowsOf(text).map(({ record, line }) => readSuiteRecord(cellsOf(record), line))
  } catch (error) {
    const { lines, message } = error as Error & { lines?: number }
    throw new UserError(`${path} is no CSV: ${message}`, {
      ...(lines !== undefined && { at: `${path}:${lines}` }),
      hint: 'put cells with line breaks or quotes between quotes, and write quotes in them twice',
    })
  }
}

/** Cells are text; an empty one says nothing. */
const cellsOf = (record: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(record).filter(([, cell]) => cell !== ''))

function promptfooIn(path: string, text: string): readonly Found[] {
  const { value, errors, lineOf } = readYamlFile(text)
  const [error] = errors
  if (error !== undefined) {
    throw new UserError(`${path} ${error.message}`, {
      at: error.line === null ? path : `${path}:${error.line}`,
      ...(error.hint !== null && { hint: error.hint }),
    })
  }
  if (!isObject(value)) throw new UserError(`${path} is no suite`, { hint: suiteHint })
  return promptfooRows(value, lineOf)
}

/** Results are stored by id: a second one of the same name gets a number. */
function nameOnce(rows: readonly SuiteRow[]): Suite {
  const taken = new Set(rows.map(({ id }) => id))
  const seen = new Set<string>()
  const problems: SuiteProblem[] = []
  const named = rows.map((row) => {
    if (!seen.has(row.id)) {
      seen.add(row.id)
      return row
    }
    let number = 2
    while (taken.has(`${row.id}-${number}`)) number++
    const id = `${row.id}-${number}`
    taken.add(id)
    const reason = `the id "${row.id}" is taken: it is called "${id}"`
    problems.push({ line: row.line, level: 'warning', reason })
    return { ...row, id }
  })
  return { rows: named, problems }
}
