import type { History } from './history.ts'
import { answerOf } from './stored-request.ts'

/** The text of the answer that a request was given; null where none is kept. */
export function textOfAnswer(history: History, place: number): string | null {
  if (history.answer[place] === -1) return null
  const link = history.lookup.answerOf(history.seq[place] as number)
  return answerOf(link, null)?.text ?? null
}
