import {
  booleanOf,
  defined,
  firstNumber,
  firstText,
  isObject,
  type JsonObject,
  numberOf,
  objectOf,
  textOf,
} from '../domain/json.ts'
import { type NanoUsd, readUsd } from '../domain/money.ts'
import type { Prompt } from '../domain/request.ts'
import { totalInputTokens } from '../domain/usage.ts'
import { askedBody, readBodies } from './bodies.ts'
import { promptfoo } from './formats/promptfoo.ts'
import { isReading } from './reader.ts'

/** What one model did with one question. */
export type EvidenceCell = {
  readonly model: string
  readonly score: number
  readonly output?: string
  readonly costNanoUsd?: NanoUsd
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly latencyMs?: number
}

/** What one record says: a question with some models' scores, or why not. */
export type EvidenceReading =
  | {
      readonly id?: string
      readonly prompt?: Prompt
      readonly cells: readonly EvidenceCell[]
    }
  | { readonly ignored: string }
  | { readonly rejected: string }

/**
 * Reads a record of an evaluation: a promptfoo result; a row with `model` and `score`; or a row with
 * a score per model, as an object `scores` or in columns (`score:MODEL`, or, where there are none,
 * every other numeric column).
 */
export function readEvidenceRecord(record: JsonObject): EvidenceReading {
  if (promptfoo.recognise([record], '') === 1) return readPromptfoo(record)
  const question = questionOf(record)
  const model = textOf(record['model'])
  const found = model === undefined ? wideCells(record) : longCell(record, model)
  if (found === null) return { rejected: 'bad-score' }
  if (found.length === 0) return { rejected: 'no-score' }
  const isNamed = question.id !== undefined || question.prompt !== undefined
  return isNamed ? { ...question, cells: found } : { rejected: 'no-question' }
}

/** Only reason 2 means that the provider failed: then nothing was judged. */
function readPromptfoo(record: JsonObject): EvidenceReading {
  const request = promptfoo.start({ path: '' }).read(record)
  if (!isReading(request) || !('model' in request)) return { rejected: 'no-model' }
  if (request.status !== 'ok') return { ignored: 'provider-error' }
  const score = scoreOf(record['score']) ?? scoreOf(record['success'])
  if (score === undefined) return { rejected: 'no-score' }
  if (request.prompt === undefined) return { rejected: 'no-question' }
  const { provider, model, usage } = request
  const cell = {
    model: provider === undefined ? model : `${provider}:${model}`,
    score,
    ...defined({
      output: request.answer?.text,
      costNanoUsd: request.servedFromCache === true ? undefined : request.loggedCostNanoUsd,
      inputTokens: usage && totalInputTokens(usage),
      outputTokens: usage?.outputTokens,
      latencyMs: request.latencyMs,
    }),
  }
  return { prompt: request.prompt, cells: [cell] }
}

const idColumns = ['id', 'requestId', 'request_id', 'sample_id', 'question_id'] as const
const promptColumns = ['prompt', 'messages', 'question', 'input', 'query'] as const

function questionOf(record: JsonObject): { readonly id?: string; readonly prompt?: Prompt } {
  const asked = promptColumns.map((name) => record[name]).find((value) => !isBlank(value))
  // A model must be named to read a body; it is not part of the prompt.
  const body = askedBody('any', asked, undefined)
  const { prompt } = body === undefined ? {} : readBodies({ model: 'any', asked: body })
  return defined({ id: firstText(...idColumns.map((name) => record[name])), prompt })
}

const isBlank = (value: unknown): boolean => value === undefined || value === null || value === ''

/** Null for a score that is none. */
function longCell(record: JsonObject, model: string): readonly EvidenceCell[] | null {
  const judged = scoreColumns.map((name) => record[name]).find((value) => !isBlank(value))
  if (judged === undefined) return []
  const score = scoreOf(judged)
  if (score === undefined) return null
  const aside = {
    output: record['output'] ?? record['response'],
    cost: record['costUsd'] ?? record['cost'],
    inputTokens: record['inputTokens'] ?? record['prompt_tokens'],
    outputTokens: record['outputTokens'] ?? record['completion_tokens'],
    latencyMs: record['latencyMs'],
  }
  return [cellOf(model, score, aside)]
}

