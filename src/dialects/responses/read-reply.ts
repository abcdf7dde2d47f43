import type { Block } from '../../domain/call.ts'
import { isObject, type JsonObject, listOf, objectOf, textOf } from '../../domain/json.ts'
import type { Finish, Reply } from '../../domain/reply.ts'
import { readUsedTokens, type UsedTokens } from '../openai-usage.ts'
import { readReasoning } from './read-reasoning.ts'

/** A response object. */
export function readResponsesReply(body: JsonObject): Reply {
  const output = listOf(body['output']).filter(isObject)
  const serviceTier = textOf(body['service_tier'])
  return {
    id: textOf(body['id']) ?? null,
    model: textOf(body['model']) ?? null,
    blocks: output.flatMap(readItem),
    finish: readFinish(body, {
      calls: output.some((item) => item['type'] === 'function_call'),
      refusal: output.some((item) => partsOf(item).some((part) => part['type'] === 'refusal')),
    }),
    ...readResponseUsage(body),
    ...(serviceTier !== undefined && { serviceTier }),
  }
}

/** Tokens, and the web searches that are billed by the piece. */
export function readResponseUsage(body: JsonObject): UsedTokens {
  const used = readUsedTokens(body['usage'])
  const webSearches = listOf(body['output']).filter(
    (item) => objectOf(item)['type'] === 'web_search_call',
  ).length
  return webSearches === 0 ? used : { ...used, fees: { ...used.fees, webSearches } }
}

/** Why a response ended, from its status; one that is neither whole nor cut off has no reason. */
export function readFinish(
  body: JsonObject,
  saw: { readonly calls: boolean; readonly refusal: boolean },
): Finish {
  if (body['status'] === 'incomplete') {
    const reason = objectOf(body['incomplete_details'])['reason']
    if (reason === 'content_filter') return 'filtered'
    return reason === 'max_output_tokens' ? 'length' : 'other'
  }
  if (body['status'] !== undefined && body['status'] !== 'completed') return 'other'
  if (saw.refusal) return 'filtered'
  if (saw.calls) return 'tool'
  return body['status'] === 'completed' ? 'stop' : 'other'
}

const partsOf = (item: JsonObject): readonly JsonObject[] =>
  item['type'] === 'message' ? listOf(item['content']).filter(isObject) : []

function readItem(item: JsonObject): readonly Block[] {
  switch (item['type']) {
    case 'message':
      return partsOf(item).flatMap((part) => {
        const text = textOf(part['text'] ?? part['refusal'])
        return text === undefined ? [] : [{ kind: 'text', text } as const]
      })
    case 'reasoning':
      return [readReasoning(item)]
    case 'function_call': {
      const name = textOf(item['name']) ?? ''
      const id = textOf(item['call_id']) ?? textOf(item['id']) ?? ''
      return [{ kind: 'tool-call', id, name, input: textOf(item['arguments']) ?? '' }]
    }
    default:
      return [{ kind: 'foreign', wire: item, wording: { as: 'item' } }]
  }
}
