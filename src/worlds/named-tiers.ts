import { inTable } from '../domain/json.ts'
import type { Policy } from '../policy/policy.ts'
import type { Tier } from '../policy/routing.ts'

/** A policy with models in the place of small, medium and large: who is asked has a name and a price. */
export function nameTiers(policy: Policy, tiers: Readonly<Record<Tier, string>>): Policy {
  const nameOf = (target: string): string => inTable<string>(tiers, target) ?? target
  const { cache, routes, classifiers, failure, timeouts, budgets, batch, compress, outputCaps } =
    policy
  const rules = {
    cache,
    routes,
    classifiers,
    failure,
    timeouts,
    budgets,
    batch,
    compress,
    outputCaps,
  }
  const named = namedTargets(rules, nameOf)
  const { fallback } = failure
  const { audit } = policy.serve
  const targets = Object.fromEntries(
    Object.entries(fallback.targets).map(([target, others]) => [
      nameOf(target),
      others.map(nameOf),
    ]),
  )
  return {
    ...policy,
    ...named,
    tiers,
    failure: { ...named.failure, fallback: { ...fallback, targets } },
    serve: {
      ...policy.serve,
      audit: { ...audit, judge: audit.judge === null ? null : nameOf(audit.judge) },
    },
  }
}

/** Whoever is asked, or looked at by a condition, stands under one of these, however deep; `to` may be a time of day. */
const targetKeys: readonly string[] = ['target', 'to']

function namedTargets<T>(value: T, nameOf: (target: string) => string): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each) => namedTargets(each, nameOf)) as T
  const members = Object.entries(value).map(([key, member]) => [
    key,
    typeof member === 'string' && targetKeys.includes(key)
      ? nameOf(member)
      : namedTargets(member, nameOf),
  ])
  return Object.fromEntries(members) as T
}
