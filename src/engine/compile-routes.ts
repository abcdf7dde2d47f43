import type { Policy } from '../policy/policy.ts'
import type { Ladder, RouteChoice } from '../policy/routing.ts'
import type { Label } from '../policy/when.ts'
import { compileWhen, type Matcher } from './match-rule.ts'
import type { RequestFacts } from './request-facts.ts'

/** Where a request goes. */
export type RouteDecision =
  | {
      readonly kind: 'routed'
      /** Null: the model that the application asked for. */
      readonly ladder: Ladder | null
      /** The route's name, or null where none held. */
      readonly route: string | null
      /** The label by which a classifier chose among the route's ladders. */
      readonly label: Label | null
    }
  /** A model must be asked for a label first (`facts.setLabel`); then ask again. */
  | { readonly kind: 'needs-label'; readonly classifier: string }

/** Decides where requests go by one policy. */
export type RouteChooser = (facts: RequestFacts) => RouteDecision

/**
 * The routes of a policy made ready: first match wins, none leaves the request where it was meant to go. Only chats are
 * routed: another model's embeddings are of no use, and nothing else is an answer that a validator could judge.
 */
export function compileRoutes({ routes }: Pick<Policy, 'routes'>): RouteChooser {
  const compiled = routes.map(compileRoute)
  return (facts) => {
    if (facts.request.operation !== 'chat') return unrouted
    for (const { matches, decide } of compiled) {
      const holds = matches(facts)
      if (facts.unaskedClassifier !== undefined) return needsLabel(facts.unaskedClassifier)
      if (holds) return decide(facts)
    }
    return unrouted
  }
}

/** The same for a single use. */
export const routeOf = (policy: Pick<Policy, 'routes'>, facts: RequestFacts): RouteDecision =>
  compileRoutes(policy)(facts)

const unrouted: RouteDecision = { kind: 'routed', ladder: null, route: null, label: null }

const needsLabel = (classifier: string): RouteDecision => ({ kind: 'needs-label', classifier })

type CompiledRoute = { readonly matches: Matcher; readonly decide: RouteChooser }

/** Decisions that do not depend on the request are made here, once. */
function compileRoute({ name, when, to }: Policy['routes'][number]): CompiledRoute {
  return { matches: compileWhen(when), decide: chooserOf(name, to) }
}

function chooserOf(route: string, to: RouteChoice): RouteChooser {
  const routed = (ladder: Ladder | null, label: Label | null): RouteDecision => ({
    kind: 'routed',
    ladder,
    route,
    label,
  })
  if (to.kind !== 'classifier') {
    const decision = routed(to.kind === 'ladder' ? to.ladder : null, null)
    return () => decision
  }
  const { classifier, ladders } = to
  const byLabel = {
    simple: routed(ladders.simple, 'simple'),
    medium: routed(ladders.medium, 'medium'),
    hard: routed(ladders.hard, 'hard'),
  }
  return (facts) => {
    const label = facts.label(classifier)
    return label === undefined ? needsLabel(classifier) : byLabel[label]
  }
}
