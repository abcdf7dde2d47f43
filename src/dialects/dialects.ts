import type { DialectName } from '../domain/call.ts'
import { chatDialect } from './chat/chat-dialect.ts'
import type { Dialect } from './dialect.ts'
import { messagesDialect } from './messages/messages-dialect.ts'
import { responsesDialect } from './responses/responses-dialect.ts'

const dialects: Readonly<Record<DialectName, Dialect>> = {
  'openai-chat': chatDialect,
  'openai-responses': responsesDialect,
  'anthropic-messages': messagesDialect,
}

/** The code that speaks a wire format. */
export const dialectOf = (name: DialectName): Dialect => dialects[name]
