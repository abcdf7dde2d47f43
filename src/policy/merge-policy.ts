import type { Policy } from './policy.ts'

/** Some keys of a policy. Lists, and values of one of several kinds, are given whole. */
export type PolicyPatch = Patch<Policy>

type Patch<T> = T extends readonly unknown[]
  ? T
  : T extends { readonly kind: string }
    ? T
    : T extends object
      ? { readonly [K in keyof T]?: Patch<T[K]> }
      : T

/** The policy with the keys of a patch in place of its own. */
export const mergePolicy = (policy: Policy, patch: PolicyPatch): Policy =>
  merged(policy, patch) as Policy

function merged(base: unknown, patch: unknown): unknown {
  if (patch === undefined) return base
  if (!isSection(base) || !isSection(patch)) return patch
  const result: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(patch)) result[key] = merged(base[key], value)
  return result
}

/** A mapping whose keys may be given one by one. */
const isSection = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !('kind' in value)
