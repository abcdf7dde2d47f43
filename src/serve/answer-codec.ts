import { isObject } from '../domain/json.ts'
import type { Reply } from '../domain/reply.ts'
import type { AnswerCodec } from '../worlds/held-answer.ts'
import { LiveAnswer } from './live-answer.ts'

/** Answers of models as the cache keeps them: what was said, in no vendor's words. */
export const answerCodec: AnswerCodec = {
  encode: (answer) => (answer instanceof LiveAnswer ? JSON.stringify(answer.reply) : null),
  decode(text) {
    const reply: unknown = JSON.parse(text)
    if (!isObject(reply) || !Array.isArray(reply['blocks']) || typeof reply['finish'] !== 'string')
      throw new Error('it is no answer')
    return new LiveAnswer(reply as unknown as Reply, null)
  },
}
