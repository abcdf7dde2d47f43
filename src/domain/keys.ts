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

/**
 * So many characters at the start of an exact key stand for all that must be equal beside the conversation: operation,
 * requested model, parameters and document version.
 */
export const partitionLength = 10

export type RequestKeys = {
  /** Tools, system prompt and messages, first to last. Empty when the log holds no prompt. */
  readonly chain: readonly Link[]
  /** Equal for requests that one cached answer may serve, namespace apart. Null without a prompt. */
  readonly exactKey: string | null
  /** The last user message alone, whatever came before it: equal for the same question. */
  readonly questionKey: string | null
  /** What this prompt repeats of earlier ones, for prompt caches. */
  readonly prefix: PromptPrefix
  /**
   * The last message alone, whoever wrote it, numbers, case and spacing aside: equal for the steps of a loop. Null
   * outside a trace.
   */
  readonly stepKey: string | null
  /** The answer as a link after the prompt, which is where it stands in the next turn's history. */
  readonly answer: Link | null
}

/** The keys where the text that they were made of may not be kept. */
export const withoutText = (keys: RequestKeys): RequestKeys => ({
  ...keys,
  chain: keys.chain.map(bare),
  answer: keys.answer === null ? null : bare(keys.answer),
})

const bare = (link: Link): Link => ({ ...link, content: '' })

/** The two prefixes that later prompts can share: tools and system prompt, and the conversation of the turn before. */
export type PromptPrefix = {
  /** The link that ends tools and system prompt; null when there are none. */
  readonly systemKey: string | null
  /** The link before the last assistant message, which is where the previous turn's prompt ended. */
  readonly historyKey: string | null
  /** Bytes of text in each, and in the whole prompt. */
  readonly systemBytes: number
  readonly historyBytes: number
  readonly promptBytes: number
}

export const noPrefix: PromptPrefix = {
  systemKey: null,
  historyKey: null,
  systemBytes: 0,
  historyBytes: 0,
  promptBytes: 0,
}
