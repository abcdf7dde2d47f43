import { usdOf } from '../domain/money.ts'
import type { ResultHead } from '../domain/report.ts'
import { type JudgeSummary, refusesJudgeOnly } from '../score/judge-audit.ts'
import { noMarginEvidence } from '../stats/sequential-pairs.ts'
import { clusterWeights } from './by-cluster.ts'
import type { ArmAnswer, ReplayCase } from './case.ts'
import type { Comparison } from './compare.ts'
import { foldMeasured, lostPairs, pairsOf } from './fold-result.ts'
import type { Measured } from './measured.ts'
import { type MeasuredSum, openSums } from './measured-sum.ts'
import { NotAsked } from './not-asked.ts'
import type { Planned } from './plan.ts'
import type { ReplayResult, WorstPair } from './result.ts'
import { type CaseRun, runCases } from './run-cases.ts'
import { validatorRates } from './validator-rates.ts'
import { type Verdict, verdictOf } from './verdict.ts'
import { openWorstPairs, worstPairs } from './worst-pairs.ts'

/** Who answers. Null: nothing was asked, the cap leaves no room or the run was stopped. */
export type ArmSource = {
  readonly baseline: (each: ReplayCase) => Promise<ArmAnswer | null>
  /** Null where nobody needs the baseline's model asked again. */
  readonly again: ((each: ReplayCase) => Promise<ArmAnswer | null>) | null
  readonly candidate: (each: ReplayCase) => Promise<ArmAnswer | null>
}

export type ReplayHead = Omit<ResultHead<'replay'>, 'kind' | 'version'> & {
  readonly run: string
  readonly policyText: string
  readonly baseline: string
}

export type ReplayOptions = {
  readonly head: ReplayHead
  readonly planned: Planned
  readonly comparison: Comparison
  readonly arms: ArmSource
  readonly concurrency: number
  readonly seed: string
  /** How well the judge does; null where none was asked. */
  readonly judgeOf: (measured: readonly MeasuredSum[]) => JudgeSummary | null
  /** What counts in the end, where that is known only when all is answered: what people said. */
  readonly settle?: (measured: readonly Measured[]) => Promise<readonly Measured[]>
  /** Whether texts are kept to the end, for `settle`; else only those of the worst pairs are. */
  readonly keepsTexts: boolean
  readonly spent: () => { readonly settled: number; readonly maybeBilled: number }
  readonly onMeasured?: (measured: Measured) => void
  readonly onProgress?: (done: number) => void
  readonly signal?: AbortSignal | undefined
}

/** Asks for the sample, compares, and says what that proves. */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const { planned, comparison, arms, concurrency, onMeasured, onProgress, signal } = options
  const { sample, caseOf, weightOf, bet } = planned
  const { heaviest } = clusterWeights(sample, weightOf)
  const worst = openWorstPairs()
  const sumOf = openSums()
  const withTexts: Measured[] = []
  const run = await runCases({
    cases: sample,
    concurrency,
    bet,
    signal,
    weightOf: (each) => weightOf(each) / heaviest,
    clusterOf: ({ cluster }) => cluster,
    ...(onProgress && { onProgress }),
    keep(measured) {
      worst.add(measured)
      if (options.keepsTexts) withTexts.push(measured)
      return sumOf(measured)
    },
    async measure(each) {
      const found = await measureCase(await caseOf(each), arms, comparison)
      if (found !== null) onMeasured?.(found)
      return found
    },
  })
  const settled = await options.settle?.(withTexts)
  if (settled === undefined || settled === withTexts) return replayResult(options, run, worst.pairs)
  return replayResult(options, { ...run, measured: settled.map(openSums()) }, worstPairs(settled))
}

/** The result of a plan of which nothing has been asked. */
export const plannedResult = (options: Omit<ReplayOptions, 'arms'>): ReplayResult => ({
  ...replayResult(options, { measured: [], evidence: noMarginEvidence, end: 'complete' }, []),
  arms: null,
  end: 'planned',
  verdictBecause: 'nothing has been asked',
})

async function measureCase(
  each: ReplayCase,
  arms: ArmSource,
  comparison: Comparison,
): Promise<Measured | null> {
  try {
    return await measured(each, arms, comparison)
  } catch (error) {
    if (error instanceof NotAsked) return null
    throw error
  }
}

/** Throws `NotAsked` where a judge is not asked any more. */
async function measured(
  each: ReplayCase,
  arms: ArmSource,
  comparison: Comparison,
): Promise<Measured | null> {
  const candidate = await arms.candidate(each)
  if (candidate === null) return null
  const baseline = await arms.baseline(each)
  if (baseline === null) return null
  const again = arms.again === null ? null : await arms.again(each)
  if (arms.again !== null && again === null) return null
  const compared = await comparison.compare(each, { baseline, again, candidate })
  return { ...compared, case: each, arms: { baseline, again, candidate } }
}

function replayResult(
  { head, planned, comparison, seed, judgeOf, spent }: Omit<ReplayOptions, 'arms'>,
  { measured, evidence, end }: CaseRun<MeasuredSum>,
  worst: readonly WorstPair[],
): ReplayResult {
  const { plan, weightOf } = planned
  const byCase = (each: MeasuredSum) => weightOf(each)
  const changed = plan.changes.routed + plan.changes.cached + plan.changes.rewritten
  const folded = foldMeasured({
    measured,
    worst,
    weightOf: byCase,
    changedShare: changed === 0 ? null : changed / plan.requests,
    seed,
  })
  const judge = judgeOf(measured)
  const found = verdictOf({
    pairs: pairsOf(measured, byCase),
    margin: plan.margin,
    sequential: planned.bet === null ? null : evidence,
    unsettled: lostPairs(measured, byCase),
    seed,
  })
  const verdict = judge !== null && refusesJudgeOnly(judge) ? refusedVerdict : found
  const { settled, maybeBilled } = spent()
  return {
    kind: 'replay',
    version: 1,
    ...head,
    comparison: {
      kind: comparison.kind,
      scorer: comparison.name,
      isEstimate: comparison.isEstimate,
      meaning: meaningOf[comparison.kind],
    },
    plan,
    ...folded,
    verdict: verdict.word,
    verdictBecause: verdict.because,
    pairsNeeded: verdict.pairsNeeded,
    end,
    judge,
    validators: validatorRates(measured),
    spentUsd: usdOf(settled),
    maybeBilledUsd: usdOf(maybeBilled),
  }
}

/** By the labels of people the judge may know nothing: its word alone proves nothing. */
const refusedVerdict: Verdict = {
  word: 'undecided',
  because: 'the judge may know nothing of what people prefer: its informativeness may be 0',
  pairsNeeded: null,
}

const meaningOf: Readonly<Record<Comparison['kind'], string>> = {
  expected: 'both answers are held to what the suite expects',
  agreement:
    "the candidate's agreement with the logged answer, less that of the log's own model asked again",
  preference: 'a judge prefers one of the two answers, shown in both orders',
}
