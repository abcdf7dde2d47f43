import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { RouteDecision } from '../engine/compile-routes.ts'
import { RecentlyUsed } from './recently-used.ts'

/**
 * A policy whose routes stick, where it says so: the requests of a session, or a trace, go where the first of them that
 * was routed went. Requests must come in time order. Sessions are remembered up to `most`, those that asked last.
 */
export function stickyRoutes(
  compiled: CompiledPolicy,
  most = Number.POSITIVE_INFINITY,
): CompiledPolicy {
  const { sticky } = compiled.policy
  if (sticky === 'none' || compiled.policy.routes.length === 0) return compiled
  const chosen = new RecentlyUsed<string, RouteDecision>(most, () => true)
  return {
    ...compiled,
    routeOf(facts) {
      const name = facts.request[sticky]
      if (name === undefined) return compiled.routeOf(facts)
      const known = chosen.get(name)
      if (known !== undefined) return known
      const decision = compiled.routeOf(facts)
      if (decision.kind === 'routed') chosen.set(name, decision)
      return decision
    },
  }
}
