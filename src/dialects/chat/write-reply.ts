import type { Block } from '../../domain/call.ts'
import { isObject, type Json, type JsonObject } from '../../domain/json.ts'
import type { Reply } from '../../domain/reply.ts'
import type { Stamp } from '../dialect.ts'
import { writeChatUsage } from '../openai-usage.ts'
import { sparse } from '../wire-fields.ts'
import { writeFinishReason } from './finish-reason.ts'

/** A chat completion of one choice. */
export function writeChatReply(reply: Reply, stamp: Stamp): JsonObject {
  const { usage, fees, loggedUsd } = reply
  const cost = loggedUsd === undefined ? {} : { cost: loggedUsd }
  return {
    ...reply.added,
    id: reply.id ?? stamp.id,
    object: 'chat.completion',
    created: stamp.createdAt,
    model: reply.model ?? stamp.model,
    choices: [
      {
        index: 0,
        message: { ...reply.addedToMessage, ...writeMessage(reply.blocks) },
        logprobs: null,
        finish_reason: writeFinishReason(reply.finish),
      },
    ],
    ...(usage !== null && { usage: { ...writeChatUsage(usage, fees), ...cost } }),
    ...(reply.serviceTier !== undefined && { service_tier: reply.serviceTier }),
  }
}

function writeMessage(blocks: readonly Block[]): JsonObject {
  const texts = blocks.filter((block) => block.kind === 'text')
  const thoughts = blocks.filter((block) => block.kind === 'reasoning' && block.text !== '')
  const calls = blocks.flatMap(writeCall)
  return {
    role: 'assistant',
    content: texts.length === 0 ? null : texts.map((block) => block.text).join(''),
    refusal: null,
    ...sparse({
      reasoning_content:
        thoughts.length === 0
          ? null
          : thoughts.map((block) => (block.kind === 'reasoning' ? block.text : '')).join(''),
      tool_calls: calls.length === 0 ? null : calls,
    }),
  }
}

function writeCall(block: Block): readonly Json[] {
  if (block.kind === 'foreign' && block.wording?.['as'] === 'call') return [block.wire]
  if (block.kind !== 'tool-call') return []
  const { id, name, input } = block
  const added = block.wording?.['added']
  const call = { id, type: 'function', function: { name, arguments: input } }
  return [isObject(added) ? { ...call, ...added } : call]
}
