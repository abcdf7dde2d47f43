import {
  advanceMargin,
  type MarginBet,
  type MarginEvidence,
  noMarginEvidence,
  type WeighedPair,
} from '../stats/sequential-pairs.ts'
import { openEventTurns } from './event-turns.ts'
import type { Measured } from './measured.ts'

export type CaseRun<Kept> = {
  /** The cases answered, in the order of the sample without a gap, up to where the run was decided. */
  readonly measured: readonly Kept[]
  readonly evidence: MarginEvidence
  readonly end: 'complete' | 'decided' | 'budget' | 'stopped'
}

export type RunOptions<Case, Kept> = {
  /** In random order. */
  readonly cases: readonly Case[]
  readonly concurrency: number
  /** Null: the budget leaves no room, or the run was stopped. */
  readonly measure: (each: Case) => Promise<Measured | null>
  /** Null: nothing is decided before the end. */
  readonly bet: MarginBet | null
  /** The pair's weight by that of the heaviest cluster. */
  readonly weightOf: (each: Case) => number
  /** Cases of one cluster follow each other, and are bet on together. */
  readonly clusterOf: (each: Case) => string
  /** What is kept of a case once it counts. */
  readonly keep: (measured: Measured) => Kept
  readonly onProgress?: (done: number) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Measures cases, several at a time. What it says depends on the order of the cases alone: an answer counts when all
 * before it are there, and after a decision nothing counts any more.
 */
export async function runCases<Case, Kept>(
  options: RunOptions<Case, Kept>,
): Promise<CaseRun<Kept>> {
  const { cases, concurrency, measure, bet, weightOf, clusterOf, keep } = options
  const { onProgress, signal } = options
  /** Answered before one that stands before them, by index. */
  const ahead = new Map<number, Measured>()
  const kept: Kept[] = []
  let next = 0
  let done = 0
  let isShort = false
  let evidence = noMarginEvidence
  let unit: WeighedPair[] = []
  const isLast = (index: number) =>
    index + 1 === cases.length ||
    clusterOf(cases[index + 1] as Case) !== clusterOf(cases[index] as Case)
  const advance = () => {
    while (evidence.decided === null) {
      const index = kept.length
      const measured = ahead.get(index)
      if (measured === undefined) break
      ahead.delete(index)
      kept.push(keep(measured))
      if (bet === null) continue
      unit.push({ difference: measured.difference, weight: weightOf(cases[index] as Case) })
      if (!isLast(index)) continue
      evidence = advanceMargin(evidence, unit, bet)
      unit = []
    }
  }
  const othersTurn = openEventTurns()
  const work = async () => {
    while (next < cases.length && evidence.decided === null && !isShort) {
      if (signal?.aborted === true) return
      const index = next++
      const measured = await measure(cases[index] as Case).catch((error: unknown) => {
        // The others end what they are at, and begin nothing more.
        isShort = true
        throw error
      })
      if (measured === null) {
        isShort = true
        continue
      }
      ahead.set(index, measured)
      onProgress?.(++done)
      advance()
      await othersTurn()
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, cases.length) }, work))
  return { measured: kept, evidence, end: endOf() }

  function endOf(): CaseRun<Kept>['end'] {
    if (evidence.decided !== null) return 'decided'
    if (kept.length === cases.length) return 'complete'
    return signal?.aborted === true ? 'stopped' : 'budget'
  }
}
