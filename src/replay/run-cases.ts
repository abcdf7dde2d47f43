import {
  advanceMargin,
  type MarginBet,
  type MarginEvidence,
  noMarginEvidence,
} from '../stats/sequential-pairs.ts'
import type { Measured } from './measured.ts'

export type CaseRun = {
  /** The cases answered, in the order of the sample without a gap, up to where the run was decided. */
  readonly measured: readonly Measured[]
  readonly evidence: MarginEvidence
  readonly end: 'complete' | 'decided' | 'budget' | 'stopped'
}

export type RunOptions<Case> = {
  /** In random order. */
  readonly cases: readonly Case[]
  readonly concurrency: number
  /** Null: the budget leaves no room, or the run was stopped. */
  readonly measure: (each: Case) => Promise<Measured | null>
  /** Null: nothing is decided before the end. */
  readonly bet: MarginBet | null
  /** The pair's weight by the largest of all. */
  readonly weightOf: (each: Case) => number
  /** What is kept of a case once it counts; absent: all of it. */
  readonly keep?: (measured: Measured) => Measured
  readonly onProgress?: (done: number) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Measures cases, several at a time. What it says depends on the order of the cases alone: an answer counts when all
 * before it are there, and after a decision nothing counts any more.
 */
export async function runCases<Case>(options: RunOptions<Case>): Promise<CaseRun> {
  const { cases, concurrency, measure, bet, weightOf, keep, onProgress, signal } = options
  const found: (Measured | null | undefined)[] = new Array(cases.length)
  let next = 0
  let done = 0
  let counted = 0
  let isShort = false
  let evidence = noMarginEvidence
  const advance = () => {
    while (counted < cases.length && evidence.decided === null) {
      const measured = found[counted]
      if (measured == null) break
      if (keep !== undefined) found[counted] = keep(measured)
      counted++
      if (bet === null || measured.difference === null) continue
      const weight = weightOf(cases[counted - 1] as Case)
      evidence = advanceMargin(evidence, measured.difference, bet, weight)
    }
  }
  const work = async () => {
    while (next < cases.length && evidence.decided === null && !isShort) {
      if (signal?.aborted === true) return
      const index = next++
      const measured = await measure(cases[index] as Case)
      found[index] = measured
      if (measured === null) isShort = true
      else onProgress?.(++done)
      advance()
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, cases.length) }, work))
  const measured = found.slice(0, counted) as Measured[]
  return { measured, evidence, end: endOf() }

  function endOf(): CaseRun['end'] {
    if (evidence.decided !== null) return 'decided'
    if (counted === cases.length) return 'complete'
    return signal?.aborted === true ? 'stopped' : 'budget'
  }
}
