import {
  booleanOf,
  defined,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  numberOf,
  objectOf,
  openObject,
  textOf,
} from '../domain/json.ts'
import type { Answer, Message, Prompt } from '../domain/request.ts'
import type { AnsweredBody, AskedBody } from './body.ts'
import { readOpenAiUsage } from './usage.ts'

const promptFields = new Set(['model', 'messages', 'prompt', 'input', 'tools', 'functions'])
/** `store` keeps a completion for its owner's pages: no later call goes on from it, as one does from a response. */
const unasked = new Set([...promptFields, 'store'])

/** An OpenAI chat (or legacy completion, or embedding) request body. */
export function readChatRequest(body: JsonObject): AskedBody {
  const asked: { -readonly [Name in keyof AskedBody]: AskedBody[Name] } = {
    params: paramsOf(body, unasked),
    streamed: booleanOf(body['stream']) ?? false,
  }
  const model = textOf(body['model'])
  const prompt = chatPrompt(body)
  if (model !== undefined) asked.model = model
  if (prompt !== undefined) asked.prompt = prompt
  return asked
}

/** Every field of a body that is not the prompt itself. */
export function paramsOf(body: JsonObject, promptFields: ReadonlySet<string>): JsonObject {
  const params = openObject<Json | undefined>()
  for (const name in body) if (!promptFields.has(name)) params[name] = body[name]
  return params
}

function chatPrompt(body: JsonObject): Prompt | undefined {
  const tools = body['tools'] ?? body['functions']
  if (Array.isArray(body['messages'])) return promptOf(body['messages'], tools)
  const plain = body['prompt'] ?? body['input']
  if (plain === undefined || plain === null) return undefined
  const content = Array.isArray(plain) && plain.length === 1 ? (plain[0] as Json) : plain
  return { messages: [{ role: 'user', content }] }
}

/** A message list with its leading system (or developer) messages set apart. */
export function promptOf(wire: readonly Json[], tools?: Json): Prompt {
  const messages: Message[] = []
  let system: Json | undefined
  for (const item of wire) {
    const message = readMessage(item)
    const leads =
      messages.length === 0 && (message.role === 'system' || message.role === 'developer')
    if (leads && system === undefined) system = message.content
    else messages.push(message)
  }
  const prompt: { messages: Message[]; system?: Json; tools?: Json } = { messages }
  if (system !== undefined) prompt.system = system
  if (tools !== undefined && tools !== null) prompt.tools = tools
  return prompt
}

function readMessage(wire: Json): Message {
  if (!isObject(wire)) return { role: 'user', content: wire }
  let rest: Record<string, Json> | undefined
  for (const name in wire) {
    if (name === 'role' || name === 'content' || name === 'cache_control') continue
    const value = wire[name]
    if (value === null || value === undefined) continue
    rest ??= openObject<Json>()
    rest[name] = value
  }
  const message = { role: textOf(wire['role']) ?? 'user', content: wire['content'] ?? '' }
  return rest === undefined ? message : { ...message, rest }
}

/** An OpenAI chat completion, legacy completion or embedding response, or the chunks of a streamed one folded. */
export function readChatResponse(body: JsonObject): AnsweredBody {
  const { usage, fees, warnings, rejected } = readOpenAiUsage(body['usage'])
  return defined({
    id: textOf(body['id']),
    model: textOf(body['model']),
    createdAt: numberOf(body['created']),
    serviceTier: textOf(body['service_tier']),
    answer: chatAnswer(listOf(body['choices'])),
    usage,
    fees,
    warnings,
    rejected,
    loggedUsd: numberOf(objectOf(body['usage'])['cost']),
  })
}

function chatAnswer(choices: readonly Json[]): Answer | undefined {
  const first = objectOf(choices[0])
  if (choices.length === 0) return undefined
  const message = objectOf(first['message'])
  const text = message['content'] ?? first['text']
  const calls = listOf(message['tool_calls'])
  return {
    ...(typeof text === 'string' && { text }),
    ...(calls.length > 0 && { toolCalls: calls }),
    ...(typeof first['finish_reason'] === 'string' && { finishReason: first['finish_reason'] }),
    ...(choices.length > 1 && { choices: choices.length }),
  }
}

/** The chunks of a streamed chat completion as the body that an unstreamed call would have given. */
export function foldChatChunks(chunks: readonly Json[]): JsonObject {
  const folded: Record<string, Json | undefined> = {}
  const calls: Record<string, Json | undefined>[] = []
  let text = ''
  let finish: Json | undefined
  for (const { choices, ...rest } of chunks.map(objectOf)) {
    takeKnown(folded, rest)
    const choice = objectOf(listOf(choices)[0])
    const delta = objectOf(choice['delta'])
    text += textOf(delta['content']) ?? ''
    for (const call of listOf(delta['tool_calls'])) foldToolCall(calls, objectOf(call))
    finish = choice['finish_reason'] ?? finish
  }
  const message = {
    role: 'assistant',
    content: text,
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  return { ...folded, choices: [{ index: 0, message, finish_reason: finish ?? null }] }
}

function takeKnown(into: Record<string, Json | undefined>, from: JsonObject): void {
  for (const name in from)
    if (from[name] !== null && from[name] !== undefined) into[name] = from[name]
}

function foldToolCall(calls: Record<string, Json | undefined>[], delta: JsonObject): void {
  const index = numberOf(delta['index']) ?? calls.length
  const call = calls[index] ?? {
    id: delta['id'],
    type: 'function',
    function: { name: '', arguments: '' },
  }
  const known = objectOf(call['function'])
  const more = objectOf(delta['function'])
  call['function'] = {
    name: textOf(more['name']) ?? known['name'],
    arguments: `${known['arguments'] ?? ''}${more['arguments'] ?? ''}`,
  }
  calls[index] = call
}
