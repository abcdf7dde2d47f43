import type { Policy } from './policy.ts'
import type { When } from './when.ts'

/** Whether any condition of a policy looks at a fact. */
export function looksAt(policy: Policy, fact: keyof When): boolean {
  const search = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return false
    if (Array.isArray(value)) return value.some(search)
    return Object.entries(value).some(
      ([key, member]) => (key === fact && member !== undefined) || search(member),
    )
  }
  const { cache, routes, timeouts, budgets, batch, compress, outputCaps } = policy
  return search([cache.rules, routes, timeouts.rules, budgets, batch, compress, outputCaps])
}
