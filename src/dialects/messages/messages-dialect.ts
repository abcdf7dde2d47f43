import type { Dialect } from '../dialect.ts'
import { readFault, writeFault } from './fault.ts'
import { readCall } from './read-call.ts'
import { openPartReader } from './read-stream.ts'
import { readReply, writeReply } from './reply.ts'
import { writeCall } from './write-call.ts'
import { openPartWriter } from './write-stream.ts'

/** Anthropic Messages. */
export const messagesDialect: Dialect = {
  name: 'anthropic-messages',
  path: '/messages',
  readCall,
  writeCall,
  readReply,
  writeReply,
  openPartReader,
  openPartWriter,
  readFault,
  writeFault,
}
