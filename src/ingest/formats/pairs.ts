import {
  foldMessageEvents,
  readMessagesRequest,
  readMessagesResponse,
} from '../../dialects/anthropic-messages.ts'
import type { AnsweredBody, AskedBody } from '../../dialects/body.ts'
import { foldChatChunks, readChatRequest, readChatResponse } from '../../dialects/openai-chat.ts'
import { readResponsesRequest, readResponsesResponse } from '../../dialects/openai-responses.ts'
import {
  isObject,
  type Json,
  type JsonObject,
  listOf,
  numberOf,
  objectOf,
  parsedOf,
  textOf,
} from '../../domain/json.ts'
import { readUsd } from '../../domain/money.ts'
import type { Answer, Prompt, Request } from '../../domain/request.ts'
import { statedTime, timeOf } from '../fields.ts'
import { type Draft, fillContext } from '../identity.ts'
import type { Reader, Reading } from '../reader.ts'
import { operationOf, statusOf } from './canonical.ts'

/** Home-made logs: a request body and a response body per record, or a bare response object. */
export const pairs: Reader = {
  name: 'pairs',
  title: 'request/response pairs (OpenAI chat, OpenAI Responses, Anthropic Messages)',
  recognise(records) {
    const recognised = records.filter((record) => bodiesOf(record) !== null).length
    return (recognised / records.length) * 0.8
  },
  start: () => ({ read: readPair }),
}

type Bodies = { readonly asked: unknown; readonly answered: unknown }

const bodyNames = [
  ['request', 'response'],
  ['request_body', 'response_body'],
  ['body', 'response_body'],
  ['body', 'response'],
  ['input', 'output'],
  ['prompt', 'completion'],
  ['prompt', 'response'],
] as const

/** The two bodies of a record, or null when it holds neither. */
function bodiesOf(record: JsonObject): Bodies | null {
  for (const [asked, answered] of bodyNames) {
    if (isBody(record[asked]) && (isBody(record[answered]) || 'error' in record)) {
      return { asked: record[asked], answered: record[answered] }
    }
  }
  if (looksLikeResponse(record)) return { asked: undefined, answered: record }
  if (isBody(record['request'])) return { asked: record['request'], answered: undefined }
  return null
}

const isBody = (value: unknown): boolean =>
  isObject(value) || Array.isArray(value) || (typeof value === 'string' && value !== '')

function looksLikeResponse(record: JsonObject): boolean {
  const kind = record['object'] ?? record['type']
  if (kind === 'chat.completion' || kind === 'text_completion' || kind === 'response') return true
  if (kind === 'message' && isObject(record['usage'])) return true
  return Array.isArray(record['choices']) && 'model' in record
}

type Dialect = 'chat' | 'responses' | 'messages'

/** Which wire format the bodies are in, by the fields only it has. */
function dialectOf(asked: JsonObject, answered: JsonObject): Dialect {
  if (answered['object'] === 'response' || ('output' in answered && !('choices' in answered)))
    return 'responses'
  if ('choices' in answered) return 'chat'
  if (answered['type'] === 'message' || 'stop_reason' in answered) return 'messages'
  if ('cache_read_input_tokens' in objectOf(answered['usage'])) return 'messages'
  if ('messages' in asked) {
    const claude = textOf(asked['model'])?.includes('claude') ?? false
    return claude || 'anthropic_version' in asked || 'system' in asked ? 'messages' : 'chat'
  }
  return 'input' in asked && 'instructions' in asked ? 'responses' : 'chat'
}

const dialects = {
  chat: { provider: 'openai', readRequest: readChatRequest, readResponse: readChatResponse },
  responses: {
    provider: 'openai',
    readRequest: readResponsesRequest,
    readResponse: readResponsesResponse,
  },
  messages: {
    provider: 'anthropic',
    readRequest: readMessagesRequest,
    readResponse: readMessagesResponse,
  },
} as const

function readPair(record: JsonObject): Reading {
  const bodies = bodiesOf(record)
  if (bodies === null) return { rejected: 'not-a-pair' }
  return readExchange(record, bodies.asked, bodies.answered)
}

/**
 * A request from its two bodies (objects, JSON text, plain text, or an array of stream chunks) and the record around
 * them, which may name the time, the latency, the user and the rest under any of the usual names.
 */
export function readExchange(
  record: JsonObject,
  askedWire: unknown,
  answeredWire: unknown,
): Reading {
  const asked = bodyOf(askedWire)
  const answered = unfold(answeredWire)
  const dialect = dialects[dialectOf(asked, answered)]
  const request = dialect.readRequest(asked)
  const response = dialect.readResponse(answered)
  if (response.rejected !== undefined) return { rejected: response.rejected }
  const model = response.model ?? request.model ?? textOf(record['model'])
  if (model === undefined) return { rejected: 'no-model' }
  const metadata = record['metadata'] ?? asked['metadata']
  const draft: Draft = {
    model,
    operation: operationOf(
      record['operation'] ?? (model.includes('embedding') ? 'embedding' : undefined),
    ),
    status: statusOf(statusWire(record, answered), errorOf(record, answered)),
  }
  fillContext(draft, [record, metadata, asked['metadata'], asked], [record['tags'], metadata])
  fillTimes(draft, record, response)
  fillAsked(draft, record, request)
  fillAnswered(draft, record, response)
  put(draft, 'provider', textOf(record['provider']) ?? providerOf(model, dialect.provider))
  const prompt = request.prompt ?? plainPrompt(askedWire)
  if (prompt !== undefined) draft.prompt = prompt
  const answer = response.answer ?? plainAnswer(answeredWire)
  if (answer !== undefined) draft.answer = answer
  return draft
}

