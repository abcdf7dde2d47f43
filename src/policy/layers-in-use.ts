import type { CachePolicy } from './caching.ts'

/** Whether the exact layer is on for any request: rules may switch it on where it is off for the rest. */
export const mayMatch = ({ exact, rules }: CachePolicy): boolean =>
  exact.on || rules.some((rule) => rule.exact === true)

/** The same of the semantic layer. */
export const mayCompare = ({ semantic, rules }: CachePolicy): boolean =>
  semantic.on || rules.some((rule) => rule.semantic === true)
