import type { Block } from '../../domain/call.ts'
import { isObject, type Json, type JsonObject } from '../../domain/json.ts'
import type { Finish, Reply } from '../../domain/reply.ts'
import type { Stamp } from '../dialect.ts'
import { writeResponsesUsage } from '../openai-usage.ts'
import { writeReasoning } from './read-reasoning.ts'

/** A response object. */
export function writeResponsesReply(reply: Reply, stamp: Stamp): JsonObject {
  const { usage, fees, serviceTier } = reply
  return {
    ...emptyResponse({ ...stamp, id: reply.id ?? stamp.id, model: reply.model ?? stamp.model }),
    ...statusOf(reply.finish),
    output: writeOutput(reply.blocks, stamp),
    ...(usage !== null && { usage: writeResponsesUsage(usage, fees) }),
    ...(serviceTier !== undefined && { service_tier: serviceTier }),
  }
}

/** A response that has not said anything yet, with the fields that clients rely on. */
export const emptyResponse = (stamp: Stamp): JsonObject => ({
  id: stamp.id,
  object: 'response',
  created_at: stamp.createdAt,
  status: 'in_progress',
  error: null,
  incomplete_details: null,
  instructions: null,
  metadata: {},
  model: stamp.model,
  output: [],
  parallel_tool_calls: true,
  temperature: null,
  tool_choice: 'auto',
  tools: [],
  top_p: null,
  usage: null,
})

const whole = { status: 'completed', incomplete_details: null }

/** The wire has no word for a pause nor for anything else: both are a whole response. */
export function statusOf(finish: Finish): JsonObject {
  if (finish === 'length') return incomplete('max_output_tokens')
  return finish === 'filtered' ? incomplete('content_filter') : whole
}

const incomplete = (reason: string): JsonObject => ({
  status: 'incomplete',
  incomplete_details: { reason },
})

export const messageItem = (id: string, texts: readonly string[]): JsonObject => ({
  type: 'message',
  id,
  status: 'completed',
  role: 'assistant',
  content: texts.map((text) => ({ type: 'output_text', text, annotations: [] })),
})

/** Texts in a row are the parts of one message. */
function writeOutput(blocks: readonly Block[], stamp: Stamp): readonly Json[] {
  const items: Json[] = []
  let texts: string[] = []
  const idOf = (kind: string) => `${kind}_${stamp.id}_${items.length}`
  const closeMessage = () => {
    if (texts.length > 0) items.push(messageItem(idOf('msg'), texts))
    texts = []
  }
  for (const block of blocks) {
    if (block.kind === 'text') {
      texts.push(block.text)
      continue
    }
    closeMessage()
    const item = writeItem(block, idOf)
    if (item !== null) items.push(item)
  }
  closeMessage()
  return items
}

function writeItem(block: Block, idOf: (kind: string) => string): JsonObject | null {
  if (block.kind === 'reasoning') {
    const kept = block.wording?.['item']
    return { id: idOf('rs'), ...writeReasoning(block), ...(isObject(kept) && kept) }
  }
  if (block.kind === 'tool-call') {
    const { id, name, input } = block
    return callItem(idOf('fc'), id, name, input)
  }
  const isOwn = block.kind === 'foreign' && block.wording?.['as'] === 'item'
  return isOwn && isObject(block.wire) ? block.wire : null
}

export const callItem = (id: string, callId: string, name: string, input: string): JsonObject => ({
  type: 'function_call',
  id,
  status: 'completed',
  call_id: callId,
  name,
  arguments: input,
})
