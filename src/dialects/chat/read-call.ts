import type { AnswerFormat, Call, Tool } from '../../domain/call.ts'
import { isObject, type Json, type JsonObject } from '../../domain/json.ts'
import { readCacheMark, readFunction, readSchemaFormat, readToolChoice } from '../openai-tools.ts'
import {
  hasOnly,
  type OpenFields,
  openFields,
  takeBoolean,
  takeList,
  takeNumber,
  takeText,
} from '../wire-fields.ts'
import { limitFieldOf } from './limit-field.ts'
import { readMessages } from './read-messages.ts'

/** A chat completions request; what is not known, or has an unknown shape, stays in `more` under its wire name. */
export function readChatCall(body: JsonObject): Call {
  const fields = openFields(body)
  const model = takeText(fields, 'model') ?? ''
  const { maxOutputTokens, limitField } = takeLimit(fields)
  const effort = takeText(fields, 'reasoning_effort')
  return {
    model,
    ...readMessages(takeList(fields, 'messages') ?? []),
    tools: (takeList(fields, 'tools') ?? []).map(readTool),
    toolChoice: takeToolChoice(fields),
    parallelToolCalls: takeBoolean(fields, 'parallel_tool_calls'),
    format: takeFormat(fields),
    maxOutputTokens,
    temperature: takeNumber(fields, 'temperature'),
    topP: takeNumber(fields, 'top_p'),
    topK: takeNumber(fields, 'top_k'),
    seed: takeNumber(fields, 'seed'),
    stop: takeStop(fields),
    reasoning: effort === null ? null : { effort, budgetTokens: null },
    user: takeText(fields, 'user'),
    serviceTier: takeText(fields, 'service_tier'),
    streamed: takeBoolean(fields, 'stream') ?? false,
    more: fields,
    ...(limitField !== null &&
      limitField !== limitFieldOf(model) && { wording: { limit: limitField } }),
    origin: 'openai-chat',
  }
}

function takeLimit(fields: OpenFields) {
  const completion = takeNumber(fields, 'max_completion_tokens')
  if (completion !== null)
    return { maxOutputTokens: completion, limitField: 'max_completion_tokens' }
  const maxOutputTokens = takeNumber(fields, 'max_tokens')
  return { maxOutputTokens, limitField: null }
}

function readTool(wire: Json): Tool {
  const foreign: Tool = { kind: 'foreign', wire }
  if (!isObject(wire) || wire['type'] !== 'function') return foreign
  if (!isObject(wire['function']) || !hasOnly(wire, 'type', 'function', 'cache_control'))
    return foreign
  const tool = readFunction(wire['function'])
  if (tool === null || wire['cache_control'] === undefined) return tool ?? foreign
  const cache = readCacheMark(wire['cache_control'])
  return cache === undefined ? foreign : { ...tool, cache }
}

function takeToolChoice(fields: OpenFields): Call['toolChoice'] {
  const choice = readToolChoice(fields['tool_choice'], true)
  if (choice !== null || fields['tool_choice'] === null) delete fields['tool_choice']
  return choice
}

function takeFormat(fields: OpenFields): AnswerFormat {
  const wire = fields['response_format'] ?? { type: 'text' }
  if (!isObject(wire)) return { kind: 'text' }
  const { type, ...others } = wire
  const named = isObject(others['json_schema']) ? readSchemaFormat(others['json_schema']) : null
  if (type === 'json_schema' && named !== null && hasOnly(others, 'json_schema')) {
    delete fields['response_format']
    const isWhole = Object.keys(named.rest).length === 0
    if (!isWhole) fields['response_format'] = { json_schema: named.rest }
    return named.format
  }
  const kind = Object.keys(others).length > 0 ? null : wordOf(type)
  if (kind !== null) delete fields['response_format']
  return { kind: kind ?? 'text' }
}

function wordOf(type: Json | undefined): 'text' | 'json' | null {
  if (type === 'json_object') return 'json'
  return type === 'text' ? 'text' : null
}

function takeStop(fields: OpenFields): readonly string[] {
  const stop = fields['stop'] ?? []
  const list = Array.isArray(stop) ? (stop as readonly Json[]) : [stop]
  const texts = list.filter((item) => typeof item === 'string')
  if (texts.length !== list.length) return []
  delete fields['stop']
  return texts
}
