import { isObject, type Json } from '../domain/json.ts'
import type { Prompt } from '../domain/request.ts'

/**
 * The text of the last user message that has any, '' where none has; null without a prompt. What a
 * tool returned is no one's words, although some dialects put it into a user message.
 */
export function lastUserText(prompt: Prompt | undefined): string | null {
  if (prompt === undefined) return null
  for (let at = prompt.messages.length - 1; at >= 0; at--) {
    const message = prompt.messages[at]
    if (message?.role !== 'user') continue
    const text = spokenText(message.content)
    if (text !== '') return text
  }
  return ''
}

/** The system prompt's text, '' where there is none; null without a prompt. */
export const systemText = (prompt: Prompt | undefined): string | null =>
  prompt === undefined ? null : spokenText(prompt.system ?? '')

/** Plain text as it is, of a list of parts those that are text, one a line. */
export function spokenText(content: Json): string {
  if (typeof content === 'string') return content
  return partsOf(content)
    .flatMap((part) => (isObject(part) && typeof part['text'] === 'string' ? [part['text']] : []))
    .join('\n')
}

/** Whether one of a message's parts is an image, by its type on any wire. */
export const holdsImage = (content: Json): boolean =>
  partsOf(content).some((part) => isObject(part) && /image/.test(String(part['type'])))

const partsOf = (content: Json): readonly Json[] => (Array.isArray(content) ? content : [])

/** A fence, a statement at the start of a line as programs have it, or two lines in a row that end like statements. */
export const holdsCode = (text: string): boolean => codeMarks.some((mark) => mark.test(text))

const codeMarks = [
  /```/,
  /^[ \t]*(?:def \w+\(|(?:async )?function\b[ \t]*\w*\(|#include[ \t]*[<"]|(?:const|let|var) \w+ ?=)/m,
  /^[ \t]*(?:from \S+ import \w|(?:public|private|protected) [\w<>[\], ]+\()/m,
  /[;{][ \t]*\r?\n[^\n]*[;{}][ \t]*(?:\r?\n|$)/,
]
