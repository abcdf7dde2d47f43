import type { Call, DialectName } from '../domain/call.ts'
import { defined, isObject, type Json, type JsonObject, listOf } from '../domain/json.ts'
import type { Message, Prompt, Request } from '../domain/request.ts'
import { dialectOf } from './dialects.ts'

/**
 * A logged request as a call again, in the dialect that its prompt was written in; null where the log has no prompt, or
 * where no answer was asked for (embeddings). The log does not tell: a leading "developer" message from a "system" one,
 * a name on it, cache marks on whole messages, or ids and states of Responses messages. That its provider was to keep the
 * answer is left out: this call is another one.
 */
export function callOfRequest(request: Request): Call | null {
  const asked = bodyOfRequest(request)
  if (asked === null) return null
  const call = dialectOf(asked.dialect).readCall(asked.body)
  if (call.more['store'] !== true) return call
  const { store: _, ...more } = call.more
  return { ...call, more }
}

/** The body of `callOfRequest`, with all that the log has of it: read as bodies are, it has the keys of the request. */
export function bodyOfRequest(
  request: Request,
): { readonly dialect: DialectName; readonly body: JsonObject } | null {
  const { prompt, operation } = request
  if (prompt === undefined || operation === 'embedding') return null
  const dialect = dialectOfRequest(request, prompt)
  const body = defined({
    stream: request.streamed,
    ...request.params,
    model: request.requestedModel ?? request.model,
    ...promptFields[dialect](prompt),
  })
  return { dialect, body }
}

/** A prompt under the wire's names. */
const promptFields: Readonly<Record<DialectName, (prompt: Prompt) => JsonObject>> = {
  'openai-chat': ({ system, messages, tools }) => ({
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      ...messages.map(wireMessage),
    ],
    // Functions of the first days have no type.
    [listOf(tools).some(isTyped) || tools === undefined ? 'tools' : 'functions']: tools,
  }),
  'openai-responses': ({ system: instructions, messages, tools }) => ({
    instructions,
    input: messages.map(wireItem),
    tools,
  }),
  'anthropic-messages': ({ system, messages, tools }) => ({
    system,
    messages: messages.map(wireMessage),
    tools,
  }),
}

/** A prompt as fields of a body. */
export const wirePrompt = (dialect: DialectName, prompt: Prompt): JsonObject =>
  defined(promptFields[dialect](prompt))

const isTyped = (tool: Json): boolean => isObject(tool) && 'type' in tool

/** Null content is logged as an empty one: beside tool calls it was null. */
const wireMessage = ({ role, content, rest }: Message): JsonObject => ({
  role,
  content: content === '' && rest?.['tool_calls'] !== undefined ? null : content,
  ...rest,
})

/** Items other than messages are logged whole, in the place of content. */
const wireItem = ({ role, content }: Message): JsonObject =>
  isObject(content) ? content : { role, content }

/** Told by what only one dialect writes; where nothing gives it away, by the provider. */
function dialectOfRequest(request: Request, prompt: Prompt): DialectName {
  const names = Object.keys(request.params ?? {})
  const types = new Set(prompt.messages.flatMap(typesIn))
  for (const [dialect, signs] of Object.entries(signsOf) as [DialectName, Signs][]) {
    if (names.some((name) => signs.params.has(name))) return dialect
    if (signs.types.some((type) => types.has(type))) return dialect
    if (listOf(prompt.tools).some((tool) => isObject(tool) && signs.isTool(tool))) return dialect
  }
  if (prompt.messages.some(isChatMessage)) return 'openai-chat'
  return request.provider === 'anthropic' ? 'anthropic-messages' : 'openai-chat'
}

/** Types of content parts, and of what stands in the place of content. */
function typesIn({ content }: Message): readonly (Json | undefined)[] {
  if (isObject(content)) return ['item']
  return Array.isArray(content)
    ? content.map((part: Json) => (isObject(part) ? part['type'] : undefined))
    : []
}

type Signs = {
  readonly params: ReadonlySet<string>
  readonly types: readonly string[]
  isTool(tool: JsonObject): boolean
}

const signsOf: Readonly<Partial<Record<DialectName, Signs>>> = {
  'openai-responses': {
    params: new Set([
      'max_output_tokens',
      'text',
      'include',
      'previous_response_id',
      'truncation',
      'store',
    ]),
    types: ['item', 'input_text', 'output_text', 'input_image', 'input_file'],
    isTool: (tool) => tool['type'] === 'function' && 'parameters' in tool,
  },
  'anthropic-messages': {
    params: new Set(['stop_sequences', 'thinking', 'output_config', 'anthropic_version']),
    types: [
      'image',
      'document',
      'tool_use',
      'tool_result',
      'thinking',
      'redacted_thinking',
      'server_tool_use',
    ],
    isTool: (tool) => 'input_schema' in tool,
  },
}

/** Roles and fields of tool calls that the other dialects have no messages for. */
const isChatMessage = ({ role, rest }: Message): boolean =>
  ['system', 'developer', 'tool', 'function'].includes(role) || rest?.['tool_calls'] !== undefined
