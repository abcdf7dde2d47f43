import type { AnswerFormat, Call } from '../../domain/call.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import type { WrittenCall } from '../dialect.ts'
import {
  effortOf,
  lose,
  loseCacheMarks,
  loseMore,
  openAiTierOf,
  openWriting,
  siblingFieldsOf,
  type Writing,
} from '../openai-losses.ts'
import { writeFunction, writeSchemaFormat, writeToolChoice, writeTools } from '../openai-tools.ts'
import { mergeFields, sparse } from '../wire-fields.ts'
import { writePrompt } from './write-items.ts'

/**
 * A Responses request. Two defaults of this format differ from those of others: it keeps answers and makes schemas of
 * tools strict, so that a call from elsewhere says that it wants neither unless it does.
 */
export function writeResponsesCall(call: Call): WrittenCall {
  const writing = openWriting(call, 'openai-responses')
  const body = {
    model: call.model,
    ...writePrompt(writing),
    ...sparse({
      tools: writeTools(writing, (tool) => ({
        type: 'function',
        parameters: null,
        ...writeFunction(tool),
        ...(!writing.home && { strict: tool.strict ?? false }),
      })),
      tool_choice: writeToolChoice(call.toolChoice, false),
      parallel_tool_calls: call.parallelToolCalls,
      text: sparse({ format: writeFormat(call.format) }),
      max_output_tokens: call.maxOutputTokens,
      temperature: call.temperature,
      top_p: call.topP,
      reasoning: sparse({ effort: effortOf(writing) }),
      user: call.user,
      service_tier: openAiTierOf(call),
      stream: call.streamed ? true : null,
    }),
  }
  loseSampling(writing)
  loseCacheMarks(writing)
  return { body: mergeFields(body, moreOf(writing)), losses: writing.losses }
}

function writeFormat(format: AnswerFormat): Json {
  if (format.kind === 'text') return null
  if (format.kind === 'json') return { type: 'json_object' }
  return { type: 'json_schema', ...writeSchemaFormat(format) }
}

function loseSampling(writing: Writing): void {
  const { stop, seed, topK } = writing.call
  const why = 'Responses have no such field'
  if (stop.length > 0) lose(writing, 'refused', 'stop', why)
  if (seed !== null) lose(writing, 'warned', 'seed', why)
  if (topK !== null) lose(writing, 'warned', 'top_k', why)
}

function moreOf(writing: Writing): JsonObject {
  const { call } = writing
  if (writing.home) return call.more
  const shared = siblingFieldsOf(call)
  const verbosity = call.origin === 'openai-chat' ? (call.more['verbosity'] ?? null) : null
  loseMore(writing, new Set([...Object.keys(shared), ...(verbosity === null ? [] : ['verbosity'])]))
  return { store: false, ...shared, ...sparse({ text: sparse({ verbosity }) }) }
}
