import { isObject, type Json } from '../domain/json.ts'
import type { Message, Prompt } from '../domain/request.ts'

/** A stretch of plain text in a prompt that may be shortened. */
export type PromptText = {
  /** −1: the system prompt; else the number of the message. */
  readonly message: number
  readonly text: string
}

/** The texts of a prompt in order: system prompt and people's messages. What tools say, and images, are none. */
export function promptTexts({ system, messages }: Prompt): readonly PromptText[] {
  return [
    ...(system === undefined ? [] : textsOf(system, -1)),
    ...messages.flatMap((message, number) =>
      isSpoken(message) ? textsOf(message.content, number) : [],
    ),
  ]
}

/** The same prompt with other texts in their places, one for each of `promptTexts`. */
export function withTexts(prompt: Prompt, texts: readonly string[]): Prompt {
  let next = 0
  const replaced = (content: Json): Json =>
    typeof content === 'string'
      ? (texts[next++] ?? content)
      : Array.isArray(content)
        ? content.map((part: Json) =>
            isObject(part) && typeof part['text'] === 'string'
              ? { ...part, text: texts[next++] ?? part['text'] }
              : part,
          )
        : content
  const { system, messages, ...rest } = prompt
  // In the order of `promptTexts`: the system prompt first.
  const before = system === undefined ? {} : { system: replaced(system) }
  const after = messages.map((message) =>
    isSpoken(message) ? { ...message, content: replaced(message.content) } : message,
  )
  return { ...rest, ...before, messages: after }
}

const isSpoken = ({ role }: Message): boolean => role !== 'tool' && role !== 'function'

function textsOf(content: Json, message: number): readonly PromptText[] {
  if (typeof content === 'string') return [{ message, text: content }]
  if (!Array.isArray(content)) return []
  return content.flatMap((part: Json) =>
    isObject(part) && typeof part['text'] === 'string' ? [{ message, text: part['text'] }] : [],
  )
}

/** A blank line ends a paragraph. */
const paragraphEnd = /\n[ \t]*\n+/

export const paragraphsOf = (text: string): readonly string[] => text.split(paragraphEnd)
export const joinParagraphs = (paragraphs: readonly string[]): string => paragraphs.join('\n\n')
