import type { Dialect } from '../dialect.ts'
import { readOpenAiFault, writeOpenAiFault } from '../openai-faults.ts'
import { openChatPartReader } from './part-reader.ts'
import { openChatPartWriter } from './part-writer.ts'
import { readChatCall } from './read-call.ts'
import { readChatReply } from './read-reply.ts'
import { writeChatCall } from './write-call.ts'
import { writeChatReply } from './write-reply.ts'

/** OpenAI chat completions, which most vendors and local servers speak too. */
export const chatDialect: Dialect = {
  name: 'openai-chat',
  path: '/chat/completions',
  readCall: readChatCall,
  writeCall: writeChatCall,
  readReply: readChatReply,
  writeReply: writeChatReply,
  openPartReader: openChatPartReader,
  openPartWriter: openChatPartWriter,
  readFault: readOpenAiFault,
  writeFault: writeOpenAiFault,
}
