import type { Policy } from './policy.ts'
import type { When } from './when.ts'

/** Whether any condition of a policy looks at a fact. */
export function looksAt(policy: Policy, fact: keyof When): boolean {
  return membersIn(policy).some(([key, member]) => key === fact && member !== undefined)
}

/** The names of the classifiers that routes or conditions of a policy ask. */
export const classifiersAsked = (policy: Policy): ReadonlySet<string> =>
  new Set(
    membersIn(policy).flatMap(([key, member]) =>
      key === 'classifier' && typeof member === 'string' ? [member] : [],
    ),
  )

type Member = readonly [key: string, value: unknown]

/** Whatever stands, however deep, in the rules of a policy. */
function membersIn(policy: Policy): readonly Member[] {
  const search = (value: unknown): readonly Member[] => {
    if (typeof value !== 'object' || value === null) return []
    if (Array.isArray(value)) return value.flatMap(search)
    return Object.entries(value).flatMap(([key, member]): Member[] => [
      [key, member],
      ...search(member),
    ])
  }
  const { cache, routes, timeouts, budgets, batch, compress, outputCaps } = policy
  return search([cache.rules, routes, timeouts.rules, budgets, batch, compress, outputCaps])
}
