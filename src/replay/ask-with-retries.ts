import { type Fault, passingFaults } from '../domain/fault.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { ProviderAnswer } from '../domain/provider.ts'
import { type Asker, isCostUnknown, type Question } from './asker.ts'
import { turnsApart } from './turns.ts'

export type Tried = {
  /** The last attempt's. */
  readonly answer: ProviderAnswer
  /** Of all attempts. Null: nobody knows what one of them cost. */
  readonly costNanoUsd: NanoUsd | null
  /** Of all attempts, without the waits between them. */
  readonly latencyMs: number
}

/** How often what fails for a moment is asked again; the first wait doubles with each try. */
export type Again = { readonly attempts: number; readonly firstWaitMs: number }

/** Where no policy says how often. */
const usualAgain: Again = { attempts: 2, firstWaitMs: 1_000 }

/** Whoever asks to wait longer is not asked again. */
const longestWaitMs = 60_000

/** Asks until an answer comes or asking is no use. Null: the cap leaves no room, or the run was stopped. */
export async function askWithRetries(
  asker: Asker,
  question: Question,
  again: Again = usualAgain,
): Promise<Tried | null> {
  let cost: number | null = 0
  let latencyMs = 0
  for (let attempt = 0; ; attempt++) {
    const turn = question.turn + attempt * turnsApart
    const asking = await asker.ask({ ...question, turn })
    if (asking.kind === 'not-asked') return null
    const { answer } = asking.reply
    const costNanoUsd = isCostUnknown(answer) ? null : asking.reply.costNanoUsd
    cost = cost === null || costNanoUsd === null ? null : cost + costNanoUsd
    latencyMs += answer.latencyMs
    const waitMs = answer.kind === 'failed' ? waitAfter(answer.fault, attempt, again) : null
    if (waitMs === null) return { answer, costNanoUsd: cost as NanoUsd | null, latencyMs }
    // What was stored by an earlier run need not be waited for again.
    if (asking.isNew) await asker.wait(waitMs)
  }
}

/** Null: asking again is no use. */
function waitAfter(
  { kind, retryAfterMs }: Fault,
  attempt: number,
  { attempts, firstWaitMs }: Again,
): number | null {
  const waitMs = retryAfterMs ?? firstWaitMs * 2 ** attempt
  const isUseful = passingFaults.has(kind) && attempt < attempts && waitMs <= longestWaitMs
  return isUseful ? waitMs : null
}
