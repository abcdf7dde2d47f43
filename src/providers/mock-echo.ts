import { createHash } from 'node:crypto'
import type { Call } from '../domain/call.ts'
import { type ExpectedOf, lastUserText, textOfBlocks } from './mock-model.ts'

/** The texts of one conversation as a log has it. */
export type LoggedConversation = {
  readonly system: readonly string[]
  /** Of users and assistants, in order. */
  readonly messages: readonly string[]
  readonly question: string
}

/** Known answers, by what was asked. */
export type EchoBook = {
  add(conversation: LoggedConversation, answer: string): void
  readonly expectedOf: ExpectedOf
  readonly size: number
}

/**
 * Finds the answer that was given to the same conversation, whatever the dialect and model; else the first one that
 * was given to the same last user message. White space is no difference.
 */
export function openEchoBook(): EchoBook {
  const byConversation = new Map<string, string>()
  const byQuestion = new Map<string, string>()
  return {
    add({ system, messages, question }, answer) {
      const key = keyOf([...system, ...messages])
      if (!byConversation.has(key)) byConversation.set(key, answer)
      const last = keyOf([question])
      if (!byQuestion.has(last)) byQuestion.set(last, answer)
    },
    expectedOf(call) {
      const logged = byConversation.get(keyOf(textsOf(call)))
      return logged ?? byQuestion.get(keyOf([lastUserText(call.turns)])) ?? null
    },
    get size() {
      return byConversation.size
    },
  }
}

const textsOf = ({ system, turns }: Call): readonly string[] => [
  textOfBlocks(system),
  ...turns.map(({ blocks }) => textOfBlocks(blocks)),
]

function keyOf(texts: readonly string[]): string {
  const text = texts.map((each) => each.replace(/\s+/g, ' ').trim()).join(' ')
  return createHash('sha256').update(text.replace(/ +/g, ' ').trim()).digest('base64url')
}
