import { usdOf } from '../domain/money.ts'
import { pairsNeeded } from '../stats/paired-difference.ts'
import { type MarginBet, marginBet } from '../stats/sequential-pairs.ts'
import type { ChangeCounts } from './affected.ts'
import { byCluster, clusterWeights } from './by-cluster.ts'
import { type ReplayCase, type Stratum, stratumName } from './case.ts'
import { drawSample } from './draw-sample.ts'
import { type CallsOf, openSpendPlan, type PlannedSpend } from './price-plan.ts'
import type { ReplayPlan } from './result.ts'
import { verdictDelta } from './verdict.ts'

/** What can be replayed, and what cannot. */
export type Affected = {
  /** Of each request that changes, in the order of the log or of the suite. */
  readonly strata: readonly Stratum[]
  /** Its texts are looked up only when it is drawn; a reason where it cannot be asked again. */
  readonly caseAt: (index: number) => Promise<ReplayCase | string>
  /** Requests looked at. */
  readonly requests: number
  readonly changes: ChangeCounts
  readonly withoutText: number
}

export type PlanOptions = {
  /** Largest loss accepted over changed requests, above 0. */
  readonly margin: number
  /** Share of pairs expected to disagree. */
  readonly discordantShare: number
  readonly power: number
  /** Null: as many as margin and power ask for. */
  readonly sampleSize: number | null
  /** Answers everything, even after the verdict is reached. */
  readonly isFixed: boolean
  readonly concurrency: number
  readonly budgetNanoUsd: number | null
  readonly callsOf: CallsOf
  /** Told of each case that is drawn, with its texts. */
  readonly onCase: (each: ReplayCase) => void
  readonly seed: string
  readonly assumptions: readonly string[]
}

/** One of a sample, without its texts, of which a large sample has too many to keep. */
export type SampledCase = Pick<ReplayCase, 'stratum' | 'cluster'> & { readonly index: number }

/** A sample in the order in which it will be asked. */
export type Planned = {
  readonly plan: ReplayPlan
  readonly sample: readonly SampledCase[]
  /** With its texts, when its turn has come. */
  readonly caseOf: (sampled: SampledCase) => Promise<ReplayCase>
  /** How many of the affected a case stands for, by the mean of all. */
  readonly weightOf: (each: Pick<ReplayCase, 'stratum'>) => number
  /** Null: the sample is answered whole. */
  readonly bet: MarginBet | null
}

/** A sequence may need so many times the pairs that a test of fixed size plans with. */
const sequentialFactor = 2

/**
 * A sequence stakes on each cluster by the heaviest: where that weighs more than so many of the others, it would prove
 * nothing before the end.
 */
const unevenest = 3

/** Draws the sample and prices it; nothing is asked. */
export async function planReplay(affected: Affected, options: PlanOptions): Promise<Planned> {
  const { requests, changes, withoutText } = affected
  const { margin, discordantShare, power, isFixed, concurrency, budgetNanoUsd } = options
  const pairs = pairsNeeded({ margin, discordantShare, power, delta: verdictDelta })
  const wanted = options.sampleSize ?? (pairs ?? 0) * (isFixed ? 1 : sequentialFactor)
  const names = affected.strata.map(stratumName)
  const { order, strata } = drawSample(names, wanted, options.seed)
  const { sample: drawn, refused, spend, caseOf } = await priceCases(affected, order, options)
  const sample = byCluster(drawn, options.seed)
  const weights = new Map(strata.map(({ name, weight }) => [name, weight]))
  const weightOf = ({ stratum }: Pick<ReplayCase, 'stratum'>) =>
    weights.get(stratumName(stratum)) ?? 1
  const { heaviest, mean } = clusterWeights(sample, weightOf)
  const isEven = mean * unevenest >= heaviest
  const isSequential = !isFixed && wanted <= affected.strata.length && isEven
  const { priceNanoUsd } = spend
  const changed = changes.routed + changes.cached + changes.rewritten
  const plan: ReplayPlan = {
    requests,
    changes,
    affected: affected.strata.length,
    withoutText,
    refused,
    sampled: sample.length,
    design: isSequential ? 'sequential' : 'fixed',
    margin,
    marginOverall: changed === 0 ? null : (margin * changed) / requests,
    power: { pairs, discordantShare, level: 1 - verdictDelta, target: power },
    strata,
    calls: spend.calls,
    storedCalls: spend.storedCalls,
    priceUsd:
      priceNanoUsd === null
        ? null
        : { low: usdOf(priceNanoUsd.low), high: usdOf(priceNanoUsd.high) },
    unpricedTargets: spend.unpricedTargets,
    durationMs: spend.durationMs,
    concurrency,
    budgetUsd: budgetNanoUsd === null ? null : usdOf(budgetNanoUsd),
    assumptions: options.assumptions,
  }
  return {
    plan,
    sample,
    caseOf,
    weightOf,
    bet: isSequential ? marginBet({ margin, discordantShare, delta: verdictDelta }) : null,
  }
}

/** So many cases are kept with their texts from the plan until they are asked; those beyond are looked up again. */
const mostKept = 2_000

async function priceCases(
  { caseAt, strata }: Affected,
  order: readonly number[],
  { callsOf, onCase, concurrency }: PlanOptions,
): Promise<
  Pick<Planned, 'sample' | 'caseOf'> & {
    readonly refused: Readonly<Record<string, number>>
    readonly spend: PlannedSpend
  }
> {
  const sample: SampledCase[] = []
  const refused: Record<string, number> = {}
  const spend = openSpendPlan(concurrency)
  const kept = new Map<number, ReplayCase>()
  for (const index of order) {
    const built = await caseAt(index)
    if (typeof built === 'string') {
      refused[built] = (refused[built] ?? 0) + 1
      continue
    }
    sample.push({ index, stratum: strata[index] as Stratum, cluster: built.cluster })
    if (kept.size < mostKept) kept.set(index, built)
    spend.add(callsOf(built))
    onCase(built)
  }
  return {
    sample,
    refused,
    spend: spend.planned(),
    async caseOf({ index }) {
      const found = kept.get(index) ?? (await caseAt(index))
      // It is asked once.
      kept.delete(index)
      if (typeof found === 'string') throw new Error(`a case of the sample is gone: ${found}`)
      return found
    },
  }
}
