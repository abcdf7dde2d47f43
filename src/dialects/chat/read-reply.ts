import type { Block } from '../../domain/call.ts'
import { isObject, type JsonObject, listOf, numberOf, objectOf, textOf } from '../../domain/json.ts'
import type { Reply } from '../../domain/reply.ts'
import { readUsedTokens } from '../openai-usage.ts'
import { sparse } from '../wire-fields.ts'
import { addedFields, addedToMessage } from './added-fields.ts'
import { readFinishReason } from './finish-reason.ts'
import {
  argumentsText,
  callsOf,
  madeCallId,
  spokenText,
  thoughtText,
} from './read-answer-message.ts'

/** A chat completion; of several choices the first. */
export function readChatReply(body: JsonObject): Reply {
  const id = textOf(body['id']) ?? null
  const choice = objectOf(listOf(body['choices'])[0])
  const message = objectOf(choice['message'])
  const refusal = textOf(message['refusal'])
  const calls = callsOf(message).map((call, index) => readCall(call, madeCallId(id, index)))
  const serviceTier = textOf(body['service_tier'])
  const loggedUsd = numberOf(objectOf(body['usage'])['cost'])
  const added = addedFields(body)
  const inMessage = addedToMessage(message)
  return {
    id,
    model: textOf(body['model']) ?? null,
    blocks: [
      ...readThoughts(message),
      ...textBlocks(spokenText(message['content'])),
      ...textBlocks(refusal ?? ''),
      ...calls,
    ],
    finish: readFinishReason(choice['finish_reason'], {
      calls: calls.length > 0,
      refusal: refusal !== undefined,
    }),
    ...readUsedTokens(usageOf(body)),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(loggedUsd !== undefined && { loggedUsd }),
    ...(added !== undefined && { added }),
    ...(inMessage !== undefined && { addedToMessage: inMessage }),
  }
}

/** Usage where it belongs, or where Groq puts that of a stream. */
export const usageOf = (body: JsonObject) => body['usage'] ?? objectOf(body['x_groq'])['usage']

const textBlocks = (text: string): readonly Block[] => (text === '' ? [] : [{ kind: 'text', text }])

function readThoughts(message: JsonObject): readonly Block[] {
  const text = thoughtText(message)
  return text === '' ? [] : [{ kind: 'reasoning', text }]
}

function readCall(wire: JsonObject, madeId: string): Block {
  const { id, type: _type, index: _index, function: called, ...added } = wire
  if (!isObject(called)) return { kind: 'foreign', wire, wording: { as: 'call' } }
  const wording = sparse({ added })
  return {
    kind: 'tool-call',
    id: textOf(id) ?? madeId,
    name: textOf(called['name']) ?? '',
    input: argumentsText(called['arguments']),
    ...(Object.keys(wording).length > 0 && { wording }),
  }
}
