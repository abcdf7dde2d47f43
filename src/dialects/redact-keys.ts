import { amazonKey, keyBeginnings, privateKeyBlock } from './key-shapes.ts'

/**
 * What looks like a key in a message for people: also what is short, or shortened, or only said to be one. A word too
 * much does no harm there; in prompts and answers it would, which `ingest/redact.ts` therefore reads more strictly.
 */
const keys = [
  new RegExp(`\\b(?:${keyBeginnings})[-_][\\w*.-]{6,}`, 'gi'),
  /\bAIza[\w*-]{10,}/g,
  amazonKey,
  privateKeyBlock,
  /\bBearer\s+[\w.~+/*=-]{6,}/gi,
  /\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]+)?/g,
  /((?:api[-_ ]?key|token|secret|authorization)["']?\s*[:=]\s*["']?)[\w.~+/*-]{8,}/gi,
]

/** A message in which keys, also those that a provider has shortened with asterisks, are replaced. */
export const redactKeys = (text: string): string =>
  keys.reduce(
    (shown, key) =>
      shown.replace(key, (_, label) => `${typeof label === 'string' ? label : ''}[key]`),
    text,
  )
