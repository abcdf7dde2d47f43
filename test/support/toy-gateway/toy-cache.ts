import type { OutgoingHttpHeaders } from 'node:http'
import { isObject, type JsonObject, listOf } from '../../../src/domain/json.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import type { HasDefect } from './defects.ts'
import type { ToyRequest } from './toy-request.ts'

/** An answer as it was sent. */
export type SentAnswer = {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly bytes: Buffer
}

export type ToyCache = {
  /** Null: it is not cached. */
  keyOf(request: ToyRequest): string | null
  get(key: string | null): SentAnswer | null
  put(key: string | null, answer: SentAnswer): void
}

export function openToyCache({ cache }: Policy, has: HasDefect): ToyCache {
  const entries = new Map<string, SentAnswer>()
  const { namespace } = cache
  const isByUser = namespace.kind === 'fields' && namespace.fields.includes('user')
  return {
    keyOf({ dialect, body, path, user }) {
      if (!cache.exact.on || dialect === null) return null
      const { user: _, metadata: __, stream_options: ___, ...content } = body
      const who = isByUser && !has('shares answers between users') ? user : null
      return JSON.stringify([path, who, questionIn(content, has)])
    },
    get: (key) => (key === null ? null : (entries.get(key) ?? null)),
    put(key, answer) {
      if (key !== null) entries.set(key, answer)
    },
  }
}

function questionIn(body: JsonObject, has: HasDefect): unknown {
  const { messages, stream } = body
  if (has('knows a question by its text alone')) return [stream, listOf(messages).slice(-1)]
  if (has('knows a question by its last message'))
    return { ...body, messages: listOf(messages).slice(-1) }
  return has('takes cache marks for content') ? body : unmarked(body)
}

function unmarked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unmarked)
  if (!isObject(value)) return value
  const { cache_control: _, ...rest } = value
  return Object.fromEntries(Object.entries(rest).map(([name, each]) => [name, unmarked(each)]))
}
