import type { InputSummary, PriceBookUsed, Warning } from '../domain/report.ts'
import type { VerdictLookup } from '../domain/stored-verdict.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { Similarity } from '../score/equivalence.ts'
import type { RiskLimit } from '../stats/labels-needed.ts'
import type { FoundNeighbours } from '../worlds/find-neighbours.ts'
import type { KeyedHistory } from '../worlds/ignored-keys.ts'
import type { Questions } from '../worlds/questions.ts'
import type { Baseline } from './baseline.ts'
import type { JudgingMemory } from './judging-memory.ts'
import type { LimitWords } from './limits.ts'

/** Thresholds between two, both included. */
export type ThresholdRange = { readonly from: number; readonly to: number }

/** What a simulation is asked for. */
export type SimulateOptions = {
  /** Milliseconds: the only clock a report reads. */
  readonly now: number
  /** Of days. */
  readonly zone: string
  readonly inputs: readonly InputSummary[]
  readonly warnings: readonly Warning[]
  readonly compiled: CompiledPolicy
  readonly baseline: Baseline
  readonly policyText: readonly string[]
  readonly fingerprints: {
    readonly policy: string
    readonly prices: string
    readonly embedder: string | null
  }
  readonly priceBook: PriceBookUsed
  readonly questions: Questions
  /** Null where nothing was compared: no text, or a policy without a semantic layer. */
  readonly found: FoundNeighbours | null
  /** What so many tokens cost at the embedder; null: nobody knows. */
  readonly embedCostOf: (tokens: number) => number | null
  /** What the policy calls the embedder. */
  readonly embedder: string
  /** The cache rule that holds for each request: see `cacheRules`. */
  readonly rules: Int16Array
  /** What the policy's `keyIgnore` did not reach. */
  readonly keyIgnore: Pick<KeyedHistory, 'withoutText' | 'withoutCover' | 'uncovered'>
  /** What budgets and the loop guard say; null: the policy has none. */
  readonly limits: LimitWords | null
  /** Of two answers; without it only equal answers and different numbers and names are told. */
  readonly similarity?: Similarity | undefined
  /** What people and judges said of pairs of answers before. */
  readonly verdicts?: VerdictLookup | undefined
  /** What earlier simulations found out about answers; this one adds to it. */
  readonly judging?: JudgingMemory | undefined
  /** Thresholds of the sweep, from high to low. */
  readonly grid: readonly number[]
  /** Where every threshold is asked for, and not only those of the grid; absent: nowhere. */
  readonly every?: ThresholdRange | undefined
  /** What is to be certified; null: nothing. */
  readonly limit: RiskLimit | null
  /** How the user named the logs, to be copied into commands. */
  readonly inputWords: string
}
