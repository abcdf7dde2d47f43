import { promptOf } from '../../dialects/openai-chat.ts'
import {
  booleanOf,
  countOf,
  defined,
  firstText,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import { readUsd } from '../../domain/money.ts'
import type { Answer, Prompt, Request } from '../../domain/request.ts'
import type { Reading } from '../reader.ts'
import { indexedList, type Span } from './otlp.ts'
import {
  finishReasonOf,
  modalityFees,
  spanContext,
  spanFacts,
  spanProvider,
  spanUsage,
} from './span-facts.ts'

/** Whether a span follows OpenInference (Arize Phoenix). */
export const isOpenInference = ({ attributes }: Span): boolean =>
  'openinference.span.kind' in attributes || 'llm.token_count.prompt' in attributes

/** A span of OpenInference: only kinds LLM and EMBEDDING are calls. */
export function readOpenInferenceSpan(span: Span): Reading {
  const { attributes } = span
  const kind = textOf(attributes['openinference.span.kind'])?.toUpperCase() ?? 'LLM'
  if (kind !== 'LLM' && kind !== 'EMBEDDING') return { ignored: 'other-operation' }
  const { model: asked, ...params } = objectOf(attributes['llm.invocation_parameters'])
  const model = firstText(attributes['llm.model_name'], attributes['embedding.model_name'], asked)
  if (model === undefined) return { rejected: 'no-model' }
  const provider = spanProvider(firstText(attributes['llm.provider'], attributes['llm.system']))
  const { usage, warnings, rejected } = spanUsage(countsOf(attributes), provider, model, false)
  if (rejected !== undefined) return { rejected }
  const metadata = attributes['metadata']
  const known = { promptVersion: attributes['llm.prompt_template.version'] }
  return {
    ...spanContext(span, known, metadata),
    ...defined({
      ...spanFacts(span, responseIdOf(attributes)),
      provider,
      usage,
      warnings,
      fees: modalityFees({
        inputAudioTokens: attributes['llm.token_count.prompt_details.audio'],
        outputAudioTokens: attributes['llm.token_count.completion_details.audio'],
      }),
      prompt: readPrompt(attributes),
      answer: readAnswer(attributes),
      params: Object.keys(params).length > 0 ? params : undefined,
      streamed: booleanOf(params['stream']),
      firstTokenMs: firstTokenMs(span),
      loggedCostNanoUsd: readUsd(attributes['llm.cost.total']) ?? undefined,
    }),
    model,
    operation: kind === 'EMBEDDING' ? 'embedding' : 'chat',
  } as Request
}

const countsOf = (attributes: JsonObject) => ({
  input: countOf(attributes['llm.token_count.prompt']),
  cacheRead: countOf(attributes['llm.token_count.prompt_details.cache_read']),
  cacheWrite5m: countOf(attributes['llm.token_count.prompt_details.cache_write']),
  output: countOf(attributes['llm.token_count.completion']),
  reasoning: countOf(attributes['llm.token_count.completion_details.reasoning']),
  total: countOf(attributes['llm.token_count.total']),
})

/** The conventions have no response id; the raw response in output.value has. */
function responseIdOf(attributes: JsonObject): string | undefined {
  const id = textOf(objectOf(attributes['output.value'])['id'])
  return id !== undefined && /^(?:chatcmpl-|resp_|msg_|gen-)/.test(id) ? id : undefined
}

/** The moment of the event that instrumentations of streams add. */
function firstTokenMs(span: Span): number | undefined {
  const first = span.events.find((event) => /first token/i.test(event.name))?.at
  return first === undefined || span.start === undefined ? undefined : first - span.start
}

function readPrompt(attributes: JsonObject): Prompt | undefined {
  const tools = indexedList(attributes, 'llm.tools.').map((each) => objectOf(each)['tool'] ?? each)
  const messages = indexedList(attributes, 'llm.input_messages.')
  if (messages.length > 0) {
    return promptOf(messages.map(wireMessage), tools.length > 0 ? tools : undefined)
  }
  const embedded = indexedList(attributes, 'embedding.embeddings.').map((each) =>
    textOf(objectOf(objectOf(each)['embedding'])['text']),
  )
  const content = firstText(embedded[0], attributes['input.value'])
  return content === undefined ? undefined : { messages: [{ role: 'user', content }] }
}

/** {"message":{"role":…,"contents":[{"message_content":{"type":"text","text":…}}]}} as a chat message. */
function wireMessage(item: Json): JsonObject {
  const message = objectOf(objectOf(item)['message'])
  const contents = listOf(message['contents']).map((each) =>
    objectOf(objectOf(each)['message_content']),
  )
  const texts = contents.map((part) => (part['type'] === 'text' ? textOf(part['text']) : undefined))
  const parts = texts.every((text) => text !== undefined) ? texts.join('\n') : contents
  const calls = listOf(message['tool_calls']).map((each) => objectOf(each)['tool_call'] ?? each)
  return {
    role: message['role'],
    content: message['content'] ?? (contents.length > 0 ? parts : ''),
    tool_call_id: message['tool_call_id'],
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}

function readAnswer(attributes: JsonObject): Answer | undefined {
  const outputs = indexedList(attributes, 'llm.output_messages.').map(wireMessage)
  const finishReason = finishReasonOf(attributes['llm.finish_reason'])
  const [output] = outputs
  const text = output?.['content'] ?? plainOutput(attributes)
  const calls = listOf(output?.['tool_calls'])
  const answer = defined({
    text: typeof text === 'string' ? text : undefined,
    toolCalls: calls.length > 0 ? calls : undefined,
    finishReason,
    choices: outputs.length > 1 ? outputs.length : undefined,
  })
  return Object.keys(answer).length === 0 ? undefined : (answer as Answer)
}

function plainOutput(attributes: JsonObject): string | undefined {
  const value = attributes['output.value']
  return isObject(value) || textOf(attributes['output.mime_type']) === 'application/json'
    ? undefined
    : textOf(value)
}
