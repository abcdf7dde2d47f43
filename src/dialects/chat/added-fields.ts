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
const known = new Set<string>([...completionFields, 'x_groq', 'error', 'obfuscation'])

/** What a vendor says beside the fields of the format, of a whole completion or of a chunk; undefined: nothing. */
export function addedFields(body: JsonObject): Reply['added'] {
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