/** Writes what is known: an absent field stays absent. */
function put<Name extends keyof Request>(
  draft: Draft,
  name: Name,
  value: Request[Name] | undefined,
): void {
  if (value !== undefined) draft[name] = value
}

function fillAsked(draft: Draft, record: JsonObject, request: AskedBody): void {
  const requested = request.model ?? textOf(record['requested_model'])
  if (requested !== draft.model) put(draft, 'requestedModel', requested)
  put(draft, 'id', textOf(record['id'] ?? record['request_id'] ?? record['requestId']))
  for (const _ in request.params) {
    draft.params = request.params
    break
  }
  if (request.streamed) draft.streamed = true
}

function fillAnswered(draft: Draft, record: JsonObject, response: AnsweredBody): void {
  put(draft, 'responseId', response.id)
  put(draft, 'usage', response.usage)
  put(draft, 'fees', response.fees)
  put(draft, 'warnings', response.warnings)
  put(draft, 'serviceTier', response.serviceTier ?? textOf(record['service_tier']))
  put(draft, 'speed', response.speed)
  put(draft, 'inferenceGeo', response.inferenceGeo)
  put(draft, 'error', errorText(record['error']) ?? response.error)
  put(
    draft,
    'statusCode',
    numberOf(record['status_code'] ?? record['statusCode'] ?? record['status']),
  )
  const cost = record['cost_usd'] ?? record['costUsd'] ?? record['cost'] ?? response.loggedUsd
  if (cost !== undefined) put(draft, 'loggedCostNanoUsd', readUsd(cost) ?? undefined)
  if (record['cached'] === true || record['cache_hit'] === true) draft.servedFromCache = true
}

/** No provider is claimed for a model whose name belongs to another vendor. */
const providerOf = (model: string, dialectProvider: string): string | undefined =>
  model.includes('/') ? undefined : dialectProvider

function fillTimes(draft: Draft, record: JsonObject, response: AnsweredBody): void {
  const stated =
    record['timestamp'] ??
    record['created_at'] ??
    record['started_at'] ??
    record['ts'] ??
    record['time'] ??
    record['at']
  const start = timeOf(stated)
  put(draft, 'at', start ?? timeOf(response.createdAt, 's') ?? statedTime(stated))
  const logged =
    record['latency_ms'] ?? record['duration_ms'] ?? record['latencyMs'] ?? record['durationMs']
  put(draft, 'latencyMs', numberOf(logged) ?? untilEnd(record, start))
  const firstToken =
    record['first_token_ms'] ??
    record['ttft_ms'] ??
    record['firstTokenMs'] ??
    record['time_to_first_token_ms']
  put(draft, 'firstTokenMs', numberOf(firstToken))
}

function untilEnd(record: JsonObject, start: number | undefined): number | undefined {
  const end = timeOf(record['ended_at'] ?? record['completed_at'])
  return end === undefined || start === undefined ? undefined : end - start
}

/** A body as an object: JSON text is parsed, plain text is a prompt of its own and gives an empty body. */
function bodyOf(wire: unknown): JsonObject {
  if (isObject(wire)) return wire
  const parsed = parsedOf(wire)
  if (Array.isArray(wire)) return { messages: wire }
  return isObject(parsed)
    ? parsed
    : Array.isArray(parsed)
      ? { messages: parsed as readonly Json[] }
      : {}
}

function unfold(wire: unknown): JsonObject {
  const chunks = Array.isArray(wire) ? wire : listOf(wire)
  if (chunks.length === 0) return bodyOf(wire)
  const events = chunks.map((chunk) =>
    typeof chunk === 'string' ? objectOf(chunk.replace(/^data:\s*/, '')) : chunk,
  )
  const completed = events.map(objectOf).find((event) => event['type'] === 'response.completed')
  if (completed !== undefined) return objectOf(completed['response'])
  const anthropic = events.some((event) => objectOf(event)['type'] === 'message_start')
  return anthropic ? foldMessageEvents(events) : foldChatChunks(events)
}

const plainPrompt = (wire: unknown): Prompt | undefined =>
  typeof wire === 'string' && parsedOf(wire) === undefined
    ? { messages: [{ role: 'user', content: wire }] }
    : undefined

const plainAnswer = (wire: unknown): Answer | undefined =>
  typeof wire === 'string' && parsedOf(wire) === undefined ? { text: wire } : undefined

const statusWire = (record: JsonObject, answered: JsonObject): unknown =>
  record['status_code'] ?? record['statusCode'] ?? record['status'] ?? answered['status']

const errorOf = (record: JsonObject, answered: JsonObject): unknown =>
  record['error'] ?? answered['error']

const errorText = (wire: unknown): string | undefined =>
  textOf(wire) ??
  textOf(objectOf(wire)['message']) ??
  (isObject(wire) ? JSON.stringify(wire) : undefined)
