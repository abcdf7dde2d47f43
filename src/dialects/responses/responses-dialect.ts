import type { Dialect } from '../dialect.ts'
import { readOpenAiFault, writeOpenAiFault } from '../openai-faults.ts'
import { openResponsesPartReader } from './part-reader.ts'
import { openResponsesPartWriter } from './part-writer.ts'
import { readResponsesCall } from './read-call.ts'
import { readResponsesReply } from './read-reply.ts'
import { writeResponsesCall } from './write-call.ts'
import { writeResponsesReply } from './write-reply.ts'

/** OpenAI Responses. */
export const responsesDialect: Dialect = {
  name: 'openai-responses',
  path: '/responses',
  readCall: readResponsesCall,
  writeCall: writeResponsesCall,
  readReply: readResponsesReply,
  writeReply: writeResponsesReply,
  openPartReader: openResponsesPartReader,
  openPartWriter: openResponsesPartWriter,
  readFault: readOpenAiFault,
  writeFault: writeOpenAiFault,
}
