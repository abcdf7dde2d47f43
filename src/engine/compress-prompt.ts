import type { Prompt } from '../domain/request.ts'
import type { Compression } from '../policy/levers.ts'
import { cutToBudget, lastUserMessage } from './compress-budget.ts'
import { dropRepeated, keepChunks, keepExamples, referRepeats } from './compress-repeats.ts'
import { promptTexts, withTexts } from './compress-texts.ts'

/** Compressions that need nobody else; a command is run by whoever may run one. */
export type PureCompression = Exclude<Compression, { readonly kind: 'command' }>

/** A prompt made shorter. The same prompt where there is nothing to shorten. */
export function compressPrompt(
  prompt: Prompt,
  compression: PureCompression,
  countTokens: (text: string) => number,
): Prompt {
  const texts = promptTexts(prompt)
  switch (compression.kind) {
    case 'drop-repeated':
      return withTexts(prompt, dropRepeated(texts))
    case 'few-shot':
      return withTexts(prompt, keepExamples(texts, compression))
    case 'top-chunks':
      return withTexts(
        prompt,
        keepChunks(texts, { ...compression, question: lastUserMessage(prompt.messages) }),
      )
    case 'references':
      return withTexts(prompt, referRepeats(texts, compression.minCharacters))
    case 'token-budget':
      return cutToBudget(prompt, compression, countTokens)
  }
}

/** Tokens of a prompt's texts, before and after. */
export const promptTokens = (prompt: Prompt, countTokens: (text: string) => number): number =>
  promptTexts(prompt).reduce((sum, { text }) => sum + countTokens(text), 0)
