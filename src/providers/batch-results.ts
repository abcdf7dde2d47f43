import { dialectOf } from '../dialects/dialects.ts'
import type { DialectName } from '../domain/call.ts'
import type { Fault, FaultKind } from '../domain/fault.ts'
import { isObject, type JsonObject, numberOf, objectOf, parsedOf, textOf } from '../domain/json.ts'
import type { ProviderAnswer } from '../domain/provider.ts'
import { isNoAnswer } from './read-answer.ts'

/** What a batch service made of one call. */
export type BatchAnswer = {
  /** `batchIdOf` the key that the call was written under. */
  readonly id: string
  /** Nobody says how long it took: the latency is 0. Only whole answers are billed. */
  readonly answer: ProviderAnswer
}

export type BatchResults = {
  readonly answers: readonly BatchAnswer[]
  /** Lines that are no results; counted from 1. */
  readonly problems: readonly { readonly line: number; readonly reason: string }[]
}

/** Reads the lines of a result file: of OpenAI's output and error files, or of Anthropic's results. */
export function readBatchResults(lines: Iterable<string>): BatchResults {
  const answers: BatchAnswer[] = []
  const problems: BatchResults['problems'][number][] = []
  let line = 0
  for (const text of lines) {
    line++
    if (text.trim() === '') continue
    const read = readLine(parsedOf(text))
    if (typeof read === 'string') problems.push({ line, reason: read })
    else answers.push(read)
  }
  return { answers, problems }
}

function readLine(record: unknown): BatchAnswer | string {
  if (!isObject(record)) return 'is no JSON object'
  const id = textOf(record['custom_id'])
  if (id === undefined) return 'has no custom_id'
  if (isObject(record['result'])) return { id, answer: anthropicAnswer(record['result']) }
  if (isObject(record['response']) || isObject(record['error'])) {
    return { id, answer: openAiAnswer(record) }
  }
  return 'params' in record || 'body' in record
    ? 'is a request: the results are in another file'
    : 'is no result of a batch'
}

function openAiAnswer(record: JsonObject): ProviderAnswer {
  const response = objectOf(record['response'])
  const body = objectOf(response['body'])
  const status = numberOf(response['status_code']) ?? 0
  const dialect: DialectName = body['object'] === 'response' ? 'openai-responses' : 'openai-chat'
  if (isObject(record['error'])) {
    const { code, message } = record['error']
    const kind = endings[textOf(code) ?? '']
    if (kind !== undefined) return failed(faultOf(kind, textOf(message)))
    return failed(
      dialectOf(dialect).readFault(status, {}, JSON.stringify({ error: record['error'] })),
    )
  }
  if (status >= 400 || isObject(body['error'])) {
    return failed(dialectOf(dialect).readFault(status, {}, JSON.stringify(body)))
  }
  return answered(dialect, body)
}

function anthropicAnswer(result: JsonObject): ProviderAnswer {
  const type = textOf(result['type']) ?? ''
  const kind = endings[type]
  if (kind !== undefined) return failed(faultOf(kind, undefined))
  if (type === 'succeeded') return answered('anthropic-messages', objectOf(result['message']))
  const error = objectOf(result['error'])
  const body = isObject(error['error']) ? error : { error }
  return failed(dialectOf('anthropic-messages').readFault(0, {}, JSON.stringify(body)))
}

/** How calls end that were never made. */
const endings: Readonly<Record<string, FaultKind>> = Object.assign(Object.create(null), {
  batch_expired: 'timeout',
  batch_cancelled: 'cancelled',
  expired: 'timeout',
  canceled: 'cancelled',
})

const faultOf = (kind: FaultKind, message: string | undefined): Fault => ({
  kind,
  message: message ?? endingWords[kind] ?? kind,
  status: null,
  retryAfterMs: null,
})

const endingWords: Readonly<Partial<Record<FaultKind, string>>> = {
  timeout: 'the batch ended before this call was made',
  cancelled: 'the batch was cancelled before this call was made',
}

function answered(dialect: DialectName, body: JsonObject): ProviderAnswer {
  const reply = dialectOf(dialect).readReply(body)
  return isNoAnswer(reply)
    ? failed(faultOf('malformed', 'the result holds no answer'))
    : { kind: 'answered', reply, ...unknownTimes }
}

const failed = (fault: Fault): ProviderAnswer => ({
  kind: 'failed',
  fault,
  partial: null,
  ...unknownTimes,
})

const unknownTimes = { latencyMs: 0, firstTokenMs: null }
