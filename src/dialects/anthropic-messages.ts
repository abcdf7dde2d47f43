import {
  booleanOf,
  defined,
  inTable,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  objectOf,
  textOf,
} from '../domain/json.ts'
import type { Answer } from '../domain/request.ts'
import type { AnsweredBody, AskedBody } from './body.ts'
import { paramsOf, promptOf } from './openai-chat.ts'
import { readAnthropicUsage } from './usage.ts'

const promptFields = new Set(['model', 'messages', 'system', 'tools'])

/** An Anthropic Messages request body. */
export function readMessagesRequest(body: JsonObject): AskedBody {
  const { system, tools } = body
  const prompt = Array.isArray(body['messages'])
    ? {
        ...promptOf(body['messages']),
        ...(system !== undefined && system !== null && { system }),
        ...(tools !== undefined && tools !== null && { tools }),
      }
    : undefined
  return {
    ...defined({ model: textOf(body['model']), prompt }),
    params: paramsOf(body, promptFields),
    streamed: booleanOf(body['stream']) ?? false,
  }
}

/** An Anthropic message, or the events of a streamed one folded. */
export function readMessagesResponse(body: JsonObject): AnsweredBody {
  const wireUsage = objectOf(body['usage'])
  const { usage, fees, warnings, rejected } = readAnthropicUsage(wireUsage)
  return defined({
    id: textOf(body['id']),
    model: textOf(body['model']),
    serviceTier: textOf(wireUsage['service_tier']),
    speed: textOf(wireUsage['speed']),
    inferenceGeo: textOf(wireUsage['inference_geo']),
    answer: messagesAnswer(body),
    usage,
    fees,
    warnings,
    rejected,
    error: body['type'] === 'error' ? textOf(objectOf(body['error'])['message']) : undefined,
  })
}

const finishReasons: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_use: 'tool',
  refusal: 'filtered',
}

function messagesAnswer(body: JsonObject): Answer | undefined {
  const { content, stop_reason: stop } = body
  if (content === undefined || content === null) return undefined
  const parts =
    typeof content === 'string' ? [{ type: 'text', text: content }] : listOf(content).map(objectOf)
  const calls = parts.filter((part) => part['type'] === 'tool_use') as readonly Json[]
  return {
    text: parts
      .map((part) => (part['type'] === 'text' ? (textOf(part['text']) ?? '') : ''))
      .join(''),
    ...(calls.length > 0 && { toolCalls: calls }),
    ...(typeof stop === 'string' && { finishReason: inTable(finishReasons, stop) ?? stop }),
  }
}

/** The events of a streamed message as the body that an unstreamed call would have given. */
export function foldMessageEvents(events: readonly Json[]): JsonObject {
  let body: JsonObject = {}
  let usage: JsonObject = {}
  let stop: Json | undefined
  const blocks: Record<string, Json | undefined>[] = []
  for (const event of events) {
    if (!isObject(event)) continue
    const delta = objectOf(event['delta'])
    if (event['type'] === 'message_start') body = objectOf(event['message'])
    if (event['type'] === 'content_block_start')
      blocks.push({ ...objectOf(event['content_block']) })
    const block = blocks[blocks.length - 1]
    if (typeof delta['text'] === 'string' && block)
      block['text'] = `${block['text'] ?? ''}${delta['text']}`
    stop = delta['stop_reason'] ?? stop
    usage = laterCounts(usage, objectOf(event['usage'] ?? objectOf(event['message'])['usage']))
  }
  return { ...body, content: blocks, stop_reason: stop ?? null, usage }
}

/** A later event's counts replace earlier ones, but a zero or null never erases a count already known. */
export function laterCounts(known: JsonObject, later: JsonObject): JsonObject {
  const counts: Record<string, Json | undefined> = { ...known }
  for (const name in later) {
    const [before, after] = [counts[name], later[name]]
    if (isObject(before) && isObject(after)) counts[name] = laterCounts(before, after)
    else if (after || before === undefined) counts[name] = after
  }
  return counts
}
