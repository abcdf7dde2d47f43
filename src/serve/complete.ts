import { defined, type Json, type JsonObject } from '../domain/json.ts'
import { usdOf } from '../domain/money.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { Request } from '../domain/request.ts'
import { badRequest, type TurningFault } from './bad-request.ts'

/** What `/v1/complete` takes: a question in plain words, without a model. */
export type Completion = {
  /** The same as a chat completion. */
  readonly body: JsonObject
  readonly context: Partial<Request>
  /** Null: as the policy says. */
  readonly cacheTtlSeconds: number | null
  readonly cacheThreshold: number | null
}

const fields: readonly string[] = [
  'query',
  'system',
  'user_id',
  'feature',
  'requires_reasoning',
  'cache_ttl',
  'cache_threshold',
  'max_tokens',
]

/** Reads a body of `/v1/complete`; what it does not know is a fault, so that no wish is dropped in silence. */
export function readCompletion(body: JsonObject): Completion | TurningFault {
  const unknown = Object.keys(body).find((name) => !fields.includes(name))
  if (unknown !== undefined) {
    const takes = `not known; it takes ${fields.join(', ')}.`
    return badRequest(`${unknown}: ${takes}`, `A field of the body is ${takes}`)
  }
  const { query, system, user_id: user, feature, requires_reasoning: reasons } = body
  if (typeof query !== 'string' || query === '') return badRequest('query: a text is required.')
  const wrong = mistakeIn(body)
  if (wrong !== null) return badRequest(wrong)
  const messages: Json[] = [{ role: 'user', content: query }]
  if (typeof system === 'string' && system !== '')
    messages.unshift({ role: 'system', content: system })
  return {
    body: defined({ model: autoModel, messages, max_tokens: body['max_tokens'] }),
    context: defined({
      user: typeof user === 'string' ? user : undefined,
      feature: typeof feature === 'string' ? feature : undefined,
      requiresReasoning: typeof reasons === 'boolean' ? reasons : undefined,
    }),
    cacheTtlSeconds: (body['cache_ttl'] as number | undefined) ?? null,
    cacheThreshold: (body['cache_threshold'] as number | undefined) ?? null,
  }
}

/** The name of no model: the policy's routes decide. */
export const autoModel = 'auto'

function mistakeIn(body: JsonObject): string | null {
  for (const name of ['system', 'user_id', 'feature'])
    if (body[name] != null && typeof body[name] !== 'string') return `${name}: a text.`
  if (body['requires_reasoning'] != null && typeof body['requires_reasoning'] !== 'boolean')
    return 'requires_reasoning: true or false.'
  const { cache_ttl: ttl, cache_threshold: threshold, max_tokens: most } = body
  if (ttl != null && !(typeof ttl === 'number' && ttl >= 0)) return 'cache_ttl: seconds.'
  if (threshold != null && !(typeof threshold === 'number' && threshold >= -1 && threshold <= 1))
    return 'cache_threshold: a cosine, -1 to 1.'
  if (most != null && !(Number.isInteger(most) && (most as number) > 0))
    return 'max_tokens: a whole number.'
  return null
}

/** Its answer: the text, and what became of the request. */
export function writeCompletion(text: string, receipt: Receipt, model: string | null): JsonObject {
  const route = receipt.steps.find(({ kind }) => kind === 'route')
  return {
    text,
    cached: receipt.servedBy !== null,
    tier: route?.kind === 'route' ? route.route : null,
    model,
    cost_usd: usdOf(receipt.costNanoUsd),
    latency_ms: receipt.latencyMs,
  }
}
