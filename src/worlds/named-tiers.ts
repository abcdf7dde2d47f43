import { inTable } from '../domain/json.ts'
import type { Policy } from '../policy/policy.ts'
import type { Ladder, RouteChoice, Tier } from '../policy/routing.ts'

/** A policy with models in the place of small, medium and large: who is asked has a name and a price. */
export function nameTiers(policy: Policy, tiers: Readonly<Record<Tier, string>>): Policy {
  const nameOf = (target: string): string => inTable<string>(tiers, target) ?? target
  const ladderOf = (ladder: Ladder): Ladder =>
    ladder.map((rung) => ({ ...rung, target: nameOf(rung.target) }))
  const choiceOf = (to: RouteChoice): RouteChoice => {
    switch (to.kind) {
      case 'default':
        return to
      case 'ladder':
        return { ...to, ladder: ladderOf(to.ladder) }
      case 'classifier': {
        const { simple, medium, hard } = to.ladders
        const ladders = {
          simple: ladderOf(simple),
          medium: ladderOf(medium),
          hard: ladderOf(hard),
        }
        return { ...to, ladders }
      }
    }
  }
  const { fallback } = policy.failure
  const { audit } = policy.serve
  const targets = Object.fromEntries(
    Object.entries(fallback.targets).map(([target, others]) => [
      nameOf(target),
      others.map(nameOf),
    ]),
  )
  return {
    ...policy,
    tiers,
    routes: policy.routes.map((route) => ({ ...route, to: choiceOf(route.to) })),
    failure: { ...policy.failure, fallback: { ...fallback, targets } },
    serve: {
      ...policy.serve,
      audit: { ...audit, judge: audit.judge === null ? null : nameOf(audit.judge) },
    },
  }
}
