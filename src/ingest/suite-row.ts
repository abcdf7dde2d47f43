import {
  firstText,
  isObject,
  type Json,
  type JsonObject,
  numberOf,
  objectOf,
  parsedOf,
} from '../domain/json.ts'
import { eitherPattern } from './suite-pattern.ts'

/** One question of an eval suite. */
export type SuiteRow = {
  /** Unique in its suite. */
  readonly id: string
  /** Where it stands in the file, or ends, where it takes several lines of a CSV; null where nobody knows. */
  readonly line: number | null
  readonly system: string | null
  /** In the shape of OpenAI chat, without what `system` holds. */
  readonly messages: readonly JsonObject[]
  /** What an answer is held to; null where nobody says. */
  readonly expected: string | null
  /** As --scorer has it: "exact", "contains", "regex:PATTERN" …; null takes the run's. */
  readonly scorer: string | null
  /** Whom the row wants asked; null leaves it to the baseline. */
  readonly model: string | null
  readonly feature: string
  /** Parameters of the request, under their wire names. */
  readonly params: JsonObject
}

/** `error`: the row is left out; `warning`: it is not taken quite as it stands. */
export type SuiteProblem = {
  /** Counted from 1; null: of the file as a whole. */
  readonly line: number | null
  readonly level: 'error' | 'warning'
  readonly reason: string
}

/** Names under which columns and fields are known, the first that is there counts. Case, "_" and "-" do not matter. */
export const suiteFields = {
  id: ['id', 'caseId', 'testId', 'name'],
  messages: ['messages', 'prompt', 'input', 'question', 'query'],
  system: ['system', 'systemPrompt', 'instructions'],
  expected: ['expected', 'answer', 'ideal', 'target', 'reference', 'expectedOutput', 'groundTruth'],
  scorer: ['scorer', 'metric'],
  model: ['model'],
  feature: ['feature', 'category', 'tag'],
  params: ['params', 'parameters'],
} as const

/** Parameters that may stand beside the others, and the names they have on the wire. */
const looseParams = ['temperature', 'max_tokens', 'max_completion_tokens', 'top_p', 'seed'] as const

type Read = { readonly row: SuiteRow | null; readonly problems: readonly SuiteProblem[] }

/** Reads a line of JSON or a row of a CSV, or says why it is left out. */
export function readSuiteRecord(record: JsonObject, line: number | null): Read {
  const fields = fieldsIn(record)
  const asked = messagesIn(fields.messages)
  if (typeof asked === 'string') return leftOut(line, asked)
  const scorer = firstText(fields.scorer) ?? null
  const held = expectationOf(fields.expected, scorer)
  if (typeof held === 'string') return leftOut(line, held)
  const system = [firstText(fields.system), asked.system].filter((text) => text !== undefined)
  const row: SuiteRow = {
    id: firstText(fields.id) ?? `line-${line ?? 1}`,
    line,
    system: system.length === 0 ? null : system.join('\n\n'),
    messages: asked.messages,
    ...held,
    model: firstText(fields.model) ?? null,
    feature: firstText(fields.feature) ?? '',
    params: { ...paramsIn(record), ...objectOf(fields.params) },
  }
  return { row, problems: [] }
}

const leftOut = (line: number | null, reason: string): Read => ({
  row: null,
  problems: [{ line, level: 'error', reason }],
})

type Fields = { readonly [name in keyof typeof suiteFields]: Json | undefined }

function fieldsIn(record: JsonObject): Fields {
  const byName = new Map(Object.entries(record).map(([name, value]) => [plainName(name), value]))
  const entries = Object.entries(suiteFields).map(([field, names]) => [
    field,
    names.map((name) => byName.get(plainName(name))).find((value) => value != null && value !== ''),
  ])
  return Object.fromEntries(entries) as Fields
}

const plainName = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[_\s-]/g, '')

function paramsIn(record: JsonObject): JsonObject {
  const found = looseParams.flatMap((name) => {
    const value = numberOf(record[name])
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(found)
}

export type AskedMessages = {
  readonly messages: readonly JsonObject[]
  readonly system: string | undefined
}

/** A prompt as messages: plain text, or a list of them, also as JSON text. A sentence where it is neither. */
export function messagesIn(value: unknown): AskedMessages | string {
  if (value === undefined || value === null) {
    return `has no prompt: it is looked for under ${suiteFields.messages.join(', ')}`
  }
  const parsed = parsedOf(value) ?? value
  const list = isObject(parsed) ? parsed['messages'] : parsed
  if (Array.isArray(list)) return fromList(list)
  const text = typeof value === 'string' ? value : firstText(value)
  if (text === undefined || text.trim() === '')
    return 'has a prompt that is neither text nor messages'
  return { messages: [{ role: 'user', content: text }], system: undefined }
}

function fromList(list: readonly Json[]): AskedMessages | string {
  const messages = list.filter((each) => isObject(each) && typeof each['role'] === 'string')
  if (messages.length === 0 || messages.length < list.length) {
    return 'has messages that are no objects with a role'
  }
  const all = messages as readonly JsonObject[]
  const first = all.findIndex((each) => !isPlainSystem(each))
  const leading = all.slice(0, first === -1 ? all.length : first)
  const rest = all.slice(leading.length)
  if (rest.length === 0) return 'has nothing but instructions in its messages'
  const system = leading.map(({ content }) => String(content)).join('\n\n')
  return { messages: rest, system: system === '' ? undefined : system }
}

const isPlainSystem = ({ role, content }: JsonObject): boolean =>
  (role === 'system' || role === 'developer') && typeof content === 'string'

type Expectation = Pick<SuiteRow, 'expected' | 'scorer'>

/** Of several answers that would do, any is right. */
function expectationOf(value: Json | undefined, scorer: string | null): Expectation | string {
  if (value == null) return { expected: null, scorer }
  const list = Array.isArray(value) ? value : parsedOf(value)
  if (!Array.isArray(list)) return { expected: textFrom(value), scorer }
  if (list.length === 1) return { expected: textFrom(list[0] as Json), scorer }
  const isText = list.length > 0 && list.every((each) => firstText(each) !== undefined)
  if (scorer === 'json' || (!isText && scorer === null)) {
    return { expected: JSON.stringify(list), scorer: scorer ?? 'json' }
  }
  if (!isText) return { expected: textFrom(value), scorer }
  if (scorer !== null && scorer !== 'exact') {
    return `expects one of ${list.length} answers, which ${scorer} cannot be held to`
  }
  return { expected: null, scorer: `regex:${eitherPattern(list.map(String))}` }
}

const textFrom = (value: Json): string =>
  typeof value === 'string' ? value : JSON.stringify(value)
