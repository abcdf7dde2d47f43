import { cacheableIn } from './count-bypasses.ts'
import { type HitTotals, newHitTally } from './hit-tally.ts'
import { canSweepIncrementally, incrementalSweep } from './incremental-sweep.ts'
import { judgedShare } from './judge-hits.ts'
import { lookUpSpend } from './look-up-spend.ts'
import type { ThresholdRange } from './options.ts'
import type { Range, SweepPoint } from './result.ts'
import type { Simulation } from './simulation.ts'
import { loggedCost, loggedSpend, usd } from './spend.ts'

/** The range where every threshold is shown; null: those of the grid are enough, or are all that can be had. */
export const rangeOfSteps = ({ options, prepared }: Simulation): ThresholdRange | null =>
  options.every !== undefined && canSweepIncrementally(prepared.inputs) ? options.every : null

/**
 * The response cache at every threshold of a range where anything changes, from high to low: at one between two of them
 * everything is as at the higher one. Savings are those of the response cache alone.
 */
export function sweepSteps(simulation: Simulation, { from, to }: ThresholdRange): SweepPoint[] {
  const { history, options, prepared, judge } = simulation
  const tally = newHitTally(prepared.inputs, {
    costOf: (place) => loggedCost(history, place),
    verdictOf: (place, owner) => judge.judge(place, owner).verdict,
    numberOf: (place) => judge.numberOf('pairs', place),
    shareOf: judgedShare(history),
  })
  const byModels = options.baseline.spendNanoUsd - loggedSpend(history)
  const pointOf = sweepPoints(simulation)
  const points: SweepPoint[] = []
  let before: HitTotals | null = null
  for (const threshold of incrementalSweep(prepared.inputs, tally)) {
    if (threshold < from) break
    if (threshold > to) continue
    const totals = tally.totals()
    if (totals === before) continue
    before = totals
    const embedding = lookUpSpend(options, totals.lookUps) ?? 0n
    const point = pointOf(threshold, totals, byModels + totals.savedNanoUsd - embedding)
    const last = points.at(-1)
    if (last === undefined || !isAsBefore(point, last)) points.push(point)
  }
  return points
}

/** Makes points of what a run comes to at a threshold, and of what it saves in nano-dollars. */
export function sweepPoints({ prepared }: Pick<Simulation, 'prepared'>) {
  const cacheable = cacheableIn(prepared.bypasses, 'semantic')
  return (
    threshold: number,
    { hits, wrongHits, wrongPerHit, interval }: Omit<HitTotals, 'lookUps' | 'savedNanoUsd'>,
    savedNanoUsd: bigint,
  ): SweepPoint => ({
    threshold,
    hits,
    hitRate: cacheable === 0 ? null : hits / cacheable,
    wrongHits,
    wrongPerHit,
    interval,
    savingsUsd: usd(savedNanoUsd),
  })
}

const isAsBefore = (point: SweepPoint, before: SweepPoint): boolean =>
  point.hits === before.hits &&
  point.savingsUsd === before.savingsUsd &&
  isSameRange(point.wrongPerHit, before.wrongPerHit) &&
  isSameRange(point.interval, before.interval)

const isSameRange = (one: Range | null, other: Range | null): boolean =>
  one?.low === other?.low && one?.high === other?.high
