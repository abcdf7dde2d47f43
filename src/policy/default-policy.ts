import { filePolicy } from './file-policy.ts'
import { mergePolicy } from './merge-policy.ts'
import type { Policy } from './policy.ts'
import { resolvePolicy } from './resolve-policy.ts'

/** What an empty file means: exact cache for a day, never-cache rules, nothing routed. */
export const defaultPolicy: Policy = resolvePolicy(filePolicy.parse({}))

/** What `serve` does without a file: every request goes through, and is logged. */
export const passThroughPolicy: Policy = mergePolicy(defaultPolicy, {
  cache: { exact: { on: false } },
  coalesce: false,
})
