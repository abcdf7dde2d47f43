import { zeroNanoUsd } from '../domain/money.ts'
import type { CacheTerms, World } from '../domain/world.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { ContentMode } from '../policy/governance.ts'
import type { DisconnectAction } from '../policy/serving.ts'
import { noWishes, type Wishes } from './wishes.ts'

/** The policy as it decides one request: caches and retries no more generous than its client wishes. */
export function policyUnderWishes(compiled: CompiledPolicy, wishes: Wishes): CompiledPolicy {
  if (wishes === noWishes) return compiled
  const { policy } = compiled
  const { retries } = policy.failure
  const attempts = Math.min(retries.attempts, wishes.maxAttempts - 1)
  return {
    ...compiled,
    policy: { ...policy, failure: { ...policy.failure, retries: { ...retries, attempts } } },
    termsOf: (facts) => termsUnderWishes(compiled.termsOf(facts), wishes),
  }
}

/** The terms that the policy sets, with what a client wishes beside them. */
export function termsUnderWishes(terms: CacheTerms, wishes: Wishes): CacheTerms {
  if (wishes === noWishes) return terms
  const { exact, semantic, mayStore, maxAgeMs } = wishes
  return {
    ...terms,
    // Whoever wants a fresh answer, or one that nobody else gets, asks for itself.
    coalesce: terms.coalesce && exact && mayStore,
    namespace: narrowed(terms.namespace, wishes.namespace),
    threshold: Math.max(terms.threshold, wishes.threshold),
    exactTtlMs: Math.min(terms.exactTtlMs, wishes.ttlMs),
    semanticTtlMs: Math.min(terms.semanticTtlMs, wishes.ttlMs),
    wishes: { exact, semantic, mayStore, maxAgeMs },
  }
}

/** A part of a namespace. The plus sign begins no field of a policy's own, so that no two of them meet. */
const narrowed = (namespace: string, part: string): string =>
  part === '' ? namespace : `${namespace}\n+${part}`

/** The world for a request that wants an answer from a cache or none: no model is asked, a classifier neither. */
export function worldUnderWishes(world: World, { onlyIfCached }: Wishes): World {
  if (!onlyIfCached) return world
  return {
    cache: world.cache,
    ledger: world.ledger,
    ask: (target, asked, terms) => world.ask(target, asked, terms),
    fallbacksOf: () => [],
    isUp: () => false,
    classify: () => ({ label: 'medium', costNanoUsd: zeroNanoUsd, latencyMs: 0 }),
    wait: (ms) => world.wait(ms),
  }
}

/** A client may have its call ended when it leaves, also where the policy reads on. */
export const disconnectUnderWishes = (
  action: DisconnectAction,
  { abortOnDisconnect }: Wishes,
): DisconnectAction => (abortOnDisconnect ? { kind: 'abort' } : action)

/** What may be kept of the texts of both sides. */
export const contentUnderWishes = (
  mode: ContentMode,
  { logRequest, logAnswer }: Wishes,
): { readonly request: ContentMode; readonly answer: ContentMode } => ({
  request: logRequest ? mode : 'none',
  answer: logAnswer ? mode : 'none',
})
