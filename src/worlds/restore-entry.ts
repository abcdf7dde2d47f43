import type { KeptEntry } from '../domain/cached-entry.ts'
import type { RequestId } from '../domain/receipt.ts'
import { ComparedText } from './compared-text.ts'
import { type AnswerCodec, HeldAnswer } from './held-answer.ts'
import type { LiveEntry } from './live-entry.ts'

/** Makes entries of what a keeper had, the answers of both layers once. */
export function openRestorer(codec: AnswerCodec): (kept: KeptEntry, place: number) => LiveEntry {
  const held = new Map<RequestId, HeldAnswer>()
  const hold = (id: RequestId, text: string): HeldAnswer => {
    const answer = held.get(id) ?? new HeldAnswer(codec, { text })
    held.set(id, answer)
    return answer
  }
  return (kept, place) => {
    const { serial, layer, id, key, namespace, bornMs, ttlMs, facts, hits, usedMs, compared } = kept
    return {
      serial,
      layer,
      id,
      bornMs,
      key,
      space: namespace,
      place,
      ttlMs,
      facts,
      held: hold(id, kept.answer),
      compared: compared && {
        text: new ComparedText(compared.text),
        group: compared.group,
        vector: compared.vector,
      },
      isKept: true,
      uses: { hits, usedMs },
    }
  }
}
