import type { Message, Prompt } from '../domain/request.ts'
import type { PromptPart } from '../policy/levers.ts'
import { joinParagraphs, paragraphsOf, promptTexts, withTexts } from './compress-texts.ts'

export type TokenBudget = {
  readonly tokens: number
  /** Parts that are not named are never cut. */
  readonly priorities: readonly PromptPart[]
}

/**
 * Cuts a prompt to a number of tokens, the part that is named last first: of the history the oldest turns; of documents
 * (the paragraphs before the last one of the last user message) and examples (those of the system prompt after its
 * first) the last; of system prompt and question their ends.
 */
export function cutToBudget(
  prompt: Prompt,
  { tokens, priorities }: TokenBudget,
  countTokens: (text: string) => number,
): Prompt {
  const sizeOf = (each: Prompt) =>
    promptTexts(each).reduce((sum, { text }) => sum + countTokens(text), 0)
  let cut = prompt
  for (const part of [...priorities].reverse()) {
    for (;;) {
      const excess = sizeOf(cut) - tokens
      if (excess <= 0) return cut
      const next = cutters[part](cut, excess)
      if (next === null) break
      cut = next
    }
  }
  return cut
}

/** A little less of one part, or null where nothing of it can go. `excess` is how many tokens are too many. */
type Cutter = (prompt: Prompt, excess: number) => Prompt | null

const cutters: Readonly<Record<PromptPart, Cutter>> = {
  history: withoutOldestTurn,
  documents: (prompt) => withoutParagraph(prompt, lastUserMessage(prompt.messages), 'before-last'),
  examples: (prompt) => withoutParagraph(prompt, -1, 'last'),
  system: (prompt, excess) => shortened(prompt, -1, excess),
  question: (prompt, excess) => shortened(prompt, lastUserMessage(prompt.messages), excess),
}

/** The number of the message that asks; −1: nobody does. */
export const lastUserMessage = (messages: readonly Message[]): number =>
  messages.findLastIndex(({ role }) => role === 'user')

/** A turn begins with a user's message and holds all up to the next one, so that no tool's result loses its call. */
function withoutOldestTurn(prompt: Prompt): Prompt | null {
  const { messages } = prompt
  const question = lastUserMessage(messages)
  const first = messages.findIndex(({ role }) => role === 'user')
  if (first === -1 || first >= question) return null
  const next = messages.findIndex(({ role }, number) => number > first && role === 'user')
  return { ...prompt, messages: [...messages.slice(0, first), ...messages.slice(next)] }
}

function withoutParagraph(
  prompt: Prompt,
  message: number,
  which: 'last' | 'before-last',
): Prompt | null {
  return changed(prompt, message, (text) => {
    const paragraphs = paragraphsOf(text)
    if (paragraphs.length < 2) return null
    const at = which === 'last' ? paragraphs.length - 1 : paragraphs.length - 2
    return joinParagraphs(paragraphs.toSpliced(at, 1))
  })
}

/** Four bytes to a token: an end that is cut once too little is cut again. */
const charactersPerToken = 4

const shortened = (prompt: Prompt, message: number, excess: number): Prompt | null =>
  changed(prompt, message, (text) =>
    text === '' ? null : text.slice(0, Math.max(0, text.length - excess * charactersPerToken)),
  )

/** Changes the last text of a message that can be changed. */
function changed(
  prompt: Prompt,
  message: number,
  change: (text: string) => string | null,
): Prompt | null {
  const texts = promptTexts(prompt)
  const all = texts.map(({ text }) => text)
  for (let at = texts.length - 1; at >= 0; at--) {
    if (texts[at]?.message !== message) continue
    const text = change(all[at] ?? '')
    if (text !== null && text !== all[at]) return withTexts(prompt, all.with(at, text))
  }
  return null
}
