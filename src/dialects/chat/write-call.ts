import type { AnswerFormat, Call } from '../../domain/call.ts'
import { isObject, type Json, type JsonObject } from '../../domain/json.ts'
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
import {
  writeCacheMark,
  writeFunction,
  writeSchemaFormat,
  writeToolChoice,
  writeTools,
} from '../openai-tools.ts'
import { mergeFields, sparse } from '../wire-fields.ts'
import { type LimitField, limitFieldOf } from './limit-field.ts'
import { writeMessages } from './write-messages.ts'

/** A chat completions request. A streamed call that comes from elsewhere asks for its usage too. */
export function writeChatCall(call: Call): WrittenCall {
  const writing = openWriting(call, 'openai-chat')
  const body = {
    model: call.model,
    messages: writeMessages(writing),
    ...sparse({
      tools: writeTools(writing, (tool) => ({
        type: 'function',
        function: writeFunction(tool),
        ...(writing.home && tool.cache && { cache_control: writeCacheMark(tool.cache) }),
      })),
      tool_choice: writeToolChoice(call.toolChoice, true),
      parallel_tool_calls: call.parallelToolCalls,
      response_format: writeFormat(call.format),
      [limitField(writing)]: call.maxOutputTokens,
      temperature: call.temperature,
      top_p: call.topP,
      top_k: topK(writing),
      seed: call.seed,
      stop: call.stop.length === 0 ? null : call.stop,
      reasoning_effort: effortOf(writing),
      user: call.user,
      service_tier: openAiTierOf(call),
      stream: call.streamed ? true : null,
    }),
  }
  if (!writing.home) loseCacheMarks(writing)
  return { body: mergeFields(body, moreOf(writing)), losses: writing.losses }
}

function writeFormat(format: AnswerFormat): Json {
  if (format.kind === 'text') return null
  if (format.kind === 'json') return { type: 'json_object' }
  return { type: 'json_schema', json_schema: writeSchemaFormat(format) }
}

/** The caller's own field, unless the model is one that rejects it. */
function limitField({ call, home }: Writing): LimitField {
  const isNew = home && call.wording?.['limit'] === 'max_completion_tokens'
  return isNew ? 'max_completion_tokens' : limitFieldOf(call.model)
}

function topK(writing: Writing): number | null {
  if (writing.home || writing.call.topK === null) return writing.call.topK
  lose(writing, 'warned', 'top_k', 'chat completions have no such field')
  return null
}

function moreOf(writing: Writing): JsonObject {
  const { call } = writing
  if (writing.home) return call.more
  const shared = siblingFieldsOf(call)
  const text = call.more['text']
  const verbosity = call.origin === 'openai-responses' ? verbosityOf(text) : null
  loseMore(
    writing,
    new Set([...Object.keys(shared), ...(verbosity === null ? [] : ['text.verbosity'])]),
  )
  return {
    ...shared,
    ...sparse({ verbosity }),
    ...(call.streamed && { stream_options: { include_usage: true } }),
  }
}

function verbosityOf(text: Json | undefined): string | null {
  const verbosity = isObject(text) ? text['verbosity'] : null
  return typeof verbosity === 'string' ? verbosity : null
}
