import {
  defined,
  isObject,
  type Json,
  type JsonObject,
  objectOf,
  parsedOf,
} from '../domain/json.ts'
import type { Request } from '../domain/request.ts'
import { readExchange } from './formats/pairs.ts'
import { isReading } from './reader.ts'

/** What a record's bodies add to the facts that its own columns state. */
export type BodyFacts = Pick<
  Request,
  | 'prompt'
  | 'params'
  | 'answer'
  | 'streamed'
  | 'serviceTier'
  | 'speed'
  | 'inferenceGeo'
  | 'usage'
  | 'fees'
  | 'responseId'
>

export type Bodies = {
  readonly model: string
  readonly asked?: unknown
  readonly answered?: unknown
}

/**
 * Prompt, parameters and answer of two logged bodies (objects, JSON text, plain text or stream chunks), whatever their
 * dialect. A body that cannot be read adds nothing: the record's own columns count.
 */
export function readBodies({ model, asked, answered }: Bodies): BodyFacts {
  if (isEmpty(asked) && isEmpty(answered)) return {}
  const reading = readExchange({ model }, asked ?? undefined, answered ?? undefined)
  const request = isReading(reading) && 'model' in reading ? reading : undefined
  const known = request ?? withoutUsage(model, asked, answered)
  return defined({
    prompt: known?.prompt,
    params: known?.params,
    answer: known?.answer,
    streamed: known?.streamed,
    serviceTier: known?.serviceTier,
    speed: known?.speed,
    inferenceGeo: known?.inferenceGeo,
    usage: known?.usage,
    fees: known?.fees,
    responseId: known?.responseId,
  })
}

/** The same again when the answer's token counts contradict each other: its text is still good. */
function withoutUsage(model: string, asked: unknown, answered: unknown): Request | undefined {
  const body = objectOf(answered)
  if (body['usage'] === undefined) return undefined
  const { usage: _, ...rest } = body
  const reading = readExchange({ model }, asked ?? undefined, rest)
  return isReading(reading) && 'model' in reading ? reading : undefined
}

/** A request body made of a message list (or text) and the parameters logged beside it. */
export function askedBody(model: string, input: unknown, params: unknown): unknown {
  const value = parsedOf(input) ?? input
  if (Array.isArray(value)) return { ...objectOf(params), model, messages: value }
  if (isObject(value)) return { ...objectOf(params), ...value, model: value['model'] ?? model }
  if (typeof value === 'string' && value !== '') {
    const messages = [{ role: 'user', content: value }]
    return { ...objectOf(params), model, messages } satisfies JsonObject
  }
  return undefined
}

/** True for null, "", {} and [], as text too: what loggers write when bodies are not kept. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === '{}' || value === '[]') {
    return true
  }
  if (Array.isArray(value)) return (value as readonly Json[]).length === 0
  return isObject(value) && Object.keys(value).length === 0
}

/** An answer as a response body: whole bodies pass, a message, a list ending in one or plain text is wrapped. */
export function answeredBody(output: unknown): unknown {
  const value = parsedOf(output) ?? output
  if (Array.isArray(value)) return value.length === 0 ? undefined : answeredBody(value.at(-1))
  if (typeof value === 'string') return value === '' ? undefined : wrapped({ content: value })
  if (!isObject(value)) return undefined
  if ('choices' in value || 'object' in value || 'stop_reason' in value) return value
  if (isObject(value['message'])) return wrapped(value['message'])
  if ('content' in value || 'tool_calls' in value) return wrapped(value)
  const text = value['text'] ?? value['output'] ?? value['completion']
  return typeof text === 'string' ? wrapped({ content: text }) : wrapped({ content: toText(value) })
}

function wrapped(message: JsonObject): JsonObject {
  const { content, finish_reason: finish, stop_reason: stop } = message
  if (Array.isArray(content)) return { type: 'message', content, stop_reason: stop ?? null }
  return { choices: [{ index: 0, message, finish_reason: finish ?? null }] }
}

const toText = (value: JsonObject): string => JSON.stringify(value)
