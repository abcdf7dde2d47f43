import type { Json, JsonObject } from '../../domain/json.ts'
import type { Part } from '../../domain/reply.ts'
import type { PartWriter, Stamp } from '../dialect.ts'
import { writeOpenAiFault } from '../openai-faults.ts'
import { writeChatUsage } from '../openai-usage.ts'
import { writeFinishReason } from './finish-reason.ts'

/** Writes the chunks of a streamed chat completion. */
export function openChatPartWriter(stamp: Stamp): PartWriter {
  let head = headOf(stamp.id, stamp.model)
  function headOf(id: string, model: string): JsonObject {
    return { id, object: 'chat.completion.chunk', created: stamp.createdAt, model }
  }
  /** With usage in the stream, every other chunk says that it has none. */
  const chunk = (delta: JsonObject, finishReason: string | null = null, more: JsonObject = {}) =>
    eventOf({
      ...more,
      ...head,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      ...(stamp.usageInStream === true && { usage: null }),
    })
  const call = (index: number, fields: JsonObject) => chunk({ tool_calls: [{ index, ...fields }] })
  const usageChunk = (part: Extract<Part, { kind: 'finish' | 'error' }>) => {
    if (stamp.usageInStream !== true || part.usage === null) return ''
    const fees = part.kind === 'finish' ? part.fees : undefined
    return eventOf({ ...head, choices: [], usage: writeChatUsage(part.usage, fees) })
  }

  function write(part: Part): string {
    switch (part.kind) {
      case 'start':
        head = headOf(part.id ?? stamp.id, part.model ?? stamp.model)
        return chunk({ role: 'assistant', content: '' })
      case 'text':
        return chunk({ content: part.text })
      case 'reasoning':
        return part.text === '' ? '' : chunk({ reasoning_content: part.text })
      case 'tool-call':
        return call(part.index, {
          id: part.id,
          type: 'function',
          function: { name: part.name, arguments: '' },
        })
      case 'tool-delta':
        return call(part.index, { function: { arguments: part.json } })
      case 'finish': {
        const tier = part.serviceTier === undefined ? {} : { service_tier: part.serviceTier }
        return `${chunk(part.addedToMessage ?? {}, writeFinishReason(part.finish), { ...part.added, ...tier })}${usageChunk(part)}data: [DONE]\n\n`
      }
      case 'error':
        return usageChunk(part) + eventOf(writeOpenAiFault(part.fault).body)
    }
  }
  return { write }
}

const eventOf = (data: Json): string => `data: ${JSON.stringify(data)}\n\n`
