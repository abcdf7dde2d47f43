import type { Interval, ResultHead } from '../domain/report.ts'
import type { JudgeSummary } from '../score/judge-audit.ts'
import type { McNemar } from '../stats/mcnemar.ts'
import type { ChangeCounts } from './affected.ts'
import type { ChangeKind, LengthBin } from './case.ts'
import type { ValidatorRates } from './validator-rates.ts'
import type { VerdictWord } from './verdict.ts'

/** What `llmcost replay` found. Plain data: what `--format json` prints. */
export type ReplayResult = ResultHead<'replay'> & {
  /** Under this name its answers are stored. */
  readonly run: string
  readonly policyText: string
  readonly baseline: string
  readonly comparison: {
    readonly kind: 'expected' | 'agreement' | 'preference'
    readonly scorer: string
    readonly isEstimate: boolean
    /** What is compared with what, in words. */
    readonly meaning: string
  }
  readonly plan: ReplayPlan
  /** Null while nothing has been asked (--dry-run). */
  readonly arms: { readonly [arm in ArmName]: ArmSummary | null } | null
  readonly delta: {
    /** Candidate − baseline, mean over changed requests, weighted by stratum; null: not measured. */
    readonly quality: number | null
    readonly interval: Interval | null
    /** The same over all requests, unchanged ones counting 0. */
    readonly qualityOverall: number | null
    /** Mean of a pair, measured. */
    readonly costUsd: number | null
    readonly latencyMs: number | null
    readonly pairs: number
    readonly discordant: number
    readonly designEffect: number
    readonly mcNemar: McNemar | null
  }
  readonly verdict: VerdictWord
  readonly verdictBecause: string
  readonly pairsNeeded: number | null
  readonly end: 'planned' | 'complete' | 'decided' | 'budget' | 'stopped'
  readonly strata: readonly GroupDelta[]
  readonly byLength: readonly (GroupDelta & { readonly length: LengthBin })[]
  readonly byChange: readonly (GroupDelta & { readonly change: ChangeKind })[]
  readonly unsettled: {
    readonly noAnswer: number
    readonly unscored: number
    /** Failed attempts of arms by kind of fault. */
    readonly faults: Readonly<Record<string, number>>
  }
  readonly judge: JudgeSummary | null
  /** How often the model of the log, asked again, agrees with itself; null where it was not asked. */
  readonly noiseFloor: {
    readonly agreement: number
    readonly pairs: number
    readonly interval: Interval
  } | null
  readonly validators: readonly ValidatorRates[]
  readonly escalations: {
    readonly count: number
    readonly of: number
    readonly rate: number | null
  }
  readonly worst: readonly WorstPair[]
  /** Of this run, earlier parts of it included. */
  readonly spentUsd: number
  /** Reserved for calls that were begun and never settled: perhaps billed. */
  readonly maybeBilledUsd: number
}

export type ArmName = 'baseline' | 'again' | 'candidate'

export type ArmSummary = {
  readonly answers: number
  readonly failures: number
  readonly costUsd: number
  readonly unpriced: number
  readonly latencyMs: { readonly p50: number; readonly p95: number } | null
  readonly firstTokenMs: { readonly p50: number; readonly p95: number } | null
  /** Mean score; null where answers are only compared. */
  readonly score: number | null
  readonly outputTokens: number | null
}

export type ReplayPlan = {
  /** Requests looked at. */
  readonly requests: number
  readonly changes: ChangeCounts
  /** Requests that the policy changes and whose text is known. */
  readonly affected: number
  /** Changed, but without text: nobody can ask them again. */
  readonly withoutText: number
  /** Drawn, and not to be asked again: what cannot be said to the new target, by reason. */
  readonly refused: Readonly<Record<string, number>>
  readonly sampled: number
  readonly design: 'sequential' | 'fixed'
  readonly margin: number
  /** The margin over all requests that this is worth; null for a suite. */
  readonly marginOverall: number | null
  readonly power: {
    /** Pairs for the margin at 80 % power, one-sided 5 %; null: no number will do. */
    readonly pairs: number | null
    readonly discordantShare: number
    readonly level: number
    readonly target: number
  }
  readonly strata: readonly {
    readonly name: string
    readonly affected: number
    readonly sampled: number
    readonly weight: number
  }[]
  readonly calls: number
  /** Answered by what is stored already. */
  readonly storedCalls: number
  readonly priceUsd: { readonly low: number; readonly high: number } | null
  /** Calls to models without a price. */
  readonly unpricedTargets: readonly string[]
  readonly durationMs: number | null
  readonly concurrency: number
  readonly budgetUsd: number | null
  readonly assumptions: readonly string[]
}

/** Differences of one part of the sample. */
export type GroupDelta = {
  readonly name: string
  readonly pairs: number
  readonly better: number
  readonly worse: number
  readonly quality: number | null
  readonly interval: Interval | null
}

export type WorstPair = {
  readonly id: string
  readonly question: string
  readonly baseline: string
  readonly candidate: string
  readonly target: string | null
  readonly difference: number
  readonly reason: string | null
}
