import type { Json, JsonObject } from '../domain/json.ts'

/** What stands at the provider and not in the request, so that the same words mean something else the next time. */
const stateFields = ['previous_response_id', 'conversation', 'prompt', 'background', 'container']

/**
 * Whether a request's answer is of use to nobody else, identical as their request may be: it rests on a state at the
 * provider, its id is needed to go on from it, or it holds more (sound, probabilities) than is kept of answers.
 */
export function isUnshared(params: JsonObject | undefined): boolean {
  if (params === undefined) return false
  const { audio, logprobs, modalities, include } = params
  return (
    stateFields.some((name) => isSet(params[name])) ||
    isSet(logprobs) ||
    isSet(audio) ||
    holds(modalities, 'audio') ||
    holds(include, 'message.output_text.logprobs')
  )
}

const isSet = (value: Json | undefined): boolean =>
  value !== undefined && value !== null && value !== false

const holds = (value: Json | undefined, item: string): boolean =>
  Array.isArray(value) && value.includes(item)
