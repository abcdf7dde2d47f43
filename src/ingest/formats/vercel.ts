import { promptOf } from '../../dialects/openai-chat.ts'
import {
  disjointUsage,
  readAnthropicUsage,
  type TokenCounts,
  type UsageReading,
} from '../../dialects/usage.ts'
import {
  countOf,
  defined,
  firstCount,
  firstNumber,
  firstText,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  objectOf,
  parsedOf,
  textOf,
} from '../../domain/json.ts'
import type { Answer, Prompt, Request } from '../../domain/request.ts'
import type { Reading } from '../reader.ts'
import { paramsOf } from './gen-ai.ts'
import { type Span, underPrefixes } from './otlp.ts'
import { finishReasonOf, spanContext, spanFacts, spanProvider, spanUsage } from './span-facts.ts'

/** Whether a span is of the Vercel AI SDK's own conventions (before version 7, or its legacy telemetry). */
export const isVercel = ({ attributes, name }: Span): boolean =>
  'ai.operationId' in attributes || ('ai.model.id' in attributes && name.startsWith('ai.'))

/** The spans that are one call to a model; ai.generateText and the like sum them. */
const callSuffix = /\.do(?:Generate|Stream|Embed)$/

/** A span of the Vercel AI SDK before version 7. */
export function readVercelSpan(span: Span): Reading {
  const { attributes } = span
  const operation = textOf(attributes['ai.operationId']) ?? span.name.split(' ')[0] ?? ''
  if (operation === 'ai.toolCall') return { ignored: 'tool-span' }
  if (!callSuffix.test(operation)) return { ignored: 'parent-span' }
  const requested = textOf(attributes['ai.model.id'])
  const model = textOf(attributes['ai.response.model']) ?? requested
  if (model === undefined) return { rejected: 'no-model' }
  const provider = spanProvider(
    firstText(attributes['ai.model.provider'], attributes['gen_ai.system']),
  )
  const { usage, fees, warnings, rejected } = readUsage(attributes, provider, model)
  if (rejected !== undefined) return { rejected }
  const responseId = firstText(attributes['ai.response.id'], attributes['gen_ai.response.id'])
  const params = vercelParams(attributes)
  return {
    ...spanContext(span, { feature: attributes['ai.telemetry.functionId'] }),
    ...defined({
      ...spanFacts(span, responseId),
      provider,
      requestedModel: requested === model ? undefined : requested,
      usage,
      fees,
      warnings,
      prompt: readPrompt(attributes),
      answer: readAnswer(attributes),
      params: Object.keys(params).length > 0 ? params : undefined,
      firstTokenMs: firstNumber(
        attributes['ai.response.msToFirstChunk'],
        attributes['ai.stream.msToFirstChunk'],
      ),
      streamed: operation.endsWith('.doStream') || undefined,
    }),
    model,
    operation: operation.endsWith('.doEmbed') ? 'embedding' : 'chat',
  } as Request
}

/**
 * What the input count holds changed over the SDK's versions: up to 5 it is Anthropic's uncached count, from 6 on all
 * of the input, which the token details tell. Anthropic's raw usage, where it was kept, settles it.
 */
function readUsage(
  attributes: JsonObject,
  provider: string | undefined,
  model: string,
): UsageReading {
  const metadata = objectOf(attributes['ai.response.providerMetadata'])
  const anthropic = objectOf(metadata['anthropic'])
  if (isObject(anthropic['usage'])) return readAnthropicUsage(anthropic['usage'])
  const details = underPrefixes(attributes, ['ai.usage.inputTokenDetails.'])
  const counts = withThoughts({
    input: firstCount(
      attributes['ai.usage.inputTokens'],
      attributes['ai.usage.promptTokens'],
      attributes['ai.usage.tokens'],
      attributes['gen_ai.usage.input_tokens'],
      attributes['gen_ai.usage.prompt_tokens'],
    ),
    cacheRead: firstCount(
      attributes['ai.usage.cachedInputTokens'],
      details['cacheReadTokens'],
      anthropic['cacheReadInputTokens'],
      objectOf(metadata['openai'])['cachedPromptTokens'],
    ),
    cacheWrite5m: firstCount(details['cacheWriteTokens'], anthropic['cacheCreationInputTokens']),
    output: firstCount(
      attributes['ai.usage.outputTokens'],
      attributes['ai.usage.completionTokens'],
      attributes['gen_ai.usage.output_tokens'],
      attributes['gen_ai.usage.completion_tokens'],
    ),
    reasoning: firstCount(
      attributes['ai.usage.reasoningTokens'],
      attributes['ai.usage.outputTokenDetails.reasoningTokens'],
      objectOf(metadata['openai'])['reasoningTokens'],
    ),
    total: countOf(attributes['ai.usage.totalTokens']),
  })
  const noCache = countOf(details['noCacheTokens'])
  if (noCache !== undefined) return disjointUsage({ ...counts, input: noCache }, 'separate')
  return spanUsage(counts, provider, model, false)
}

/** Until version 6 Google's thoughts came beside the output, which the total tells. The total decides nothing else. */
function withThoughts({ total, ...counts }: TokenCounts): TokenCounts {
  const { input = 0, output = 0, reasoning = 0 } = counts
  return reasoning > 0 && total === input + output + reasoning
    ? { ...counts, output: output + reasoning }
    : counts
}

function readPrompt(attributes: JsonObject): Prompt | undefined {
  const messages = listOf(attributes['ai.prompt.messages'])
  const tools = listOf(attributes['ai.prompt.tools']).map(parsed)
  if (messages.length > 0) return promptOf(messages, tools.length > 0 ? tools : undefined)
  const values = listOf(attributes['ai.values']).map(parsed)
  if (values.length === 0) return undefined
  return { messages: [{ role: 'user', content: values.length === 1 ? (values[0] ?? '') : values }] }
}

/** Values in lists of attributes are JSON text, also plain strings: "\"a sunny day\"". */
function parsed(value: Json): Json {
  if (typeof value !== 'string') return value
  if (/^"[\s\S]*"$/.test(value)) {
    try {
      return JSON.parse(value) as Json
    } catch {
      return value
    }
  }
  return (parsedOf(value) as Json | undefined) ?? value
}

function readAnswer(attributes: JsonObject): Answer | undefined {
  const calls = listOf(attributes['ai.response.toolCalls'] ?? attributes['ai.result.toolCalls'])
  const answer = defined({
    text: firstText(
      attributes['ai.response.text'],
      attributes['ai.response.object'],
      attributes['ai.result.text'],
      attributes['ai.result.object'],
    ),
    toolCalls: calls.length > 0 ? calls : undefined,
    finishReason: finishReasonOf(
      attributes['ai.response.finishReason'] ??
        attributes['ai.finishReason'] ??
        attributes['gen_ai.response.finish_reasons'],
    ),
  })
  return Object.keys(answer).length === 0 ? undefined : (answer as Answer)
}

const paramNames: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  maxTokens: 'max_tokens',
  maxOutputTokens: 'max_tokens',
  frequencyPenalty: 'frequency_penalty',
  presencePenalty: 'presence_penalty',
  stopSequences: 'stop_sequences',
  seed: 'seed',
}

function vercelParams(attributes: JsonObject): JsonObject {
  const settings = underPrefixes(attributes, ['ai.settings.'])
  const params: Record<string, Json> = {}
  for (const [name, wireName] of Object.entries(paramNames)) {
    const value = settings[name]
    if (value !== undefined) params[wireName] = value
  }
  return { ...params, ...paramsOf(attributes) }
}
