import type { NanoUsd } from '../../src/domain/money.ts'
import type { Answer, Request } from '../../src/domain/request.ts'
import { noUsage } from '../../src/domain/usage.ts'
import type { Asked, Attempted, World } from '../../src/domain/world.ts'
import { openLexicalEmbedder } from '../../src/embed/lexical-embedder.ts'
import { keyHash } from '../../src/engine/cache-key.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { type Decision, decide } from '../../src/engine/decide.ts'
import { RequestFacts } from '../../src/engine/request-facts.ts'
import { unasked } from '../../src/engine/validators.ts'
import type { CachePolicy } from '../../src/policy/caching.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy, type PolicyPatch } from '../../src/policy/merge-policy.ts'
import type { Policy } from '../../src/policy/policy.ts'
import type { AnswerCodec } from '../../src/worlds/held-answer.ts'
import { LiveCache } from '../../src/worlds/live-cache.ts'
import type { LiveCacheOptions } from '../../src/worlds/live-cache-options.ts'

/** Answers as JSON. */
export const plainCodec: AnswerCodec = {
  encode: (answer) => JSON.stringify(answer),
  decode: (text) => JSON.parse(text) as Answer,
}

/** Both layers on and nothing else; what is given comes on top. */
export const cachingPolicy = (cache: PolicyPatch['cache'] = {}): Policy =>
  mergePolicy(
    mergePolicy(defaultPolicy, {
      cache: { namespace: { kind: 'shared' }, rules: [], semantic: { on: true, threshold: 0.8 } },
    }),
    { cache } as PolicyPatch,
  )

export const openLiveCache = (
  policy: CachePolicy,
  options: Partial<LiveCacheOptions> = {},
): LiveCache =>
  new LiveCache({
    policy,
    embedder: openLexicalEmbedder(),
    hash: keyHash('secret'),
    codec: plainCodec,
    now: () => 0,
    keeper: null,
    ...options,
  })

/** A question, by default the only message. */
export const question = (content: string, rest: Partial<Request> = {}): Request => ({
  model: 'gpt-4o',
  operation: 'chat',
  status: 'ok',
  prompt: { messages: [{ role: 'user', content }] },
  ...rest,
})

export const askedOf = (request: Request, at: number, id = `req_${at}`): Asked => ({
  id,
  at,
  request,
  bypass: null,
})

export type Upstream = (asked: Asked) => Attempted | Promise<Attempted>

export const answered = (text: string, latencyMs = 0, rest: Partial<Answer> = {}): Attempted => ({
  kind: 'answered',
  answer: { text, ...rest },
  usage: noUsage,
  costNanoUsd: 1 as NanoUsd,
  latencyMs,
})

export const failed: Attempted = {
  kind: 'failed',
  reason: 'error',
  usage: noUsage,
  costNanoUsd: 0 as NanoUsd,
  latencyMs: 0,
  retryAfterMs: null,
}

/** Requests decided under a policy over a live cache; each is asked a second after the one before. */
export function openPlainGateway(
  policy: Policy,
  cache: LiveCache = openLiveCache(policy.cache),
  upstream: Upstream = ({ id }) => answered(`answer to ${id}`),
) {
  const compiled = compilePolicy(policy)
  const world: World = {
    cache,
    ledger: { admit: () => null, settle: () => {} },
    ask: (_, asked) => upstream(asked),
    isUp: () => true,
    classify: () => ({ label: 'medium', costNanoUsd: 0 as NanoUsd, latencyMs: 0 }),
    wait: () => {},
  }
  let now = 0
  return {
    cache,
    ask(request: Request, at?: number, id?: string): Promise<Decision> {
      now = at ?? now + 1000
      const asked = askedOf(request, now, id)
      const seen = { facts: factsFor(request), asks: async () => unasked }
      return decide(asked, seen, compiled, world)
    },
  }
}

export const factsFor = (request: Request): RequestFacts =>
  new RequestFacts(request, {
    at: 0,
    countTokens: () => 0,
    contextTokens: () => undefined,
    label: () => 'unasked',
  })

/** How a request was served: by which layer, or not by the cache. */
export function servedBy({ receipt }: Decision): 'exact' | 'semantic' | 'coalesced' | 'model' {
  const hit = receipt.steps.find((step) => step.kind === 'hit')
  if (hit?.kind === 'hit') return hit.layer
  return receipt.outcome === 'coalesced' ? 'coalesced' : 'model'
}
