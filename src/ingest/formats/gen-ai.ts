import { promptOf } from '../../dialects/openai-chat.ts'
import {
  booleanOf,
  defined,
  firstCount,
  firstNumber,
  firstText,
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
import type { Answer, Message, Prompt, Request } from '../../domain/request.ts'
import type { Reading } from '../reader.ts'
import { operationOf } from './canonical.ts'
import { indexedList, type Span, underPrefixes } from './otlp.ts'
import {
  finishReasonOf,
  modalityFees,
  spanContext,
  spanFacts,
  spanProvider,
  spanUsage,
} from './span-facts.ts'

/** Operations that are one call to a model; others are agents, tools and steps, which repeat its tokens or have none. */
const calls = new Set([
  'chat',
  'text_completion',
  'completion',
  'generate_content',
  'embeddings',
  'embedding',
])

/** Whether a span follows the GenAI semantic conventions, in their new or old names. */
export const isGenAi = ({ attributes }: Span): boolean =>
  'gen_ai.operation.name' in attributes ||
  'gen_ai.request.model' in attributes ||
  'gen_ai.response.model' in attributes ||
  'gen_ai.system' in attributes

/** A span of the GenAI semantic conventions (also OpenLLMetry and the Vercel AI SDK from version 7). */
export function readGenAiSpan(span: Span, agent?: string): Reading {
  const attributes = withEventContent(span)
  const operation = textOf(attributes['gen_ai.operation.name'] ?? attributes['llm.request.type'])
  if (operation !== undefined && !calls.has(operation)) {
    return { ignored: operation === 'invoke_agent' ? 'parent-span' : 'other-operation' }
  }
  const requested = textOf(attributes['gen_ai.request.model'])
  const model = textOf(attributes['gen_ai.response.model']) ?? requested
  if (model === undefined && operation === undefined) return { ignored: 'other-operation' }
  if (model === undefined) return { rejected: 'no-model' }
  const provider = providerOf(attributes)
  const { usage, warnings, rejected } = spanUsage(
    countsOf(attributes),
    provider,
    model,
    span.scope === vercelTracer,
  )
  if (rejected !== undefined) return { rejected }
  const context = spanContext(span, {})
  const agentName = textOf(attributes['gen_ai.agent.name']) ?? agent
  return {
    ...context,
    ...defined({
      // The Vercel AI SDK names its function here; any other agent is the best name of a feature too.
      feature: context.feature ?? agentName,
      agentRole: context.agentRole ?? agentName,
      ...spanFacts(span, textOf(attributes['gen_ai.response.id'])),
      ...contentOf(attributes),
      provider,
      requestedModel: differing(requested, model),
      usage,
      warnings,
      fees: feesOf(attributes),
      firstTokenMs: firstTokenMs(attributes),
      streamed: booleanOf(attributes['gen_ai.request.stream']),
      serviceTier: firstText(
        attributes['openai.response.service_tier'],
        attributes['gen_ai.openai.response.service_tier'],
      ),
      loggedCostNanoUsd:
        readUsd(attributes['gen_ai.usage.cost'] ?? attributes['operation.cost']) ?? undefined,
    }),
    model,
    operation: operationOf(operation),
  } as Request
}

const differing = (requested: string | undefined, model: string): string | undefined =>
  requested === model ? undefined : requested

const providerOf = (attributes: JsonObject): string | undefined =>
  spanProvider(firstText(attributes['gen_ai.provider.name'], attributes['gen_ai.system']))

/** The tracer of the Vercel AI SDK from version 7: its input count holds the cached tokens for every provider. */
const vercelTracer = 'gen_ai'

const countsOf = (attributes: JsonObject) => ({
  input: firstCount(
    attributes['gen_ai.usage.input_tokens'],
    attributes['gen_ai.usage.prompt_tokens'],
  ),
  cacheRead: firstCount(
    attributes['gen_ai.usage.cache_read.input_tokens'],
    attributes['gen_ai.usage.cache_read_input_tokens'],
    attributes['gen_ai.usage.input_tokens.cached'],
    attributes['gen_ai.usage.details.cache_read_tokens'],
  ),
  cacheWrite5m: firstCount(
    attributes['gen_ai.usage.cache_creation.input_tokens'],
    attributes['gen_ai.usage.cache_creation_input_tokens'],
    attributes['gen_ai.usage.input_tokens.cache_write'],
    attributes['gen_ai.usage.details.cache_write_tokens'],
  ),
  output: firstCount(
    attributes['gen_ai.usage.output_tokens'],
    attributes['gen_ai.usage.completion_tokens'],
  ),
  reasoning: firstCount(
    attributes['gen_ai.usage.reasoning.output_tokens'],
    attributes['gen_ai.usage.reasoning_tokens'],
    attributes['gen_ai.usage.output_tokens.reasoning'],
    attributes['gen_ai.usage.details.reasoning_tokens'],
    attributes['ai.usage.outputTokenDetails.reasoningTokens'],
  ),
  total: firstCount(attributes['gen_ai.usage.total_tokens'], attributes['llm.usage.total_tokens']),
})

const feesOf = (attributes: JsonObject) =>
  modalityFees({
    inputAudioTokens: attributes['gen_ai.usage.audio.input_tokens'],
    outputAudioTokens: attributes['gen_ai.usage.audio.output_tokens'],
    inputImageTokens: attributes['gen_ai.usage.image.input_tokens'],
    outputImageTokens: attributes['gen_ai.usage.image.output_tokens'],
  })

/** The conventions state seconds. */
function firstTokenMs(attributes: JsonObject): number | undefined {
  const seconds = firstNumber(
    attributes['gen_ai.response.time_to_first_chunk'],
    attributes['gen_ai.client.operation.time_to_first_chunk'],
    attributes['gen_ai.server.time_to_first_token'],
  )
  return seconds === undefined ? undefined : Math.round(seconds * 1000)
}

const contentEvents = new Set([
  'gen_ai.client.inference.operation.details',
  'gen_ai.content.prompt',
  'gen_ai.content.completion',
])

/** Content may be in an event of the span instead of its attributes. */
function withEventContent(span: Span): JsonObject {
  const events = span.events.filter((event) => contentEvents.has(event.name))
  if (events.length === 0) return span.attributes
  return Object.assign({}, ...events.map((event) => event.attributes), span.attributes)
}

function contentOf(attributes: JsonObject): Partial<Request> {
  const params = paramsOf(attributes)
  return defined({
    prompt: readPrompt(attributes),
    answer: readAnswer(attributes),
    params: Object.keys(params).length > 0 ? params : undefined,
  })
}

/** gen_ai.request.temperature → temperature; what is no parameter of the answer is left out. */
export function paramsOf(attributes: JsonObject): JsonObject {
  const {
    model: _,
    stream: __,
    type: ___,
    ...rest
  } = underPrefixes(attributes, ['gen_ai.request.'])
  const format = textOf(attributes['gen_ai.output.type'])
  return {
    ...rest,
    ...(format !== undefined && format !== 'text' && { response_format: format }),
  }
}

function readPrompt(attributes: JsonObject): Prompt | undefined {
  const tools = listOf(attributes['gen_ai.tool.definitions'])
  const input = listOf(attributes['gen_ai.input.messages'])
  const old = attributes['gen_ai.prompt']
  if (input.length === 0) {
    const messages = listOf(old)
    const wire = messages.length > 0 ? messages : indexedList(attributes, 'gen_ai.prompt.')
    if (wire.length > 0) return promptOf(wire, tools.length > 0 ? tools : undefined)
    const text = textOf(old)
    return text === undefined ? undefined : { messages: [{ role: 'user', content: text }] }
  }
  const instructions = attributes['gen_ai.system_instructions']
  const system = partsContent(parsedOf(instructions) ?? instructions)
  const prompt = promptOf(input.flatMap(wireMessages), tools.length > 0 ? tools : undefined)
  return system === undefined ? prompt : { ...prompt, system }
}

/** A message of the conventions as chat messages: each tool result becomes a message of its own. */
function wireMessages(item: Json): readonly JsonObject[] {
  const message = objectOf(item)
  const { parts, role = 'user', content, name } = message
  if (!Array.isArray(parts)) return [{ role, content: content ?? '' }]
  const all = parts.map(objectOf)
  const results = all.filter((part) => part['type'] === 'tool_call_response')
  const toolCalls = all.filter((part) => part['type'] === 'tool_call')
  const rest = all.filter(
    (part) => !/^(?:tool_call|tool_call_response)$/.test(String(part['type'])),
  )
  const messages: JsonObject[] = results.map((part) => ({
    role: 'tool',
    content: part['response'] ?? part['result'] ?? '',
    tool_call_id: part['id'],
  }))
  if (rest.length === 0 && toolCalls.length === 0) return messages
  messages.push({
    role,
    content: partsContent(rest) ?? '',
    name,
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  })
  return messages
}

/** Parts that are all text as one text, any others as they are. */
function partsContent(wire: unknown): Message['content'] | undefined {
  if (typeof wire === 'string') return wire === '' ? undefined : wire
  const parts = listOf(wire)
  if (parts.length === 0) return undefined
  const texts = parts.map((part) => (isObject(part) ? textPart(part) : textOf(part)))
  return texts.every((text) => text !== undefined) ? texts.join('\n') : parts
}

const textPart = (part: JsonObject): string | undefined =>
  part['type'] === 'text' ? (textOf(part['content'] ?? part['text']) ?? '') : undefined

function readAnswer(attributes: JsonObject): Answer | undefined {
  const outputs = listOf(attributes['gen_ai.output.messages']).map(objectOf)
  const output = outputs[0] ?? oldOutput(attributes)
  const finishReason = finishReasonOf(
    attributes['gen_ai.response.finish_reasons'] ?? output?.['finish_reason'],
  )
  const choices = outputs.length > 1 ? outputs.length : undefined
  if (output === undefined) return finishReason === undefined ? undefined : { finishReason }
  const parts = listOf(output['parts']).map(objectOf)
  const { content } = output
  const text =
    typeof content === 'string' ? content : parts.map((part) => textPart(part) ?? '').join('')
  const inParts = parts.filter((part) => part['type'] === 'tool_call')
  const toolCalls = inParts.length > 0 ? inParts : listOf(output['tool_calls'])
  return defined({
    text,
    toolCalls: toolCalls.length > 0 ? toolCalls : undefined,
    finishReason,
    choices: choices ?? numberOf(attributes['gen_ai.request.choice.count']),
  }) as Answer
}

/** The answer under the conventions' first names: a list of messages, JSON text or plain text, or indexed attributes. */
function oldOutput(attributes: JsonObject): JsonObject | undefined {
  const completion = attributes['gen_ai.completion']
  const first = listOf(completion)[0] ?? indexedList(attributes, 'gen_ai.completion.')[0]
  if (isObject(first)) return first
  const text = textOf(completion)
  return text === undefined ? undefined : { content: text }
}
