import type { Block } from '../../domain/call.ts'
import {
  defined,
  inTable,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import type { Finish, Reply } from '../../domain/reply.ts'
import { totalTokens, type Usage } from '../../domain/usage.ts'
import type { Stamp } from '../dialect.ts'
import { readAnthropicUsage } from '../usage.ts'
import { readBlock } from './read-block.ts'
import { inputOf, writeThinking } from './write-block.ts'

/** A message as an answer. */
export function readReply(body: JsonObject): Reply {
  return {
    id: textOf(body['id']) ?? null,
    model: textOf(body['model']) ?? null,
    blocks: listOf(body['content']).map(readAnswered),
    finish: readFinish(body['stop_reason']),
    ...readUsage(objectOf(body['usage'])),
  }
}

/** Citations of a text are not carried: what it says is. */
function readAnswered(wire: Json): Block {
  const { type, text } = objectOf(wire)
  return type === 'text' && typeof text === 'string' ? { kind: 'text', text } : readBlock(wire)
}

const finishes: Readonly<Record<string, Finish>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool',
  refusal: 'filtered',
  pause_turn: 'pause',
}

export const readFinish = (reason: Json | undefined): Finish =>
  (typeof reason === 'string' ? inTable(finishes, reason) : undefined) ?? 'other'

/** What this wire cannot say is null, as before an answer has ended. */
export const stopReasons: Readonly<Record<Finish, string | null>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool: 'tool_use',
  filtered: 'refusal',
  pause: 'pause_turn',
  other: null,
}

/** Every answer has read something: counts that are all zero come from a writer that knew none. */
export function readUsage(
  wire: JsonObject,
): Pick<Reply, 'usage' | 'fees' | 'serviceTier' | 'speed' | 'inferenceGeo' | 'warnings'> {
  const { usage, fees, warnings, rejected } = readAnthropicUsage(wire)
  return {
    usage: usage === undefined || totalTokens(usage) === 0 ? null : usage,
    ...defined({
      fees,
      serviceTier: textOf(wire['service_tier']),
      speed: textOf(wire['speed']),
      inferenceGeo: textOf(wire['inference_geo']),
      warnings: rejected === undefined ? warnings : [rejected],
    }),
  }
}

/** An answer as a message. */
export function writeReply(reply: Reply, stamp: Stamp): JsonObject {
  return {
    ...openMessage(reply, stamp),
    content: reply.blocks.flatMap(writeAnswered),
    stop_reason: stopReasons[reply.finish],
    usage: writeUsage(reply),
  }
}

/** A message before its content. */
export const openMessage = (of: Pick<Reply, 'id' | 'model'>, stamp: Stamp): JsonObject => ({
  id: of.id ?? stamp.id,
  type: 'message',
  role: 'assistant',
  model: of.model ?? stamp.model,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: writeUsage({ usage: stamp.usageAtStart ?? null }),
})

/** Tools that run at Anthropic, their results, and files that they leave. */
const foreignTypes = /^(?:\w+_tool_use|\w+_tool_result|container_upload)$/

function writeAnswered(block: Block): readonly Json[] {
  switch (block.kind) {
    case 'text':
      return [{ type: 'text', text: block.text }]
    case 'reasoning':
      return [writeThinking(block)]
    case 'tool-call':
      return [{ type: 'tool_use', id: block.id, name: block.name, input: inputOf(block.input) }]
    case 'foreign':
      return isObject(block.wire) && foreignTypes.test(String(block.wire['type']))
        ? [block.wire]
        : []
    default:
      // Claude answers with neither pictures nor documents.
      return []
  }
}

/** Counts are disjoint on this wire too. */
export function writeUsage({
  usage,
  fees,
  serviceTier,
}: Pick<Reply, 'usage' | 'fees' | 'serviceTier'>): JsonObject {
  const webSearches = fees?.webSearches ?? 0
  return {
    ...(usage === null ? { input_tokens: 0, output_tokens: 0 } : writeCounts(usage)),
    ...(webSearches > 0 && { server_tool_use: { web_search_requests: webSearches } }),
    ...(serviceTier !== undefined && { service_tier: serviceTier }),
  }
}

const writeCounts = (usage: Usage): JsonObject => ({
  input_tokens: usage.inputTokens,
  cache_creation_input_tokens: usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
  cache_read_input_tokens: usage.cacheReadTokens,
  cache_creation: {
    ephemeral_5m_input_tokens: usage.cacheWrite5mTokens,
    ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
  },
  output_tokens: usage.outputTokens,
  ...(usage.reasoningTokens > 0 && {
    output_tokens_details: { thinking_tokens: usage.reasoningTokens },
  }),
})
