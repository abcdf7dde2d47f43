/**
 * One message after a given prefix. `hash` covers the message and all before it, so two requests that share a prefix
 * share the links of that prefix: the exact-cache key hashes the last link, a prompt cache reads along the chain.
 */
export type Link = {
  readonly hash: string
  /** The link before it, or '' for the first. */
  readonly parent: string
  readonly role: string
  /** Plain text, or canonical JSON of content and whatever else the message holds. */
  readonly content: string
  readonly isJson: boolean
}

export type RequestKeys = {
  /** Tools, system prompt and messages, first to last. Empty when the log holds no prompt. */
  readonly chain: readonly Link[]
  /** Equal for requests that one cached answer may serve, namespace apart. Null without a prompt. */
  readonly exactKey: string | null
  /** The last user message alone, whatever came before it: equal for the same question. */
  readonly questionKey: string | null
  /** The answer as a link after the prompt, which is where it stands in the next turn's history. */
  readonly answer: Link | null
}
