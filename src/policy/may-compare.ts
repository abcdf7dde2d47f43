import type { CachePolicy } from './caching.ts'

/** Whether the semantic layer is on for any request: rules may switch it on where it is off for the rest. */
export const mayCompare = ({ semantic, rules }: CachePolicy): boolean =>
  semantic.on || rules.some((rule) => rule.semantic === true)
