import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import { noCallLimits } from '../domain/provider.ts'
import { askWithRetries } from './ask-with-retries.ts'
import type { Asker } from './asker.ts'
import { NotAsked } from './not-asked.ts'
import { plainCall } from './plain-call.ts'

export type TextQuestion = {
  readonly target: string
  readonly system: string
  readonly user: string
  /** Null: as long as it likes. */
  readonly maxOutputTokens: number | null
  readonly seq: number | null
}

export type TextAnswer = {
  /** Null: no answer came. */
  readonly text: string | null
  readonly costNanoUsd: NanoUsd
  readonly latencyMs: number
}

/** A call that judges something hangs no longer than this. */
const limits = { ...noCallLimits, idleMs: 60_000, totalMs: 300_000 }

/** Asks a model for a text; throws `NotAsked` where the cap leaves no room. */
export async function askText(
  asker: Asker,
  { target, system, user, maxOutputTokens, seq }: TextQuestion,
): Promise<TextAnswer> {
  const call = plainCall(target, system, user, maxOutputTokens)
  const tried = await askWithRetries(asker, { target, call, turn: 0, seq, limits })
  if (tried === null) throw new NotAsked()
  const { answer, latencyMs } = tried
  const costNanoUsd = tried.costNanoUsd ?? zeroNanoUsd
  if (answer.kind === 'failed') return { text: null, costNanoUsd, latencyMs }
  const { blocks } = answer.reply
  const text = blocks.map((block) => (block.kind === 'text' ? block.text : '')).join('')
  return { text, costNanoUsd, latencyMs }
}
