import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { RouteDecision } from '../engine/compile-routes.ts'

/**
 * A policy whose routes stick, where it says so: the requests of a session, or a trace, go where the first of them that
 * was routed went. Remembers every session; requests must come in time order.
 */
export function stickyRoutes(compiled: CompiledPolicy): CompiledPolicy {
  const { sticky } = compiled.policy
  if (sticky === 'none' || compiled.policy.routes.length === 0) return compiled
  const chosen = new Map<string, RouteDecision>()
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
