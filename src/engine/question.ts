import type { Prompt } from '../domain/request.ts'
import { type KeyHash, requestKeys } from './cache-key.ts'
import { lastUserText } from './spoken-text.ts'

/** What a prompt asks, and the keys by which the same question is known again. */
export type Question = {
  /** The last user message's text. */
  readonly text: string
  /** Equal for equal prompts, system prompt, tools and history included; parameters and model aside. */
  readonly promptKey: string | null
  /** Equal for the same last user message. */
  readonly questionKey: string | null
}

export function questionOf(prompt: Prompt, hash: KeyHash): Question {
  const request = { model: '', operation: 'chat', status: 'ok', prompt } as const
  const { chain, questionKey } = requestKeys(request, hash)
  return { text: lastUserText(prompt) ?? '', promptKey: chain.at(-1)?.hash ?? null, questionKey }
}
