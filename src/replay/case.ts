import type { Call } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import type { Json } from '../domain/json.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { Usage } from '../domain/usage.ts'

/**
 * How a policy changes a request's answer. `routed`: another model; `cached`: a similar request's answer; `rewritten`:
 * the same model is asked something shorter, or for less; `suite`: a question that somebody wrote.
 */
export type ChangeKind = 'routed' | 'cached' | 'rewritten' | 'suite'

/** One question that is answered by baseline and candidate. */
export type ReplayCase = {
  /** "#123", the request's number in the store, or a suite's name for it. Unique. */
  readonly id: string
  readonly seq: number | null
  /** As the application asked it. */
  readonly call: Call
  /** As the policy asks it: shortened, or for less; the same where it changes nothing. */
  readonly candidateCall: Call
  /** The last user message. */
  readonly question: string
  readonly change: ChangeKind
  readonly stratum: Stratum
  /** Cases of one cluster say the same thing: equal prompts, or one trace. */
  readonly cluster: string
  /** What a suite expects; null where nobody said. */
  readonly expected: string | null
  /** By which scorer; null takes the run's. */
  readonly scorer: string | null
  /** The log's answer; null where it has none. */
  readonly logged: ArmAnswer | null
  readonly keys: { readonly promptKey: string | null; readonly questionKey: string | null }
}

export type Stratum = {
  readonly route: string
  readonly feature: string
  readonly length: LengthBin
  readonly model: string
}

export const lengthBins = ['short', 'medium', 'long'] as const
export type LengthBin = (typeof lengthBins)[number]

/** Input tokens from which a prompt is medium, and long. */
const mediumFrom = 200
const longFrom = 2_000

export const lengthBinOf = (inputTokens: number): LengthBin =>
  inputTokens < mediumFrom ? 'short' : inputTokens < longFrom ? 'medium' : 'long'

/** Gives back one and the same object for equal strata: large logs have few. */
export function sharedStrata(): (stratum: Stratum) => Stratum {
  const strata = new Map<string, Stratum>()
  return (stratum) => {
    const name = stratumName(stratum)
    const known = strata.get(name) ?? stratum
    strata.set(name, known)
    return known
  }
}

export const stratumName = ({ route, feature, length, model }: Stratum): string =>
  [route, feature, length, model].map((part) => part || '-').join(' · ')

/** What one arm came to for one case. */
export type ArmAnswer = {
  readonly source: 'logged' | 'cache' | 'asked'
  /** Null: no answer came. */
  readonly text: string | null
  readonly toolCalls: readonly Json[]
  readonly finishReason: string | null
  /** Who answered, "provider:model"; null where a log does not say. */
  readonly target: string | null
  /** Why no answer came. */
  readonly fault: Fault | null
  /** Of the policy's work: all attempts, classifiers and validators. Null: unpriced. */
  readonly costNanoUsd: NanoUsd | null
  readonly latencyMs: number
  readonly firstTokenMs: number | null
  readonly usage: Usage | null
  /** Models asked on the way, with what validators said of their answers. */
  readonly rungs: readonly RungAnswer[]
}

export type RungAnswer = {
  readonly target: string
  readonly text: string
  readonly toolCalls: readonly Json[]
  readonly verdict: 'accepted' | 'rejected'
  /** The validator that rejected. */
  readonly reason: string | null
  /** Whether validators judged it at all. */
  readonly isJudged: boolean
  /** Whether it was rejected and another model asked. */
  readonly isEscalated: boolean
}
