import type { Json, JsonObject } from '../domain/json.ts'
import { redact } from '../ingest/redact.ts'
import type { ContentMode } from '../policy/governance.ts'
import type { Policy } from '../policy/policy.ts'
import { contentModeOf } from './content-mode.ts'
import type { Inbound } from './inbound.ts'
import { contentUnderWishes } from './under-wishes.ts'

/** What of a request's texts is written down. */
export type KeptText = {
  readonly keepsPrompt: boolean
  readonly keepsAnswer: boolean
  /** Whether keys must be written down beside it, since they cannot be made of what is kept. */
  readonly needsKeys: boolean
  /** As it is written down: with patterns taken out where the policy says so. */
  readonly shown: (value: JsonObject) => JsonObject
}

/** By the policy, the key that was shown, and what the request wishes. */
export function keptTextOf({ privacy, serve }: Policy, { request, wishes }: Inbound): KeptText {
  const mode = contentModeOf({ privacy, serve }, request.key ?? null)
  const content = contentUnderWishes(mode, wishes)
  const isFull = (each: ContentMode) => each === 'full'
  const keepsPrompt = isFull(content.request)
  const keepsAnswer = isFull(content.answer)
  const isWhole = keepsPrompt && keepsAnswer && !privacy.redact
  return {
    keepsPrompt,
    keepsAnswer,
    needsKeys: mode !== 'none' && content.request !== 'none' && !isWhole,
    shown: privacy.redact ? (value) => redacted(value) as JsonObject : (value) => value,
  }
}

/** Every text of a value without what patterns find in it. */
function redacted(value: Json): Json {
  if (typeof value === 'string') return redact(value)
  if (Array.isArray(value)) return value.map(redacted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, each === undefined ? each : redacted(each)]),
  ) as JsonObject
}
