import type { Json, JsonObject } from '../../domain/json.ts'
import type { Reply } from '../../domain/reply.ts'

/** The members of a chat completion. */
export const completionFields = [
  'id',
  'object',
  'created',
  'model',
  'choices',
  'usage',
  'service_tier',
  'system_fingerprint',
] as const

/** What the format has, what names the bill of one call, and what only pads a chunk. */
const ofCompletion = new Set<string>([...completionFields, 'x_groq', 'error', 'obfuscation'])
/** Of a message: what is read as text, thoughts and calls. Sound is in no cache. */
const ofMessage = new Set<string>([
  ...['role', 'content', 'refusal', 'name', 'audio'],
  ...['reasoning_content', 'reasoning', 'tool_calls', 'function_call'],
])

/** What a vendor says beside the fields of the format, of a whole completion or of a chunk; undefined: nothing. */
export const addedFields = (body: JsonObject): Reply['added'] => beside(body, ofCompletion)

/** The same of a message, or of a delta. */
export const addedToMessage = (message: JsonObject): Reply['added'] => beside(message, ofMessage)

function beside(body: JsonObject, known: ReadonlySet<string>): Reply['added'] {
  let added: Record<string, Json | undefined> | undefined
  for (const [name, value] of Object.entries(body)) {
    if (known.has(name) || isNothing(value)) continue
    added ??= {}
    added[name] = value
  }
  return added
}

const isNothing = (value: Json | undefined): boolean =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0)

/** What several deltas say: lists go on, anything else is as the last one has it. */
export function withDelta(known: JsonObject | undefined, delta: JsonObject): JsonObject {
  const all: Record<string, Json | undefined> = { ...known }
  for (const [name, value] of Object.entries(delta)) {
    const before = all[name]
    all[name] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value
  }
  return all
}
