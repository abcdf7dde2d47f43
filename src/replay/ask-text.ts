import { passingFaults } from '../domain/fault.ts'
import type { NanoUsd } from '../domain/money.ts'
import { noCallLimits } from '../domain/provider.ts'
import type { Asker } from './asker.ts'
import { NotAsked } from './not-asked.ts'
import { plainCall } from './plain-call.ts'
import { turnsApart } from './turns.ts'

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

/** Tries of one question: what fails for a moment is asked again, a second later and then two. */
const tries = 3
const firstWaitMs = 1_000

/** Asks a model for a text; throws `NotAsked` where the cap leaves no room. */
export async function askText(
  asker: Asker,
  { target, system, user, maxOutputTokens, seq }: TextQuestion,
): Promise<TextAnswer> {
  const call = plainCall(target, system, user, maxOutputTokens)
  let cost = 0
  let latencyMs = 0
  for (let attempt = 0; ; attempt++) {
    const turn = attempt * turnsApart
    const asking = await asker.ask({ target, call, turn, seq, limits })
    if (asking.kind === 'not-asked') throw new NotAsked()
    const { answer, costNanoUsd } = asking.reply
    cost += costNanoUsd ?? 0
    latencyMs += answer.latencyMs
    if (answer.kind === 'answered') {
      const text = answer.reply.blocks
        .map((block) => (block.kind === 'text' ? block.text : ''))
        .join('')
      return { text, costNanoUsd: cost as NanoUsd, latencyMs }
    }
    const { kind, retryAfterMs } = answer.fault
    if (attempt + 1 === tries || !passingFaults.has(kind)) {
      return { text: null, costNanoUsd: cost as NanoUsd, latencyMs }
    }
    // What was stored by an earlier run need not be waited for again.
    if (asking.isNew) await asker.wait(retryAfterMs ?? firstWaitMs * 2 ** attempt)
  }
}
