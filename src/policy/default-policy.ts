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

/**
 * Models for tiers that neither the file nor the log names, cheapest to dearest of one vendor:
 * OpenAI's on the price list of 2026-09-23 (genai-prices 0.1.8).
 */
export const defaultTiers = {
  small: 'openai:gpt-6-luna',
  medium: 'openai:gpt-6-sol',
  large: 'openai:gpt-6-astra',
  asOf: '2026-09-23',
} as const
