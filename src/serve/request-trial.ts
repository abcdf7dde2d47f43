import type { CacheLayer } from '../domain/receipt.ts'
import type { CacheEntry, CacheTerms, ResponseCache } from '../domain/world.ts'
import { after } from '../engine/after.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { RouteDecision } from '../engine/compile-routes.ts'
import { isYoung } from '../engine/decide.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Inbound } from './inbound.ts'
import type { Trials, Watch } from './trials.ts'

/** What the layers that only watch a request would have done for it. */
export type RequestTrial = {
  readonly watch: Watch
  /** The entry that would have been served; null: none. */
  hit: WatchedHit | null
  /** Where it would have gone; null: where it went. */
  route: RouteDecision | null
}

export type WatchedHit = {
  readonly layer: CacheLayer
  readonly entry: CacheEntry
  readonly similarity: number
}

/** Null: nothing only watches this request, and audits have changed nothing. */
export function openTrial(
  { trials, compiled }: GatewayState,
  { request, id }: Inbound,
): RequestTrial | null {
  const watch = trials.watchOf(compiled.policy.serve, request, id)
  const isTried = watch.exact || watch.semantic || watch.routes || trials.hasActed
  return isTried ? { watch, hit: null, route: null } : null
}

/**
 * The cache as a request meets it whose layers only watch: what they find is written down, and they say "miss". They are
 * left as they would be had they served, so that what is watched is the cache that there would be.
 */
export function watchedCache(
  cache: ResponseCache,
  trial: RequestTrial,
  insert: 'on-miss' | 'always' | 'always-oracle',
): ResponseCache {
  const { watch } = trial
  return {
    findExact: (asked, terms) =>
      after(cache.findExact(asked, terms), (entry) => {
        if (!watch.exact) return entry
        if (entry !== null && isYoung(entry, asked, terms))
          trial.hit = { layer: 'exact', entry, similarity: 1 }
        return null
      }),
    findNearest(asked, terms) {
      if (!watch.semantic) return cache.findNearest(asked, terms)
      if (trial.hit !== null) return { kind: 'asked', found: null, guarded: null }
      return after(cache.findNearest(asked, terms), (nearest) => {
        if (nearest.kind === 'bypass') return nearest
        const { found, guarded } = nearest
        if (found !== null && isYoung(found.entry, asked, terms)) {
          trial.hit = { layer: 'semantic', ...found }
          if (insert === 'always' && mayStore(terms))
            cache.remember('semantic', asked, terms, { ...found.entry, bornMs: asked.at })
        }
        return { kind: 'asked', found: null, guarded }
      })
    },
    findInFlight: (asked, terms, steps) => cache.findInFlight(asked, terms, steps),
    begin: (asked, terms) => cache.begin(asked, terms),
    remember(layer, asked, terms, entry) {
      // A request that a layer had served would have left nothing in it.
      if (trial.hit === null || !watch[layer]) cache.remember(layer, asked, terms, entry)
    },
    end: (asked, terms, answered) => cache.end(asked, terms, answered),
  }
}

const mayStore = ({ wishes }: CacheTerms): boolean => wishes === undefined || wishes.mayStore

/** The policy as it decides a request: as strict as audits have made it, and without routes that only watch. */
export function policyUnderTrial(
  compiled: CompiledPolicy,
  trials: Trials,
  trial: RequestTrial,
): CompiledPolicy {
  return {
    ...compiled,
    termsOf(facts) {
      const terms = compiled.termsOf(facts)
      const least = trials.thresholdOf(facts.request.feature)
      return least === null || least <= terms.threshold ? terms : { ...terms, threshold: least }
    },
    routeOf(facts) {
      const decision = compiled.routeOf(facts)
      if (!trial.watch.routes && !isOff(decision, trials)) return decision
      // Nobody asks a classifier on behalf of a route that only watches.
      trial.route = decision
      return asMeant
    },
  }
}

const asMeant: RouteDecision = { kind: 'routed', ladder: null, route: null, label: null }

const isOff = (decision: RouteDecision, trials: Trials): boolean =>
  decision.kind === 'routed' && decision.route !== null && trials.isRouteOff(decision.route)
