import {
  booleanOf,
  defined,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  numberOf,
  objectOf,
  textOf,
} from '../domain/json.ts'
import type { Answer, Message, Prompt } from '../domain/request.ts'
import type { AnsweredBody, AskedBody } from './body.ts'
import { paramsOf } from './openai-chat.ts'
import { readOpenAiUsage } from './usage.ts'

const promptFields = new Set(['model', 'input', 'instructions', 'tools'])

/** An OpenAI Responses request body. */
export function readResponsesRequest(body: JsonObject): AskedBody {
  return {
    ...defined({ model: textOf(body['model']), prompt: responsesPrompt(body) }),
    // The provider keeps a response, for others to go on from, unless it is told not to.
    params: { ...paramsOf(body, promptFields), store: body['store'] ?? true },
    streamed: booleanOf(body['stream']) ?? false,
  }
}

function responsesPrompt(body: JsonObject): Prompt | undefined {
  const { input, instructions, tools } = body
  if (input === undefined || input === null) return undefined
  const messages =
    typeof input === 'string' ? [{ role: 'user', content: input }] : listOf(input).map(readItem)
  return {
    messages,
    ...(typeof instructions === 'string' && { system: instructions }),
    ...(tools !== undefined && tools !== null && { tools }),
  }
}

/** An input item: a message, or a tool call and its output, which keep their wire shape. */
function readItem(item: Json): Message {
  if (!isObject(item)) return { role: 'user', content: item }
  if (typeof item['role'] === 'string')
    return { role: item['role'], content: item['content'] ?? '' }
  const role = String(item['type']).endsWith('_output') ? 'tool' : 'assistant'
  return { role, content: item }
}

/** An OpenAI Responses response object, also as the last event of a stream. */
export function readResponsesResponse(body: JsonObject): AnsweredBody {
  const { usage, fees, warnings, rejected } = readOpenAiUsage(body['usage'])
  const webSearches = listOf(body['output']).filter(
    (item) => objectOf(item)['type'] === 'web_search_call',
  ).length
  return defined({
    id: textOf(body['id']),
    model: textOf(body['model']),
    createdAt: numberOf(body['created_at']),
    serviceTier: textOf(body['service_tier']),
    answer: responsesAnswer(body),
    usage,
    fees: webSearches > 0 ? { ...fees, webSearches } : fees,
    warnings,
    rejected,
    error: textOf(objectOf(body['error'])['message']),
  })
}

function responsesAnswer(body: JsonObject): Answer | undefined {
  const output = listOf(body['output']).map(objectOf)
  if (output.length === 0) return undefined
  const text = output
    .flatMap((item) => listOf(item['content']).map(objectOf))
    .map((part) => textOf(part['text']) ?? '')
    .join('')
  const calls = output.filter((item) => item['type'] === 'function_call')
  const truncated = objectOf(body['incomplete_details'])['reason'] === 'max_output_tokens'
  return {
    text,
    ...(calls.length > 0 && { toolCalls: calls }),
    finishReason: truncated ? 'length' : calls.length > 0 ? 'tool' : 'stop',
  }
}
