import type {
  AnswerFormat,
  Call,
  ReasoningWish,
  Tool,
  ToolChoice,
  Turn,
} from '../../domain/call.ts'
import {
  booleanOf,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  numberOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import { paramsOf } from '../openai-chat.ts'
import { hasOnly, readBlocks, readCacheMark } from './read-block.ts'

/** Answer formats have no name on this wire. */
export const unnamedFormat = 'answer'

const callFields = new Set([
  'model',
  'system',
  'messages',
  'tools',
  'tool_choice',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'thinking',
  'output_config',
  'metadata',
  'service_tier',
  'stream',
])

/** A Messages request body as a call. */
export function readCall(body: JsonObject): Call {
  const choice = objectOf(body['tool_choice'])
  const serial = booleanOf(choice['disable_parallel_tool_use'])
  const metadata = objectOf(body['metadata'])
  const { reasoning, thinking } = readReasoning(body)
  const { format, output } = readOutput(objectOf(body['output_config']))
  return {
    model: textOf(body['model']) ?? '',
    system: readBlocks(body['system']),
    turns: listOf(body['messages']).map(readTurn),
    tools: listOf(body['tools']).map(readTool),
    toolChoice: readToolChoice(choice),
    parallelToolCalls: serial === undefined ? null : !serial,
    format,
    maxOutputTokens: numberOf(body['max_tokens']) ?? null,
    temperature: numberOf(body['temperature']) ?? null,
    topP: numberOf(body['top_p']) ?? null,
    topK: numberOf(body['top_k']) ?? null,
    seed: null,
    stop: listOf(body['stop_sequences']).filter((stop) => typeof stop === 'string'),
    reasoning,
    user: textOf(metadata['user_id']) ?? null,
    serviceTier: textOf(body['service_tier']) ?? null,
    streamed: booleanOf(body['stream']) ?? false,
    more: {
      ...paramsOf(body, callFields),
      ...(thinking !== undefined && { thinking }),
      ...rest('output_config', output),
      ...rest('metadata', paramsOf(metadata, new Set(['user_id']))),
    },
    origin: 'anthropic-messages',
  }
}

const rest = (name: string, fields: JsonObject): JsonObject =>
  Object.keys(fields).length > 0 ? { [name]: fields } : {}

/** A message of a role that no turn has is a block of its own, which goes back as it came. */
function readTurn(wire: Json): Turn {
  const { role, content } = objectOf(wire)
  const isTurn = isObject(wire) && hasOnly(wire, 'role', 'content')
  if (isTurn && (role === 'user' || role === 'assistant' || role === 'system')) {
    return { role, blocks: readBlocks(content) }
  }
  return { role: 'user', blocks: [{ kind: 'foreign', wire }] }
}

/** Whether its input is streamed as it is written (the last of them) is no matter of what is asked. */
const toolFields = [
  'name',
  'description',
  'input_schema',
  'strict',
  'cache_control',
  'eager_input_streaming',
] as const

function readTool(wire: Json): Tool {
  if (!isObject(wire)) return { kind: 'foreign', wire }
  const { type, name, description, input_schema: schema, strict, cache_control: mark } = wire
  const cache = readCacheMark(mark)
  const isFunction =
    (type === undefined || type === null || type === 'custom') && hasOnly(wire, ...toolFields)
  if (!isFunction || typeof name !== 'string' || !isObject(schema) || cache === null) {
    return { kind: 'foreign', wire }
  }
  return {
    kind: 'function',
    name,
    schema,
    ...(typeof description === 'string' && { description }),
    ...(typeof strict === 'boolean' && { strict }),
    ...(cache !== undefined && { cache }),
  }
}

function readToolChoice({ type, name }: JsonObject): ToolChoice | null {
  if (type === 'auto' || type === 'none') return { kind: type }
  if (type === 'any') return { kind: 'required' }
  return type === 'tool' && typeof name === 'string' ? { kind: 'tool', name } : null
}

/** Thinking in another manner than a budget or not at all ("adaptive") goes back as it came. */
function readReasoning(body: JsonObject): {
  readonly reasoning: ReasoningWish | null
  readonly thinking?: Json | undefined
} {
  const { thinking } = body
  const effort = textOf(objectOf(body['output_config'])['effort']) ?? null
  const { type, budget_tokens: budget } = objectOf(thinking)
  const isBudget = typeof budget === 'number' && hasOnly(objectOf(thinking), 'budget_tokens')
  if (type === 'enabled' && isBudget) return { reasoning: { effort, budgetTokens: budget } }
  if (type === 'disabled' && effort === null && hasOnly(objectOf(thinking))) {
    return { reasoning: { effort: 'none', budgetTokens: null } }
  }
  const reasoning = effort === null ? null : { effort, budgetTokens: null }
  return { reasoning, thinking: thinking ?? undefined }
}

function readOutput(config: JsonObject): {
  readonly format: AnswerFormat
  readonly output: JsonObject
} {
  const format = objectOf(config['format'])
  const { schema } = format
  const isSchema = format['type'] === 'json_schema' && isObject(schema) && hasOnly(format, 'schema')
  if (!isSchema) return { format: { kind: 'text' }, output: paramsOf(config, new Set(['effort'])) }
  return {
    format: { kind: 'schema', name: unnamedFormat, schema, strict: true },
    output: paramsOf(config, new Set(['effort', 'format'])),
  }
}
