import type { AnswerFormat, Call, Tool } from '../../domain/call.ts'
import { isObject, type Json, type JsonObject } from '../../domain/json.ts'
import { readFunction, readSchemaFormat, readToolChoice } from '../openai-tools.ts'
import {
  hasOnly,
  type OpenFields,
  openFields,
  takeBoolean,
  takeList,
  takeNumber,
  takeText,
} from '../wire-fields.ts'
import { readItems } from './read-items.ts'

/** A Responses request; what is not known, or has an unknown shape, stays in `more` under its wire name. */
export function readResponsesCall(body: JsonObject): Call {
  const fields = openFields(body)
  const isPlain = typeof fields['input'] === 'string'
  const format = takeFormat(fields)
  const effort = takeEffort(fields)
  return {
    model: takeText(fields, 'model') ?? '',
    ...takePrompt(fields),
    tools: (takeList(fields, 'tools') ?? []).map(readTool),
    toolChoice: takeToolChoice(fields),
    parallelToolCalls: takeBoolean(fields, 'parallel_tool_calls'),
    format,
    maxOutputTokens: takeNumber(fields, 'max_output_tokens'),
    temperature: takeNumber(fields, 'temperature'),
    topP: takeNumber(fields, 'top_p'),
    topK: null,
    seed: null,
    stop: [],
    reasoning: effort === null ? null : { effort, budgetTokens: null },
    user: takeText(fields, 'user'),
    serviceTier: takeText(fields, 'service_tier'),
    streamed: takeBoolean(fields, 'stream') ?? false,
    more: fields,
    ...(isPlain && { wording: { input: 'text' } }),
    origin: 'openai-responses',
  }
}

/** The instructions come before what the input itself begins with. */
function takePrompt(fields: OpenFields): Pick<Call, 'system' | 'turns'> {
  const plain = takeText(fields, 'input')
  const items =
    plain === null ? (takeList(fields, 'input') ?? []) : [{ role: 'user', content: plain }]
  const { system, turns } = readItems(items)
  const instructions = takeText(fields, 'instructions')
  if (instructions === null) return { system, turns }
  return { system: [{ kind: 'text', text: instructions }, ...system], turns }
}

function readTool(wire: Json): Tool {
  if (!isObject(wire) || wire['type'] !== 'function') return { kind: 'foreign', wire }
  const { type: _, ...described } = wire
  return readFunction(described) ?? { kind: 'foreign', wire }
}

function takeToolChoice(fields: OpenFields): Call['toolChoice'] {
  const choice = readToolChoice(fields['tool_choice'], false)
  if (choice !== null || fields['tool_choice'] === null) delete fields['tool_choice']
  return choice
}

/** The format of the answer; what else is said of its text stays. */
function takeFormat(fields: OpenFields): AnswerFormat {
  const text = fields['text']
  if (!isObject(text)) {
    if (text === null) delete fields['text']
    return { kind: 'text' }
  }
  const { format: wire, ...others } = text
  const { format, rest } = readFormat(wire ?? { type: 'text' })
  const kept = rest === undefined ? others : { ...others, format: rest }
  if (Object.keys(kept).length === 0) delete fields['text']
  else fields['text'] = kept
  return format
}

function readFormat(wire: Json): { readonly format: AnswerFormat; readonly rest?: Json } {
  const unknown = { format: { kind: 'text' }, rest: wire } as const
  if (!isObject(wire)) return unknown
  const { type, ...described } = wire
  if (type === 'text' && hasOnly(described)) return { format: { kind: 'text' } }
  if (type === 'json_object' && hasOnly(described)) return { format: { kind: 'json' } }
  const named = type === 'json_schema' ? readSchemaFormat(described) : null
  if (named === null) return unknown
  const isWhole = Object.keys(named.rest).length === 0
  return { format: named.format, ...(!isWhole && { rest: named.rest }) }
}

function takeEffort(fields: OpenFields): string | null {
  const reasoning = fields['reasoning']
  if (!isObject(reasoning)) {
    if (reasoning === null) delete fields['reasoning']
    return null
  }
  const others = openFields(reasoning)
  const effort = takeText(others, 'effort')
  if (Object.keys(others).length === 0) delete fields['reasoning']
  else fields['reasoning'] = others
  return effort
}
