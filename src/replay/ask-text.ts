import { zeroNanoUsd } from '../domain/money.ts'
import { noCallLimits } from '../domain/provider.ts'
import { replyText } from '../domain/reply.ts'
import { plainCall } from '../score/plain-call.ts'
import type { AskText, TextAnswer, TextQuestion } from '../score/text-question.ts'
import { askWithRetries } from './ask-with-retries.ts'
import type { Asker } from './asker.ts'
import { NotAsked } from './not-asked.ts'

/** A call that judges something hangs no longer than this. */
const limits = { ...noCallLimits, idleMs: 60_000, totalMs: 300_000 }

/** Asks a model for a text; throws `NotAsked` where the cap leaves no room. */
export async function askText(
  asker: Asker,
  { target, system, user, maxOutputTokens }: TextQuestion,
  seq: number | null = null,
): Promise<TextAnswer> {
  const call = plainCall(target, system, user, maxOutputTokens)
  const tried = await askWithRetries(asker, { target, call, turn: 0, seq, limits })
  if (tried === null) throw new NotAsked()
  const { answer, latencyMs } = tried
  const costNanoUsd = tried.costNanoUsd ?? zeroNanoUsd
  if (answer.kind === 'failed') return { text: null, costNanoUsd, latencyMs }
  return { text: replyText(answer.reply), costNanoUsd, latencyMs }
}

/** The same as validators and classifiers ask it. */
export const textAsker =
  (asker: Asker): AskText =>
  (question) =>
    askText(asker, question)