const scoreColumns = ['score', 'correct', 'passed', 'success'] as const

type Aside = {
  readonly output: unknown
  readonly cost: unknown
  readonly inputTokens: unknown
  readonly outputTokens: unknown
  readonly latencyMs?: unknown
}

const cellOf = (model: string, score: number, aside: Aside): EvidenceCell => ({
  model,
  score,
  ...defined({
    output: textOf(aside.output),
    costNanoUsd: readUsd(aside.cost) ?? undefined,
    inputTokens: numberOf(aside.inputTokens),
    outputTokens: numberOf(aside.outputTokens),
    latencyMs: numberOf(aside.latencyMs),
  }),
})

function wideCells(record: JsonObject): readonly EvidenceCell[] | null {
  const scores = scoresOf(record)
  const tokens = objectOf(record['tokens'])
  const of = (model: string, ...names: readonly string[]) =>
    names
      .map(
        (name) =>
          objectOf(record[name])[model] ?? record[`${name}:${model}`] ?? record[`${name}.${model}`],
      )
      .find((value) => !isBlank(value))
  const cells: EvidenceCell[] = []
  for (const [model, value] of scores) {
    if (isBlank(value)) continue
    const score = scoreOf(value)
    if (score === undefined) return null
    const used = objectOf(tokens[model])
    cells.push(
      cellOf(model, score, {
        output: of(model, 'outputs', 'output') ?? record[`${model}|model_response`],
        cost: of(model, 'costs', 'cost', 'costUsd') ?? record[`${model}|total_cost`],
        inputTokens: firstNumber(of(model, 'inputTokens'), used['inputTokens'], used['input']),
        outputTokens: firstNumber(of(model, 'outputTokens'), used['outputTokens'], used['output']),
        latencyMs: of(model, 'latencyMs'),
      }),
    )
  }
  return cells
}

/** Scores by model: an object, columns that say so, or whatever columns hold numbers. */
function scoresOf(record: JsonObject): readonly (readonly [model: string, value: unknown])[] {
  const scores = objectOf(record['scores'])
  if (Object.keys(scores).length > 0) return Object.entries(scores)
  const named = Object.keys(record).flatMap((name) => {
    const model = /^scores?[.:](.+)$/s.exec(name)?.[1]
    return model === undefined ? [] : [[model, record[name]] as const]
  })
  if (named.length > 0) return named
  return Object.entries(record).filter(([name, value]) => isPlainScore(name, value))
}

/** Columns that hold numbers and are no model. */
const otherColumns: ReadonlySet<string> = new Set([
  ...idColumns,
  ...promptColumns,
  ...scoreColumns,
  'answer',
  'at',
  'category',
  'cost',
  'costUsd',
  'dataset',
  'difficulty',
  'eval_name',
  'expected',
  'index',
  'label',
  'latencyMs',
  'oracle_model_to_route_to',
  'reference',
  'subject',
  'target',
  'timestamp',
])

const isPlainScore = (name: string, value: unknown): boolean =>
  !otherColumns.has(name) &&
  !/[|]|^(?:outputs?|costs?|costUsd|inputTokens|outputTokens|latencyMs)[.:]/.test(name) &&
  !isObject(value) &&
  scoreOf(value) !== undefined

const verdictWords: Readonly<Record<string, number>> = {
  pass: 1,
  passed: 1,
  correct: 1,
  yes: 1,
  fail: 0,
  failed: 0,
  incorrect: 0,
  no: 0,
}

/** A number, true or false, or a word for either. */
function scoreOf(value: unknown): number | undefined {
  const number = numberOf(value)
  if (number !== undefined) return number
  if (typeof value !== 'string' && typeof value !== 'boolean') return undefined
  const truth = booleanOf(value)
  if (truth !== undefined) return truth ? 1 : 0
  const word = String(value).trim().toLowerCase()
  return Object.hasOwn(verdictWords, word) ? verdictWords[word] : undefined
}
