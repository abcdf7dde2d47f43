import { isObject, type Json, type JsonObject, listOf } from '../../domain/json.ts'

/** The text of an answer's content, also where a vendor (Mistral) gives it in parts. */
export function spokenText(content: Json | undefined): string {
  if (typeof content === 'string') return content
  return partsOf(content)
    .map((part) =>
      part['type'] === 'text' && typeof part['text'] === 'string' ? part['text'] : '',
    )
    .join('')
}

/** The thoughts of an answer, in the fields of DeepSeek and vLLM, of OpenRouter, or in Mistral's parts. */
export function thoughtText(message: JsonObject): string {
  const { reasoning_content: own, reasoning, content } = message
  if (typeof own === 'string' && own !== '') return own
  if (typeof reasoning === 'string' && reasoning !== '') return reasoning
  return partsOf(content)
    .filter((part) => part['type'] === 'thinking')
    .map((part) => spokenText(part['thinking']))
    .join('')
}

const partsOf = (content: Json | undefined): readonly JsonObject[] =>
  Array.isArray(content) ? (content as readonly Json[]).filter(isObject) : []

/** Arguments as JSON text; some servers send the object itself. */
export function argumentsText(wire: Json | undefined): string {
  if (typeof wire === 'string') return wire
  return wire === undefined || wire === null ? '' : JSON.stringify(wire)
}

/** The calls of a message, the old single one too. */
export function callsOf(message: JsonObject): readonly JsonObject[] {
  const calls = listOf(message['tool_calls']).filter(isObject)
  const old = message['function_call']
  return calls.length === 0 && isObject(old) ? [{ index: 0, function: old }] : calls
}

/** An id for a call that came without one, the same whenever the same answer is read. */
export const madeCallId = (replyId: string | null, index: number): string =>
  `call_${replyId === null ? '' : `${replyId}_`}${index}`
