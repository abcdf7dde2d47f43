import { zeroNanoUsd } from '../domain/money.ts'
import type { Asker } from '../replay/asker.ts'
import { type Comparison, compareByAgreement } from '../replay/compare.ts'
import { type Similarity, verdictOf } from '../score/equivalence.ts'
import type { Scorer } from '../score/scorer.ts'
import type { ReplayFlags } from './replay-flags.ts'

export type ReplayComparison = {
  readonly comparison: Comparison
  /** The judge's target, and how often it is asked for a case; null: no model judges. */
  readonly judge: { readonly target: string; readonly calls: number } | null
}

export type ComparisonJob = {
  readonly flags: ReplayFlags
  readonly asker: Asker
  readonly similarity: Similarity
}

export function comparisonOf({ similarity }: ComparisonJob): ReplayComparison {
  const scorer: Scorer = {
    name: 'equivalent',
    needsExpected: true,
    isEstimate: true,
    score({ answer, expected }) {
      const { verdict, rung } = verdictOf(
        { text: expected, label: null },
        { text: answer, label: null },
        { similarity },
      )
      const value = verdict === 'unsettled' ? null : verdict === 'right' ? 1 : 0
      return { value, reason: rung, costNanoUsd: zeroNanoUsd }
    },
  }
  return { comparison: compareByAgreement(scorer), judge: null }
}
